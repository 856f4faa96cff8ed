"""Abilities from comparisons of two things.

Compare within a neuron: explanations of different neurons never meet, and abilities mean nothing
across what never met. Standard errors are those of the likelihood, every comparison independent.
Comparisons are counted by pair first, so that time grows with the pairs that met, not the votes.
"""

from functools import partial

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Array, Labels, same_length, sum_by
from studies.analysis.statistics.abilities import Abilities, fitted, unfitted
from studies.analysis.statistics.comparisons import (
    Meetings,
    read_meetings,
    side_is_ability,
    why_infinite,
    why_no_maximum,
    why_one_sided,
)
from studies.analysis.statistics.graph import Laplacian, Neighbours, neighbours
from studies.analysis.statistics.newton import Slope, anchored
from studies.analysis.statistics.pair_models import Model, decided, with_threshold, with_ties
from studies.analysis.statistics.votes import checked_outcome


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
    if won.dtype != np.bool_ and not np.isin(won, (0, 1)).all():
        raise ValueError("left_won: true or false; leave ties out, or use davidson")
    meetings = read_meetings(left, right, 2 * won.astype(np.intp) - 1)
    return _fit(meetings, decided, side_bias=side_bias, ties=False, prior_sd=prior_sd)


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
    meetings = read_meetings(left, right, checked_outcome(columns["outcome"]))
    return _fit(meetings, with_ties, side_bias=side_bias, ties=True, prior_sd=prior_sd)


def rao_kupper(left: Labels, right: Labels, outcome: npt.ArrayLike) -> Abilities:
    """Fit comparisons with ties as what falls below a threshold: the other model of ties.

    P(left) = p_l / (p_l + kappa p_r), kappa above 1; `log_nu` of the result is log kappa. Offered
    to see whether a ranking hangs on the model of ties; otherwise as `davidson`.
    Source: Rao & Kupper (1967).
    """
    columns = same_length(outcome=outcome)
    meetings = read_meetings(left, right, checked_outcome(columns["outcome"]))
    return _fit(meetings, with_threshold, side_bias=False, ties=True, prior_sd=None)


def _fit(
    meetings: Meetings, model: Model, *, side_bias: bool, ties: bool, prior_sd: float | None
) -> Abilities:
    if prior_sd is not None and not prior_sd > 0:
        raise ValueError(f"prior_sd: {prior_sd} is not above zero")
    beaten, free = meetings.beaten(), prior_sd is None
    reason = why_no_maximum(meetings.items, beaten) if free else ""
    reason = reason or why_one_sided(meetings, side_bias=side_bias, ties=ties)
    reason = reason or why_infinite(meetings, abilities=free, side_bias=side_bias, ties=ties)
    if not reason and side_bias and free and side_is_ability(meetings):
        reason = "side and ability cannot be told apart: items always met on the same sides"
    if reason:
        return unfitted(meetings.items, beaten, reason)
    precision = 0.0 if prior_sd is None else prior_sd**-2
    if len(meetings.items) > _FEW and not side_bias and not ties:
        met = neighbours(meetings.left, meetings.right, len(meetings.items))
        sparse = partial(_of_abilities, meetings, met, model, precision=precision)
        return fitted(meetings.items, beaten, sparse, np.zeros(met.items))
    likelihood = partial(
        log_likelihood, meetings, model, precision=precision, side_bias=side_bias, ties=ties
    )
    start = np.zeros(len(meetings.items) + side_bias + ties)
    # A threshold must start above zero; for the other models any start does.
    start[len(start) - ties :] = 0.5
    return fitted(meetings.items, beaten, likelihood, start, ties=ties)


_FEW = 200
"""Items up to which a matrix is as quick as who met whom."""


def _of_abilities(
    meetings: Meetings, met: Neighbours, model: Model, point: Array, *, precision: float
) -> Slope:
    """Return `log_likelihood` of abilities alone, the information as who met whom."""
    terms = model(meetings, point[meetings.left] - point[meetings.right], -np.inf)
    return Slope(
        value=terms.value - precision * float(np.square(point).sum()) / 2,
        gradient=_over_items(meetings, terms.line) - precision * point,
        information=Laplacian(met=met, weight=terms.line_line, precision=precision),
    )


def log_likelihood(
    meetings: Meetings,
    model: Model,
    point: Array,
    *,
    precision: float,
    side_bias: bool,
    ties: bool,
) -> Slope:
    """Return the log-likelihood at `point`: abilities, then side bias, then the tie parameter.

    `precision` is that of the normal prior on each ability. With none, the information is anchored
    (`newton.anchored`).
    """
    k = len(meetings.items)
    ability = point[:k]
    line = ability[meetings.left] - ability[meetings.right] + (point[k] if side_bias else 0.0)
    terms = model(meetings, line, float(point[-1]) if ties else -np.inf)
    gradient = [_over_items(meetings, terms.line) - precision * ability]
    columns = [_laplacian(meetings, terms.line_line)]
    if side_bias:
        gradient.append(np.array([terms.line.sum()]))
        columns.append(_bordered(_over_items(meetings, terms.line_line), terms.line_line.sum()))
    if ties:
        across = [_over_items(meetings, terms.line_tie)]
        across += [np.array([terms.line_tie.sum()])] if side_bias else []
        gradient.append(np.array([terms.tie.sum()]))
        columns.append(_bordered(np.concatenate(across), terms.tie_tie))
    information = _symmetric(columns, len(point))
    information[np.arange(k), np.arange(k)] += precision
    return Slope(
        value=terms.value - precision * float(np.square(ability).sum()) / 2,
        gradient=np.concatenate(gradient),
        information=information if precision else anchored(information, k),
    )


def _over_items(meetings: Meetings, pairs: Array) -> Array:
    """Sum over the pairs in which an item is left, less those in which it is right."""
    k = len(meetings.items)
    return sum_by(meetings.left, pairs, k) - sum_by(meetings.right, pairs, k)


def _laplacian(meetings: Meetings, pairs: Array) -> Array:
    k = len(meetings.items)
    half = sum_by(meetings.left * k + meetings.right, pairs, k * k).reshape(k, k)
    both = half + half.T
    spread: Array = np.diag(both.sum(axis=1)) - both
    return spread


def _bordered(column: Array, corner: float) -> Array:
    return np.append(column, corner)[:, None]


def _symmetric(columns: list[Array], size: int) -> Array:
    """Put together a symmetric matrix from its first block and the columns that border it."""
    whole = np.zeros((size, size))
    at = 0
    for column in columns:
        n, width = column.shape
        whole[:n, at : at + width] = column
        whole[at : at + width, :n] = column.T
        at += width
    return whole
