"""Each rater's agreement with the others, influence on alpha, and errors.

Use these to find misread instructions and broken pages, not to remove raters: leaving raters out
for disagreeing makes agreement look better than it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import nan, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Ratings,
    Values,
    encode,
    group_sum,
    group_sums,
    n_codes,
    within_group_pairs,
)
from studies.analysis.statistics.alpha import Level, alpha_replicates
from studies.analysis.statistics.jackknife import divide, t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterAgreement:
    """One rater compared with the others, on the units that others rated too.

    `with_others` is the mean share of the other ratings of a unit that are the same. `influence` is
    alpha less alpha without this rater: below zero, alpha rises when the rater is left out; nan
    where either is undefined.
    """

    rater: Any
    n_ratings: int
    with_others: Estimate
    influence: float


def rater_agreement(
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    level: Level,
    categories: Sequence[Any] | None = None,
) -> tuple[RaterAgreement, ...]:
    """Return for each rater, in sorted order, how far the others agree; empty without ratings.

    The interval of `with_others` is over units, this rater taken as fixed. ValueError as in
    `ratings.encode`.
    """
    ratings = encode(units, raters, values, categories=categories)
    names = np.unique(np.asarray(raters)).tolist()
    if not len(ratings):
        return ()
    shares = agreement_with_others(ratings)
    order = np.argsort(ratings.rater, kind="stable")
    of_rater = np.split(order, np.cumsum(np.bincount(ratings.rater))[:-1])
    return tuple(
        RaterAgreement(
            rater=name,
            n_ratings=len(rows),
            with_others=_over_units(shares[rows]),
            influence=influence,
        )
        for name, rows, influence in zip(
            names, of_rater, _influences(ratings, level).tolist(), strict=True
        )
    )


def agreement_with_others(ratings: Ratings) -> Array:
    """Return for each rating the share of its unit's other ratings that are the same; nan alone."""
    counts = ratings.counts()
    same = counts[ratings.unit, ratings.value] - 1
    return divide(same, counts.sum(axis=1)[ratings.unit] - 1)


def _influences(ratings: Ratings, level: Level) -> Array:
    if not ratings.pairable().any():
        return np.full(ratings.n_raters, nan)
    replicates = alpha_replicates(ratings, level)
    return replicates.value - replicates.without_rater


def _over_units(shares: Array) -> Estimate:
    shares = shares[~np.isnan(shares)]
    n = len(shares)
    bare = partial(Estimate, n_units=n, n_raters=1, n_ratings=n)
    method = "agreement with the other raters of a unit"
    if not n:
        return bare(value=nan, method=method, reason="nobody else rated what this rater did")
    value = float(shares.mean())
    se = float(shares.std(ddof=1)) / sqrt(n) if n > 1 else 0.0
    if se < 1e-12:
        return bare(value=value, method=method, note="no interval: units do not vary")
    reach = se * t_quantile(0.975, n - 1)
    method = f"{method}; over units, the rater fixed"
    low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return bare(value=value, low=low, high=high, se=se, method=method)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterPairs:
    """Every two raters: `shared` units (R, R) and on how large a share of them they agree.

    `agreement` is nan on the diagonal and for two who share no unit.
    """

    raters: tuple[Any, ...]
    shared: Codes
    agreement: Array


def rater_pairs(units: Labels, raters: Labels, values: Values) -> RaterPairs:
    """Compare every two raters on the units they share. ValueError as in `ratings.encode`.

    Time and memory grow with the pairs of ratings of a unit, and with the raters' square.
    """
    ratings = encode(units, raters, values)
    first, second = within_group_pairs(ratings.unit)
    size = ratings.n_raters
    cell = ratings.rater[first] * size + ratings.rater[second]
    same = (ratings.value[first] == ratings.value[second]).astype(np.float64)
    shared, agreeing = (
        _both_ways(group_sum(cell, each, size * size), size) for each in (np.ones_like(same), same)
    )
    return RaterPairs(
        raters=tuple(np.unique(np.asarray(raters)).tolist()),
        shared=shared.astype(np.intp),
        agreement=divide(agreeing, shared),
    )


