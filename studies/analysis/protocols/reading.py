"""From one stored answer to rows: the same for a database and for an export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

from studies.analysis.data.answers import NONE, Dimension, ResponseRow

Activations: TypeAlias = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOption:
    """An option as it was shown; positions count from 0, `listed` is the one in the item."""

    key: str
    screen_position: int
    listed: int
    explanation: int
    condition: int
    record: int

    def row(self, value: float, truth: float = nan, *, dimension: int = 0) -> ResponseRow:
        """Return a response about it."""
        return ResponseRow(
            option=self.listed,
            dimension=dimension,
            screen_position=self.screen_position,
            explanation=self.explanation,
            condition=self.condition,
            record=self.record,
            value=value,
            truth=truth,
        )


def shown_options(
    shown: Iterable[tuple[str, int | None, int | None, int | None]],
) -> tuple[ShownOption, ...]:
    """Return options from key, explanation, condition and record, in the order shown.

    An item lists its options in the order of their keys.
    """
    rows = list(shown)
    listed = {key: at for at, key in enumerate(sorted(key for key, *_ in rows))}
    return tuple(
        ShownOption(
            key=key,
            screen_position=position,
            listed=listed[key],
            explanation=_or_none(explanation),
            condition=_or_none(condition),
            record=_or_none(record),
        )
        for position, (key, explanation, condition, record) in enumerate(rows)
    )


def _or_none(number: int | None) -> int:
    return NONE if number is None else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a stored answer is about: options, what is right, what was shown of the neuron.

    `records` and `actual` are the records shown and the raw activations on them, in order.
    """

    options: tuple[ShownOption, ...] = ()
    known: Mapping[str, Any] | None = None
    dimensions: tuple[Dimension, ...] = ()
    records: Sequence[int] = ()
    actual: Activations = ()


def responses(protocol: str, answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield the responses of an answer. KeyError for a protocol without such rows."""
    yield from _READ[protocol](answer, asked)


def _rated(answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield the points given, by option and dimension."""
    for option in asked.options:
        given = answer["rating"][option.key]
        for at, dimension in enumerate(asked.dimensions):
            yield option.row(given[dimension.key], dimension=at)


def _ranked(answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield places from 1, the best; of best and worst, all others share the middle."""
    last = len(asked.options)
    ends = {answer.get("best"): 1.0, answer.get("worst"): float(last)}
    for option in asked.options:
        place = answer.get("place", ends).get(option.key, (1 + last) / 2)
        yield option.row(float(place))


def _chosen(answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield 1 for what was chosen and 0 for the rest."""
    right = asked.known["choice"] if asked.known else None
    for option in asked.options:
        truth = nan if right is None else float(option.key == right)
        yield option.row(float(option.key == answer["choice"]), truth)


def _marked(answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield 1 for what was marked and 0 for the rest."""
    right = None if asked.known is None else set(asked.known["marked"])
    for option in asked.options:
        truth = nan if right is None else float(option.key in right)
        yield option.row(float(option.key in answer["marked"]), truth)


def _simulated(answer: Mapping[str, Any], asked: Asked) -> Iterator[ResponseRow]:
    """Yield what was painted on each token, 0 to 10; the truth is the raw activation."""
    for at, row in enumerate(answer["values"]):
        record = asked.records[at] if at < len(asked.records) else NONE
        actual = asked.actual[at] if at < len(asked.actual) else ()
        for token, value in enumerate(row):
            truth = actual[token] if token < len(actual) else None
            yield ResponseRow(
                option=token, dimension=at, screen_position=NONE, explanation=NONE, condition=NONE,
                record=record, value=float(value), truth=nan if truth is None else truth,
            )  # fmt: skip


def _written(answer: Mapping[str, Any], _asked: Asked) -> Iterator[ResponseRow]:
    """Yield the number of characters, and that of words as the second dimension."""
    text = answer["text"]
    for dimension, n in enumerate((len(text), len(text.split()))):
        yield ResponseRow(
            option=0, dimension=dimension, screen_position=NONE, explanation=NONE, condition=NONE,
            record=NONE, value=float(n), truth=nan,
        )  # fmt: skip


_READ = {
    "rate": _rated,
    "rank": _ranked,
    "choose": _chosen,
    "mark": _marked,
    "simulate": _simulated,
    "write": _written,
}


def dimensions(payload: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """Return the dimensions that a question's payload asks to rate on; none of other questions."""
    return tuple(
        Dimension(
            key=each["key"],
            name=each["name"],
            points=tuple((point["value"], point["label"]) for point in each["points"]),
            is_slider=each["kind"] == "slider",
        )
        for each in payload.get("dimensions", ())
    )
