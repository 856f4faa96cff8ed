"""Krippendorff's alpha from long data, with a two-way jackknife interval."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Ratings,
    Values,
    encode,
    factorize,
    scaled,
)
from studies.analysis.statistics.jackknife import Replicates, additive, divide, estimate

Level: TypeAlias = Literal["nominal", "ordinal", "interval", "ratio"]
Distance: TypeAlias = Callable[[Array], Array]
"""From the counts of each value (m, V) to squared distances between values, (m, V, V) or (V, V)."""

_CELLS = 4_000_000
"""Numbers held at once in a block of coincidence matrices (32 MB)."""
_SMALLEST = 1e-10
"""Disagreement expected by chance, as a share of the largest possible, below which it is zero."""


def alpha(
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    level: Level,
    categories: Sequence[Any] | None = None,
) -> Estimate:
    """Compute Krippendorff's alpha, 1 - observed / expected disagreement.

    One row per rating. A unit with a single rating cannot be paired: it changes nothing, and
    neither it nor its rating is counted. Text at the ordinal level needs `categories`, in order;
    interval and ratio need numbers, ratio none below zero. Time and memory are linear in the
    ratings; at all levels except interval, time also grows with the square of the number of
    distinct values.

    At most 1, but the limits are not cut there: a limit beyond 1 shows how little is known.
    Undefined when nothing can be paired, and when the pairable values are all equal. ValueError for
    an unknown level and for what `ratings.encode` refuses.
    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
    """
    if level not in get_args(Level):
        raise ValueError(f"level: {level!r} is none of {', '.join(get_args(Level))}")
    ratings = encode(units, raters, values, categories=categories)
    _check_level(ratings, level, declared=categories is not None)
    method = f"Krippendorff's alpha, {level}"
    if not ratings.pairable().any():
        return undefined("no unit was rated by two raters: nothing can be paired", method=method)
    return estimate(
        alpha_replicates(ratings, level),
        method=method,
        undefined_reason="no variation: all ratings that can be paired are equal",
        n_ratings=int(ratings.pairable()[ratings.unit].sum()),
    )


def _check_level(ratings: Ratings, level: Level, *, declared: bool) -> None:
    text = ratings.categories.dtype.kind not in "biuf"
    if level == "ordinal" and text and not declared:
        raise ValueError("categories: text has no order of its own; name the categories in order")
    if level in ("interval", "ratio") and len(ratings):
        lowest = ratings.numbers().min()
        if level == "ratio" and lowest < 0:
            raise ValueError(f"values: {lowest} is below zero, which the ratio level cannot have")


def alpha_replicates(ratings: Ratings, level: Level) -> Replicates:
    """Return alpha, and alpha without each pairable unit, each rater and each rating."""
    replicates = _interval_level(ratings) if level == "interval" else _categorical(ratings, level)
    return replace(replicates, without_unit=replicates.without_unit[ratings.pairable()])


def _interval_level(ratings: Ratings) -> Replicates:
    numbers = scaled(ratings.numbers())
    features = np.column_stack([np.ones_like(numbers), numbers, numbers**2])
    return additive(ratings.unit, ratings.rater, features, of_unit=_moments, to=of_moments)


def _moments(sums: Array) -> Array:
    """Return squared differences within the unit; number, sum and sum of squares of its ratings."""
    n, total, squares = sums.T
    within = (n * squares - total**2) / np.maximum(n - 1, 1)
    return np.where((n > 1)[:, None], np.column_stack([within, sums]), 0.0)


def of_moments(parts: Array) -> Array:
    """Return alpha at interval level from summed `_moments`."""
    within, n, total, squares = parts.T
    among = n * squares - total**2
    varied = np.where(among > _SMALLEST * n**2, among, 0.0)
    return 1 - divide(within * (n - 1), varied)


def _categorical(ratings: Ratings, level: Level) -> Replicates:
    distance = _distance(ratings, level)
    counts = ratings.counts()
    total = coincidences(counts)
    kinds, kind = _kinds(counts)
    n_values = counts.shape[1]
    case, cases = factorize(kind[ratings.unit] * n_values + ratings.value)
    before, lost = kinds[cases // n_values], np.eye(n_values)[cases % n_values]
    without_unit = _without(total, kinds, np.zeros_like(kinds), distance)
    return Replicates(
        value=float(alphas(total[None], distance)[0]),
        without_unit=without_unit[kind],
        without_rater=alphas(_without_raters(ratings, counts, total), distance),
        without_rating=_without(total, before, before - lost, distance)[case],
    )


def _kinds(counts: Array) -> tuple[Array, Codes]:
    """Return the distinct rows of counts, and which of them each row is."""
    base, width = int(counts.max()) + 1, counts.shape[1]
    if base**width > 2**53:
        kinds, kind = np.unique(counts, axis=0, return_inverse=True)
        return kinds, kind.reshape(-1)
    kind, numbers = factorize((counts @ (float(base) ** np.arange(width))).astype(np.intp))
    return (numbers[:, None] // base ** np.arange(width) % base).astype(np.float64), kind


def _distance(ratings: Ratings, level: Level) -> Distance:
    if level == "ordinal":
        return between_midranks
    if level == "nominal":
        fixed = 1 - np.eye(len(ratings.categories))
    else:
        fixed = _ratio_distances(ratings.categories.astype(np.float64))
    return lambda _counts: fixed


def between_midranks(counts: Array) -> Array:
    """Return the squared differences of the values' middle ranks (ordinal distances)."""
    midranks = np.cumsum(counts, axis=1) - counts / 2
    return np.square(midranks[:, :, None] - midranks[:, None, :])


