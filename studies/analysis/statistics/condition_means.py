"""Conditions beside each other: means, medians, and differences within neurons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import inf
from typing import Any

import numpy as np
import scipy

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
    nothing,
    of_mean,
    ratio,
)
from studies.analysis.statistics.multiple import adjusted, holm, p_value

Bounds = tuple[float, float]
_ANY: Bounds = (-inf, inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A condition's mean and median, and the ranks that it may have.

    The ranks of all conditions lie within their `rank_low` to `rank_high` together with 95 %
    confidence, 1 the highest mean; both are 0 where there is no value.
    """

    condition: Any
    mean: Estimate
    median: Estimate
    rank_low: int
    rank_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How far `first` is above `second` within neurons; `p` before, `p_holm` after adjustment."""

    first: Any
    second: Any
    lead: Estimate
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Conditions, highest mean first, and every two of them compared on the neurons of both."""

    places: tuple[Place, ...]
    leads: tuple[Lead, ...]


def matched(
    conditions: Labels,
    neurons: Labels,
    raters: Labels,
    values: Values,
    *,
    expected: Sequence[Any],
    bounds: Bounds = _ANY,
    what: str = "value",
) -> Matched:
    """Compare conditions by what raters gave, with two-way intervals; one row per value given.

    A lead is the mean over neurons of the difference of the two conditions' means there, so that
    neurons weigh the same and none counts that has only one of the two. Ranks follow from two-sided
    tests of every two at 5 %, Holm-adjusted, as in `leaderboard`. `expected` names all conditions,
    those without a value included; `bounds` are the least and the greatest value there can be.
    ValueError: lengths differ, a value is not finite.
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
    leads = _leads(order, of, (neuron, rater, value), bounds)
    low, high = _ranks(order, leads, means)
    return Matched(
        places=tuple(
            Place(
                condition=name,
                mean=means[name],
                median=median(neuron[of[name]], rater[of[name]], value[of[name]], what=what),
                rank_low=low[name],
                rank_high=high[name],
            )
            for name in order
        ),
        leads=leads,
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
        n_ratings=len(numbers),
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
    quantile = float(scipy.stats.t.ppf(0.975, min(below.n_units, below.n_raters) - 1))
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
    """Replicate a statistic of each neuron's summed features; rows may share neuron and rater.

    All the rows of one rater on one neuron are left out together.
    """
    cell = interaction(neuron, rater)
    first = first_rows(cell)
    return additive(
        codes(neuron[first]),
        codes(rater[first]),
        group_sums(cell, features) if len(cell) else features,
        of_unit=parts,
        of_rater=nothing,
        to=to,
    )


def _leads(
    order: Sequence[Any],
    of: dict[Any, Any],
    rows: tuple[Codes, Codes, Array],
    bounds: Bounds,
) -> tuple[Lead, ...]:
    pairs = list(combinations(order, 2))
    found = [_lead(of[first], of[second], *rows, bounds) for first, second in pairs]
    p = [p_value(lead) for lead in found]
    return tuple(
        Lead(first=first, second=second, lead=lead, p=before, p_holm=after)
        for (first, second), lead, before, after in zip(
            pairs, found, p, adjusted(p, holm).tolist(), strict=True
        )
    )


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
        n_ratings=len(neuron),
    )


def _difference(sums: Array) -> Array:
    """Return a neuron's difference of two means, and 1; nothing where it has only one of them."""
    n, total, m, other = sums.T
    both = (n > 0.5) & (m > 0.5)
    difference = total / np.where(both, n, 1) - other / np.where(both, m, 1)
    return np.where(both[:, None], np.column_stack([difference, np.ones_like(n)]), 0.0)


def _ranks(
    order: Sequence[Any], leads: Sequence[Lead], means: dict[Any, Estimate]
) -> tuple[dict[Any, int], dict[Any, int]]:
    there = [name for name in order if means[name].defined]
    low = {name: 1 if name in there else 0 for name in order}
    high = {name: len(there) if name in there else 0 for name in order}
    for each in leads:
        if each.p_holm <= 0.05:
            above, below = (
                (each.first, each.second) if each.lead.value > 0 else (each.second, each.first)
            )
            high[above] -= 1
            low[below] += 1
    return low, high
