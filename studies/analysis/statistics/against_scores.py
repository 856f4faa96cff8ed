"""Correlation of raters' values with scores, at item level and at system level."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import nan

import numpy as np
import scipy

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Codes, codes, group_sums, interaction, scaled
from studies.analysis.data.tables import ReasonCount, Scores
from studies.analysis.statistics.condition_means import of_neurons
from studies.analysis.statistics.jackknife import divide, estimate, of_cells
from studies.analysis.statistics.score_votes import kendall_tau_b
from studies.analysis.statistics.system_level import FEWEST_SYSTEMS, system_correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLink:
    """How one scorer correlates with the values that raters gave; from -1 to 1.

    Item level: does the score know which of a neuron's explanations raters rate higher? `tau_b` and
    `spearman` compare what one rater gave on one neuron, `within` all that raters gave on it.
    System level: do the means of conditions go together? `system` is Pearson's correlation,
    `system_ranks` Spearman's, both over conditions. `n_unscored` values are of explanations without
    a score; `undefined` counts explanations without, by reason.
    """

    scorer: str
    tau_b: Estimate
    spearman: Estimate
    within: Estimate
    system: Estimate
    system_ranks: Estimate
    n_unscored: int
    undefined: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Valued:
    """One row per value that a rater gave an explanation; higher is better."""

    neuron: Codes
    rater: Codes
    explanation: Codes
    condition: Codes
    value: Array


def score_links(rows: Valued, scorers: Sequence[Scores]) -> tuple[ScoreLink, ...]:
    """Compare values with the scores of each scorer, with two-way intervals."""
    return tuple(_link(rows, scores) for scores in scorers)


def _link(rows: Valued, scores: Scores) -> ScoreLink:
    score = scores.of(rows.explanation)
    known = np.isfinite(score) & np.isfinite(rows.value)
    neuron, rater = codes(rows.neuron[known]), codes(rows.rater[known])
    x, y, condition = score[known], rows.value[known], rows.condition[known]
    return ScoreLink(
        scorer=scores.scorer,
        tau_b=kendall_tau_b(neuron, rater, x, y),
        spearman=_spearman(neuron, rater, x, y),
        within=_within(neuron, rater, x, y),
        system=system_correlation(condition, neuron, rater, x, y),
        system_ranks=_system_ranks(neuron, rater, condition, x, y),
        n_unscored=int((~known).sum()),
        undefined=scores.undefined,
    )


_LEVEL = "nothing in it differs within a neuron, or raters gave all the same"


def _spearman(neuron: Codes, rater: Codes, x: Array, y: Array) -> Estimate:
    """Correlate ranks within neuron and rater, summed over them."""
    group = interaction(neuron, rater)
    a, b = _ranks_within(group, x), _ranks_within(group, y)
    return estimate(
        of_cells(neuron, rater, np.column_stack([a * b, a * a, b * b]), to=_cosine),
        method="Spearman's correlation within neuron and rater",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason=_LEVEL.replace("within a neuron", "within a neuron and rater"),
    )


def _cosine(sums: Array) -> Array:
    """Divide products by both spreads; nan where one is nothing but rounding."""
    spread = np.where(sums[:, 1:] > _ROUNDING, sums[:, 1:], 0.0)
    return divide(sums[:, 0], np.sqrt(spread.prod(axis=1)))


_ROUNDING = 1e-9
"""Of values with a range of one, or of ranks."""


def _ranks_within(group: Codes, values: Array) -> Array:
    """Return middle ranks within each group, less the group's mean rank."""
    if not len(values):
        return values
    order = np.lexsort((values, group))
    of, value = group[order], values[order]
    fresh = np.r_[True, (np.diff(of) != 0) | (np.diff(value) != 0)]
    tie = np.cumsum(fresh) - 1
    # A tied value has the middle of the places that its ties take; a group's mean place is its own.
    place = np.arange(len(order), dtype=np.float64)
    middle = (np.bincount(tie, place) / np.bincount(tie))[tie]
    mean = (np.bincount(of, place) / np.maximum(np.bincount(of), 1))[of]
    ranks = np.empty(len(values))
    ranks[order] = middle - mean
    return ranks


def _within(neuron: Codes, rater: Codes, x: Array, y: Array) -> Estimate:
    """Correlate score and value around the neuron's means, over raters."""
    x, y = (scaled(z) for z in (x, y))
    features = np.column_stack([np.ones_like(x), x, y, x * y, x * x, y * y])
    return estimate(
        of_neurons(neuron, rater, features, parts=_around, to=_cosine),
        method="Pearson's correlation within neurons, over raters",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason=_LEVEL,
    )


def _around(sums: Array) -> Array:
    n, x, y, xy, xx, yy = sums.T
    there = np.maximum(n, 1)
    spread = [xy - x * y / there, xx - x * x / there, yy - y * y / there]
    return np.where((n > 1.5)[:, None], np.column_stack(spread), 0.0)


def _system_ranks(neuron: Codes, rater: Codes, condition: Codes, x: Array, y: Array) -> Estimate:
    """Correlate the ranks of the conditions' means; they jump, so that there is no interval."""
    method = "Spearman's correlation over conditions (system level)"
    places = codes(condition)
    columns = np.column_stack([np.ones_like(x), x, y])
    sums = group_sums(places, columns) if len(x) else np.zeros((0, 3))
    if len(sums) < FEWEST_SYSTEMS:
        return undefined(f"needs {FEWEST_SYSTEMS} conditions, here are {len(sums)}", method=method)
    means = np.round(sums[:, 1:] / sums[:, :1], 9)
    varied = np.ptp(means, axis=0).all()
    rho = float(scipy.stats.spearmanr(*means.T).statistic) if varied else nan
    bare = partial(
        Estimate,
        n_units=len(np.unique(neuron)),
        n_raters=len(np.unique(rater)),
        n_ratings=len(x),
        method=method,
    )
    if not varied:
        return bare(value=nan, reason="scores or values have the same mean in every condition")
    return bare(value=rho, note="no interval: the ranks of a few means jump")
