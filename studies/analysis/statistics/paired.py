"""Abilities from paired comparisons.

Compare within a neuron: explanations of different neurons never meet, and abilities cannot be
compared across items that never met. Standard errors are those of the likelihood, as if comparisons
were independent. Comparisons are counted by pair first, so time grows with pairs, not votes.
"""

from functools import partial

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Array, Labels, group_sum, same_length
from studies.analysis.statistics.abilities import Abilities, fitted, unfitted
from studies.analysis.statistics.comparisons import (
    Comparisons,
    side_is_ability,
    why_infinite,
    why_no_maximum,
    why_one_sided,
)
from studies.analysis.statistics.newton import Slope, anchored
from studies.analysis.statistics.pair_models import Model, decided, with_ties
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
    comparisons = Comparisons.from_votes(left, right, 2 * won.astype(np.intp) - 1)
    return _fit(comparisons, decided, side_bias=side_bias, ties=False, prior_sd=prior_sd)


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
    comparisons = Comparisons.from_votes(left, right, checked_outcome(columns["outcome"]))
    return _fit(comparisons, with_ties, side_bias=side_bias, ties=True, prior_sd=prior_sd)


def _fit(
    comparisons: Comparisons, model: Model, *, side_bias: bool, ties: bool, prior_sd: float | None
) -> Abilities:
    if prior_sd is not None and not prior_sd > 0:
        raise ValueError(f"prior_sd: {prior_sd} is not above zero")
    comparisons = comparisons.counted()
    win_graph, free = comparisons.win_graph(), prior_sd is None
    reason = why_no_maximum(comparisons.items, win_graph) if free else ""
    reason = reason or why_one_sided(comparisons, side_bias=side_bias, ties=ties)
    reason = reason or why_infinite(comparisons, abilities=free, side_bias=side_bias, ties=ties)
    if not reason and side_bias and free and side_is_ability(comparisons):
        reason = "side and ability cannot be told apart: items always met on the same sides"
    if reason:
        return unfitted(comparisons.items, win_graph, reason)
    precision = 0.0 if prior_sd is None else prior_sd**-2
    likelihood = partial(
        log_likelihood, comparisons, model, precision=precision, side_bias=side_bias, ties=ties
    )
    start = np.zeros(len(comparisons.items) + side_bias + ties)
    return fitted(comparisons.items, win_graph, likelihood, start, ties=ties)


def log_likelihood(
    comparisons: Comparisons,
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
    k = len(comparisons.items)
    ability = point[:k]
    line = ability[comparisons.left] - ability[comparisons.right] + (point[k] if side_bias else 0.0)
    terms = model(comparisons, line, float(point[-1]) if ties else -np.inf)
    gradient = [_over_items(comparisons, terms.line) - precision * ability]
    columns = [_laplacian(comparisons, terms.line_line)]
    if side_bias:
        gradient.append(np.array([terms.line.sum()]))
        columns.append(_bordered(_over_items(comparisons, terms.line_line), terms.line_line.sum()))
    if ties:
        across = [_over_items(comparisons, terms.line_tie)]
        across += [np.array([terms.line_tie.sum()])] if side_bias else []
        gradient.append(np.array([terms.tie.sum()]))
        columns.append(_bordered(np.concatenate(across), terms.tie_tie.sum()))
    information = _symmetric(columns, len(point))
    information[np.arange(k), np.arange(k)] += precision
    return Slope(
        value=terms.value.sum() - precision * np.square(ability).sum() / 2,
        gradient=np.concatenate(gradient),
        information=information if precision else anchored(information, k),
    )


def _over_items(comparisons: Comparisons, pairs: Array) -> Array:
    """Sum over the pairs in which an item is left, less those in which it is right."""
    k = len(comparisons.items)
    return group_sum(comparisons.left, pairs, k) - group_sum(comparisons.right, pairs, k)


def _laplacian(comparisons: Comparisons, pairs: Array) -> Array:
    k = len(comparisons.items)
    half = group_sum(comparisons.left * k + comparisons.right, pairs, k * k).reshape(k, k)
    both = half + half.T
    spread: Array = np.diag(both.sum(axis=1)) - both
    return spread


def _bordered(column: Array, corner: float) -> Array:
    return np.append(column, corner)[:, None]


def _symmetric(columns: list[Array], size: int) -> Array:
    """Return a symmetric matrix made of its first block and the columns that border it."""
    whole = np.zeros((size, size))
    at = 0
    for column in columns:
        n, width = column.shape
        whole[:n, at : at + width] = column
        whole[at : at + width, :n] = column.T
        at += width
    return whole
