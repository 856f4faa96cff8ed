"""A rubric of one or more dimensions, for each explanation: one alone, or several side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Known, QuestionForm, record, sent_number, sequence
from annotation.protocols.options import (
    OptionsFrame,
    known_key,
    options_from_json,
    options_to_json,
)
from annotation.protocols.rubric import Dimension
from annotation.protocols.stimuli import frame_from_json, payload_fields

NAME = "rate"
VERSION = 1
MAX_DIMENSIONS = 8
MAX_RATED = 5

Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class RatePayload(OptionsFrame):
    """What a rater is shown: explanations, and the dimensions that each is rated on."""

    dimensions: tuple[Dimension, ...]

    def __post_init__(self) -> None:
        self.require_something_shown()
        self.require_texts(1)
        if len(self.options) > MAX_RATED:
            raise ValueError(f"at most {MAX_RATED} are rated at once, not {len(self.options)}")
        keys = {dimension.key for dimension in self.dimensions}
        if not 1 <= len(self.dimensions) <= MAX_DIMENSIONS or len(keys) < len(self.dimensions):
            raise ValueError(f"a rubric has 1 to {MAX_DIMENSIONS} dimensions with different keys")
        super().__post_init__()

    @property
    def one(self) -> bool:
        """Whether one explanation is rated alone."""
        return len(self.options) == 1

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "options": options_to_json(self.options),
            "dimensions": [dimension.to_json() for dimension in self.dimensions],
        }

    @classmethod
    def from_json(cls, data: object) -> "RatePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("options", "dimensions"))
        return cls(
            **frame_from_json(fields),
            options=options_from_json(fields["options"]),
            dimensions=tuple(
                map(Dimension.from_json, sequence(fields["dimensions"], "dimensions"))
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RateAnswer:
    """A number for each dimension of each option, by the option's key and the dimension's."""

    ratings: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"rating": {key: dict(given) for key, given in self.ratings.items()}}


def parse(payload: RatePayload, data: Mapping[str, object]) -> RateAnswer:
    """Check `{"rating": {option: {dimension: number}}}`: every one is asked for."""
    given = _object(data.get("rating"), payload.keys)
    known = {dimension.key: dimension for dimension in payload.dimensions}
    return RateAnswer(
        ratings={
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
    rated = record(data, ("rating",), "the known answer")["rating"]
    names = [dimension.key for dimension in payload.dimensions]
    if not isinstance(rated, dict) or not all(isinstance(row, dict) for row in rated.values()):
        raise ValueError("the known ratings are objects in an object")
    ranges = {
        (known_key(key, payload.keys, "a rated option"), known_key(name, names, "a dimension")): (
            _range(given)
        )
        for key, row in rated.items()
        for name, given in row.items()
    }
    if not ranges:
        raise ValueError("the known ratings are of something")
    return lambda answer: all(
        low <= answer.get("rating", {}).get(key, {}).get(name, -1) <= high
        for (key, name), (low, high) in ranges.items()
    )


def _range(data: object) -> Range:
    match data:
        case [int(low), int(high)] if 0 <= low <= high <= 100:
            return low, high
    raise ValueError("a known rating is a list of the lowest and the highest number, 0 to 100")


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=RatePayload.from_json,
    fields=("rating",),
    parse=parse,
    read_gold=read_gold,
)
