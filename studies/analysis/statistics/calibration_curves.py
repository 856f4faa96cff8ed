"""One scorer in detail: calibration, sides and ties by gap, points, item and system level."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, codes, group_sums
from studies.analysis.data.tables import Judgments, Scores
from studies.analysis.statistics.jackknife import divide, estimate, of_cells
from studies.analysis.statistics.score_votes import tau_b_of_sums
from studies.analysis.statistics.system_level import system_correlation_of_votes
from studies.analysis.statistics.votes import Votes, mean_share

_BINS = 8
_POINTS_SHOWN = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBin:
    """How often the left won among decided votes whose signed gap (left less right) is near `gap`.

    `gap` is the mean of the bin's gaps.
    """

    gap: float
    left: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesAtGap:
    """Share of the left among decided votes, and of ties among all, at gaps in (low, high].

    The first bin, from 0 to 0, is of equal scores.
    """

    low: float
    high: float
    left: Estimate
    ties: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One explanation, compared with the others of its neuron.

    `score` is its score less the mean score of the neuron's judged explanations; `preferred` the
    share of its `n_votes` votes that it won, a tie as half.
    """

    score: float
    preferred: float
    n_votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What the headline's scorer looks like. `points` are at most 400, drawn with the plan's seed.

    `tau_b` is at item level: within votes, over neurons and raters. `system` is at system level:
    over conditions.
    """

    calibration: tuple[SignedBin, ...]
    sides: tuple[SidesAtGap, ...]
    points: tuple[Point, ...]
    n_points: int
    tau_b: Estimate
    system: Estimate


def curves(every: Votes, judged: Judgments, scores: Scores, gap: Array, plan: Plan) -> Curves:
    """Return the curves of one scorer over the votes that it scores on both sides.

    `every` has the votes of `judged`, and `gap` the score gap of each, nan without one.
    """
    votes, judged = every.scored(gap), judged.only(np.isfinite(gap))
    points = _points(judged, scores)
    return Curves(
        calibration=_calibration(votes),
        sides=tuple(_sides(votes, plan.bins)),
        points=_drawn(points, plan.seed),
        n_points=len(points),
        tau_b=_tau_b(votes),
        system=_system(votes, judged, scores),
    )


def _calibration(votes: Votes) -> tuple[SignedBin, ...]:
    """Return decided votes by signed gap, in eight bins of about equally many votes."""
    decided = votes.only(votes.outcome != 0)
    if not len(decided.gap):
        return ()
    edges = np.unique(np.quantile(decided.gap, np.arange(1, _BINS) / _BINS))
    part = np.searchsorted(edges, decided.gap, side="left")
    return tuple(
        SignedBin(gap=float(decided.gap[part == i].mean()), left=_left(decided.only(part == i)))
        for i in np.unique(part).tolist()
    )


def _left(decided: Votes) -> Estimate:
    won = (1 + decided.outcome) / 2
    return mean_share(decided, won, "share of the left, decided votes", "no decided vote")


def _sides(votes: Votes, edges: tuple[float, ...]) -> list[SidesAtGap]:
    size = np.abs(votes.gap)
    rows = [(0.0, 0.0, size == 0)]
    rows += [(low, high, (size > low) & (size <= high)) for low, high in pairwise(edges)]
    return [
        SidesAtGap(low=low, high=high, left=_left(part.only(part.outcome != 0)), ties=_ties(part))
        for low, high, inside in rows
        for part in [votes.only(inside)]
    ]


def _ties(votes: Votes) -> Estimate:
    tied = (votes.outcome == 0).astype(np.float64)
    return mean_share(votes, tied, "share of ties", "no vote")


def _points(judged: Judgments, scores: Scores) -> list[Point]:
    explanation = np.concatenate([judged.left_explanation, judged.right_explanation])
    won = np.concatenate([1 + judged.outcome, 1 - judged.outcome]) / 2
    known, first, code = np.unique(explanation, return_index=True, return_inverse=True)
    neuron = codes(np.tile(judged.neuron, 2)[first]) if len(known) else np.zeros(0, dtype=np.intp)
    score = scores.of(known)
    mean = _means(neuron, score)
    n = np.bincount(code)
    share = _means(code, won)
    around = (score - mean[neuron]) if len(known) else score
    return [
        Point(score=x, preferred=y, n_votes=votes)
        for x, y, votes in zip(around.tolist(), share.tolist(), n.tolist(), strict=True)
    ]


def _means(group: Codes, values: Array) -> Array:
    """Return the mean of the values of each code from 0 up."""
    return divide(*group_sums(group, np.column_stack([values, np.ones_like(values)])).T)


def _drawn(points: list[Point], seed: int) -> tuple[Point, ...]:
    if len(points) <= _POINTS_SHOWN:
        return tuple(points)
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(len(points), size=_POINTS_SHOWN, replace=False))
    return tuple(points[place] for place in places.tolist())


def _tau_b(votes: Votes) -> Estimate:
    """Return Kendall's tau-b, every vote being one pair within its neuron and rater."""
    signs = np.sign(votes.gap)
    features = np.column_stack([signs * votes.outcome, np.abs(signs), np.abs(votes.outcome)])
    return estimate(
        of_cells(votes.neuron, votes.rater, features, to=tau_b_of_sums, cell=votes.cell),
        method="Kendall's tau-b within neuron and rater (item level)",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason="no vote between different scores, or none decided",
    )


def _system(votes: Votes, judged: Judgments, scores: Scores) -> Estimate:
    return system_correlation_of_votes(
        votes,
        (judged.left_condition, judged.right_condition),
        (scores.of(judged.left_explanation), scores.of(judged.right_explanation)),
    )
