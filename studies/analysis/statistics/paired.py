"""Abilities from paired comparisons.

Compare within a neuron: explanations of different neurons never meet, and abilities cannot be
compared across items that never met. Standard errors are those of the likelihood, as if comparisons
were independent. Comparisons are counted by pair first, so time grows with pairs, not votes.
"""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Array, Labels, same_length
from studies.analysis.statistics.abilities import Abilities, fitted, unfitted
from studies.analysis.statistics.comparisons import (
    Comparisons,
    design,
    side_is_ability,
    why_infinite,
    why_no_maximum,
    why_one_sided,
)
from studies.analysis.statistics.newton import Slope, SparseInformation
from studies.analysis.statistics.pair_models import Model, decided, with_ties
from studies.analysis.statistics.votes import checked_outcome

if TYPE_CHECKING:
    import scipy


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
    them never loses to the rest (Ford 1957), and when side and ability cannot be separated.
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
        reason = "side and ability cannot be separated: items always met on the same sides"
    if reason:
        return unfitted(comparisons.items, win_graph, reason)
    precision = 0.0 if prior_sd is None else prior_sd**-2
    matrix = design(comparisons, side_bias=side_bias)
    likelihood = partial(log_likelihood, comparisons, matrix, model, precision=precision, ties=ties)
    start = np.zeros(matrix.shape[1] + ties)
    return fitted(comparisons.items, win_graph, likelihood, start, ties=ties)


def log_likelihood(
    comparisons: Comparisons,
    matrix: "scipy.sparse.csr_array",
    model: Model,
    point: Array,
    *,
    precision: float,
    ties: bool,
) -> Slope:
    """Return the log-likelihood at `point`: abilities, then side bias, then the tie parameter.

    `matrix` is the `design` of the comparisons. `precision` is that of the normal prior on each
    ability.
    """
    k, n = len(comparisons.items), matrix.shape[1]
    terms = model(comparisons, matrix @ point[:n], float(point[-1]) if ties else -np.inf)
    gradient: Array = matrix.T @ terms.line
    gradient[:k] -= precision * point[:k]
    information: Array | SparseInformation = SparseInformation(
        matrix=matrix, weight=terms.line_line, precision=precision, n_abilities=k
    )
    if ties:
        across = matrix.T @ terms.line_tie
        corner = np.array([[terms.tie_tie.sum()]])
        information = np.block([[np.asarray(information), across[:, None]], [across[None], corner]])
        gradient = np.append(gradient, terms.tie.sum())
    return Slope(
        value=terms.value.sum() - precision * np.square(point[:k]).sum() / 2,
        gradient=gradient,
        information=information,
    )
