"""Learning and fatigue: trends over the judgments that a rater gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Values,
    codes,
    group_sums,
    same_length,
)
from studies.analysis.statistics.clustered import clustered, undefined_of
from studies.analysis.statistics.jackknife import estimate, of_mean

EDGES = (0, 5, 10, 20, 40, 80, inf)
"""Bins of the place of a judgment among its rater's own: 1 to 5, 6 to 10, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The mean over the judgments after a rater's `after`-th, up to and with the `upto`-th."""

    after: float
    upto: float
    mean: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A curve over stretches, and the `slope` within raters, per ten judgments.

    Only the slope compares each rater with nobody but themself: later stretches of the curve hold
    only those who went on so far.
    """

    stretches: tuple[Stretch, ...]
    slope: Estimate


def drift(
    units: Labels,
    raters: Labels,
    places: Values,
    values: Values,
    *,
    edges: Sequence[float] = EDGES,
) -> Drift:
    """Return how `values` (agreement with others, log seconds) change from first to last judgment.

    One row per judgment; `places` counts each rater's own, from 1. Quicker with the same agreement
    is learning; quicker with less is fatigue. The slope is least squares around each rater's means,
    clustered by unit and rater. Undefined when no rater has judgments at two places. ValueError:
    lengths differ, a place or value is not finite, edges do not increase.
    """
    columns = same_length(units=units, raters=raters, places=places, values=values)
    place, value = (columns[name].astype(np.float64) for name in ("places", "values"))
    for name, numbers in (("places", place), ("values", value)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name}: not finite; leave the rows without one out")
    if len(edges) < 2 or not (np.diff(np.asarray(edges)) > 0).all():
        raise ValueError(f"edges: {tuple(edges)} do not increase")
    unit, rater = codes(columns["units"]), codes(columns["raters"])
    return Drift(
        stretches=tuple(
            Stretch(after=after, upto=upto, mean=_mean(unit[rows], rater[rows], value[rows]))
            for after, upto in pairwise(edges)
            for rows in [(place > after) & (place <= upto)]
        ),
        slope=_slope(unit, rater, place / 10, value),
    )


def _mean(unit: Codes, rater: Codes, value: Array) -> Estimate:
    return estimate(
        of_mean(unit, rater, value),
        method="mean",
        undefined_reason="no judgment so far on",
    )


_SLOPE = "change per ten judgments within raters, least squares"


def _slope(unit: Codes, rater: Codes, place: Array, value: Array) -> Estimate:
    x, y = _around_means(rater, place), _around_means(rater, value)
    spread = float(np.square(x).sum())
    if spread <= 1e-12:
        reason = "no rater has judgments at two places"
        return undefined_of(unit, rater, reason, _SLOPE)
    slope = float(x @ y) / spread
    influence = (x * (y - slope * x) / spread)[:, None]
    n_parameters = 1 + int(rater.max()) + 1
    return clustered(
        unit, rater, np.array([slope]), influence, [_SLOPE], n_parameters=n_parameters
    )[0]


def _around_means(rater: Codes, values: Array) -> Array:
    sums = group_sums(rater, np.column_stack([values, np.ones_like(values)]))
    around: Array = values - (sums[:, 0] / np.maximum(sums[:, 1], 1))[rater]
    return around
