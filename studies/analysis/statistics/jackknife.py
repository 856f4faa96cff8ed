"""Intervals over raters and units: the two-way delete-one jackknife.

A statistic is recomputed without each unit, without each rater and without each single rating:
V = max(V_unit + V_rater - V_rating, V_unit, V_rater), with V_x = (n - 1)/n * sum (t_i - mean t)^2,
and Student's t with min(units, raters) - 1 degrees of freedom. Sources: Efron & Stein (1981); the
two-way combination: Cameron, Gelbach & Miller (2011).

Nothing is refitted. The statistics here are functions of sums over units and over raters, so the
leave-one-out sums are the total less the sum of what is left out: time is linear in the ratings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf, sqrt
from typing import Literal, TypeAlias

import numpy as np
import scipy

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, group_sums, interaction, present_sums

Parts: TypeAlias = Callable[[Array], Array]
"""From sums of features by group (m, p) to the groups' parts of a statistic (m, d); 0 gives 0."""
Statistic: TypeAlias = Callable[[Array], Array]
"""From rows of summed parts (m, d) to values (m,); nan where undefined."""


Clustering: TypeAlias = Literal["two-way", "neuron", "rater", "none"]
"""What is left out at a time: neurons (units) and raters both, one of them, or single ratings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicates:
    """A statistic, and its values without each unit, each rater, each single rating.

    `n_ratings` is how many entered, where that differs from the length of `without_rating`.
    """

    value: float
    without_unit: Array
    without_rater: Array
    without_rating: Array
    n_ratings: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance:
    """The jackknife variances over units, raters and single ratings."""

    units: float
    raters: float
    ratings: float

    @property
    def total(self) -> float:
        """The two-way variance, never below either one-way variance."""
        return max(self.units + self.raters - self.ratings, self.units, self.raters)

    def under(self, clustering: Clustering) -> float:
        """Return the variance with that clustering."""
        one_way = {"neuron": self.units, "rater": self.raters, "none": self.ratings}
        return self.total if clustering == "two-way" else one_way[clustering]


def variance(replicates: Replicates) -> Variance:
    """Return the three jackknife variances; nan where a replicate is undefined."""
    return Variance(
        units=_delete_one(replicates.without_unit),
        raters=_delete_one(replicates.without_rater),
        ratings=_delete_one(replicates.without_rating),
    )


def _delete_one(values: Array) -> float:
    n = len(values)
    return float((n - 1) / n * np.square(values - values.mean()).sum())


def estimate(
    replicates: Replicates,
    *,
    method: str,
    unit: str = "unit",
    bounds: tuple[float, float] = (-inf, inf),
    undefined_reason: str = "nothing to compare",
    n_ratings: int | None = None,
    clustering: Clustering = "two-way",
) -> Estimate:
    """Return the statistic with its 95% interval, two-way unless `clustering` says otherwise.

    Limits are cut at `bounds`. A nan statistic is undefined for `undefined_reason`. The value has
    no interval when there is one unit or one rater, when leaving one out leaves the statistic
    undefined, and when leaving one out never changes it; `note` says which, calling a unit `unit`.
    """
    n_units, n_raters = len(replicates.without_unit), len(replicates.without_rater)
    if n_ratings is None:
        n_ratings = replicates.n_ratings
    if n_ratings is None:
        n_ratings = len(replicates.without_rating)
    bare = partial(Estimate, n_units=n_units, n_raters=n_raters, n_ratings=n_ratings)
    value = replicates.value
    if np.isnan(value):
        return bare(value=value, method=method, reason=undefined_reason)
    spread = variance(replicates)
    if note := _why_no_interval(replicates, spread, unit):
        return bare(value=value, method=method, note=note)
    se = sqrt(spread.under(clustering))
    reach = se * t_quantile(0.975, _freedom(replicates, clustering))
    low = min(value, max(value - reach, bounds[0]))
    high = max(value, min(value + reach, bounds[1]))
    return bare(value=value, low=low, high=high, se=se, method=f"{method}; {_CALLED[clustering]}")


_CALLED: dict[Clustering, str] = {
    "two-way": "two-way jackknife",
    "neuron": "jackknife over neurons",
    "rater": "jackknife over raters",
    "none": "jackknife over single ratings",
}


def _freedom(replicates: Replicates, clustering: Clustering) -> int:
    units, raters = len(replicates.without_unit), len(replicates.without_rater)
    cells = len(replicates.without_rating)
    groups = {"two-way": min(units, raters), "neuron": units, "rater": raters, "none": cells}
    return groups[clustering] - 1


def t_quantile(share: float, freedom: float) -> float:
    """Return the value below which Student's t lies with a chance of `share`.

    The function behind scipy.stats', which takes a second and 30 MB to import.
    """
    return float(scipy.special.stdtrit(freedom, share))


def _why_no_interval(replicates: Replicates, spread: Variance, unit: str) -> str:
    left_out = {
        unit: (replicates.without_unit, spread.units),
        "rater": (replicates.without_rater, spread.raters),
        "rating": (replicates.without_rating, spread.ratings),
    }
    for name in (unit, "rater"):
        if len(left_out[name][0]) < 2:
            return f"no interval: only one {name}"
    for name, (_, part) in left_out.items():
        if np.isnan(part):
            return f"no interval: undefined once a certain {name} is left out"
    if spread.total <= (1e-12 * max(abs(replicates.value), 1)) ** 2:
        return f"no interval: leaving out any one {unit} or rater changes nothing"
    return ""


def nothing(parts: Array) -> Array:
    """Return no parts: for a statistic that needs no sums by rater."""
    return np.zeros((len(parts), 0))


def ratio(sums: Array) -> Array:
    """Return the first column over the second; nan where the second is zero."""
    return divide(sums[:, 0], sums[:, 1])


def divide(top: Array, bottom: Array) -> Array:
    """Return `top` over `bottom`; nan where `bottom` is not above zero (to rounding)."""
    positive = bottom > 1e-12
    return np.where(positive, top / np.where(positive, bottom, 1.0), np.nan)


def additive(
    unit: Codes,
    rater: Codes,
    features: Array,
    *,
    of_unit: Parts,
    of_rater: Parts = nothing,
    to: Statistic,
) -> Replicates:
    """Return replicates of a statistic of the totals of parts of units and of raters.

    `features` has one row per rating (n, p). Each unit contributes `of_unit` of the sum of its
    rows, each rater `of_rater` of the sum of its own; `to` turns the two totals, concatenated, into
    the statistic. A rater has at most one row per unit.
    """
    if not len(unit):
        return _no_replicates()
    units, unit_change = _parts(unit, features, of_unit)
    raters, rater_change = _parts(rater, features, of_rater)
    total = np.concatenate([units.sum(axis=0), raters.sum(axis=0)])
    of_both = np.hstack([unit_change, rater_change])
    return Replicates(
        value=float(to(total[None])[0]),
        without_unit=to(total + np.hstack([-units, group_sums(unit, rater_change)])),
        without_rater=to(total + np.hstack([group_sums(rater, unit_change), -raters])),
        without_rating=to(total + of_both),
    )


def _no_replicates() -> Replicates:
    none = np.zeros(0)
    return Replicates(value=np.nan, without_unit=none, without_rater=none, without_rating=none)


def _parts(group: Codes, features: Array, parts: Parts) -> tuple[Array, Array]:
    """Return the parts of each group, and how they change without each row."""
    sums = group_sums(group, features)
    whole = parts(sums)
    return whole, parts(sums[group] - features) - whole[group]


def of_cells(
    unit: Codes,
    rater: Codes,
    features: Array,
    *,
    to: Statistic = ratio,
    cell: Codes | None = None,
) -> Replicates:
    """Return replicates of a statistic of the summed features of rows.

    Rows may share both unit and rater.

    `features` is (n, d), one row per observation; a row is a rating, but rows of one unit by one
    rater are left out together. `cell` is the code of each such pair, where known. Codes need not
    all occur. By default the statistic is the sum of the first column over that of the second.
    """
    if not len(unit):
        return _no_replicates()
    total = features.sum(axis=0)
    cell = interaction(unit, rater) if cell is None else cell
    return Replicates(
        value=float(to(total[None])[0]),
        without_unit=_without(total, present_sums(unit, features), to),
        without_rater=_without(total, present_sums(rater, features), to),
        without_rating=_without(total, present_sums(cell, features), to),
        n_ratings=len(unit),
    )


_ROWS = 65_536
"""Groups left out at once; keeps intermediate arrays small."""


def _without(total: Array, sums: Array, to: Statistic) -> Array:
    return np.concatenate([to(total - sums[i : i + _ROWS]) for i in range(0, len(sums), _ROWS)])


def of_mean(unit: Codes, rater: Codes, values: Array, *, cell: Codes | None = None) -> Replicates:
    """Return replicates of the mean of `values`, one per row; otherwise as `of_cells`."""
    features = np.column_stack([values, np.ones_like(values)])
    return of_cells(unit, rater, features, cell=cell)
