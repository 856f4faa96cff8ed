"""What readers of other tools' files share: JSON from files, problems with locations, excerpts."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explanations.corpora.sources import File, TextError
from explanations.formats.fields import Fields, Problems
from explanations.formats.lines import Location, Problem
from explanations.formats.types import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A window as it was read: as many activations as tokens, and at least one."""

    tokens: tuple[str, ...]
    activations: Values

    @property
    def peak(self) -> float:
        """The highest activation."""
        return max(self.activations)


def json_value(text: str | bytes, faults: Problems) -> Any:
    """Read one JSON value; None and a note where it is none."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig", "surrogateescape")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.note("", f"is no JSON: {str(error)[:150]}")
        return None


def whole(file: File, faults: Problems) -> Any:
    """Read a file that is one JSON value; None and a note where it is none."""
    try:
        with file.open() as handle:
            return json_value(handle.read(), faults)
    except TextError as error:
        faults.note("", damage(file, error))
        return None


def rows(file: File) -> Iterator[tuple[Location, Any, Problems]]:
    """Yield each line's place, its JSON value and the faults of that; a line is held at a time."""
    location = Location(file=file.name)
    try:
        with file.open() as handle:
            for number, text in enumerate(handle, start=1):
                location = Location(file=file.name, line=number)
                if text.strip():
                    faults = Problems([])
                    yield location, json_value(text, faults), faults
    except TextError as error:
        yield location, None, Problems([("", damage(file, error))])


def damage(file: File, error: TextError) -> str:
    """Return what is wrong with a file, without its name, which its place tells."""
    return str(error).removeprefix(f"{file.name}: ")


def told(location: Location, faults: Problems, prefix: str = "") -> Iterator[Problem]:
    """Yield the faults that were noted in one place."""
    for path, message in faults.found:
        yield Problem(location=location, field=f"{prefix}{path}", message=message)


def excerpt(fields: Fields, values: str = "activations") -> Excerpt | None:
    """Read tokens and their activations; None where something was wrong with them, and noted."""
    before = len(fields.faults.found)
    tokens, activations = fields.texts("tokens"), fields.floats(values)
    good = len(fields.faults.found) == before
    if good and not tokens:
        fields.note("tokens", "is empty")
    elif good and len(tokens) != len(activations):
        fields.note(values, f"{len(activations)} numbers for {len(tokens)} tokens")
    if len(fields.faults.found) > before:
        return None
    return Excerpt(tokens=tokens, activations=activations)


def number_or_none(fields: Fields, name: str, low: float, high: float) -> float | None:
    """Read a number that may be missing, null or not a number at all, which all say nothing."""
    raw = fields.take(name, None)
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return None
    return fields.number(name, low, high)
