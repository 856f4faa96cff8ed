"""Choices with a right answer: how often people find it, against chance, and how sure they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from studies.analysis.data.answers import NONE, Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, codes
from studies.analysis.protocols.agreement import Measure, on_names
from studies.analysis.protocols.model_vs_human import (
    ExplanationPoint,
    Model,
    compare_model,
    explanation_points,
)
from studies.analysis.protocols.per_judgment import absent, means_by_condition, valued
from studies.analysis.protocols.rank.analyse import Orders, first_things, orders
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics.against_scores import ScoreLink, Valued, score_links
from studies.analysis.statistics.condition_means import ConditionMeans, mean_of
from studies.analysis.statistics.jackknife import divide, estimate, of_cells

CHOOSES = "predict_function"
"""How a scorer's name begins that has a model choose among outputs, as people do here."""
_RIGHT = "share of right choices"
SURE: dict[float, str] = {1: "not sure", 2: "fairly sure", 3: "sure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How often the right option was chosen in one part of the answers; from 0 to 1."""

    name: str
    right: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """All that choices with a right answer tell.

    `chance` is one over the number of options, averaged over answers. `gain` is how much more often
    the surest answers are right than the least sure ones. `by_condition` is None where questions
    are about no condition. `by_place` is how often what was shown at a place was chosen. `models`
    chose as people did.
    """

    right: Estimate
    chance: float
    n_options: int
    by_condition: ConditionMeans | None
    by_layer: tuple[Part, ...]
    by_confidence: tuple[Part, ...]
    gain: Estimate
    by_place: tuple[Part, ...]
    right_first: Part
    agreement: tuple[Measure, ...]
    links: tuple[ScoreLink, ...]
    primary: int | None
    points: tuple[ExplanationPoint, ...]
    models: tuple[Model, ...]
    n_neurons_right: int
    n_neurons: int
    never_asked: tuple[str, ...]


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Chosen | Orders:
    """Analyse choices: against what is right where anything is, else as preferences."""
    if len(answers.responses) and np.isnan(answers.responses.truth).all():
        places = np.where(answers.responses.value > 0, 1.0, 2.0)
        return orders(tables, answers, places, plan, kind="choice")
    return _chosen(tables, answers, plan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Picks:
    """One row per answer: whether it is right (0 or 1), what was chosen, and of how many."""

    right: Array
    option: Codes
    place: Codes
    n_options: Codes


def _picks(answers: Answers) -> _Picks:
    responses = answers.responses
    taken = responses.value > 0
    return _Picks(
        right=responses.truth[taken],
        option=responses.option[taken],
        place=responses.screen_position[taken],
        n_options=np.bincount(responses.judgment, minlength=len(answers)),
    )


def _chosen(tables: StudyTables, answers: Answers, plan: Plan) -> Chosen:
    picks, judgments = _picks(answers), answers.judgments
    neuron, rater = judgments.neuron, judgments.rater
    asked = judgments.condition != NONE
    scorers = tables.scorers
    values = valued(answers, picks.right, asked)
    primary = plan.chosen([scores.scorer for scores in tables.scores])
    layers = {layer: f"layer {layer}" for layer in np.unique(judgments.layer).tolist()}
    sure = judgments.confidence
    return Chosen(
        right=_share(neuron, rater, picks.right, _RIGHT),
        chance=float(np.mean(1 / picks.n_options)) if len(answers) else float("nan"),
        n_options=int(picks.n_options.max(initial=0)),
        by_condition=means_by_condition(values, tables.conditions, what=_RIGHT, bounds=(0.0, 1.0))
        if tables.conditions
        else None,
        by_layer=_parts(answers, picks, judgments.layer, layers),
        by_confidence=_parts(answers, picks, sure, SURE if np.isfinite(sure).any() else {}),
        gain=_gain(answers, picks),
        by_place=_by_place(answers, picks),
        right_first=_right_first(answers),
        agreement=on_names(agreement_input(tables, answers)),
        links=score_links(values, scorers) if asked.any() else (),
        primary=primary,
        points=()
        if primary is None
        else _points(values, tables.scores[primary].of(values.explanation)),
        models=tuple(
            compare_model(scores, values, what=_RIGHT)
            for scores in tables.scores
            if scores.scorer.startswith(CHOOSES)
        ),
        n_neurons_right=_n_right(neuron, picks),
        n_neurons=len(np.unique(neuron)),
        never_asked=absent(tables.conditions, judgments.condition),
    )


def _points(values: Valued, score: Array) -> tuple[ExplanationPoint, ...]:
    known = np.isfinite(score)
    return explanation_points(values.explanation[known], values.value[known], score[known])


def agreement_input(_tables: StudyTables, answers: Answers) -> AgreementInput:
    """Return what was chosen."""
    return first_things(answers, answers.responses.value > 0)


def _share(neuron: Codes, rater: Codes, values: Array, what: str) -> Estimate:
    return mean_of(neuron, rater, values, what=what, bounds=(0.0, 1.0))


def _parts(
    answers: Answers, picks: _Picks, of: Codes | Array, names: Mapping[float, str]
) -> tuple[Part, ...]:
    """Return the share of right choices of each named part of the answers."""
    own = answers.judgments
    return tuple(
        Part(name=name, right=_share(own.neuron[rows], own.rater[rows], picks.right[rows], _RIGHT))
        for each, name in names.items()
        for rows in [of == each]
    )


def _gain(answers: Answers, picks: _Picks) -> Estimate:
    """Return how much more often the surest answers are right than the least sure ones."""
    sure = answers.judgments.confidence
    known = np.isfinite(sure)
    low, high = (sure == level for level in (1, 3))
    features = np.column_stack([high, high * picks.right, low, low * picks.right])[known] * 1.0
    return estimate(
        of_cells(
            codes(answers.judgments.neuron[known]),
            codes(answers.judgments.rater[known]),
            features,
            to=lambda s: divide(s[:, 1], s[:, 0]) - divide(s[:, 3], s[:, 2]),
        ),
        method="share right where sure less share right where not",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason="confidence was not asked for, or not given at both ends",
    )


def _by_place(answers: Answers, picks: _Picks) -> tuple[Part, ...]:
    judgments = answers.judgments
    return tuple(
        Part(
            name=f"place {place + 1}",
            right=_share(
                judgments.neuron, judgments.rater, (picks.place == place) * 1.0, "share of choices"
            ),
        )
        for place in np.unique(answers.responses.screen_position).tolist()
    )


def _right_first(answers: Answers) -> Part:
    """Return how often the right option was shown first, which only the design decides."""
    responses = answers.responses
    first = (responses.screen_position == 0) & np.isfinite(responses.truth)
    share = _share(
        answers.per_response("neuron")[first],
        answers.per_response("rater")[first],
        responses.truth[first],
        "share",
    )
    return Part(name="right option shown first", right=share)


def _n_right(neuron: Codes, picks: _Picks) -> int:
    """Count the neurons about which more than half of the choices are right."""
    if not len(neuron):
        return 0
    code = codes(neuron)
    return int((np.bincount(code, picks.right) > np.bincount(code) / 2).sum())
