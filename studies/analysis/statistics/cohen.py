"""Cohen's kappa: two raters, both taken as fixed."""

from collections.abc import Sequence
from functools import partial
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Labels, Ratings, Values, encode
from studies.analysis.statistics.kappa import Weights, agreement_weights


def cohen_kappa(
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    weights: Weights = "identity",
    categories: Sequence[Any] | None = None,
) -> Estimate:
    """Compute Cohen's kappa of two raters on the units both rated; at most 1.

    The standard error is the large-sample one over units, with a normal interval: it holds for
    these two raters only (how raters vary cannot be estimated from two).

    Undefined with other than two raters, when they share no unit, and when all shared ratings are
    equal. ValueError as in `ratings.encode` and `agreement_weights`.
    Source: Cohen (1968); standard error: Fleiss, Cohen & Everitt (1969).
    """
    ratings = encode(units, raters, values, categories=categories)
    matrix = agreement_weights(list(ratings.categories), weights)
    table = _table(ratings) if ratings.n_raters == 2 else np.zeros(matrix.shape)
    n = int(table.sum())
    method = "Cohen's kappa" if weights == "identity" else f"Cohen's kappa, {weights} weights"
    if reason := _why_undefined(ratings.n_raters, table):
        return undefined(
            reason, method=method, n_units=n, n_raters=ratings.n_raters, n_ratings=2 * n
        )
    bare = partial(Estimate, n_units=n, n_raters=2, n_ratings=2 * n)
    value, se = _kappa(table / n, matrix, n)
    if se < 1e-12:
        note = "no interval: the large-sample standard error of this table is zero"
        return bare(value=value, method=method, note=note)
    low, high = value - _Z * se, value + _Z * se
    method = f"{method}; large sample over units, the two raters fixed"
    return bare(value=value, low=low, high=high, se=se, method=method)


_Z = NormalDist().inv_cdf(0.975)


def _table(ratings: Ratings) -> Array:
    """Count the units by the first rater's category (row) and the second's (column)."""
    given = np.full((ratings.n_units, 2), -1)
    given[ratings.unit, ratings.rater] = ratings.value
    first, second = given[(given >= 0).all(axis=1)].T
    table = np.zeros((len(ratings.categories),) * 2)
    np.add.at(table, (first, second), 1)
    return table


def _why_undefined(n_raters: int, table: Array) -> str:
    if n_raters != 2:
        return f"Cohen's kappa is for two raters, here are {n_raters}"
    if not table.sum():
        return "the two raters rated no unit in common"
    if table.max() == table.sum() and np.argmax(table) % (len(table) + 1) == 0:
        return "no variation: all ratings are equal, so agreement by chance is undefined"
    return ""


def _kappa(share: Array, weights: Array, n: int) -> tuple[float, float]:
    """Return kappa and its standard error from the table of shares."""
    first, second = share.sum(axis=1), share.sum(axis=0)
    agreed, chance = (share * weights).sum(), float(first @ weights @ second)
    kappa = (agreed - chance) / (1 - chance)
    margins = (weights @ second)[:, None] + (first @ weights)[None, :]
    spread = (share * np.square(weights - margins * (1 - kappa))).sum()
    left = max(float(spread - (kappa - chance * (1 - kappa)) ** 2), 0.0)
    return float(kappa), sqrt(left / n) / (1 - chance)