def _both_ways(flat: Array, size: int) -> Array:
    table = flat.reshape(size, size)
    return table + table.T


@dataclass(frozen=True, slots=True, kw_only=True)
class DawidSkene:
    """The probable category of each unit and how each rater errs, or the `reason` for neither.

    `posterior` (units, k): probability of each category of `categories`; `share` (k,): of all
    units. `confusion` (raters, k, k): chance that a rater calls the row's category the column's.
    `accuracy` (raters,): chance of calling a unit what it is. All nan when `reason` is set.
    """

    units: npt.NDArray[Any]
    raters: npt.NDArray[Any]
    categories: npt.NDArray[Any]
    posterior: Array
    share: Array
    confusion: Array
    accuracy: Array
    reason: str = ""


_SMOOTHING = 0.1
"""Made-up observations in each cell of a confusion matrix, which keep chances off zero."""
_STEPS = 1000


def dawid_skene(
    units: Labels, raters: Labels, values: Values, *, categories: Sequence[Any] | None = None
) -> DawidSkene:
    """Estimate the categories of units and the confusion matrix of each rater, by EM.

    Starts from each unit's shares of the categories, so that the same ratings give the same result
    and categories keep their meaning as long as most raters are more often right than wrong. It
    assumes one true category per unit and independent errors: for preference there may be no such
    truth. Undefined with fewer than three raters (with two, an error has no owner),
    without a unit that two rated, and without variation. ValueError as in `ratings.encode`.
    Source: Dawid & Skene (1979).
    """
    ratings = encode(units, raters, values, categories=categories)
    k = len(ratings.categories)
    reason = _why_no_truth(ratings)
    if reason:
        posterior, share = np.full((ratings.n_units, k), nan), np.full(k, nan)
        confusion = np.full((ratings.n_raters, k, k), nan)
    else:
        posterior, share, confusion = _expectation_maximisation(ratings)
    return DawidSkene(
        units=np.unique(np.asarray(units)),
        raters=np.unique(np.asarray(raters)),
        categories=ratings.categories,
        posterior=posterior,
        share=share,
        confusion=confusion,
        accuracy=np.diagonal(confusion, axis1=1, axis2=2) @ share,
        reason=reason,
    )


def _why_no_truth(ratings: Ratings) -> str:
    if not len(ratings) or not ratings.pairable().any():
        return "no unit was rated by two raters: nothing can be compared"
    if ratings.n_raters < 3:
        return "fewer than three raters: it cannot be known whose error it was"
    if not np.ptp(ratings.value):
        return "no variation: all ratings are equal"
    return ""


def _expectation_maximisation(ratings: Ratings) -> tuple[Array, Array, Array]:
    counts = ratings.counts()
    posterior = counts / counts.sum(axis=1, keepdims=True)
    share, confusion = _maximised(ratings, posterior)
    for _ in range(_STEPS):
        before, posterior = posterior, _expected(ratings, share, confusion)
        share, confusion = _maximised(ratings, posterior)
        if np.abs(posterior - before).max() < 1e-9:
            break
    return posterior, share, confusion


def _maximised(ratings: Ratings, posterior: Array) -> tuple[Array, Array]:
    k, n_raters = posterior.shape[1], n_codes(ratings.rater)
    cell = ratings.rater * k + ratings.value
    seen = np.zeros((n_raters * k, k))
    sums = group_sums(cell, posterior[ratings.unit])
    seen[: len(sums)] = sums
    table = seen.reshape(n_raters, k, k).transpose(0, 2, 1) + _SMOOTHING
    return posterior.mean(axis=0), table / table.sum(axis=2, keepdims=True)


def _expected(ratings: Ratings, share: Array, confusion: Array) -> Array:
    logs = np.log(confusion)[ratings.rater, :, ratings.value]
    joint = group_sums(ratings.unit, logs) + np.log(np.maximum(share, 1e-300))
    odds = np.exp(joint - joint.max(axis=1, keepdims=True))
    posterior: Array = odds / odds.sum(axis=1, keepdims=True)
    return posterior
