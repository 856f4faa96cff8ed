"""Agreement by item, by group of items, and by number of judgments so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, Values, encode, same_length
from studies.analysis.statistics.alpha import Level, alpha
from studies.analysis.statistics.jackknife import divide


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAgreement:
    """One row per unit, in sorted order.

    `agreement` is the share of the pairs of a unit's ratings that agree, nan with a single rating.
    `most` is its most frequent category, the first of those that tie, `share` that one's share.
    """

    units: npt.NDArray[Any]
    n: Codes
    agreement: Array
    most: npt.NDArray[Any]
    share: Array


def agreement_by_item(
    units: Labels, raters: Labels, values: Values, *, categories: Sequence[Any] | None = None
) -> ItemAgreement:
    """Return for each unit how far its raters agree; empty without ratings.

    A single item's agreement is a rough estimate from a few ratings: use it to find items worth
    reading, not to drop them. ValueError as in `ratings.encode`.
    """
    ratings = encode(units, raters, values, categories=categories)
    if not len(ratings):
        nothing = np.zeros(0)
        return ItemAgreement(
            units=nothing, n=nothing.astype(np.intp), agreement=nothing, most=nothing, share=nothing
        )
    counts = ratings.counts()
    n = counts.sum(axis=1)
    return ItemAgreement(
        units=np.unique(np.asarray(units)),
        n=n.astype(np.intp),
        agreement=divide((counts * (counts - 1)).sum(axis=1), n * (n - 1)),
        most=ratings.categories[counts.argmax(axis=1)],
        share=counts.max(axis=1) / n,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAgreement:
    """Agreement among the ratings of one group of units: a condition, a layer."""

    group: Any
    agreement: Estimate


def agreement_by_group(
    measure: Callable[..., Estimate],
    groups: Labels,
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    expected: Sequence[Any] | None = None,
) -> tuple[GroupAgreement, ...]:
    """Return the agreement within each group of ratings, by any measure.

    `measure` takes units, raters and values; `groups` has one label per rating. `expected` names
    the groups to report, in order, also those without ratings, which are undefined with a reason.
    Chance is that of the group: differences between groups mix agreement with how evenly the
    categories are used. ValueError as in `ratings.same_length`.
    """
    columns = same_length(units=units, groups=groups, raters=raters, values=values)
    names = np.unique(columns["groups"]).tolist() if expected is None else expected
    return tuple(
        GroupAgreement(
            group=name,
            agreement=measure(*(columns[c][rows] for c in ("units", "raters", "values"))),
        )
        for name in names
        for rows in [columns["groups"] == name]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """An estimate from the first `n` judgments."""

    n: int
    estimate: Estimate


def alpha_by_judgments(
    units: Labels,
    raters: Labels,
    values: Values,
    *,
    level: Level,
    categories: Sequence[Any] | None = None,
    points: int = 20,
) -> tuple[SoFar, ...]:
    """Return alpha of ever more of the judgments, at most `points` times; rows as they came in.

    To see whether more judgments still change it. Stopping when alpha looks good makes it too good:
    decide the number beforehand. ValueError as in `alpha` and when `points` is below 1.
    """
    if points < 1:
        raise ValueError(f"points: {points} is below 1")
    columns = same_length(units=units, raters=raters, values=values)
    seen = np.unique(columns["values"]).tolist() if categories is None else categories
    measure = partial(alpha, level=level, categories=seen)
    total = len(columns["units"])
    steps = np.unique(np.ceil(total * np.arange(1, points + 1) / points).astype(int))
    return tuple(
        SoFar(n=n, estimate=measure(*(column[:n] for column in columns.values())))
        for n in steps.tolist()
        if n
    )
