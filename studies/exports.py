"""A study as tables to take elsewhere: unblinded, raters under pseudonyms, row by row."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q
from django.utils.crypto import salted_hmac

from annotation.models import Assignment, Item
from explanations.models import Explanation, Neuron, Score
from studies.models import Condition, Study, StudyOption
from studies.selectors.tables import (
    Behind,
    Vote,
    options_behind,
    scorer_label,
    scorer_labels,
    study_votes,
)

Row = dict[str, Any]
Writer = Callable[[tuple[str, ...], Iterator[Row]], Iterator[str]]

_ROWS = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the start of a formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its columns in order, and its rows with exactly these."""

    columns: tuple[str, ...]
    rows: Callable[[Study], Iterator[Row]]


def lines(study: Study, table: str, form: str) -> Iterator[str]:
    """Yield a table as text, a row at a time. KeyError for an unknown table or form."""
    chosen, write = TABLES[table], FORMS[form]
    return write(chosen.columns, chosen.rows(study))


def pseudonym(study: Study, rater: UUID) -> str:
    """Return a rater's name in a study's exports: the same in each, not to be turned back.

    A keyed hash, so that nobody without the installation's secret can link it to a rater, or the
    raters of one study to those of another.
    """
    return salted_hmac(f"studies.exports.{study.pk}", str(rater), algorithm="sha256").hexdigest()[
        :16
    ]


# --- Tables ---------------------------------------------------------------------------------------


def _judgments(study: Study) -> Iterator[Row]:
    conditions = _condition_names(study)
    neurons = _neurons(study)
    for vote in study_votes(study):
        yield {
            "judgment": str(vote.key),
            "study": study.slug,
            "item": vote.position,
            **neurons[vote.left.neuron],
            "rater": pseudonym(study, vote.rater_key),
            "synthetic": vote.synthetic,
            "left_condition": conditions[vote.left.condition],
            "right_condition": conditions[vote.right.condition],
            "left_explanation": vote.left.explanation,
            "right_explanation": vote.right.explanation,
            "listed_first": "left" if vote.left_listed_first else "right",
            "outcome": vote.outcome,
            "preferred": _preferred(vote, conditions),
            "confidence": vote.confidence,
            "seconds": vote.seconds,
            "submitted": vote.submitted,
        }


def _preferred(vote: Vote, conditions: tuple[str, ...]) -> str:
    if not vote.outcome:
        return "tie"
    return conditions[(vote.left if vote.outcome > 0 else vote.right).condition]


def _items(study: Study) -> Iterator[Row]:
    conditions = _condition_names(study)
    neurons = _neurons(study)
    behind = options_behind(study)
    judged = Q(assignments__state=Assignment.State.JUDGED)
    items = Item.objects.filter(batch=study.batch_id).order_by("position")
    counted = items.annotate(
        judgments=Count("assignments", judged),
        synthetic=Count("assignments", judged & Q(assignments__rater__synthetic=True)),
    )
    for item in counted.iterator(_ROWS):
        yield {
            "study": study.slug,
            "item": item.position,
            **neurons[behind[item.pk][0].neuron],
            **_sides(behind[item.pk], item.payload, conditions),
            "wanted": item.overlap,
            "judgments": item.judgments,
            "synthetic_judgments": item.synthetic,
            "payload": item.payload,
        }


def _sides(
    options: tuple[Behind, Behind], payload: Mapping[str, Any], conditions: tuple[str, ...]
) -> Row:
    return {
        name: value
        for which, option, shown in zip(
            ("first", "second"), options, payload["options"], strict=True
        )
        for name, value in (
            (f"{which}_condition", conditions[option.condition]),
            (f"{which}_explanation", option.explanation),
            (f"{which}_key", option.key),
            (f"{which}_text", shown["text"]),
        )
    }


