"""Agreement corrected for chance, with weights for near misses: one core for the whole family.

Every coefficient is (p_a - p_e) / (1 - p_e) with the same weighted agreement p_a and its own chance
agreement p_e. Missing ratings as in Gwet (2014), Handbook of Inter-Rater Reliability, 4th edition:
p_a is the mean over units with two ratings or more; p_e takes every rating, those of units rated
once included, each unit weighing the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, TypedDict, Unpack, get_args

import numpy as np

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Labels, Ratings, Values, encode
from studies.analysis.statistics.jackknife import (
    Parts,
    Replicates,
    additive,
    divide,
    estimate,
    nothing,
)

Weights: TypeAlias = Literal["identity", "linear", "quadratic", "ordinal"]
Chance: TypeAlias = Callable[[Array, Array], Array]
"""From summed parts (m, d), after those of the agreement, and weights to chance agreement (m,)."""


class Options(TypedDict, total=False):
    """What every coefficient takes: how near misses count, and all categories, in order.

    Without them, near misses don't count, and the categories are those that occur.
    """

    weights: Weights
    categories: Sequence[Any] | None


def agreement_weights(categories: Sequence[Any], weights: Weights) -> Array:
    """Return how far each pair of categories agrees: 1 on the diagonal, from 0 to 1 elsewhere.

    Linear and quadratic weights fall with the distance between numbers, or between places in the
    order of text; ordinal weights with the number of pairs of categories spanned (Gwet 2014).
    ValueError for unknown weights.
    """
    if weights not in get_args(Weights):
        raise ValueError(f"weights: {weights!r} is none of {', '.join(get_args(Weights))}")
    names = np.asarray(categories)
    place = np.arange(len(names), dtype=np.float64)
    if weights == "ordinal":
        span = np.abs(place[:, None] - place[None, :]) + 1
        lost = span * (span - 1) / 2
    elif weights == "identity":
        lost = 1 - np.eye(len(names))
    else:
        number = names.astype(np.float64) if names.dtype.kind in "biuf" else place
        lost = np.abs(number[:, None] - number[None, :]) ** (2 if weights == "quadratic" else 1)
    alike: Array = 1 - lost / max(float(lost.max(initial=0.0)), 1e-300)
    return alike


def percent_agreement(
    units: Labels, raters: Labels, values: Values, **options: Unpack[Options]
) -> Estimate:
    """Compute the share of the pairs of a unit's ratings that agree, averaged over units; 0 to 1.

    Near misses count by `weights`. Units with a single rating are left out. Undefined when no unit
    has two ratings. ValueError as in `ratings.encode` and `agreement_weights`.
    """
    ratings, matrix, method = _read("percent agreement", units, raters, values, **options)
    if not ratings.pairable().any():
        return undefined(_NOT_PAIRABLE, method=method)
    paired = ratings.pairable()
    replicates = _replicates(ratings, matrix, lambda parts, _: np.zeros(len(parts)))
    return estimate(
        replace(replicates, without_unit=replicates.without_unit[paired]),
        method=method,
        bounds=(0.0, 1.0),
        n_ratings=int(paired[ratings.unit].sum()),
    )


def fleiss_kappa(
    units: Labels, raters: Labels, values: Values, **options: Unpack[Options]
) -> Estimate:
    """Compute Fleiss' kappa (Scott's pi for two raters): chance from pooled category use.

    At most 1. Undefined when no unit has two ratings or all ratings are equal. ValueError as in
    `percent_agreement`. Source: Fleiss (1971); with missing ratings and weights, Gwet (2014).
    """
    return _corrected("Fleiss' kappa", _fleiss, units, raters, values, **options)


def gwet_ac(units: Labels, raters: Labels, values: Values, **options: Unpack[Options]) -> Estimate:
    """Compute Gwet's AC1, or AC2 with weights: chance from how evenly categories are used.

    Stays near the percent agreement when one category prevails, where kappa falls. Declare
    `categories` when some were never chosen: their number enters the chance. Otherwise as
    `fleiss_kappa`. Source: Gwet (2008); Gwet (2014).
    """
    name = "Gwet's AC1" if options.get("weights", "identity") == "identity" else "Gwet's AC2"
    return _corrected(name, _gwet, units, raters, values, **options)


def brennan_prediger(
    units: Labels, raters: Labels, values: Values, **options: Unpack[Options]
) -> Estimate:
    """Compute Brennan and Prediger's coefficient: by chance all categories are equally likely.

    Declare `categories` when some were never chosen. Otherwise as `fleiss_kappa`.
    Source: Brennan & Prediger (1981); with missing ratings and weights, Gwet (2014).
    """
    name = "Brennan-Prediger"
    return _corrected(name, _brennan_prediger, units, raters, values, **options)


def conger_kappa(
    units: Labels, raters: Labels, values: Values, **options: Unpack[Options]
) -> Estimate:
    """Compute Conger's kappa: chance from each rater's own category use, over pairs of raters.

    Cohen's kappa when two raters rated every unit. Otherwise as `fleiss_kappa`.
    Source: Conger (1980); with missing ratings and weights, Gwet (2014).
    """
    name = "Conger's kappa"
    return _corrected(name, _conger, units, raters, values, by_rater=True, **options)


_NOT_PAIRABLE = "no unit was rated by two raters: nothing can be compared"
_NO_VARIATION = "no variation: all ratings are equal, so agreement by chance is undefined"


def _corrected(
    name: str,
    chance: Chance,
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    by_rater: bool = False,
    **options: Unpack[Options],
) -> Estimate:
    ratings, matrix, method = _read(name, units, raters, values, **options)
    if not ratings.pairable().any():
        return undefined(_NOT_PAIRABLE, method=method)
    if not np.ptp(ratings.value):
        return undefined(_NO_VARIATION, method=method)
    replicates = _replicates(ratings, matrix, chance, by_rater=by_rater)
    return estimate(replicates, method=method, undefined_reason=_NO_VARIATION)


def _read(
    name: str,
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
) -> tuple[Ratings, Array, str]:
    """Return the ratings, the weights of their categories, and the coefficient's full name."""
    ratings = encode(units, raters, values, categories=categories)
    text = ratings.categories.dtype.kind not in "biuf"
    if text and categories is None and weights != "identity":
        raise ValueError("categories: text has no order of its own; name the categories in order")
    named = name if weights == "identity" else f"{name}, {weights} weights"
    return ratings, agreement_weights(list(ratings.categories), weights), named


