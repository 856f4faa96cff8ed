"""What stands behind the headline: methods, scorers, raters, choices, what more would buy."""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, encode, factorize
from studies.analysis.data.tables import Judgments, Scores, StudyTables
from studies.analysis.statistics.breakdown import SoFar, alpha_by_judgments
from studies.analysis.statistics.calibration_curves import Curves, curves
from studies.analysis.statistics.drift import Drift, drift
from studies.analysis.statistics.leaderboard import Leaderboard, leaderboard
from studies.analysis.statistics.missing import Bounds, Missing, agreement_bounds, missing_by_group
from studies.analysis.statistics.power import (
    Components,
    Precision,
    next_plans,
    precision,
    variance_components,
)
from studies.analysis.statistics.raters import (
    RaterAgreement,
    RaterPairs,
    agreement_with_others,
    rater_agreement,
    rater_pairs,
)
from studies.analysis.statistics.scorers import (
    JointModel,
    ScorerComparison,
    compare_scorers,
    joint_model,
    length_gap,
)
from studies.analysis.statistics.sensitivity import Choice, sensitivity
from studies.analysis.statistics.subgroups import Stratum, agreement_by_stratum, score_strata
from studies.analysis.statistics.votes import Votes, every_vote
from studies.analysis.statistics.wins import WinMatrix, win_matrix

_Columns: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]
_Votes: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]

LENGTH = "length of the text"
"""Name of that predictor in the joint model."""
_RATERS_SHOWN = 40
_POINTS, _POINTS_OF_MANY, _MANY = 20, 5, 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodDetails:
    """Who wins how surely, and every two conditions by themselves."""

    leaderboard: Leaderboard
    win_matrix: WinMatrix


