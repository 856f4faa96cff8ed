"""A study's answers and scores as columns for the analysis."""

from collections.abc import Iterator
from math import nan
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from annotation.selectors.raters import excluded_raters
from explanations.models import PERSON, Explanation, Method, Score, SimulatedRecord, Simulation
from explanations.records import unpacked
from explanations.selectors.labels import method_labels
from studies.analysis.data import from_rows
from studies.analysis.data.answers import (
    NONE,
    PEOPLE,
    Answers,
    Dimension,
    JudgmentRow,
    ResponseRow,
    Rival,
    StudyTables,
    answers,
    people_of,
)
from studies.analysis.data.from_rows import ScoreRow
from studies.analysis.data.ratings import Array
from studies.analysis.data.tables import Scores
from studies.analysis.protocols.answer_context import AnswerContext, dimensions, shown_options
from studies.analysis.protocols.base import ProtocolAnalysis
from studies.models import Adoption, Study, StudyItem
from studies.selectors.answers import About, StudyAnswer, chunked, shown_in, study_answers
from studies.selectors.flow import study_flow
from studies.selectors.item_records import activations_on, records_on
from studies.selectors.votes import study_votes

_CHUNK = 500
_ROWS = 5000


def study_tables(study: Study) -> StudyTables:
    """Return the input of a study's analysis: its current judgments and all scores."""
    protocol, rubric = study.protocol_analysis, _rubric(study)
    columns = study_votes(study) if study.compares else answers(_rows(study, protocol, rubric))
    return StudyTables(
        protocol=protocol.name,
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        answers=columns,
        scores=study_scores(study),
        flow=study_flow(study),
        exclusions=_exclusions(study, columns),
        lengths=explanation_lengths(study),
        dimensions=rubric,
        own=people_of(study.slug),
        predicted=_predicted(study) if protocol.reads_activations else {},
        rivals=_rivals(study) if protocol.reads_rivals else (),
    )


def _rubric(study: Study) -> tuple[Dimension, ...]:
    first = study.items.order_by("item__position").values_list("item__payload", flat=True).first()
    return dimensions(first or {})


def _rows(
    study: Study, protocol: ProtocolAnalysis[Any], rubric: tuple[Dimension, ...]
) -> Iterator[tuple[JudgmentRow, Iterator[ResponseRow]]]:
    adoptions = Adoption.objects.filter(study=study, explanation__isnull=False)
    adopted = dict[UUID, int](adoptions.values_list("judgment__key", "explanation"))
    for chunk in chunked(study_answers(study), _CHUNK):
        items = {answer.item for answer in chunk} if protocol.reads_activations else set()
        records, actual = records_on(items), activations_on(items)
        for answer in chunk:
            if answer.about is None or answer.tests_rater or "cannot_tell" in answer.answer:
                continue
            shown = ((o.key, o.explanation, o.condition, o.record) for o in answer.shown)
            context = AnswerContext(
                options=shown_options(shown),
                known=answer.about.known,
                dimensions=rubric,
                records=records.get(answer.item, ()),
                actual=actual.get(answer.item, ()),
            )
            own = answer.about.explanation or adopted.get(answer.key)
            yield _judgment(answer, answer.about, own), protocol.read(answer.answer, context)


def _judgment(answer: StudyAnswer, about: About, explanation: int | None) -> JudgmentRow:
    sure = answer.answer.get("confidence")
    return JudgmentRow(
        unit=answer.item,
        neuron=about.neuron,
        rater=answer.rater,
        explanation=NONE if explanation is None else explanation,
        condition=NONE if about.condition is None else about.condition,
        confidence=nan if sure is None else sure,
        seconds=answer.seconds,
        synthetic=answer.synthetic,
        layer=about.layer,
        item=answer.position,
    )


def _rivals(study: Study) -> tuple[Rival, ...]:
    rows = Explanation.objects.filter(shown_in(study)).order_by("neuron", "pk")
    columns = rows.values_list("pk", "neuron", "method__name")
    return tuple(
        Rival(explanation=pk, neuron=neuron, by=name or PEOPLE) for pk, neuron, name in columns
    )


def _exclusions(study: Study, columns: Answers) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each quality rule, the answers of the raters who broke it."""
    rules = excluded_raters(study.batch) if study.batch else {}
    return {rule: np.isin(columns.judgments.rater, list(raters)) for rule, raters in rules.items()}


def explanation_lengths(study: Study) -> Scores:
    """Return the lengths, in characters, of the explanations that a study shows."""
    return from_rows.lengths(_texts(study))


def _texts(study: Study) -> Iterator[tuple[int, str]]:
    shown = Explanation.objects.filter(pk__in=_shown(study))
    return shown.values_list("pk", "text").iterator(_ROWS)


def _shown(study: Study) -> Any:
    return Explanation.objects.filter(shown_in(study)).values("pk")


# --- Scores ---------------------------------------------------------------------------------------


def study_scores(study: Study) -> tuple[Scores, ...]:
    """Return the scores of the explanations in the study, by scorer and simulator.

    All people who simulated in one study count as one simulator, with the mean of their scores.
    """
    labels = scorer_labels(study)
    found = Score.objects.filter(explanation__in=_shown(study)).order_by("pk")
    values = found.values_list("method", "simulation__method", "explanation", "value", "reason")
    return from_rows.scores(
        ScoreRow(scorer_label(labels, method, simulator), explanation, value, reason)
        for method, simulator, explanation, value, reason in values.iterator(_ROWS)
    )


def scorer_label(labels: dict[int, str], method: int, simulator: int | None) -> str:
    """Return a scorer's name, followed by that of the simulator whose simulations it scored."""
    return labels[method] if simulator is None else f"{labels[method]} · {labels[simulator]}"


def scorer_labels(study: Study) -> dict[int, str]:
    """Return labels of the scorers and simulators of a study's scores, by id.

    A label is the name; if two share it, also the settings that differ.
    """
    scores = Score.objects.filter(explanation__in=_shown(study)).order_by()
    used = scores.values_list("method", "simulation__method").distinct()
    return method_labels(Method.objects.filter(pk__in={pk for pair in used for pk in pair if pk}))


def simulator_labels(study: Study) -> dict[int, str]:
    """Return labels of the simulators of a study's explanations, by id, as `scorer_labels` does."""
    made = Simulation.objects.filter(explanation__in=_shown(study)).order_by()
    return method_labels(Method.objects.filter(pk__in=made.values("method")))


# --- What simulators predicted --------------------------------------------------------------------


def _explanations(study: Study) -> Any:
    shown = StudyItem.objects.filter(study=study, explanation__isnull=False)
    return shown.values("explanation")


def _predicted(study: Study) -> dict[str, dict[tuple[int, int], Array]]:
    """Return the simulations by programs on the records that raters were asked about."""
    labels = simulator_labels(study)
    asked = {pk for records in study.items.values_list("records", flat=True) for pk in records}
    rows = SimulatedRecord.objects.filter(
        simulation__explanation__in=_explanations(study), values__isnull=False
    ).exclude(simulation__method__config__has_key=PERSON)
    rows = rows.order_by("pk")
    columns = rows.values_list("simulation__method", "simulation__explanation", "record", "values")
    found: dict[str, dict[tuple[int, int], Array]] = {}
    for method, explanation, record, packed in columns.iterator(_ROWS):
        if record in asked:
            values = unpacked(packed).astype(np.float64)
            found.setdefault(labels[method], {})[explanation, record] = values
    return found
