"""Marks: how well people find what excites a neuron, compared with a model that does the same."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.answers import Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array
from studies.analysis.protocols.agreement import Measure, on_names, units_of
from studies.analysis.protocols.model_vs_human import Model, compare_model
from studies.analysis.protocols.per_judgment import absent, means_by_condition, valued
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics.against_scores import ScoreLink, score_links
from studies.analysis.statistics.classification import (
    ClassificationScores,
    balanced_accuracy,
    classification_scores,
)
from studies.analysis.statistics.condition_means import ConditionMeans, mean_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionScores:
    """How well the fitting excerpts were found with the explanations of one condition."""

    condition: str
    scores: ClassificationScores


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All that marks tell. `means` compares conditions by each answer's balanced accuracy.

    `marked` is the share of excerpts that were marked; half of them fit.
    """

    everything: ClassificationScores
    by_condition: tuple[ConditionScores, ...]
    means: ConditionMeans
    marked: Estimate
    agreement: tuple[Measure, ...]
    models: tuple[Model, ...]
    links: tuple[ScoreLink, ...]
    primary: int | None
    never_asked: tuple[str, ...]


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Marks:
    """Analyse marks."""
    responses, judgments = answers.responses, answers.judgments
    known = np.isfinite(responses.truth)
    neuron, rater = answers.per_response("neuron"), answers.per_response("rater")
    condition = answers.per_response("condition")
    per_answer = _balanced(answers)
    there = np.isfinite(per_answer)
    scorers = tables.scorers
    values = valued(answers, per_answer, there)

    def scores_of(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> ClassificationScores:
        return classification_scores(
            neuron[rows], rater[rows], responses.truth[rows], responses.value[rows]
        )

    return Marks(
        everything=scores_of(known),
        by_condition=tuple(
            ConditionScores(condition=name, scores=scores_of(known & (condition == at)))
            for at, name in enumerate(tables.conditions)
        ),
        means=means_by_condition(
            values,
            tables.conditions,
            what="balanced accuracy of an answer",
            bounds=(0.0, 1.0),
        ),
        marked=mean_of(neuron, rater, responses.value, what="share marked", bounds=(0.0, 1.0)),
        agreement=on_names(agreement_input(tables, answers)),
        models=tuple(
            compare_model(scores, values, what="balanced accuracy")
            for scores in tables.scores
            if is_detection(scores.scorer)
        ),
        links=score_links(values, scorers),
        primary=plan.chosen([scores.scorer for scores in tables.scores]),
        never_asked=absent(tables.conditions, judgments.condition),
    )


def agreement_input(_tables: StudyTables, answers: Answers) -> AgreementInput:
    """Return which excerpts were marked."""
    responses = answers.responses
    return AgreementInput(
        unit=units_of(answers.per_response("unit"), responses.option),
        rater=answers.per_response("rater"),
        value=responses.value.astype(np.intp),
        judgment=responses.judgment,
        categories=(0, 1),
        level="nominal",
    )


def is_detection(scorer: str) -> bool:
    """Tell whether a scorer asks of a model what `mark` asks of people."""
    return scorer.startswith("detection")


def _balanced(answers: Answers) -> Array:
    """Return the balanced accuracy of each answer; nan without excerpts of both kinds."""
    responses = answers.responses
    fires, marked = np.nan_to_num(responses.truth), responses.value
    known = np.isfinite(responses.truth) * 1.0
    counts = np.column_stack(
        [fires * marked, (1 - fires) * marked, (1 - fires) * (1 - marked), fires * (1 - marked)]
    )
    summed = np.zeros((len(answers), 4))
    np.add.at(summed, responses.judgment, counts * known[:, None])
    return balanced_accuracy(summed)
