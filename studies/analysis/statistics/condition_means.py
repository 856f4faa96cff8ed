"""Means and medians of conditions, and their differences within neurons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import inf
from typing import Any

import numpy as np

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Values,
    codes,
    first_rows,
    group_sums,
    interaction,
    same_length,
)
from studies.analysis.statistics.jackknife import (
    Parts,
    Replicates,
    additive,
    estimate,
    of_mean,
    ratio,
    t_quantile,
)
from studies.analysis.statistics.ranking import (
    Contrast,
    RankedCondition,
    contrasts,
    rank_intervals,
)

Bounds = tuple[float, float]
_ANY: Bounds = (-inf, inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedMean(RankedCondition):
    """A condition's mean (its `estimate`), median, and ranks."""

    median: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionMeans:
    """Conditions, highest mean first, and every two of them compared on the neurons of both."""

    conditions: tuple[RankedMean, ...]
    contrasts: tuple[Contrast, ...]


def condition_means(
    conditions: Labels,
    neurons: Labels,
    raters: Labels,
    values: Values,
    *,
    expected: Sequence[Any],
    bounds: Bounds = _ANY,
    what: str = "value",
) -> ConditionMeans:
    """Compare conditions by the values that raters gave, one row each, with two-way intervals.

    The lead of a contrast is the mean over neurons of the difference of the two conditions' means
    there: neurons weigh the same, and one that has only one of the two does not count. `expected`
    names all conditions, also those without a value; `bounds` are the least and greatest value
    possible. Ranks as in `rank_intervals`. ValueError: lengths differ, a value is not finite.
    """
    columns = same_length(values=values, conditions=conditions, neurons=neurons, raters=raters)
    value = columns["values"].astype(np.float64)
    if not np.isfinite(value).all():
        raise ValueError("values: not finite; leave the rows without one out")
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    of = {name: columns["conditions"] == name for name in expected}
    means = {
        name: mean_of(neuron[rows], rater[rows], value[rows], what=what, bounds=bounds)
        for name, rows in of.items()
    }
    order = sorted(expected, key=lambda name: _descending(means[name]))
    pairs = list(combinations(order, 2))
    leads = [_lead(of[one], of[other], neuron, rater, value, bounds) for one, other in pairs]
    compared = contrasts(pairs, leads)
    ranks = rank_intervals(means, compared)
    return ConditionMeans(
        conditions=tuple(
            RankedMean(
                condition=name,
                estimate=means[name],
                median=median(neuron[of[name]], rater[of[name]], value[of[name]], what=what),
                rank_low=ranks[name][0],
                rank_high=ranks[name][1],
            )
            for name in order
        ),
        contrasts=compared,
    )


def _descending(mean: Estimate) -> float:
    return -mean.value if mean.defined else inf


def mean_of(
    neuron: Labels,
    rater: Labels,
    values: Values,
    *,
    what: str,
    bounds: Bounds = _ANY,
    unit: str = "neuron",
) -> Estimate:
    """Return the mean of values with its two-way interval over neurons (or `unit`) and raters."""
    numbers = np.asarray(values, dtype=np.float64)
    return estimate(
        of_mean(codes(np.asarray(neuron)), codes(np.asarray(rater)), numbers),
        method=f"mean {what}",
        unit=unit,
        bounds=bounds,
        undefined_reason=f"no {what} was given",
    )


def median(neuron: Codes, rater: Codes, values: Array, *, what: str = "value") -> Estimate:
    """Return the lower median, its interval from that of the share at or below it.

    A median jumps, so that leaving out one at a time says nothing of its spread. The share of
    values at or below it does not: its two-way interval, laid around one half, is read off the
    distribution. Source: Woodruff (1952).
    """
    method = f"median {what}"
    if not len(values):
        return undefined(f"no {what} was given", method=method)
    ordered = np.sort(values)
    middle = float(ordered[(len(values) - 1) // 2])
    below = estimate(
        of_mean(codes(neuron), codes(rater), (values <= middle).astype(np.float64)), method=""
    )
    bare = partial(
        Estimate,
        value=middle,
        n_units=below.n_units,
        n_raters=below.n_raters,
        n_ratings=len(values),
    )
    if not below.has_interval:
        return bare(method=method, note=below.note)
    quantile = t_quantile(0.975, min(below.n_units, below.n_raters) - 1)
    reach = below.se * quantile
    ends = [ordered[_at(0.5 + way * reach, len(values))] for way in (-1, 1)]
    low, high = min(float(ends[0]), middle), max(float(ends[1]), middle)
    se = (high - low) / (2 * quantile)
    return bare(low=low, high=high, se=se, method=f"{method}; two-way, by inversion")


def _at(share: float, n: int) -> int:
    return min(max(int(np.ceil(share * n)) - 1, 0), n - 1)


def of_neurons(
    neuron: Codes, rater: Codes, features: Array, *, parts: Parts, to: Callable[[Array], Array]
) -> Replicates:
    """Return replicates of a statistic of each neuron's summed features.

    Rows may share neuron and rater.

    All the rows of one rater on one neuron are left out together.
    """
    cell = interaction(neuron, rater)
    first = first_rows(cell)
    replicates = additive(
        codes(neuron[first]),
        codes(rater[first]),
        group_sums(cell, features) if len(cell) else features,
        of_unit=parts,
        to=to,
    )
    return replace(replicates, n_ratings=len(neuron))


def _lead(
    first: Any, second: Any, neuron: Codes, rater: Codes, value: Array, bounds: Bounds
) -> Estimate:
    own, other = first * 1.0, second * 1.0
    features = np.column_stack([own, own * value, other, other * value])[first | second]
    rows = first | second
    both = np.intersect1d(neuron[first], neuron[second])
    kept = np.isin(neuron[rows], both)
    neuron, rater = neuron[rows][kept], rater[rows][kept]
    most = bounds[1] - bounds[0]
    return estimate(
        of_neurons(codes(neuron), codes(rater), features[kept], parts=_difference, to=ratio),
        method="mean difference within neurons",
        unit="neuron",
        bounds=(-most, most),
        undefined_reason="no neuron has values of both",
    )


def _difference(sums: Array) -> Array:
    """Return a neuron's difference of two means, and 1; nothing where it has only one of them."""
    n, total, m, other = sums.T
    both = (n > 0.5) & (m > 0.5)
    difference = total / np.where(both, n, 1) - other / np.where(both, m, 1)
    return np.where(both[:, None], np.column_stack([difference, np.ones_like(n)]), 0.0)
