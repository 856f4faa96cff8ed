"""Agreement of numbers and of ranks: intraclass correlation and Kendall's W."""

from typing import Literal, TypeAlias, get_args

import numpy as np
import scipy

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Labels, Ratings, Values, encode, scaled
from studies.analysis.statistics.jackknife import Replicates, additive, divide, estimate

Kind: TypeAlias = Literal["1,1", "A,1", "C,1", "1,k", "A,k", "C,k"]

_ROUNDING = 1e-12
"""Variances are of ratings scaled to a range of one; this much below zero is zero."""


def icc(units: Labels, raters: Labels, values: Values, *, kind: Kind) -> Estimate:
    """Compute the intraclass correlation: the share of the ratings' variance between units.

    `kind` as McGraw & Wong (1996) write it: "1" one-way, "A" absolute agreement and "C" consistency
    of a two-way layout with random raters; ",1" of a single rating, ",k" of a unit's mean, where k
    is the number of ratings per unit (their harmonic mean when it varies).

    Variance components are the moment estimators from squared differences of pairs of ratings that
    share a unit, a rater or neither (Koch 1968). They are those of the analysis of variance when
    every rater rated every unit, and hold without. At most 1; below zero when units differ less
    than chance would have it. Undefined when there is no such pair or no variation, and when a few
    scattered ratings give a variance below zero. ValueError for an unknown kind, for text, and as
    in `ratings.encode`.
    """
    if kind not in get_args(Kind):
        raise ValueError(f"kind: {kind!r} is none of {'; '.join(get_args(Kind))}")
    ratings = encode(units, raters, values)
    method = f"ICC({kind})"
    if not len(ratings):
        return undefined("there are no ratings", method=method)
    numbers = ratings.numbers()
    if not np.ptp(numbers):
        return undefined("no variation: all ratings are equal", method=method)
    reason = "too few pairs of ratings share a unit, a rater or neither to tell variances apart"
    return estimate(_icc(ratings, numbers, kind), method=method, undefined_reason=reason)


def _icc(ratings: Ratings, numbers: Array, kind: Kind) -> Replicates:
    numbers = scaled(numbers)
    return additive(
        ratings.unit,
        ratings.rater,
        np.column_stack([np.ones_like(numbers), numbers, numbers**2]),
        of_unit=_of_unit,
        of_rater=_of_rater,
        to=lambda parts: _correlation(parts, kind),
    )


def _of_rater(sums: Array) -> Array:
    """Return squares and degrees of freedom around the mean, squared differences and pairs."""
    n, total, squares = sums.T
    differences = n * squares - total**2
    freedom = np.maximum(n - 1, 0)
    within = np.where(n > 0, differences / np.maximum(n, 1), 0.0)
    return np.column_stack([within, freedom, differences, n * freedom / 2])


def _of_unit(sums: Array) -> Array:
    """Return the same of a unit, whether it is rated, one over its ratings, and the sums."""
    n = sums[:, 0]
    rated = (n > 0).astype(np.float64)
    return np.column_stack([_of_rater(sums), rated, rated / np.maximum(n, 1), sums])


def _correlation(parts: Array, kind: Kind) -> Array:
    unit, rater = parts[:, :4], parts[:, 9:]
    rated, inverse, n, total, squares = parts[:, 4:9].T
    everything = np.column_stack([n * squares - total**2, n * (n - 1) / 2])
    in_unit = divide(unit[:, 0], unit[:, 1])
    if kind[0] == "1":
        apart = _half_mean(everything - unit[:, 2:])
        between, single = apart - in_unit, apart
    else:
        in_rater = divide(rater[:, 0], rater[:, 1])
        apart = _half_mean(everything - unit[:, 2:] - rater[:, 2:])
        between, single = apart - in_unit, apart if kind[0] == "A" else in_rater
    k = 1.0 if kind[2] == "1" else divide(rated, inverse)
    rest = np.where(single - between > -_ROUNDING, single - between, np.nan)
    return divide(between, between + rest / k)


def _half_mean(differences: Array) -> Array:
    """Return half the mean squared difference: the variance of what the pairs do not share."""
    return divide(differences[:, 0], 2 * differences[:, 1])


def kendall_w(units: Labels, raters: Labels, values: Values) -> Estimate:
    """Compute Kendall's coefficient of concordance W, corrected for ties; from 0 to 1.

    Every rater ranks every unit: `values` are ranks or scores, ranked within each rater. Undefined
    when a rater left a unit out, with fewer than two of either, and when a rater's values never
    vary for all raters. The variances over units and over raters are added and no single-rating
    term is taken off (a ranking with a hole is no ranking), so the interval is rather too wide.
    ValueError for text and as in `ratings.encode`. Source: Kendall & Babington Smith (1939).
    """
    ratings = encode(units, raters, values)
    method = "Kendall's W"
    if min(ratings.n_raters, ratings.n_units) < 2:
        return undefined("needs two raters and two units", method=method)
    if len(ratings) < ratings.n_raters * ratings.n_units:
        return undefined("not every rater ranked every unit", method=method)
    table = np.zeros((ratings.n_raters, ratings.n_units))
    table[ratings.rater, ratings.unit] = ratings.numbers()
    reason = "no variation: every rater gave all units the same rank"
    return estimate(_concordances(table), method=method, bounds=(0.0, 1.0), undefined_reason=reason)


def _concordances(table: Array) -> Replicates:
    n_raters, n_units = table.shape
    value = _concordance(table)
    return Replicates(
        value=value,
        without_unit=np.array([_concordance(np.delete(table, i, 1)) for i in range(n_units)]),
        without_rater=np.array([_concordance(np.delete(table, i, 0)) for i in range(n_raters)]),
        without_rating=np.full(table.size, value),
    )


def _concordance(table: Array) -> float:
    """Compare the variance of the units' rank sums with the most it could be, given the ties."""
    n_raters, n_units = table.shape
    ranks = scipy.stats.rankdata(table, axis=1)
    most = n_raters * np.square(ranks - (n_units + 1) / 2).sum()
    sums = ranks.sum(axis=0)
    return float(np.square(sums - sums.mean()).sum() / most) if most else float("nan")
