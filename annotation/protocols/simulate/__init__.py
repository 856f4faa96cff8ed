"""What a unit would do, from its explanation: a number from 0 to 10 painted on every token."""

from collections.abc import Mapping, Sequence
from itertools import chain
from statistics import StatisticsError, correlation
from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, Stored, sent_number
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.excerpt import LEVELS
from annotation.protocols.options import ExplanationText
from annotation.protocols.payload import Payload
from annotation.protocols.record import Number, Record

MAX_TOKENS = 256

Tokens = Annotated[tuple[StrictStr, ...], Field(min_length=1)]


class SimulatePayload(Payload):
    """What a rater is shown: an explanation, and texts to paint, as tokens without activations."""

    explanation: ExplanationText
    texts: Annotated[tuple[Tokens, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _little_enough_to_paint(self) -> Self:
        if (total := sum(map(len, self.texts))) > MAX_TOKENS:
            raise ValueError(f"at most {MAX_TOKENS} tokens are painted at once, not {total}")
        self.refuse_stimuli()
        return self

    def require_shape(self, rows: Sequence[Sequence[object] | Mapping[int, object]]) -> None:
        """Refuse values that are not one for each token of each text."""
        if [len(row) for row in rows] != [len(tokens) for tokens in self.texts]:
            raise AnswerError("values", "are one for each token of each text")


class SimulateAnswer(Record):
    """A number from 0 to 10 for each token of each text, in the payload's order.

    It is on the scale of a model's simulation, so that one scorer serves both.
    """

    values: tuple[tuple[int, ...], ...]


class _Gold(Record):
    values: tuple[tuple[Number, ...], ...]
    correlation: Number


def parse(payload: SimulatePayload, data: Mapping[str, object]) -> SimulateAnswer:
    """Check `{"values": [[0 to 10, one for each token], one for each text]}`.

    A form sends `{"values": {text: {token: number}}}`, both counted from 0, without what is 0; and
    `none` to say that all of them are: a form without any paint says nothing.
    """
    given, none = data.get("values"), data.get("none") in ("1", True)
    if isinstance(given, list):
        rows = [dict(enumerate(_row(row))) for row in given]
        payload.require_shape(rows)
    else:
        rows = _posted(given, payload)
    values = tuple(
        tuple(_value(row.get(at)) for at in range(len(tokens)))
        for row, tokens in zip(rows, payload.texts, strict=True)
    )
    painted = any(chain.from_iterable(values))
    if painted and none:
        raise AnswerError("none", "is ticked, and some are painted")
    if not painted and not none and not isinstance(given, list):
        raise AnswerError("values", "are missing")
    return SimulateAnswer(values=values)


def _row(data: object) -> Sequence[object]:
    if not isinstance(data, list):
        raise AnswerError("values", "are lists in a list")
    return data


def _posted(data: object, payload: SimulatePayload) -> list[dict[int, object]]:
    if not isinstance(data, Mapping | None):
        raise AnswerError("values", "are not understood")
    rows: list[dict[int, object]] = [{} for _ in payload.texts]
    for where, row in (data or {}).items():
        text = _index(where, len(rows))
        if not isinstance(row, Mapping):
            raise AnswerError("values", "are not understood")
        rows[text] = {_index(at, len(payload.texts[text])): value for at, value in row.items()}
    return rows


def _index(data: object, size: int) -> int:
    return sent_number(data, "values", 0, size - 1)


def _value(data: object) -> int:
    return 0 if data in (None, "") else sent_number(data, "values", 0, LEVELS)


def read_gold(payload: SimulatePayload, data: object) -> Known:
    """Read `{"values": [[number]], "correlation": r}`: what the unit did, and how near is right.

    Numbers that correlate with these by r or more, over all tokens pooled (Pearson), are right.
    """
    gold = _Gold.from_json(data)
    payload.require_shape(gold.values)
    actual = list(chain.from_iterable(gold.values))
    return lambda answer: _pearson(answer.get("values", []), actual) >= gold.correlation


def _pearson(given: Sequence[Sequence[int]], actual: Sequence[float]) -> float:
    """Return the correlation; minus infinity where it is undefined, which is never near enough."""
    try:
        return correlation([float(value) for row in given for value in row], actual)
    except StatisticsError:
        return float("-inf")


def _nearness(one: Stored, other: Stored) -> float | None:
    """Return 1 less the mean distance between painted values, of 10."""
    a, b = one["values"], other["values"]
    if [len(row) for row in a] != [len(row) for row in b]:
        return None
    gaps = [abs(x - y) for x, y in zip(chain.from_iterable(a), chain.from_iterable(b), strict=True)]
    return float(1 - sum(gaps) / (LEVELS * len(gaps)))


def _keys(_payload: SimulatePayload) -> Sequence[Key]:
    return (
        Key(("Tab",), _("Go to the next text")),
        Key(("←", "→"), _("Go to the next word")),
        Key(("0", "…", "9"), _("Paint the word, or choose the colour")),
        Key(("X",), _("Paint 10")),
        Key(("↑", "↓"), _("One more, one less")),
        Key(("Shift", "→"), _("Paint the next word the same")),
        Key(("N",), _("It would respond to none of these words")),
    )


SIMULATE = Protocol(
    name="simulate",
    payload=SimulatePayload,
    fields=("values", "none"),
    parse=parse,
    read_gold=read_gold,
    faults={
        "values": _("Paint at least one word, or tick “It would respond to none of these words”."),
        "none": _(
            "You painted some words and also ticked “It would respond to none of these words”. "
            "Which is it?"
        ),
    },
    keys=_keys,
    similarity=_nearness,
)
