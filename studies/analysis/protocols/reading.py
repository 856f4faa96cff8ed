"""From one stored answer to rows: the same for a database and for an export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

from studies.analysis.data.answers import NONE, Aspect, SaidRow

Activations: TypeAlias = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An option as it was shown; `place` counts from 0 on the screen, `listed` in the item."""

    key: str
    place: int
    listed: int
    explanation: int
    condition: int
    record: int

    def row(self, value: float, truth: float = nan, *, aspect: int = 0) -> SaidRow:
        """Return what is said of it."""
        return SaidRow(
            thing=self.listed,
            aspect=aspect,
            place=self.place,
            explanation=self.explanation,
            condition=self.condition,
            record=self.record,
            value=value,
            truth=truth,
        )


def things(
    shown: Iterable[tuple[str, int | None, int | None, int | None]],
) -> tuple[Thing, ...]:
    """Return options from key, explanation, condition and record, in the order shown.

    An item lists its options in the order of their keys.
    """
    rows = list(shown)
    listed = {key: at for at, key in enumerate(sorted(key for key, *_ in rows))}
    return tuple(
        Thing(
            key=key,
            place=place,
            listed=listed[key],
            explanation=_or_none(explanation),
            condition=_or_none(condition),
            record=_or_none(record),
        )
        for place, (key, explanation, condition, record) in enumerate(rows)
    )


def _or_none(number: int | None) -> int:
    return NONE if number is None else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a stored answer is about: options, what is right, what was shown of the neuron.

    `records` and `actual` are the records shown and the raw activations on them, in order.
    """

    things: tuple[Thing, ...] = ()
    known: Mapping[str, Any] | None = None
    aspects: tuple[Aspect, ...] = ()
    records: Sequence[int] = ()
    actual: Activations = ()


def said(protocol: str, answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield what an answer says. KeyError for a protocol that has no such rows."""
    yield from _READ[protocol](answer, asked)


def _rated(answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield the points given, by option and dimension."""
    for thing in asked.things:
        given = answer["rating"][thing.key]
        for at, aspect in enumerate(asked.aspects):
            yield thing.row(given[aspect.key], aspect=at)


def _ranked(answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield places from 1, the best; of best and worst, all others share the middle."""
    last = len(asked.things)
    ends = {answer.get("best"): 1.0, answer.get("worst"): float(last)}
    for thing in asked.things:
        place = answer.get("place", ends).get(thing.key, (1 + last) / 2)
        yield thing.row(float(place))


def _chosen(answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield 1 for what was chosen and 0 for the rest."""
    right = asked.known["choice"] if asked.known else None
    for thing in asked.things:
        truth = nan if right is None else float(thing.key == right)
        yield thing.row(float(thing.key == answer["choice"]), truth)


def _marked(answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield 1 for what was marked and 0 for the rest."""
    right = None if asked.known is None else set(asked.known["marked"])
    for thing in asked.things:
        truth = nan if right is None else float(thing.key in right)
        yield thing.row(float(thing.key in answer["marked"]), truth)


def _simulated(answer: Mapping[str, Any], asked: Asked) -> Iterator[SaidRow]:
    """Yield what was painted on each token, 0 to 10; the truth is the raw activation."""
    for at, row in enumerate(answer["values"]):
        record = asked.records[at] if at < len(asked.records) else NONE
        actual = asked.actual[at] if at < len(asked.actual) else ()
        for token, value in enumerate(row):
            truth = actual[token] if token < len(actual) else None
            yield SaidRow(
                thing=token, aspect=at, place=NONE, explanation=NONE, condition=NONE,
                record=record, value=float(value), truth=nan if truth is None else truth,
            )  # fmt: skip


def _written(answer: Mapping[str, Any], _asked: Asked) -> Iterator[SaidRow]:
    """Yield the number of characters, and that of words as the second aspect."""
    text = answer["text"]
    for aspect, n in enumerate((len(text), len(text.split()))):
        yield SaidRow(
            thing=0, aspect=aspect, place=NONE, explanation=NONE, condition=NONE, record=NONE,
            value=float(n), truth=nan,
        )  # fmt: skip


_READ = {
    "rate": _rated,
    "rank": _ranked,
    "choose": _chosen,
    "mark": _marked,
    "simulate": _simulated,
    "write": _written,
}


def aspects(payload: Mapping[str, Any]) -> tuple[Aspect, ...]:
    """Return the dimensions that a question's payload asks to rate on; none of other questions."""
    return tuple(
        Aspect(
            key=each["key"],
            name=each["name"],
            points=tuple((point["value"], point["label"]) for point in each["points"]),
            is_slider=each["kind"] == "slider",
        )
        for each in payload.get("dimensions", ())
    )
