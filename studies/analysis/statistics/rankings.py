"""Abilities from rankings, and plain counts of best and worst."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, codes, same_length
from studies.analysis.statistics.abilities import Abilities, fitted, unfitted
from studies.analysis.statistics.comparisons import why_no_maximum
from studies.analysis.statistics.jackknife import estimate, of_mean
from studies.analysis.statistics.newton import Slope, anchored


def plackett_luce(rankings: Sequence[Sequence[Any]]) -> Abilities:
    """Fit rankings, each best first: the next is chosen in proportion to exp(ability).

    Rankings may leave items out. Abilities as in `bradley_terry`, which this is for rankings of
    two; the same reasons for having none. ValueError when a ranking names an item twice.
    Source: Plackett (1975), Luce (1959).
    """
    if any(len(set(ranking)) < len(ranking) for ranking in rankings):
        raise ValueError("rankings: one names an item twice")
    items = np.unique([item for ranking in rankings for item in ranking])
    orders = [np.searchsorted(items, np.array(r, dtype=items.dtype)) for r in rankings]
    left = [order[place:] for order in orders for place in range(len(order) - 1)]
    choices = np.zeros((len(left), len(items)))
    for stage, still in zip(choices, left, strict=True):
        stage[still] = 1
    chosen = np.array([still[0] for still in left], dtype=np.intp)
    win_graph = _win_graph(choices, chosen)
    if reason := why_no_maximum(items, win_graph):
        return unfitted(items, win_graph, reason)
    return fitted(items, win_graph, partial(_luce, choices, chosen), np.zeros(len(items)))


def _win_graph(choices: Array, chosen: Codes) -> "scipy.sparse.csr_array":
    k = choices.shape[1]
    counts = np.zeros((k, k))
    np.add.at(counts, chosen, choices)
    return scipy.sparse.csr_array(counts)


def _luce(choices: Array, chosen: Codes, point: Array) -> Slope:
    """Likelihood of choosing `chosen` (s,) among the items that `choices` (s, k) marks with 1."""
    open_logs = np.where(choices > 0, point, -np.inf)
    logs = open_logs - scipy.special.logsumexp(open_logs, axis=1, keepdims=True)
    share = np.exp(logs)
    rows, k = np.arange(len(chosen)), len(point)
    information = np.diag(share.sum(axis=0)) - share.T @ share
    return Slope(
        value=logs[rows, chosen].sum(),
        gradient=np.bincount(chosen, minlength=k) - share.sum(axis=0),
        information=anchored(information, k),
    )


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

    Compare scores only of items shown in like company: a score hangs on whom the item met.
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
            n_ratings=len(sign),
        ),
    )
