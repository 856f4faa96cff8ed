"""What raters were shown and what they answered: judgments, items, options."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Q

from annotation.models import Assignment, Item
from annotation.protocols.compare import COMPARE
from explanations.models import Explanation
from studies.exports.columns import EXPLANATION, ITEM, NEURON, RATER, SYNTHETIC, Column, Row, Table
from studies.exports.draws import DRAWN, drawn_as, draws_by_judgment
from studies.models import Study
from studies.selectors.answers import (
    About,
    Offered,
    StudyAnswer,
    chunked,
    items_about,
    study_answers,
)
from studies.selectors.item_records import records_on

_ROWS = 1000


# --- Judgments ------------------------------------------------------------------------------------


def _judgments(study: Study) -> Iterator[Row]:
    conditions = _condition_names(study)
    raters: dict[Any, str] = {}
    drawn = draws_by_judgment(study)
    for answer in study_answers(study):
        if answer.rater_key not in raters:
            raters[answer.rater_key] = study.pseudonym(answer.rater_key)
        yield {
            "judgment": str(answer.key),
            "study": study.slug,
            "protocol": answer.protocol,
            "item": answer.position,
            **_neuron(answer.about),
            "rater": raters[answer.rater_key],
            "synthetic": answer.synthetic,
            **_about(answer.about, conditions),
            **_compared(answer, conditions),
            "shown": [_option(option, conditions) for option in answer.shown],
            "answer": answer.answer,
            "tests_rater": answer.tests_rater,
            **drawn_as(drawn.get(answer.key)),
            "confidence": answer.answer.get("confidence"),
            "seconds": answer.seconds,
            "away": answer.away,
            "submitted": answer.submitted,
        }


def _neuron(about: About | None) -> Row:
    if about is None:
        return {"subject": None, "layer": None, "index": None}
    return {"subject": about.subject, "layer": about.layer, "index": about.index}


def _about(about: About | None, conditions: tuple[str, ...]) -> Row:
    """Return what the whole question is about, and what it is for."""
    if about is None:
        return {"role": None, "condition": None, "explanation": None, "known": None}
    return {
        "role": about.role,
        "condition": _named(about.condition, conditions),
        "explanation": about.explanation,
        "known": about.known,
    }


def _named(condition: int | None, conditions: tuple[str, ...]) -> str | None:
    return None if condition is None else conditions[condition]


def _option(option: Offered, conditions: tuple[str, ...]) -> Row:
    return {
        "key": option.key,
        "condition": _named(option.condition, conditions),
        "explanation": option.explanation,
        "record": option.record,
    }


def _compared(answer: StudyAnswer, conditions: tuple[str, ...]) -> Row:
    """Return what a comparison says; nothing for any other answer."""
    both = [each for each in answer.shown if None not in (each.explanation, each.condition)]
    choice = answer.answer.get("choice")
    if answer.protocol != COMPARE.name or answer.tests_rater or choice is None or len(both) != 2:
        return dict.fromkeys(column.name for column in _COMPARED)
    left, right = both
    preferred = next((each for each in both if each.key == choice), None)
    return {
        "left_condition": _named(left.condition, conditions),
        "right_condition": _named(right.condition, conditions),
        "left_explanation": left.explanation,
        "right_explanation": right.explanation,
        "listed_first": "left" if left.key < right.key else "right",
        "outcome": 0 if preferred is None else 1 if preferred is left else -1,
        "preferred": "tie" if preferred is None else _named(preferred.condition, conditions),
    }


def _condition_names(study: Study) -> tuple[str, ...]:
    return tuple(study.conditions.values_list("name", flat=True))


# --- Items ---------------------------------------------------------------------------------------


def _items(study: Study) -> Iterator[Row]:
    conditions = _condition_names(study)
    judged = Q(assignments__state=Assignment.State.JUDGED)
    items = Item.objects.filter(batch=study.batch_id).order_by("position")
    counted = items.annotate(
        judgments=Count("assignments", judged),
        synthetic=Count("assignments", judged & Q(assignments__rater__synthetic=True)),
        again=F("repeats__position"),
    )
    for chunk in chunked(counted.iterator(_ROWS), _ROWS):
        about = items_about(study, [item.pk for item in chunk])
        records = records_on([item.pk for item in chunk])
        for item in chunk:
            yield {
                "study": study.slug,
                "item": item.position,
                **_neuron(about.get(item.pk)),
                **_about(about.get(item.pk), conditions),
                "group": item.group,
                "wanted": item.overlap,
                "judgments": item.judgments,
                "synthetic_judgments": item.synthetic,
                "known_answer": item.gold,
                "catch": item.is_catch,
                "repeats": item.again,
                "records": list(records.get(item.pk, ())),
                "payload": item.payload,
            }


def _options(study: Study) -> Iterator[Row]:
    conditions = _condition_names(study)
    items = Item.objects.filter(batch=study.batch_id).order_by("position")
    for chunk in chunked(items.values_list("pk", "position").iterator(_ROWS), _ROWS):
        about = items_about(study, [pk for pk, _ in chunk])
        texts = _texts(option for each in about.values() for option in each.options)
        for pk, position in chunk:
            for place, option in enumerate(about[pk].options if pk in about else ()):
                known = _option(option, conditions)
                text = texts.get(option.explanation or 0)
                yield {"item": position, "place": place, **known, "text": text}


def _texts(options: Iterator[Offered]) -> dict[int, str]:
    wanted = {option.explanation for option in options if option.explanation is not None}
    return dict(Explanation.objects.filter(pk__in=wanted).values_list("pk", "text"))


# --- Their columns --------------------------------------------------------------------------------

_STUDY = Column("study", "text", "the study's slug")
_ABOUT = (
    Column("role", "text", "`main`, or `catch` or `repeat` for what tells about the rater only"),
    Column("condition", "text", "whose explanation the question is about, if about one"),
    Column("explanation", "whole", "that explanation's number in the table explanations"),
    Column("known", "json", "the answer that is right, if one is"),
)
_COMPARED = (
    Column("left_condition", "text", "what was shown on the left (first, on a phone)"),
    Column("right_condition", "text", "what was shown on the right"),
    Column("left_explanation", "whole", "its number in the table explanations"),
    Column("right_explanation", "whole", "its number in the table explanations"),
    Column(
        "listed_first",
        "text",
        "`left` or `right`: which of the two the item lists first; the same option for all "
        "its raters",
    ),
    Column("outcome", "whole", "1 left preferred, -1 right preferred, 0 tie"),
    Column("preferred", "text", "the condition preferred, or `tie`"),
)

JUDGMENTS = Table(
    about="One row per judgment that stands, oldest first.",
    columns=(
        Column("judgment", "text", "the judgment's key"),
        _STUDY,
        Column("protocol", "text", "the form of the question, such as `compare`"),
        ITEM,
        *NEURON,
        RATER,
        Column("synthetic", "truth", SYNTHETIC),
        *_ABOUT,
        *_COMPARED,
        Column(
            "shown",
            "json",
            "the options in the order in which they were shown: key, condition, explanation, "
            "record",
        ),
        Column("answer", "json", "the answer as it was stored; it names options by their keys"),
        Column(
            "tests_rater",
            "truth",
            "whether it tests the rater (a known answer, or asked twice) and is not analysed",
        ),
        *DRAWN,
        Column("confidence", "whole", "1, 2 or 3; empty where it was not asked for"),
        Column("seconds", "number", "time with the page in view"),
        Column(
            "away",
            "number",
            "seconds between claim and answer without the page in view; empty where not known",
        ),
        Column("submitted", "time", "when, in UTC"),
    ),
    rows=_judgments,
)
ITEMS = Table(
    about="One row per item, in the order of their numbers.",
    columns=(
        _STUDY,
        ITEM,
        *NEURON,
        *_ABOUT,
        Column("group", "whole", "the group of raters that it is for; empty: everybody"),
        Column("wanted", "whole", "judgments wanted; of a catch trial, at most"),
        Column("judgments", "whole", "judgments given"),
        Column("synthetic_judgments", "whole", "how many of them a program made"),
        Column("known_answer", "json", "the known answer, where there is one"),
        Column("catch", "truth", "whether only inattention gives another"),
        Column("repeats", "whole", "the number of the item that it asks again, if any"),
        Column("records", "json", "the activation records shown, by their numbers, in order"),
        Column("payload", "json", "exactly what raters were shown"),
    ),
    rows=_items,
)
OPTIONS = Table(
    about="One row per item and option, in the order in which the item lists them.",
    columns=(
        ITEM,
        Column("place", "whole", "where the item lists it, from 0"),
        Column("key", "text", "the opaque key that stood for it"),
        Column("condition", "text", "the condition behind it; empty if it stands for none"),
        EXPLANATION,
        Column("record", "whole", "the activation record behind it; empty for an explanation"),
        Column("text", "text", "the explanation's text"),
    ),
    rows=_options,
)
