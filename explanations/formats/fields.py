"""Reading untrusted JSON field by field: every fault is noted with its path, and none raises.

Where something is wrong a reader notes it and returns a stand-in, so that reading goes on to the
next fault. What was read counts only if nothing was noted.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

# The database's integer columns end here.
LARGEST = 2**31 - 1
# As it is written in eight digits, which is a little above it and is read back as it.
_LARGEST_FLOAT32 = float(str(np.finfo(np.float32).max))

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_ABSENT = object()
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problems:
    """The faults of one line, as (path, message)."""

    found: list[tuple[str, str]]

    def note(self, path: str, message: str) -> None:
        """Keep a fault, in characters that can be printed."""
        self.found.append((printable(path), printable(message)))

    def within(self, path: str) -> bool:
        """Say whether a field, or one inside it, has a fault."""
        return any(at == path or at.startswith(f"{path}.") for at, _ in self.found)


class Fields:
    """A JSON object at a path. `end` notes the fields that nothing asked for."""

    def __init__(self, raw: Any, path: str, faults: Problems) -> None:
        self.path, self.faults = path, faults
        self._asked: set[str] = set()
        self._raw: dict[str, Any] = raw if isinstance(raw, dict) else {}
        # Where it is no object at all, what it lacks is not worth a line each.
        self._broken = not isinstance(raw, dict)
        if self._broken and raw is not _ABSENT:
            faults.note(path, f"expected an object, not {kind(raw)}")

    def at(self, name: str) -> str:
        """Return a field's path."""
        return f"{self.path}.{name}" if self.path else name

    def note(self, name: str, message: str) -> None:
        """Keep a fault of a field."""
        self.faults.note(self.at(name), message)

    def end(self) -> None:
        """Note every field that the format does not have."""
        for name in sorted(set(self._raw) - self._asked):
            self.note(name, "there is no such field")

    def has(self, name: str) -> bool:
        """Say whether a field is there and not null."""
        self._asked.add(name)
        return self._raw.get(name) is not None

    def take(self, name: str, default: Any = _ABSENT) -> Any:
        """Return a field as it stands; note it if it is required and missing."""
        self._asked.add(name)
        if name in self._raw:
            return self._raw[name]
        if default is _ABSENT and not self._broken:
            self.note(name, "is missing")
        return None if default is _ABSENT else default

    def _checked(self, name: str, check: Callable[[Any], str], stand_in: T, default: Any) -> Any:
        missing = name not in self._raw
        value = self.take(name, default)
        if missing:
            return stand_in if default is _ABSENT else default
        if fault := check(value):
            self.note(name, fault)
            return stand_in
        return value

    def text(self, name: str, longest: int, default: Any = _ABSENT, *, empty: bool = False) -> str:
        """Read a text of at most `longest` characters that a database can hold."""
        result: str = self._checked(
            name, lambda value: text_fault(value, longest, empty=empty), "", default
        )
        return result

    def whole(self, name: str, low: int = 0, high: int = LARGEST) -> int:
        """Read a whole number from `low` to `high`."""
        result: int = self._checked(name, lambda value: whole_fault(value, low, high), low, _ABSENT)
        return result

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Read a finite number from `low` to `high`."""
        value = self._checked(name, lambda value: number_fault(value, low, high), 0.0, _ABSENT)
        return float(value)

    def one_of(self, name: str, names: type[E]) -> E:
        """Read one of an enumeration's values."""
        first = next(iter(names))
        value = self._checked(name, lambda v: choice_fault(v, list(names)), first.value, _ABSENT)
        return names(value)

    def array(self, name: str, default: Any = _ABSENT) -> list[Any]:
        """Read an array, whatever is in it."""
        result: list[Any] = self._checked(
            name,
            lambda v: "" if isinstance(v, list) else f"expected an array, not {kind(v)}",
            [],
            default,
        )
        return result

    def inner(self, name: str) -> "Fields":
        """Read an object within this one."""
        raw = self.take(name)
        return Fields(raw if name in self._raw else _ABSENT, self.at(name), self.faults)

    def objects(self, name: str, default: Any = _ABSENT) -> Iterator["Fields"]:
        """Read an array of objects, each with its path."""
        for position, raw in enumerate(self.array(name, default)):
            yield Fields(raw, f"{self.at(name)}[{position}]", self.faults)

    def floats(self, name: str, *, gaps: bool = False) -> tuple[float, ...]:
        """Read an array of numbers that float32 can hold, each brought to the nearest.

        With `gaps`, some may be null: nan here.
        """
        raw = self.array(name)
        if gaps and any(value is not None for value in raw):
            raw = [math.nan if value is None else value for value in raw]
        for position, value in enumerate(raw):
            if isinstance(value, float) and math.isnan(value) and gaps:
                continue
            if fault := number_fault(value, -_LARGEST_FLOAT32, _LARGEST_FLOAT32):
                self.note(f"{name}[{position}]", fault)
                return (0.0,) * len(raw)
        return tuple(np.array(raw, dtype=np.float32).tolist())

    def texts(self, name: str) -> tuple[str, ...]:
        """Read an array of texts that a database can hold, empty ones too."""
        raw = self.array(name)
        for position, value in enumerate(raw):
            if fault := text_fault(value, LARGEST, empty=True):
                self.note(f"{name}[{position}]", fault)
                return ("",) * len(raw)
        return tuple(raw)


def printable(text: str) -> str:
    """Return a text with escapes for what cannot be printed on one line."""
    return "".join(c if c.isprintable() else c.encode("unicode-escape").decode() for c in text)


def kind(value: Any) -> str:
    """Name what a JSON value is."""
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false"}
    if value is None:
        return "null"
    return names.get(type(value), "a number")


def text_fault(value: Any, longest: int, *, empty: bool) -> str:
    """Say what is wrong with a text; "" for nothing."""
    if not isinstance(value, str):
        return f"expected a text, not {kind(value)}"
    if not empty and not value.strip():
        return "is empty"
    if len(value) > longest:
        return f"has {len(value)} characters, and at most {longest} are kept"
    return "" if storable(value) else "holds a character that no database keeps"


def storable(text: str) -> bool:
    """Say whether a text is free of NUL and of halves of surrogate pairs."""
    return not _UNSTORABLE.search(text)


def whole_fault(value: Any, low: int, high: int) -> str:
    """Say what is wrong with a whole number; "" for nothing."""
    if isinstance(value, bool) or not isinstance(value, int):
        return f"expected a whole number, not {kind(value)}"
    return "" if low <= value <= high else f"is not between {low} and {high}"


def number_fault(value: Any, low: float, high: float) -> str:
    """Say what is wrong with a number; "" for nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"expected a number, not {kind(value)}"
    if (isinstance(value, int) and value.bit_length() > 1000) or not math.isfinite(value):
        return "is not finite"
    return "" if low <= value <= high else f"{value} is not between {low:g} and {high:g}"


def choice_fault(value: Any, known: list[str]) -> str:
    """Say what is wrong with one of several words; "" for nothing."""
    if isinstance(value, str) and value in known:
        return ""
    return f"expected one of {', '.join(known)}, not {value!r}"[:200]
