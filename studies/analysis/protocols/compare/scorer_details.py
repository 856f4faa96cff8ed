"""Scorers compared; the headline's scorer by part, with missing scores and analysis choices."""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import LENGTH, StudyTables
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes
from studies.analysis.data.tables import Judgments, Scores
from studies.analysis.protocols.compare.columns import judgments_of
from studies.analysis.statistics.calibration_curves import Curves, curves
from studies.analysis.statistics.missing import Bounds, Missing, agreement_bounds, missing_by_group
from studies.analysis.statistics.power import (
    Components,
    Precision,
    next_plans,
    precision,
    variance_components,
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
from studies.analysis.statistics.votes import Votes, every_vote, rounded

_Votes: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]

_MANY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerDetails:
    """Scorers compared; then the headline's scorer alone, empty without one.

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
    excludes: bool
    components: Components | None
    precision: tuple[Precision, ...]
    curves: Curves | None


def scorer_details(
    tables: StudyTables,
    judged: Judgments,
    layer: Codes,
    votes: Votes,
    plan: Plan,
    primary: Scores | None,
) -> ScorerDetails:
    """Compare scorers, and look at the headline's more closely.

    `judged`, `layer` and `votes` are of the judgments that no rule takes out.
    """
    gaps = {scores.scorer: scores.gap(judged) for scores in tables.scores}
    known = [pair for pair in plan.contrasts if set(pair) <= set(gaps)]
    near = {name: rounded(gap) for name, gap in gaps.items()}
    comparison = compare_scorers(votes, near, declared=known)
    lengths = {name: rounded(gap) for name, gap in _lengths(tables.lengths, judged).items()}
    joint = joint_model(votes, near | lengths)
    if primary is None:
        return ScorerDetails(
            comparison=comparison, joint=joint, by_layer=(), by_score=(), missing=(), bounds=None,
            sensitivity=(), excludes=False, components=None, precision=(), curves=None,
        )  # fmt: skip
    gap = gaps[primary.scorer]
    components, forecast = _more(judged, gap, plan.seed)
    return ScorerDetails(
        comparison=comparison,
        joint=joint,
        by_layer=agreement_by_stratum(votes.scored(gap), layer[np.isfinite(gap)]),
        by_score=_by_score(judged, votes, gap, primary),
        missing=_missing(judged, primary, tables.conditions),
        bounds=agreement_bounds(gap, judged.outcome),
        sensitivity=_sensitivity(tables, judged, votes, primary),
        excludes=tables.excluded is not None and bool(tables.excluded.any()),
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
    tables: StudyTables, judged: Judgments, votes: Votes, scores: Scores
) -> tuple[Choice, ...]:
    excluded = tables.excluded
    if excluded is None or not excluded.any():
        excluded = np.zeros(len(judged), dtype=np.bool_)
    else:
        judged = judgments_of(tables.answers)
        votes = every_vote(judged)
    gap = scores.gap(judged)
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