def _explanations(study: Study) -> Iterator[Row]:
    conditions = {condition.method_id: condition.name for condition in _conditions(study)}
    rows = Explanation.objects.filter(pk__in=_shown(study)).order_by("neuron", "pk")
    for explanation in rows.select_related("neuron__subject", "method").iterator(_ROWS):
        method = explanation.method
        yield {
            "explanation": explanation.pk,
            **_neuron(explanation.neuron),
            "condition": conditions[explanation.method_id],
            "author_kind": explanation.author_kind,
            "method": method.name if method else None,
            "method_version": method.version if method else None,
            "parent": explanation.parent_id,
            "text": explanation.text,
        }


def _scores(study: Study) -> Iterator[Row]:
    labels = scorer_labels(study)
    rows = Score.objects.filter(explanation__in=_shown(study)).order_by("explanation", "pk")
    columns = rows.values(
        "explanation",
        "value",
        "reason",
        "low",
        "high",
        "n",
        scorer_method=F("method__name"),
        scorer_version=F("method__version"),
        simulator=F("simulation__method__name"),
        simulator_version=F("simulation__method__version"),
        scorer_pk=F("method"),
        simulator_pk=F("simulation__method"),
    )
    for row in columns.iterator(_ROWS):
        label = scorer_label(labels, row["scorer_pk"], row["simulator_pk"])
        yield {**row, "scorer": label, "reason": row["reason"] or None}


def _shown(study: Study) -> Any:
    return StudyOption.objects.filter(study_item__study=study).values("explanation")


def _conditions(study: Study) -> list[Condition]:
    return list(study.conditions.all())


def _condition_names(study: Study) -> tuple[str, ...]:
    return tuple(condition.name for condition in _conditions(study))


def _neurons(study: Study) -> dict[int, Row]:
    neurons = Neuron.objects.filter(pk__in=study.items.values("neuron")).select_related("subject")
    return {neuron.pk: _neuron(neuron) for neuron in neurons}


def _neuron(neuron: Neuron) -> Row:
    return {"subject": neuron.subject.name, "layer": neuron.layer, "index": neuron.index}


_NEURON = ("subject", "layer", "index")
_OPTION = ("condition", "explanation", "key", "text")
TABLES: dict[str, Table] = {
    "judgments": Table(
        columns=(
            *("judgment", "study", "item", *_NEURON, "rater", "synthetic"),
            *("left_condition", "right_condition", "left_explanation", "right_explanation"),
            *("listed_first", "outcome", "preferred", "confidence", "seconds", "submitted"),
        ),
        rows=_judgments,
    ),
    "items": Table(
        columns=(
            *("study", "item", *_NEURON),
            *(f"first_{name}" for name in _OPTION),
            *(f"second_{name}" for name in _OPTION),
            *("wanted", "judgments", "synthetic_judgments", "payload"),
        ),
        rows=_items,
    ),
    "explanations": Table(
        columns=(
            *("explanation", *_NEURON, "condition", "author_kind"),
            *("method", "method_version", "parent", "text"),
        ),
        rows=_explanations,
    ),
    "scores": Table(
        columns=(
            *("explanation", "scorer", "scorer_method", "scorer_version"),
            *("simulator", "simulator_version", "value", "reason", "low", "high", "n"),
        ),
        rows=_scores,
    ),
}


# --- Forms ----------------------------------------------------------------------------------------


class _Line:
    """A file that keeps only the line written last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _csv(columns: tuple[str, ...], rows: Iterator[Row]) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(columns)
    yield line.text
    for row in rows:
        writer.writerow(_cell(row[name]) for name in columns)
        yield line.text


def _cell(value: object) -> str:
    """Return a value as a cell; text that would be a formula gets an apostrophe before it."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else _plain(value)


def _jsonl(columns: tuple[str, ...], rows: Iterator[Row]) -> Iterator[str]:
    encode = partial(json.dumps, ensure_ascii=False, default=_plain)
    for row in rows:
        yield encode({name: row[name] for name in columns}) + "\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


FORMS: dict[str, Writer] = {"csv": _csv, "jsonl": _jsonl}
