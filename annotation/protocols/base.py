"""What every protocol has in common: its shape, and the strict reading of JSON."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from annotation.protocols.asks import AnswerError, Asks, Given, read_given

Known = Callable[[Mapping[str, Any]], bool]
"""Tells whether a stored answer is right; to say that one cannot tell is not."""


class Payload(Protocol):
    """Exactly what a rater is shown, and nothing else."""

    @property
    def asks(self) -> Asks:
        """What is asked beside the protocol's own question."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """The opaque keys of what is shown in an order of the rater's own, sorted; may be none."""
        ...

    def in_order(self, order: Sequence[str]) -> tuple[Any, ...]:
        """Return what the keys stand for, in an assignment's order."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return what the form's `read` takes."""
        ...


class Answer(Protocol):
    """The protocol's own part of an answer, checked against what was shown."""

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        ...


P = TypeVar("P", bound=Payload)
T = TypeVar("T")
TEXT, WHOLE, FLOAT = frozenset({str}), frozenset({int}), frozenset({float})


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionForm(Generic[P]):
    """One protocol: how its payload is read, its answer checked, and which template shows it.

    `read(data)` raises ValueError for anything that is not exactly a payload of this version.
    `fields` are the answer's own, and `parse(payload, data)` reads them; raises `AnswerError`.
    `read_gold(payload, data)` reads the known answer of a gold item; ValueError if it is not about
    what is shown.
    """

    name: str
    version: int
    read: Callable[[object], P]
    fields: tuple[str, ...]
    parse: Callable[[P, Mapping[str, object]], Answer]
    read_gold: Callable[[P, object], Known]

    @property
    def template(self) -> str:
        """The page that asks the question."""
        return f"annotation/{self.name}.html"

    @property
    def keys_template(self) -> str:
        """The list of the keys that answer it."""
        return f"annotation/keys/{self.name}.html"

    def asks(self, payload: P, ask_confidence: bool) -> Asks:
        """Return what is asked besides; confidence also where the whole batch asks for it."""
        return payload.asks.with_confidence(ask_confidence)

    def parse_answer(
        self, payload: P, data: Mapping[str, object], ask_confidence: bool
    ) -> Given[Answer]:
        """Check a whole answer, numbers as numbers or as the text that a form sends.

        Raises `AnswerError`, which names the field at fault, for anything outside the schema.
        """

        def own(data: Mapping[str, object]) -> Answer:
            return self.parse(payload, data)

        return read_given(data, self.asks(payload, ask_confidence), self.fields, own)


def record(
    data: object, names: Sequence[str], where: str, *, optional: Sequence[str] = ()
) -> dict[str, Any]:
    """Return `data` if it is an object with exactly these fields: nothing may slip in."""
    if not isinstance(data, dict):
        raise ValueError(f"{where} is not an object")
    if unknown := sorted(map(str, data.keys() - {*names, *optional})):
        raise ValueError(f"{where} has the unknown field {unknown[0]!r}")
    if missing := [name for name in names if name not in data]:
        raise ValueError(f"{where} lacks the field {missing[0]!r}")
    return data


def sequence(data: object, where: str) -> Sequence[object]:
    """Return `data` if it is a list."""
    if not isinstance(data, list):
        raise ValueError(f"{where} is not a list")
    return data


def list_of(
    data: object, where: str, kinds: frozenset[type], read: Callable[[object, str], T], one: str
) -> tuple[T, ...]:
    """Return a list of what `read` takes; `kinds` are the types that it takes as they are.

    Payloads are long and read with every question, so they are looked at one by one only where
    something is wrong.
    """
    listed = sequence(data, where)
    if kinds.issuperset(map(type, listed)):
        return tuple(listed)  # type: ignore[arg-type]
    return tuple(read(item, one) for item in listed)


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


def truth(data: object, where: str) -> bool:
    """Return `data` if it is true or false."""
    if not isinstance(data, bool):
        raise ValueError(f"{where} is not true or false")
    return data


def one_of(data: object, known: Sequence[str], where: str) -> str:
    """Return `data` if it is one of the texts known."""
    if data not in known:
        raise ValueError(f"{where} is none of {', '.join(known)}")
    return str(data)


def sent_number(data: object, field: str, low: int, high: int) -> int:
    """Return a whole number that was answered, as such or as the text that a form sends."""
    digits = data.strip() if isinstance(data, str) else data
    if isinstance(digits, str) and digits.isascii() and digits.isdigit() and len(digits) < 5:
        digits = int(digits)
    if not isinstance(digits, int) or isinstance(digits, bool) or not low <= digits <= high:
        raise AnswerError(field, f"is not a whole number from {low} to {high}")
    return digits
