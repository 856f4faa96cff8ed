"""Simulations by people: scored as a model's are, compared with models on the same texts."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studies.analysis.data.answers import LENGTH, Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes
from studies.analysis.data.tables import ReasonCount
from studies.analysis.protocols.model_vs_human import ExplanationPoint, explanation_points, one_each
from studies.analysis.protocols.per_judgment import absent, means_by_condition, valued
from studies.analysis.statistics.against_scores import ScoreLink, score_links
from studies.analysis.statistics.concordance import (
    Concordance,
    concordance,
    row_correlations,
    token_alpha,
)
from studies.analysis.statistics.condition_means import ConditionMeans, mean_of
from studies.analysis.statistics.model_vs_human import HumanModelGap, human_model_gap

SCORE = "correlation of a simulation with the true activations"
FLAT = "every token was painted the same"
SILENT = "the neuron does nothing on these texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """A model's simulations compared with people's, on the same tokens.

    `score` and `people` are mean correlations with the true activations over the answers that both
    have, `lead` people's less the model's. `with_person` correlates what the model and a person
    painted.
    """

    name: str
    n_answers: int
    score: Estimate
    people: Estimate
    lead: Estimate
    with_person: Estimate
    gap: HumanModelGap
    points: tuple[ExplanationPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulations:
    """All that people's simulations tell; a score is from -1 to 1.

    `undefined` counts answers without a score, by reason. `painted` is the share of tokens that got
    more than nothing. `alike` and `alpha` are agreement of raters on tokens. `models` come best
    score first.
    """

    score: Estimate
    means: ConditionMeans
    undefined: tuple[ReasonCount, ...]
    painted: Estimate
    alike: Concordance
    alpha: Estimate
    models: tuple[Simulator, ...]
    links: tuple[ScoreLink, ...]
    primary: int | None
    never_asked: tuple[str, ...]


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Simulations:
    """Analyse simulations."""
    judgments = answers.judgments
    painted, actual = (
        _table(answers, column) for column in (answers.responses.value, answers.responses.truth)
    )
    score = row_correlations(painted, actual)
    there = np.isfinite(score)
    values = valued(answers, score, there)
    scorers = [each for each in tables.scorers if not _is_of_raters(each.scorer, tables.own)]
    found = [
        _simulator(name, _predicted(answers, tables, name), painted, actual, answers)
        for name in sorted(tables.predicted)
    ]
    return Simulations(
        score=mean_of(values.neuron, values.rater, values.value, what=SCORE, bounds=(-1.0, 1.0)),
        means=means_by_condition(values, tables.conditions, what=SCORE, bounds=(-1.0, 1.0)),
        undefined=_undefined(painted, actual, there),
        painted=_painted(answers),
        alike=concordance(judgments.unit, judgments.rater, painted, what="simulations"),
        alpha=token_alpha(judgments.unit, judgments.rater, painted),
        models=tuple(sorted(found, key=_descending)),
        links=score_links(values, scorers),
        primary=plan.chosen([each.scorer for each in scorers if each.scorer != LENGTH]),
        never_asked=absent(tables.conditions, judgments.condition),
    )


def _is_of_raters(scorer: str, own: str) -> bool:
    """Tell whether a score is of the raters' own simulations, once these are adopted."""
    return bool(own) and scorer.endswith(f"· {own}")


def _descending(model: Simulator) -> float:
    return -model.score.value if model.score.defined else 2.0


def _table(answers: Answers, column: Array) -> Array:
    """Return one row per answer with the values of its tokens, nan beyond them."""
    judgment = answers.responses.judgment
    sizes = np.bincount(judgment, minlength=len(answers))
    starts = np.cumsum(sizes) - sizes
    at = np.arange(len(judgment)) - starts[judgment]
    table = np.full((len(answers), int(sizes.max(initial=0))), np.nan)
    table[judgment, at] = column
    return table


def _predicted(answers: Answers, tables: StudyTables, name: str) -> Array:
    """Return what a simulator predicted on the tokens of each answer; nan where it did not."""
    responses, of = answers.responses, tables.predicted[name]
    values = np.full(len(responses), np.nan)
    explanation = answers.per_response("explanation")
    starts = _first_tokens(answers)
    for start, end in pairwise([*starts, len(responses)]):
        row = of.get((int(explanation[start]), int(responses.record[start])))
        if row is not None:
            n = min(end - start, len(row))
            values[start : start + n] = row[:n]
    return _table(answers, values)


def _first_tokens(answers: Answers) -> list[int]:
    """Return the rows in which an answer's texts begin."""
    responses = answers.responses
    if not len(responses):
        return []
    text = np.column_stack([responses.judgment, responses.dimension])
    new = np.r_[True, np.diff(text, axis=0).any(axis=1)]
    return [int(row) for row in np.flatnonzero(new)]


def _painted(answers: Answers) -> Estimate:
    return mean_of(
        answers.per_response("neuron"),
        answers.per_response("rater"),
        answers.responses.value > 0,
        what="share of tokens painted",
        bounds=(0.0, 1.0),
    )


def _undefined(
    painted: Array, actual: Array, there: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> tuple[ReasonCount, ...]:
    silent = ~there & ~_varied(actual)
    flat = ~there & ~silent
    counts = {SILENT: int(silent.sum()), FLAT: int(flat.sum())}
    return tuple(ReasonCount(reason=reason, n=n) for reason, n in counts.items() if n)


def _varied(table: Array) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    low = np.min(np.where(np.isfinite(table), table, np.inf), axis=1, initial=np.inf)
    high = np.max(np.where(np.isfinite(table), table, -np.inf), axis=1, initial=-np.inf)
    varied: np.ndarray[tuple[int], np.dtype[np.bool_]] = high > low
    return varied


def _simulator(
    name: str, predicted: Array, painted: Array, actual: Array, answers: Answers
) -> Simulator:
    """Compare a model's simulations with people's over the tokens that both have."""
    judgments = answers.judgments
    both = np.where(np.isfinite(predicted), painted, np.nan)
    model, person = row_correlations(predicted, actual), row_correlations(both, actual)
    rows = np.isfinite(model) & np.isfinite(person)
    neuron, rater = judgments.neuron[rows], judgments.rater[rows]
    alike = row_correlations(predicted, painted)
    known = np.isfinite(alike)

    def mean(values: Array, what: str, limit: float = 1.0) -> Estimate:
        return mean_of(neuron, rater, values, what=what, bounds=(-limit, limit))

    return Simulator(
        name=name,
        n_answers=int(rows.sum()),
        score=mean(model[rows], SCORE),
        people=mean(person[rows], SCORE),
        lead=mean((person - model)[rows], "score of people less the model's", 2.0),
        with_person=mean_of(
            judgments.neuron[known],
            judgments.rater[known],
            alike[known],
            what="correlation of a model's simulation with a person's",
            bounds=(-1.0, 1.0),
        ),
        gap=_gap(judgments.explanation[rows], rater, person[rows], model[rows]),
        points=explanation_points(judgments.explanation[rows], person[rows], model[rows]),
    )


def _gap(explanation: Codes, rater: Codes, person: Array, model: Array) -> HumanModelGap:
    return human_model_gap(*one_each(explanation, rater, person, model))