def _ratio_distances(values: Array) -> Array:
    both = values[:, None] + values[None, :]
    return np.square((values[:, None] - values[None, :]) / np.where(both == 0, 1.0, both))


def coincidences(counts: Array) -> Array:
    """Return the coincidence matrix (V, V) of units with `counts` (n, V) of each value."""
    n = counts.sum(axis=1)
    weight = np.where(n > 1, 1 / np.maximum(n - 1, 1), 0.0)
    pairs: Array = (counts * weight[:, None]).T @ counts
    return pairs - np.diag(weight @ counts)


def _each_coincidences(counts: Array) -> Array:
    n = counts.sum(axis=1)
    weight = np.where(n > 1, 1 / np.maximum(n - 1, 1), 0.0)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(counts.shape[1])
    return pairs * weight[:, None, None]


def alphas(coincident: Array, distance: Distance) -> Array:
    """Return alpha of each coincidence matrix (m, V, V); nan where the values do not vary."""
    each = coincident.sum(axis=2)
    n = each.sum(axis=1)
    between = distance(each)
    observed = (coincident * between).sum(axis=(1, 2))
    expected = ((each[:, :, None] * between).sum(axis=1) * each).sum(axis=1)
    largest = between.max(axis=(-2, -1)) * n**2
    return 1 - divide(observed * (n - 1), np.where(expected > _SMALLEST * largest, expected, 0.0))


def _without(total: Array, before: Array, after: Array, distance: Distance) -> Array:
    """Return alpha once a unit's counts go from a row of `before` to that of `after`."""
    size = max(1, _CELLS // total.size)
    blocks = (
        total - _each_coincidences(before[i : i + size]) + _each_coincidences(after[i : i + size])
        for i in range(0, len(before), size)
    )
    return np.concatenate([alphas(block, distance) for block in blocks])


def _without_raters(ratings: Ratings, counts: Array, total: Array) -> Array:
    return np.stack(list(_each_rater_out(ratings, counts, total)))


def _each_rater_out(ratings: Ratings, counts: Array, total: Array) -> Iterator[Array]:
    """Yield the coincidence matrix without each rater."""
    order = np.argsort(ratings.rater, kind="stable")
    own = np.eye(counts.shape[1])
    for rows in np.split(order, np.cumsum(np.bincount(ratings.rater))[:-1]):
        with_rater = counts[ratings.unit[rows]]
        without = with_rater - own[ratings.value[rows]]
        yield total - coincidences(with_rater) + coincidences(without)
