"""What a stored answer is about: the same from a database and from an export."""

from collections.abc import Iterable, Mapping, Sequence
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
class AnswerContext:
    """What a stored answer is about: options, the right answer, records of the neuron.

    `records` and `actual` are the records shown and the raw activations on them, in order.
    """

    options: tuple[ShownOption, ...] = ()
    known: Mapping[str, Any] | None = None
    dimensions: tuple[Dimension, ...] = ()
    records: Sequence[int] = ()
    actual: Activations = ()


def dimensions(payload: Mapping[str, Any]) -> tuple[Dimension, ...]:
    """Return the dimensions of the rubric in a question's payload; none without a rubric."""
    return tuple(
        Dimension(
            key=each["key"],
            name=each["name"],
            points=tuple((point["value"], point["label"]) for point in each["points"]),
            is_slider=each["kind"] == "slider",
        )
        for each in payload.get("dimensions", ())
    )
