"""Reading other programs' JSON field by field; each problem is noted with its path, none raises.

These files are read as far as they are good, so a reader notes a problem, returns a stand-in and
goes on. What was read counts only if nothing was noted. Our own formats are checked as a whole, by
`validation`.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from explanations.formats.types import LARGEST, LARGEST_FLOAT32

T = TypeVar("T")
_ABSENT = object()
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problems:
    """The faults of one line, as (path, message)."""

    found: list[tuple[str, str]]

    def note(self, path: str, message: str) -> None:
        """Keep a fault, in characters that can be printed."""
        self.found.append((printable(path), printable(message)))


class Fields:
    """A JSON object at a path. Fields that nothing reads are ignored: others add their own."""

    def __init__(self, raw: Any, path: str, faults: Problems) -> None:
        self.path, self.faults = path, faults
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

    def has(self, name: str) -> bool:
        """Return whether a field is there and not null."""
        return self._raw.get(name) is not None

    def take(self, name: str, default: Any = _ABSENT) -> Any:
        """Return a field as it stands; note it if it is required and missing."""
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

    def floats(self, name: str) -> tuple[float, ...]:
        """Read an array of numbers that float32 can hold, each rounded to the nearest."""
        raw = self.array(name)
        for position, value in enumerate(raw):
            if fault := number_fault(value, -LARGEST_FLOAT32, LARGEST_FLOAT32):
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
    """Return what is wrong with a text; "" for nothing."""
    if not isinstance(value, str):
        return f"expected a text, not {kind(value)}"
    if not empty and not value.strip():
        return "is empty"
    if len(value) > longest:
        return f"has {len(value)} characters, and at most {longest} are kept"
    return "" if storable(value) else "holds a character that no database keeps"


def storable(text: str) -> bool:
    """Return whether a text is free of NUL and of halves of surrogate pairs."""
    return not _UNSTORABLE.search(text)


def whole_fault(value: Any, low: int, high: int) -> str:
    """Return what is wrong with a whole number; "" for nothing."""
    if isinstance(value, bool) or not isinstance(value, int):
        return f"expected a whole number, not {kind(value)}"
    return "" if low <= value <= high else f"is not between {low} and {high}"


def number_fault(value: Any, low: float, high: float) -> str:
    """Return what is wrong with a number; "" for nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"expected a number, not {kind(value)}"
    if (isinstance(value, int) and value.bit_length() > 1000) or not math.isfinite(value):
        return "is not finite"
    return "" if low <= value <= high else f"{value} is not between {low:g} and {high:g}"
