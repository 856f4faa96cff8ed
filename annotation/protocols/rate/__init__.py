"""A rubric of one or more dimensions, for each explanation: one alone, or several together."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, Stored, sent_number
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.options import OptionsPayload, known_key
from annotation.protocols.rate.rubric import Dimension
from annotation.protocols.record import Record

MAX_DIMENSIONS = 8
MAX_RATED = 5

Score = Annotated[StrictInt, Field(ge=0, le=100)]
Range = Annotated[tuple[Score, ...], Field(min_length=2, max_length=2)]


class RatePayload(OptionsPayload):
    """What a rater is shown: explanations, and the dimensions that each is rated on."""

    dimensions: tuple[Dimension, ...]

    @model_validator(mode="after")
    def _can_be_rated(self) -> Self:
        self.require_stimuli()
        self.require_texts(1)
        if len(self.options) > MAX_RATED:
            raise ValueError(f"at most {MAX_RATED} are rated at once, not {len(self.options)}")
        keys = {dimension.key for dimension in self.dimensions}
        if not 1 <= len(self.dimensions) <= MAX_DIMENSIONS or len(keys) < len(self.dimensions):
            raise ValueError(f"a rubric has 1 to {MAX_DIMENSIONS} dimensions with different keys")
        return self

    @property
    def one(self) -> bool:
        """Whether one explanation is rated alone."""
        return len(self.options) == 1


class RateAnswer(Record):
    """A number for each dimension of each option, by the option's key and the dimension's."""

    rating: Mapping[str, Mapping[str, int]]


class _Gold(Record):
    rating: Mapping[StrictStr, Mapping[StrictStr, Range]]


def parse(payload: RatePayload, data: Mapping[str, object]) -> RateAnswer:
    """Check `{"rating": {option: {dimension: number}}}`: every one is asked for."""
    given = _object(data.get("rating"), payload.keys)
    known = {dimension.key: dimension for dimension in payload.dimensions}
    return RateAnswer(
        rating={
            key: {
                name: _rating(row.get(name), dimension, f"rating.{key}.{name}")
                for name, dimension in known.items()
            }
            for key in payload.keys
            for row in [_object(given.get(key), tuple(known))]
        }
    )


def _object(data: object, names: tuple[str, ...]) -> Mapping[str, object]:
    if data is None:
        return {}
    if not isinstance(data, Mapping) or data.keys() - set(names):
        raise AnswerError("rating", "rates something that is not shown")
    return data


def _rating(data: object, dimension: Dimension, field: str) -> int:
    value = sent_number(data, field, 0, 100)
    if not dimension.allows(value):
        raise AnswerError(field, "is not a point of the scale")
    return value


def read_gold(payload: RatePayload, data: object) -> Known:
    """Read `{"rating": {option: {dimension: [lowest, highest]}}}`: the ranges that are right."""
    names = [dimension.key for dimension in payload.dimensions]
    ranges = {
        (
            known_key(key, payload.keys, "a rated option"),
            known_key(name, names, "a dimension"),
        ): given
        for key, row in _Gold.from_json(data).rating.items()
        for name, given in row.items()
    }
    if not ranges or any(low > high for low, high in ranges.values()):
        raise ValueError("the known ratings are at least one, each the lowest and the highest")
    return lambda answer: all(
        low <= answer.get("rating", {}).get(key, {}).get(name, -1) <= high
        for (key, name), (low, high) in ranges.items()
    )


def _flat(answer: Stored) -> dict[tuple[str, str], int]:
    rows = answer.get("rating", {}).items()
    return {(key, name): value for key, row in rows for name, value in row.items()}


def _share_equal(one: Stored, other: Stored) -> float | None:
    """Return the share of ratings that are equal."""
    a, b = _flat(one), _flat(other)
    return sum(a[key] == b[key] for key in a) / len(a) if a and a.keys() == b.keys() else None


def _keys(_payload: RatePayload) -> Sequence[Key]:
    return (
        Key(("0", "…", "9"), _("Answer the question with the bar, and go to the next one")),
        Key(("X",), _("100 on a slider; the arrow keys move it by one")),
        Key(("Tab",), _("Go to the next question")),
    )


RATE = Protocol(
    name="rate",
    payload=RatePayload,
    fields=("rating",),
    parse=parse,
    read_gold=read_gold,
    faults={"rating": _("An answer is missing. Please answer every question.")},
    keys=_keys,
    similarity=_share_equal,
    ratings=lambda answer: tuple(_flat(answer).values()),
)