def _replicates(
    ratings: Ratings, weights: Array, chance: Chance, *, by_rater: bool = False
) -> Replicates:
    def coefficient(parts: Array) -> Array:
        expected = chance(parts[:, 2:], weights)
        return divide(divide(parts[:, 0], parts[:, 1]) - expected, 1 - expected)

    return additive(
        ratings.unit,
        ratings.rater,
        ratings.one_hot(),
        of_unit=_agreement(weights),
        of_rater=_marginals(weights) if by_rater else nothing,
        to=coefficient,
    )


def _agreement(weights: Array) -> Parts:
    """Return parts of a unit: weighted agreement, whether paired, whether rated, category shares.

    Source of the agreement: Gwet (2014), sum r_k (r*_k - 1) / (r (r - 1)) with r* = weights r.
    """

    def parts(counts: Array) -> Array:
        n = counts.sum(axis=1, keepdims=True)
        alike = (counts * (counts @ weights - 1)).sum(axis=1, keepdims=True)
        paired = n > 1
        agreed = np.where(paired, alike / np.maximum(n * (n - 1), 1), 0.0)
        return np.hstack([agreed, paired, n > 0, counts / np.maximum(n, 1)])

    return parts


def _marginals(weights: Array) -> Parts:
    """Return parts of a rater: whether it rated, chance agreement with itself, category shares."""

    def parts(counts: Array) -> Array:
        n = counts.sum(axis=1, keepdims=True)
        share = counts / np.maximum(n, 1)
        return np.hstack([n > 0, (share @ weights * share).sum(axis=1, keepdims=True), share])

    return parts


def _shares(parts: Array) -> Array:
    return parts[:, 1:] / np.maximum(parts[:, :1], 1)


def _fleiss(parts: Array, weights: Array) -> Array:
    share = _shares(parts)
    expected: Array = (share @ weights * share).sum(axis=1)
    return expected


def _gwet(parts: Array, weights: Array) -> Array:
    share, q = _shares(parts), len(weights)
    # A rating at random (which agrees by weights.sum() / q^2) is made with probability
    # sum of share (1 - share) / (1 - 1/q): hardly ever where one category prevails. Gwet (2008).
    expected: Array = (share * (1 - share)).sum(axis=1) * weights.sum() / (q * (q - 1))
    return expected


def _brennan_prediger(parts: Array, weights: Array) -> Array:
    return np.full(len(parts), weights.mean())


def _conger(parts: Array, weights: Array) -> Array:
    """Return the mean chance agreement over ordered pairs of different raters."""
    n, with_oneself, shares = np.split(parts[:, 1 + len(weights) :], [1, 2], axis=1)
    among_all = (shares @ weights * shares).sum(axis=1)
    return divide(among_all - with_oneself[:, 0], (n * (n - 1))[:, 0])
