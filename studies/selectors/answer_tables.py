"""A study's answers of any form, but for comparisons, as the columns that the analysis takes."""

from collections.abc import Iterator
from math import nan
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from annotation.selectors.raters import excluded_raters
from explanations.models import PERSON, Explanation, SimulatedRecord
from studies.analysis.data.answers import (
    NONE,
    PEOPLE,
    Answers,
    AnswerTables,
    Dimension,
    JudgmentRow,
    ResponseRow,
    Rival,
    answers,
    people_of,
)
from studies.analysis.data.ratings import Array
from studies.analysis.protocols.reading import Asked, dimensions, responses, shown_options
from studies.models import Adoption, Study, StudyItem
from studies.selectors.answers import About, StudyAnswer, chunked, shown_in, study_answers
from studies.selectors.flow import study_flow
from studies.selectors.item_records import activations_on, records_on
from studies.selectors.tables import explanation_lengths, simulator_labels, study_scores

_CHUNK = 500
_ROWS = 1000


def answer_tables(study: Study) -> AnswerTables:
    """Return a study that compares no pairs: the answers that stand now, all scores."""
    rubric = _rubric(study)
    given = answers(_rows(study, rubric))
    return AnswerTables(
        protocol=study.design.protocol,
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        answers=given,
        scores=study_scores(study),
        flow=study_flow(study),
        exclusions=_exclusions(study, given),
        lengths=explanation_lengths(study),
        dimensions=rubric,
        own=people_of(study.slug),
        predicted=_predicted(study) if study.design.protocol == "simulate" else {},
        rivals=_rivals(study) if study.design.protocol == "write" else (),
    )


def _rubric(study: Study) -> tuple[Dimension, ...]:
    first = study.items.order_by("item__position").values_list("item__payload", flat=True).first()
    return dimensions(first or {})


def _rows(
    study: Study, rubric: tuple[Dimension, ...]
) -> Iterator[tuple[JudgmentRow, Iterator[ResponseRow]]]:
    paints = study.design.protocol == "simulate"
    adoptions = Adoption.objects.filter(study=study, explanation__isnull=False)
    adopted = dict[UUID, int](adoptions.values_list("judgment__key", "explanation"))
    for chunk in chunked(study_answers(study), _CHUNK):
        items = {answer.item for answer in chunk}
        records = records_on(items) if paints else {}
        actual = activations_on(items) if paints else {}
        for answer in chunk:
            if answer.about is None or answer.tests_rater or "cannot_tell" in answer.answer:
                continue
            asked = Asked(
                options=shown_options(_shown(answer)),
                known=answer.about.known,
                dimensions=rubric,
                records=records.get(answer.item, ()),
                actual=actual.get(answer.item, ()),
            )
            own = answer.about.explanation or adopted.get(answer.key)
            yield (
                _given(answer, answer.about, own),
                responses(answer.protocol, answer.answer, asked),
            )


def _shown(answer: StudyAnswer) -> Iterator[tuple[str, int | None, int | None, int | None]]:
    for each in answer.shown:
        yield each.key, each.explanation, each.condition, each.record


def _given(answer: StudyAnswer, about: About, explanation: int | None) -> JudgmentRow:
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
    )


def _rivals(study: Study) -> tuple[Rival, ...]:
    rows = Explanation.objects.filter(shown_in(study)).order_by("neuron", "pk")
    columns = rows.values_list("pk", "neuron", "method__name")
    return tuple(
        Rival(explanation=pk, neuron=neuron, by=name or PEOPLE) for pk, neuron, name in columns
    )


def _exclusions(study: Study, given: Answers) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each rule set on raters, the answers of those who broke it."""
    rules = excluded_raters(study.batch) if study.batch else {}
    return {rule: np.isin(given.judgments.rater, list(raters)) for rule, raters in rules.items()}


# --- What simulators predicted --------------------------------------------------------------------


def _explanations(study: Study) -> Any:
    shown = StudyItem.objects.filter(study=study, explanation__isnull=False)
    return shown.values("explanation")


def _predicted(study: Study) -> dict[str, dict[tuple[int, int], Array]]:
    """Return what programs predicted on the records that raters were asked about."""
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
            values = np.frombuffer(packed or b"", dtype="<f4").astype(np.float64)
            found.setdefault(labels[method], {})[explanation, record] = values
    return found
