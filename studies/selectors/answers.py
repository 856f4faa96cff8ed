"""The current answers of a study, with the explanations and records that were shown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q

from annotation.models import Judgment
from studies.models import Study, StudyItem, StudyOption

_CHUNK = 500
_TESTS_RATER = Q(assignment__item__gold__isnull=False) | Q(assignment__item__repeats__isnull=False)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One option of any item: an explanation, which may represent a condition, or a record."""

    key: str
    explanation: int | None
    condition: int | None
    record: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The neuron that an item is about, and its options in the item's order.

    `condition` and `explanation` are set if the whole question is about one explanation; `known` is
    the right answer, if there is one; `role` marks catch trials and repeats.
    """

    neuron: int
    subject: str
    layer: int
    index: int
    role: str
    condition: int | None
    explanation: int | None
    known: dict[str, Any] | None
    options: tuple[Offered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAnswer:
    """One current judgment. `about` is None for an item without a neuron.

    `tests_rater` is set if the item is a catch trial or a repeat.

    `order` holds the keys of the options as they were shown, left (or first) to right (or last).
    """

    protocol: str
    key: UUID
    submitted: datetime
    seconds: float
    away: float | None
    answer: dict[str, Any]
    order: list[str]
    item: int
    position: int
    rater: int
    rater_key: UUID
    synthetic: bool
    tests_rater: bool
    about: About | None

    @property
    def shown(self) -> tuple[Offered, ...]:
        """The explanations and records of the options, in the order shown."""
        known = {option.key: option for option in self.about.options} if self.about else {}
        return tuple(known[key] for key in self.order if key in known)


def study_answers(study: Study) -> Iterator[StudyAnswer]:
    """Yield the current judgments, oldest first; a few hundred are in memory at a time."""
    standing = (
        Judgment.objects.standing().filter(assignment__item__batch=study.batch_id).order_by("pk")
    )
    columns = standing.values(
        "key",
        "submitted",
        "seconds",
        "away",
        "answer",
        item=F("assignment__item"),
        position=F("assignment__item__position"),
        rater=F("assignment__rater"),
        rater_key=F("assignment__rater__key"),
        synthetic=F("assignment__rater__synthetic"),
        order=F("assignment__order"),
        tests_rater=ExpressionWrapper(_TESTS_RATER, BooleanField()),
    )
    protocol = study.batch.protocol if study.batch else ""
    for chunk in chunked(columns.iterator(_CHUNK), _CHUNK):
        about = items_about(study, {row["item"] for row in chunk})
        for row in chunk:
            yield StudyAnswer(protocol=protocol, about=about.get(row["item"]), **row)


def chunked(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    """Yield rows in chunks."""
    while chunk := list(islice(rows, size)):
        yield chunk


def items_about(study: Study, items: Iterable[int]) -> dict[int, About]:
    """Return what items are about, by item id."""
    nth = {pk: i for i, pk in enumerate(study.conditions.values_list("pk", flat=True))}
    wanted = list(items)
    options = defaultdict[int, list[Offered]](list)
    rows = StudyOption.objects.filter(study_item__item__in=wanted).order_by("place").values_list(
        "study_item__item", "key", "explanation", "condition", "record"
    )  # fmt: skip
    for item, key, explanation, condition, record in rows:
        options[item].append(
            Offered(key=key, explanation=explanation, condition=nth.get(condition), record=record)
        )
    neurons = StudyItem.objects.filter(item__in=wanted).values_list(
        *("item", "neuron", "neuron__subject__name", "neuron__layer", "neuron__index"),
        *("role", "condition", "explanation", "known"),
    )
    return {
        item: About(
            neuron=neuron,
            subject=subject,
            layer=layer,
            index=index,
            role=role,
            condition=nth.get(condition),
            explanation=explanation,
            known=known,
            options=tuple(options[item]),
        )
        for item, neuron, subject, layer, index, role, condition, explanation, known in neurons
    }


def shown_in(study: Study) -> Q:
    """Return the filter for explanations that a study shows, as options or asked about.

    If raters write explanations: all explanations of its neurons, with which theirs are compared.
    """
    if study.protocol_analysis.reads_rivals:
        return Q(neuron__studies=study)
    options = StudyOption.objects.filter(study_item__study=study, explanation__isnull=False)
    items = StudyItem.objects.filter(study=study, explanation__isnull=False)
    return Q(pk__in=options.values("explanation")) | Q(pk__in=items.values("explanation"))
