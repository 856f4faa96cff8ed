"""Counts of how often items were called best and worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, codes, same_length
from studies.analysis.statistics.jackknife import estimate, of_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class BestWorst:
    """How often an item was shown, called best and called worst; `score` is (best - worst) / shown.

    From -1 (always worst) to 1 (always best).
    """

    item: Any
    shown: int
    best: int
    worst: int
    score: Estimate


def best_worst(
    neurons: Labels, raters: Labels, sets: Sequence[Sequence[Any]], best: Labels, worst: Labels
) -> tuple[BestWorst, ...]:
    """Count best and worst of the sets shown, one row per judgment; items in sorted order.

    A score depends on the opponents: compare items only if they were shown with the same others.
    ValueError: lengths differ, a set names an item twice or has fewer than two, best or worst is
    not in its set, or both are one item. Source: Louviere & Woodworth (1991).
    """
    columns = same_length(neurons=neurons, raters=raters, best=best, worst=worst)
    _check_sets(sets, columns["best"], columns["worst"])
    row = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    shown = np.array([item for each in sets for item in each])
    sign = (shown == columns["best"][row]) * 1.0 - (shown == columns["worst"][row])
    neuron, rater = codes(columns["neurons"])[row], codes(columns["raters"])[row]
    return tuple(
        _counted(item, sign[rows], neuron[rows], rater[rows])
        for item in np.unique(shown).tolist()
        for rows in [shown == item]
    )


def _check_sets(
    sets: Sequence[Sequence[Any]], best: npt.NDArray[Any], worst: npt.NDArray[Any]
) -> None:
    if len(sets) != len(best):
        raise ValueError(f"sets: {len(sets)} of them, but best has {len(best)} rows")
    for place, (each, first, last) in enumerate(zip(sets, best, worst, strict=True)):
        if len(set(each)) != len(each) or len(each) < 2:
            raise ValueError(f"sets: row {place} needs two different items or more")
        if first not in each or last not in each or first == last:
            raise ValueError(f"best: row {place} needs a best and another worst from its set")


def _counted(item: Any, sign: Array, neuron: Codes, rater: Codes) -> BestWorst:
    return BestWorst(
        item=item,
        shown=len(sign),
        best=int((sign > 0).sum()),
        worst=int((sign < 0).sum()),
        score=estimate(
            of_mean(neuron, rater, sign),
            method="best less worst, as a share of the times shown",
            unit="neuron",
            bounds=(-1.0, 1.0),
        ),
    )
