"""What every protocol has in common: its shape, and the strict reading of JSON."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class AnswerError(ValueError):
    """An answer that its protocol refuses; `field` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Payload(Protocol):
    """Exactly what a rater is shown, and nothing else."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The opaque keys of what is shown side by side, sorted."""
        ...

    def in_order(self, order: Sequence[str]) -> tuple[Any, ...]:
        """Return what stands side by side, in an assignment's order."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what the form's `read` takes."""
        ...


class Answer(Protocol):
    """An answer that was checked against what was shown."""

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores."""
        ...


P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionForm(Generic[P]):
    """One protocol: how its payload is read, its answer checked, and which template shows it.

    `read(data)` raises ValueError for anything that is not exactly a payload of this version;
    `parse_answer(payload, data, ask_confidence)` raises `AnswerError`.
    """

    name: str
    version: int
    template: str
    read: Callable[[object], P]
    parse_answer: Callable[[P, Mapping[str, object], bool], Answer]


def record(data: object, names: Sequence[str], where: str) -> dict[str, Any]:
    """Return `data` if it is an object with exactly these fields: nothing may slip in."""
    if not isinstance(data, dict):
        raise ValueError(f"{where} is not an object")
    if unknown := sorted(map(str, data.keys() - set(names))):
        raise ValueError(f"{where} has the unknown field {unknown[0]!r}")
    if missing := [name for name in names if name not in data]:
        raise ValueError(f"{where} lacks the field {missing[0]!r}")
    return data


def sequence(data: object, where: str) -> Sequence[object]:
    """Return `data` if it is a list."""
    if not isinstance(data, list):
        raise ValueError(f"{where} is not a list")
    return data


def text(data: object, where: str) -> str:
    """Return `data` if it is text."""
    if not isinstance(data, str):
        raise ValueError(f"{where} is not text")
    return data


def integer(data: object, where: str) -> int:
    """Return `data` if it is a whole number; a truth value is none."""
    if not isinstance(data, int) or isinstance(data, bool):
        raise ValueError(f"{where} is not a whole number")
    return data


def number(data: object, where: str) -> float:
    """Return `data` if it is a finite number."""
    if not isinstance(data, int | float) or isinstance(data, bool) or not math.isfinite(data):
        raise ValueError(f"{where} is not a finite number")
    return float(data)
