"""Abilities from comparisons of two or more things, and when there are none.

Compare within a neuron: explanations of different neurons never meet, and abilities mean nothing
across what never met. Standard errors are those of the likelihood, every comparison independent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse, special

from studies.analysis.newton import Slope, maximise
from studies.analysis.ratings import Array, Codes, Labels, same_length
from studies.analysis.votes import checked_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One item's ability in log-odds of winning, with its standard error."""

    item: Any
    log_ability: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """A fitted model of comparisons, or the `reason` why there is none.

    `log_ability` (k,), in the order of `items`, has mean zero, and `covariance` (k, k) is of it so
    centred; nan exactly when `reason` is set. `side_bias` (of the left, log-odds) and `log_nu` (of
    ties) are nan where the model has none. `components` are the sets of items that met, directly or
    through others: abilities compare within one.
    """

    items: tuple[Any, ...]
    components: tuple[tuple[Any, ...], ...]
    log_ability: Array
    covariance: Array
    side_bias: float = nan
    side_bias_se: float = nan
    log_nu: float = nan
    log_nu_se: float = nan
    log_likelihood: float = nan
    reason: str = ""

    def abilities(self, *, relative_to: Any = None) -> tuple[Ability, ...]:
        """Return each item's ability, from the mean or from that of one item (then se 0)."""
        shift = np.eye(len(self.items))
        if relative_to is not None:
            shift[:, self.items.index(relative_to)] -= 1
        values, variances = shift @ self.log_ability, np.diag(shift @ self.covariance @ shift.T)
        errors = np.sqrt(np.maximum(variances, 0.0))
        return tuple(
            Ability(item=item, log_ability=value, se=se)
            for item, value, se in zip(self.items, values.tolist(), errors.tolist(), strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meetings:
    """Checked comparisons: codes of the items on either side, and the outcomes."""

    items: npt.NDArray[Any]
    left: Codes
    right: Codes
    outcome: Array


def bradley_terry(
    left: Labels,
    right: Labels,
    left_won: npt.ArrayLike,
    *,
    side_bias: bool = False,
    prior_sd: float | None = None,
) -> Abilities:
    """Fit P(left wins) = 1 / (1 + exp(-(ability of left - ability of right + side bias))).

    One row per decided comparison, `left_won` true or false. By maximum likelihood, or with
    `prior_sd` the mode under a normal prior of that spread on every ability, which always exists.

    Without a prior there is a reason instead of a fit when the items do not all meet, when a set of
    them never loses to the rest (Ford 1957), and when side and ability cannot be told apart.
    ValueError: lengths differ, `left_won` is not true or false, an item meets itself, `prior_sd` is
    not above zero. Source: Bradley & Terry (1952); order effect: Davidson & Beaver (1977).
    """
    won = np.asarray(left_won)
    if not np.isin(won, (0, 1)).all():
        raise ValueError("left_won: true or false; leave ties out, or use davidson")
    meetings = _read(left, right, np.where(won, 1, -1))
    return _fit(meetings, side_bias=side_bias, ties=False, prior_sd=prior_sd)


def davidson(
    left: Labels,
    right: Labels,
    outcome: npt.ArrayLike,
    *,
    side_bias: bool = False,
    prior_sd: float | None = None,
) -> Abilities:
    """Fit comparisons with ties: P(tie) is nu times the root of P(left) P(right).

    With p the exponential of an ability, P(left) = p_l / (p_l + p_r + nu sqrt(p_l p_r)); the side
    bias adds to the left's log-odds against the right. `outcome` is +1, -1 or 0. No fit, beyond
    what `bradley_terry` says, without a tie and without a decided comparison; otherwise as there.
    Source: Davidson (1970); order effect: Davidson & Beaver (1977).
    """
    columns = same_length(outcome=outcome)
    meetings = _read(left, right, checked_outcome(columns["outcome"]))
    return _fit(meetings, side_bias=side_bias, ties=True, prior_sd=prior_sd)


def plackett_luce(rankings: Sequence[Sequence[Any]]) -> Abilities:
    """Fit rankings, each best first: the next is chosen in proportion to exp(ability).

    Rankings may leave items out. Abilities as in `bradley_terry`, which this is for rankings of
    two; the same reasons for having none. ValueError when a ranking names an item twice.
    Source: Plackett (1975), Luce (1959).
    """
    if any(len(set(ranking)) < len(ranking) for ranking in rankings):
        raise ValueError("rankings: one names an item twice")
    items = np.unique([item for ranking in rankings for item in ranking])
    orders = [np.searchsorted(items, np.array(r, dtype=items.dtype)) for r in rankings]
    left = [order[place:] for order in orders for place in range(len(order) - 1)]
    choices = np.zeros((len(left), len(items)))
    for stage, still in zip(choices, left, strict=True):
        stage[still] = 1
    chosen = np.array([still[0] for still in left], dtype=np.intp)
    beaten = np.zeros((len(items), len(items)))
    np.add.at(beaten, chosen, choices)
    if reason := _ford(beaten):
        return _unfitted(items, beaten, reason)
    return _solved(items, beaten, partial(_luce, choices, chosen), len(items))


def _read(left: Labels, right: Labels, outcome: npt.NDArray[Any]) -> _Meetings:
    columns = same_length(left=left, right=right, outcome=outcome)
    both = np.concatenate([columns["left"], columns["right"]])
    items, codes = np.unique(both, return_inverse=True)
    sides = codes.reshape(2, -1)
    if (sides[0] == sides[1]).any():
        raise ValueError("right: an item is compared with itself")
    return _Meetings(items=items, left=sides[0], right=sides[1], outcome=outcome.astype(np.float64))


def _fit(meetings: _Meetings, *, side_bias: bool, ties: bool, prior_sd: float | None) -> Abilities:
    if prior_sd is not None and not prior_sd > 0:
        raise ValueError(f"prior_sd: {prior_sd} is not above zero")
    k = len(meetings.items)
    design = np.eye(k)[meetings.left] - np.eye(k)[meetings.right]
    if side_bias:
        design = np.column_stack([design, np.ones(len(design))])
    beaten = _beaten(meetings)
    reason = _ford(beaten) if prior_sd is None else ""
    reason = reason or _why_one_sided(meetings.outcome, side_bias=side_bias, ties=ties)
    held = 0 if prior_sd is None else k
    reason = reason or _why_infinite(design[:, held:], meetings.outcome, ties=ties)
    if not reason and side_bias and not held and np.linalg.matrix_rank(design) < k:
        reason = "side and ability cannot be told apart: items always met on the same sides"
    if reason:
        return _unfitted(meetings.items, beaten, reason)
    precision = np.zeros(design.shape[1] + ties)
    precision[:k] = 0.0 if prior_sd is None else prior_sd**-2
    likelihood = partial(_trinomial, design, meetings.outcome, precision)
    return _solved(meetings.items, beaten, likelihood, len(precision), ties=ties)


def _solved(
    items: npt.NDArray[Any],
    beaten: Array,
    likelihood: Callable[[Array], Slope],
    size: int,
    *,
    ties: bool = False,
) -> Abilities:
    """Return the fit; parameters are the abilities, then the side bias, then log nu, if any."""
    k = len(items)
    point = maximise(likelihood, np.zeros(size))
    top = likelihood(point)
    covariance = np.linalg.pinv(top.information, hermitian=True)
    centre = np.eye(k) - 1 / k
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    side = size - ties > k
    return Abilities(
        items=tuple(items.tolist()),
        components=_components(items, beaten),
        log_ability=centre @ point[:k],
        covariance=centre @ covariance[:k, :k] @ centre,
        side_bias=float(point[k]) if side else nan,
        side_bias_se=float(errors[k]) if side else nan,
        log_nu=float(point[-1]) if ties else nan,
        log_nu_se=float(errors[-1]) if ties else nan,
        log_likelihood=top.value,
    )


def _unfitted(items: npt.NDArray[Any], beaten: Array, reason: str) -> Abilities:
    k = len(items)
    return Abilities(
        items=tuple(items.tolist()),
        components=_components(items, beaten),
        log_ability=np.full(k, nan),
        covariance=np.full((k, k), nan),
        reason=reason,
    )


def _beaten(meetings: _Meetings) -> Array:
    """Count how often the row beat the column; a tie counts for both."""
    k = len(meetings.items)
    beaten = np.zeros((k, k))
    for first, second, way in (
        (meetings.left, meetings.right, meetings.outcome),
        (meetings.right, meetings.left, -meetings.outcome),
    ):
        np.add.at(beaten, (first[way >= 0], second[way >= 0]), 1)
    return beaten


def _components(items: npt.NDArray[Any], beaten: Array) -> tuple[tuple[Any, ...], ...]:
    n, part = sparse.csgraph.connected_components(beaten, directed=False)
    return tuple(tuple(items[part == i].tolist()) for i in range(n))


def _ford(beaten: Array) -> str:
    """Say why abilities have no highest likelihood; empty when every item reaches every other."""
    if not len(beaten):
        return "no comparisons"
    if sparse.csgraph.connected_components(beaten, directed=False)[0] > 1:
        return "not all items met, even through others: they have no common scale"
    if sparse.csgraph.connected_components(beaten, connection="strong")[0] > 1:
        return "some items never lost to any of the rest: their lead is infinite"
    return ""


def _why_one_sided(outcome: Array, *, side_bias: bool, ties: bool) -> str:
    if ties and outcome.all():
        return "no comparison was tied: fit a model without ties"
    if ties and not outcome.any():
        return "no comparison was decided"
    if side_bias and ((outcome > 0).all() or (outcome < 0).all()):
        return "every comparison went to the same side: the side bias is infinite"
    return ""


def _why_infinite(design: Array, outcome: Array, *, ties: bool) -> str:
    """Say so when some direction never speaks against what happened, and somewhere for it.

    Going on in that direction never lowers the likelihood, so it has no highest point
    (Albert & Anderson 1984). `design` has the columns that no prior holds.
    """
    leads = _leads(design, outcome, ties=ties)
    if not leads.size:
        return ""
    farthest = optimize.linprog(
        -leads.sum(axis=0),
        A_ub=np.vstack([leads, -leads]),
        b_ub=np.concatenate([np.ones(len(leads)), np.zeros(len(leads))]),
        bounds=(None, None),
    )
    if (leads @ np.asarray(farthest.x)).max() > 1e-6:
        return "the outcomes can be foretold without exception: some parameter is infinite"
    return ""


def _leads(design: Array, outcome: Array, *, ties: bool) -> Array:
    """Return the parameters' weights in the log of what happened over each of what did not."""
    half, none = design / 2, np.zeros((len(design), 1))
    left, right = np.hstack([half, none]), np.hstack([-half, none])
    tie = np.hstack([np.zeros_like(half), none + 1])
    possible = {1: left, -1: right, 0: tie} if ties else {1: left, -1: right}
    leads = [
        (possible[seen] - other)[outcome == seen]
        for seen in possible
        for unseen, other in possible.items()
        if unseen != seen
    ]
    return np.unique(np.vstack(leads)[:, : None if ties else -1], axis=0)


def _trinomial(design: Array, outcome: Array, precision: Array, point: Array) -> Slope:
    """Likelihood of left, right and, when `point` has a parameter beyond the design, tie."""
    n_lines = design.shape[1]
    half = design @ point[:n_lines] / 2
    ties = np.full_like(half, point[n_lines] if len(point) > n_lines else -np.inf)
    logs = np.column_stack([half, -half, ties])
    logs -= special.logsumexp(logs, axis=1, keepdims=True)
    won, lost, tied = np.exp(logs).T
    mean, tie = won - lost, (outcome == 0).astype(np.float64)
    gradient = design.T @ (outcome - mean) / 2
    information = design.T @ (design * ((won + lost - mean**2) / 4)[:, None])
    if len(point) > n_lines:
        across = design.T @ (-mean * tied / 2)
        gradient = np.append(gradient, (tie - tied).sum())
        corner = np.array([[(tied * (1 - tied)).sum()]])
        information = np.block([[information, across[:, None]], [across[None], corner]])
    seen = logs[np.arange(len(outcome)), np.select([outcome > 0, outcome < 0], [0, 1], 2)]
    return Slope(
        value=float(seen.sum() - (precision * point**2).sum() / 2),
        gradient=gradient - precision * point,
        information=information + np.diag(precision),
    )


def _luce(choices: Array, chosen: Codes, point: Array) -> Slope:
    """Likelihood of choosing `chosen` (s,) among the items that `choices` (s, k) marks with 1."""
    open_logs = np.where(choices > 0, point, -np.inf)
    logs = open_logs - special.logsumexp(open_logs, axis=1, keepdims=True)
    share = np.exp(logs)
    rows = np.arange(len(chosen))
    return Slope(
        value=float(logs[rows, chosen].sum()),
        gradient=np.bincount(chosen, minlength=len(point)) - share.sum(axis=0),
        information=np.diag(share.sum(axis=0)) - share.T @ share,
    )