def method_details(judged: Judgments, votes: Votes, conditions: tuple[str, ...]) -> MethodDetails:
    """Rank the conditions and set every two beside each other."""
    names = np.array(conditions, dtype=np.str_)
    sides = names[judged.left_condition], names[judged.right_condition]
    return MethodDetails(
        leaderboard=leaderboard(*sides, votes), win_matrix=win_matrix(*sides, votes)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerDetails:
    """Scorers beside each other; then the headline's scorer alone, empty without one.

    `missing` tells for each condition (by name) how many sides of votes lack the score, `bounds`
    what those could change at most; `sensitivity` is over all judgments, those that the plan
    excludes being taken out in half of its rows.
    """

    comparison: ScorerComparison
    joint: JointModel
    by_layer: tuple[Stratum, ...]
    by_score: tuple[Stratum, ...]
    missing: tuple[Missing, ...]
    bounds: Bounds | None
    sensitivity: tuple[Choice, ...]
    components: Components | None
    precision: tuple[Precision, ...]
    curves: Curves | None


def scorer_details(
    tables: StudyTables,
    kept: npt.NDArray[np.bool_],
    votes: Votes,
    plan: Plan,
    primary: Scores | None,
) -> ScorerDetails:
    """Compare scorers on the judgments `kept`, and look at the headline's more closely.

    `votes` are those kept.
    """
    everything = tables.judgments
    judged = everything if kept.all() else everything.only(kept)
    gaps = {scores.scorer: scores.gap(judged) for scores in tables.scores}
    known = [pair for pair in plan.contrasts if set(pair) <= set(gaps)]
    comparison = compare_scorers(votes, gaps, declared=known)
    joint = joint_model(votes, gaps | _lengths(tables.lengths, judged))
    if primary is None:
        return ScorerDetails(
            comparison=comparison, joint=joint, by_layer=(), by_score=(), missing=(), bounds=None,
            sensitivity=(), components=None, precision=(), curves=None,
        )  # fmt: skip
    gap = gaps[primary.scorer]
    components, forecast = _more(judged, gap, plan.seed)
    return ScorerDetails(
        comparison=comparison,
        joint=joint,
        by_layer=_by_layer(votes, gap, tables, kept),
        by_score=_by_score(judged, votes, gap, primary),
        missing=_missing(judged, primary, tables.conditions),
        bounds=agreement_bounds(gap, judged.outcome),
        sensitivity=_sensitivity(everything, votes, primary, ~kept),
        components=components,
        precision=forecast,
        curves=curves(votes, judged, primary, gap, plan),
    )


def _lengths(lengths: Scores | None, judged: Judgments) -> dict[str, Array]:
    """Return the gaps in length by name; none where all are equally long, which tells nothing."""
    gap = np.zeros(0) if lengths is None else _length_gap(lengths, judged)
    return {LENGTH: gap} if np.nan_to_num(gap).any() else {}


def _length_gap(lengths: Scores, judged: Judgments) -> Array:
    left, right = (lengths.of(side) for side in (judged.left_explanation, judged.right_explanation))
    gap = np.full(len(judged), np.nan)
    known = np.isfinite(left) & np.isfinite(right)
    gap[known] = length_gap(left[known], right[known])
    return gap


def _by_layer(
    votes: Votes, gap: Array, tables: StudyTables, kept: npt.NDArray[np.bool_]
) -> tuple[Stratum, ...]:
    if tables.layer is None:
        return ()
    return agreement_by_stratum(votes.scored(gap), tables.layer[kept][np.isfinite(gap)])


def _by_score(judged: Judgments, votes: Votes, gap: Array, scores: Scores) -> tuple[Stratum, ...]:
    scored = np.isfinite(gap)
    mean = scores.of(judged.left_explanation)[scored] - gap[scored] / 2
    labels, order = score_strata(mean)
    return agreement_by_stratum(votes.scored(gap), labels, expected=order)


def _votes(judged: Judgments, gap: Array, rows: npt.NDArray[np.bool_]) -> _Votes:
    return judged.neuron[rows], judged.rater[rows], gap[rows], judged.outcome[rows]


def _missing(judged: Judgments, scores: Scores, conditions: tuple[str, ...]) -> tuple[Missing, ...]:
    explanations = np.concatenate([judged.left_explanation, judged.right_explanation])
    found = missing_by_group(
        np.concatenate([judged.left_condition, judged.right_condition]),
        np.tile(judged.neuron, 2),
        np.tile(judged.rater, 2),
        ~np.isfinite(scores.of(explanations)),
        expected=range(len(conditions)),
    )
    return tuple(replace(each, group=conditions[each.group]) for each in found)


def _sensitivity(
    everything: Judgments, kept: Votes, scores: Scores, excluded: npt.NDArray[np.bool_]
) -> tuple[Choice, ...]:
    votes = every_vote(everything) if excluded.any() else kept
    gap = scores.gap(everything)
    return sensitivity(votes.scored(gap), excluded[np.isfinite(gap)])


def _more(
    judged: Judgments, gap: Array, seed: int
) -> tuple[Components | None, tuple[Precision, ...]]:
    """Return what more votes would buy; nothing for studies so large that it is no question."""
    rows = np.isfinite(gap) & (np.round(gap, 9) != 0) & (judged.outcome != 0)
    if rows.sum() > _MANY:
        return None, ()
    neurons, raters, gaps, outcome = _votes(judged, gap, rows)
    components = variance_components(neurons, raters, (1 + np.sign(gaps) * outcome) / 2)
    if not rows.any():
        return components, ()
    plans = next_plans(len(np.unique(neurons)), len(np.unique(raters)), len(outcome))
    return components, precision(components, plans, seed=seed, n_simulated=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterDetails:
    """Raters one by one, numbered from 0 in the order in which they first judged.

    `pairs` holds the forty with most judgments. `growth` is ordinal alpha of the judgments so far;
    `agreement` and `log_seconds` tell how these change over a rater's own judgments.
    """

    raters: tuple[RaterAgreement, ...]
    pairs: RaterPairs
    growth: tuple[SoFar, ...]
    agreement: Drift
    log_seconds: Drift


def rater_details(judged: Judgments, categories: tuple[int, ...]) -> RaterDetails:
    """Look at raters one by one; judgments as they came in, the rater's codes as `RaterDetails`."""
    rows = judged.unit, judged.rater, judged.first_won
    often = np.argsort(-np.bincount(judged.rater), kind="stable")[:_RATERS_SHOWN]
    shown = np.isin(judged.rater, often)
    points = _POINTS if len(judged) <= _MANY else _POINTS_OF_MANY
    place = _places(judged)
    shares = agreement_with_others(encode(*rows)) if len(judged) else np.zeros(0)
    with_others, timed = np.isfinite(shares), judged.seconds > 0
    return RaterDetails(
        raters=rater_agreement(*rows, level="ordinal", categories=categories),
        pairs=rater_pairs(*(column[shown] for column in rows)),
        growth=alpha_by_judgments(*rows, level="ordinal", categories=categories, points=points),
        agreement=drift(*_drifting(judged, place, with_others), shares[with_others]),
        log_seconds=drift(*_drifting(judged, place, timed), np.log(judged.seconds[timed])),
    )


def _drifting(
    judged: Judgments, place: npt.NDArray[np.intp], rows: npt.NDArray[np.bool_]
) -> _Columns:
    return judged.unit[rows], judged.rater[rows], place[rows]


def _places(judged: Judgments) -> npt.NDArray[np.intp]:
    """Return the how-many-th of its rater each judgment is, from 1."""
    rater, _ = factorize(judged.rater)
    order = np.argsort(rater, kind="stable")
    sizes = np.bincount(rater)
    place = np.empty(len(rater), dtype=np.intp)
    place[order] = np.arange(len(rater)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    return place
