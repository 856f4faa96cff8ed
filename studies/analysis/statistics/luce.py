"""Luce's model of choices among several: orders, best and worst, or one chosen of many."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.ratings import Array, Codes, Labels, codes, same_length
from studies.analysis.statistics.abilities import Abilities, fitted, unfitted
from studies.analysis.statistics.comparisons import why_no_maximum
from studies.analysis.statistics.leaderboard import Leaderboard, rank_abilities
from studies.analysis.statistics.newton import Slope, anchored


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Choices in a row: among the items marked in `among` (s, k), `chosen` (s,) was taken.

    `sign` is 1 where it was taken as the best of them, -1 as the worst. `answer` (s,) is the row of
    the answer that a choice is part of.
    """

    among: npt.NDArray[np.bool_]
    chosen: Codes
    sign: Array
    answer: Codes


def stages(places: Array) -> Stages:
    """Split answers into choices; `places` (n, k) has 1 for the best, nan for what was not shown.

    Items that share a place are tied: the last choice is the last of an item with a place of its
    own. Where only the best and the worst are known, the worst is chosen from the items left after
    the best.
    """
    left, rows = np.isfinite(places), np.arange(len(places))
    parts = [Stages(among=left[:0], chosen=rows[:0], sign=np.zeros(0), answer=rows[:0])]
    while len(rows := rows[left[rows].sum(axis=1) > 1]):
        taken, sign = _taken(left[rows], places[rows])
        single = sign != 0
        rows, taken = rows[single], taken[single]
        chosen = taken.argmax(axis=1)
        parts.append(Stages(among=left[rows], chosen=chosen, sign=sign[single], answer=rows))
        left[rows] &= ~taken
    return Stages(
        among=np.concatenate([part.among for part in parts]),
        chosen=np.concatenate([part.chosen for part in parts]),
        sign=np.concatenate([part.sign for part in parts]),
        answer=np.concatenate([part.answer for part in parts]),
    )


def _taken(left: npt.NDArray[np.bool_], places: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """Return marks of the single best item left, or else the single worst; sign 0 for neither."""
    low = np.where(left, places, np.inf).min(axis=1, keepdims=True)
    high = np.where(left, places, -np.inf).max(axis=1, keepdims=True)
    best, worst = left & (places == low), left & (places == high)
    is_best, is_worst = (each.sum(axis=1) == 1 for each in (best, worst))
    sign = np.where(is_best, 1.0, np.where(is_worst, -1.0, 0.0))
    return np.where(is_best[:, None], best, worst), sign


def luce(items: npt.ArrayLike, places: Array) -> tuple[Abilities, Stages]:
    """Fit abilities in log-odds: the next is chosen in proportion to exp(ability).

    The worst is chosen in proportion to exp(-ability). With full orders it is `plackett_luce`, with
    a single choice Luce's own model, with two items that of Bradley and Terry. Source: Luce (1959),
    Plackett (1975); best and worst: Marley & Louviere (2005).
    """
    there = np.isfinite(places).any(axis=0) if len(places) else np.zeros(np.size(items), np.bool_)
    names = np.asarray(items)[there]
    taken = stages(places[:, there])
    win_graph = _win_graph(taken)
    if reason := why_no_maximum(names, win_graph):
        return unfitted(names, win_graph, reason), taken
    return fitted(names, win_graph, partial(_likelihood, taken), np.zeros(len(names))), taken


def plackett_luce(rankings: Sequence[Sequence[Any]]) -> Abilities:
    """Fit rankings, each best first: the next is chosen in proportion to exp(ability).

    Rankings may leave items out. Abilities as in `bradley_terry`, which this is for rankings of
    two; the same reasons for having none. ValueError when a ranking names an item twice.
    Source: Plackett (1975), Luce (1959).
    """
    if any(len(set(ranking)) < len(ranking) for ranking in rankings):
        raise ValueError("rankings: one names an item twice")
    items = np.unique([item for ranking in rankings for item in ranking])
    places = np.full((len(rankings), len(items)), np.nan)
    for row, ranking in zip(places, rankings, strict=True):
        order = np.array(ranking, dtype=items.dtype)
        row[np.searchsorted(items, order)] = np.arange(1, len(ranking) + 1)
    return luce(items, places)[0]


def _win_graph(taken: Stages) -> "scipy.sparse.csr_array":
    k = taken.among.shape[1]
    counts = np.zeros((k, k))
    best = taken.sign > 0
    np.add.at(counts, taken.chosen[best], taken.among[best])
    np.add.at(counts.T, taken.chosen[~best], taken.among[~best])
    np.fill_diagonal(counts, 0)
    return scipy.sparse.csr_array(counts)


def _shares(taken: Stages, point: Array) -> tuple[Array, Array]:
    lines = np.where(taken.among, taken.sign[:, None] * point, -np.inf)
    logs = lines - scipy.special.logsumexp(lines, axis=1, keepdims=True)
    return logs, np.exp(logs)


def _gradients(taken: Stages, share: Array) -> Array:
    """Return what each choice adds to the gradient (s, k)."""
    pulls = -share
    pulls[np.arange(len(pulls)), taken.chosen] += 1
    signed: Array = pulls * taken.sign[:, None]
    return signed


def _likelihood(taken: Stages, point: Array) -> Slope:
    logs, share = _shares(taken, point)
    return Slope(
        value=logs[np.arange(len(logs)), taken.chosen].sum(),
        gradient=_gradients(taken, share).sum(axis=0),
        information=_information(share),
    )


def _information(share: Array) -> Array:
    return anchored(np.diag(share.sum(axis=0)) - share.T @ share, share.shape[1])


def luce_leaderboard(
    items: Sequence[Any], places: Array, neurons: Labels, raters: Labels, *, model: str
) -> Leaderboard:
    """Rank conditions by orders or choices, errors clustered by neuron and by rater.

    One row per answer: the place of each item, nan where it was not shown. The choices of one
    answer count as one observation. The model has no side bias. Undefined, with the reason, as
    `bradley_terry`.
    """
    columns = same_length(neurons=neurons, raters=raters)
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    fit, taken = luce(items, places)
    influence = np.zeros((len(neuron), len(fit.items)))
    if not fit.reason:
        _, share = _shares(taken, fit.log_ability)
        moved = _gradients(taken, share) @ np.linalg.inv(_information(share))
        np.add.at(influence, taken.answer, moved - moved.mean(axis=1, keepdims=True))
    return rank_abilities(fit, influence, neuron, rater, model=model)
