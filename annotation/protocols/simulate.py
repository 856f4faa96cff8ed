"""What a unit would do, from its explanation: a number from 0 to 10 painted on every token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import StatisticsError, correlation
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import (
    Known,
    QuestionForm,
    number,
    record,
    sent_number,
    sequence,
    text,
)
from annotation.protocols.excerpt import LEVELS
from annotation.protocols.options import MAX_OPTION_LENGTH
from annotation.protocols.stimuli import Frame, frame_from_json, payload_fields

NAME = "simulate"
VERSION = 1
MAX_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class SimulatePayload(Frame):
    """What a rater is shown: an explanation, and texts to paint, as tokens without activations."""

    explanation: str
    texts: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if not self.explanation.strip() or len(self.explanation) > MAX_OPTION_LENGTH:
            raise ValueError(f"the explanation has 1 to {MAX_OPTION_LENGTH} characters")
        if not self.texts or not all(self.texts):
            raise ValueError("there is at least one text to paint, and none is empty")
        if (total := sum(map(len, self.texts))) > MAX_TOKENS:
            raise ValueError(f"at most {MAX_TOKENS} tokens are painted at once, not {total}")
        if self.shows_something:
            raise ValueError("this protocol shows nothing besides: leave out excerpts and groups")
        super().__post_init__()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "explanation": self.explanation,
            "texts": [list(tokens) for tokens in self.texts],
        }

    @classmethod
    def from_json(cls, data: object) -> "SimulatePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("explanation", "texts"))
        return cls(
            **frame_from_json(fields),
            explanation=text(fields["explanation"], "the explanation"),
            texts=tuple(
                tuple(text(token, "a token") for token in sequence(tokens, "a text"))
                for tokens in sequence(fields["texts"], "texts")
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateAnswer:
    """A number from 0 to 10 for each token of each text, in the payload's order.

    It is on the scale of a model's simulation, so that one scorer serves both.
    """

    values: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"values": [list(row) for row in self.values]}


def parse(payload: SimulatePayload, data: Mapping[str, object]) -> SimulateAnswer:
    """Check `{"values": [[0 to 10, one for each token], one for each text]}`.

    A form sends `{"values": {text: {token: number}}}`, both counted from 0, without what is 0; and
    `none` to say that all of them are: a form without any paint says nothing.
    """
    given, none = data.get("values"), data.get("none") in ("1", True)
    if isinstance(given, list):
        rows = [dict(enumerate(_row(row))) for row in given]
        _require_shape(rows, payload)
    else:
        rows = _posted(given, payload)
    values = tuple(
        tuple(_value(row.get(at)) for at in range(len(tokens)))
        for row, tokens in zip(rows, payload.texts, strict=True)
    )
    painted = any(chain.from_iterable(values))
    if painted and none:
        raise AnswerError("none", "is said, and some are painted")
    if not painted and not none and not isinstance(given, list):
        raise AnswerError("values", "are missing")
    return SimulateAnswer(values=values)


def _row(data: object) -> Sequence[object]:
    if not isinstance(data, list):
        raise AnswerError("values", "are lists in a list")
    return data


def _require_shape(rows: Sequence[Mapping[int, object]], payload: SimulatePayload) -> None:
    if [len(row) for row in rows] != [len(tokens) for tokens in payload.texts]:
        raise AnswerError("values", "are one for each token of each text")


def _posted(data: object, payload: SimulatePayload) -> list[dict[int, object]]:
    if not isinstance(data, Mapping | None):
        raise AnswerError("values", "are not understood")
    rows: list[dict[int, object]] = [{} for _ in payload.texts]
    for where, row in (data or {}).items():
        place = _place(where, len(rows))
        if not isinstance(row, Mapping):
            raise AnswerError("values", "are not understood")
        rows[place] = {_place(at, len(payload.texts[place])): value for at, value in row.items()}
    return rows


def _place(data: object, size: int) -> int:
    return sent_number(data, "values", 0, size - 1)


def _value(data: object) -> int:
    return 0 if data in (None, "") else sent_number(data, "values", 0, LEVELS)


def read_gold(payload: SimulatePayload, data: object) -> Known:
    """Read `{"values": [[number]], "correlation": r}`: what the unit did, and how near is right.

    Right is whose numbers correlate with these by r or more over all tokens pooled (Pearson).
    """
    fields = record(data, ("values", "correlation"), "the known answer")
    rows = [
        [number(value, "a known value") for value in sequence(row, "known values")]
        for row in sequence(fields["values"], "known values")
    ]
    least = number(fields["correlation"], "correlation")
    if [len(row) for row in rows] != [len(tokens) for tokens in payload.texts]:
        raise ValueError("the known values are one for each token of each text")
    actual = list(chain.from_iterable(rows))
    return lambda answer: _pearson(answer.get("values", []), actual) >= least


def _pearson(given: Sequence[Sequence[int]], actual: Sequence[float]) -> float:
    """Return the correlation; minus infinity where it is undefined, which is never near enough."""
    try:
        return correlation([float(value) for row in given for value in row], actual)
    except StatisticsError:
        return float("-inf")


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=SimulatePayload.from_json,
    fields=("values", "none"),
    parse=parse,
    read_gold=read_gold,
)
