"""What raters were shown and answered: judgments, items, options."""

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
    """Return the columns on the item of a judgment."""
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
    """Return the columns of a comparison; none for other protocols."""
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
    Column("role", "text", "`main`, or `catch` or `repeat` for questions that only test the rater"),
    Column("condition", "text", "condition of the explanation that the question is about, if any"),
    Column("explanation", "whole", "number of that explanation in the table explanations"),
    Column("known", "json", "the right answer, if there is one"),
)
_COMPARED = (
    Column("left_condition", "text", "condition shown on the left (first, on a phone)"),
    Column("right_condition", "text", "condition shown on the right"),
    Column("left_explanation", "whole", "explanation on the left, in the table explanations"),
    Column("right_explanation", "whole", "explanation on the right, in the table explanations"),
    Column(
        "listed_first",
        "text",
        "`left` or `right`: which one the item lists first; the same option for all its raters",
    ),
    Column("outcome", "whole", "1 if the left one is preferred, -1 if the right one, 0 for a tie"),
    Column("preferred", "text", "preferred condition, or `tie`"),
)

JUDGMENTS = Table(
    about="One row per valid judgment (the last answer if it was corrected), oldest first.",
    columns=(
        Column("judgment", "text", "key of the judgment"),
        _STUDY,
        Column("protocol", "text", "protocol of the question, such as `compare`"),
        ITEM,
        *NEURON,
        RATER,
        Column("synthetic", "truth", SYNTHETIC),
        *_ABOUT,
        *_COMPARED,
        Column(
            "shown",
            "json",
            "options in the order shown, each with key, condition, explanation and record",
        ),
        Column("answer", "json", "the stored answer, with options by their keys"),
        Column(
            "tests_rater",
            "truth",
            "whether it tests the rater (known answer, or repeat) and is not analysed",
        ),
        *DRAWN,
        Column("confidence", "whole", "1, 2 or 3; empty if not asked"),
        Column("seconds", "number", "seconds with the page in view"),
        Column(
            "away",
            "number",
            "seconds between claim and answer with the page not in view; empty if unknown",
        ),
        Column("submitted", "time", "when it was submitted, in UTC"),
    ),
    rows=_judgments,
)
ITEMS = Table(
    about="One row per item, in order.",
    columns=(
        _STUDY,
        ITEM,
        *NEURON,
        *_ABOUT,
        Column("group", "whole", "group of raters that it is for; empty if for all"),
        Column("wanted", "whole", "judgments wanted; for a catch trial, the maximum"),
        Column("judgments", "whole", "judgments given"),
        Column("synthetic_judgments", "whole", "judgments made by programs"),
        Column("known_answer", "json", "known answer, if there is one"),
        Column("catch", "truth", "whether it is a catch trial"),
        Column("repeats", "whole", "number of the item that it repeats, if any"),
        Column("records", "json", "numbers of the activation records shown, in order"),
        Column("payload", "json", "exactly what raters were shown"),
    ),
    rows=_items,
)
OPTIONS = Table(
    about="One row per item and option, in the item's order.",
    columns=(
        ITEM,
        Column("place", "whole", "position in the item, from 0"),
        Column("key", "text", "opaque key of the option"),
        Column("condition", "text", "condition of the explanation; empty if it has none"),
        EXPLANATION,
        Column("record", "whole", "number of the activation record; empty for an explanation"),
        Column("text", "text", "text of the explanation"),
    ),
    rows=_options,
)
