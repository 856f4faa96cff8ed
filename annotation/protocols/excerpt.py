"""An excerpt with one neuron's activations on it, as raters see it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from annotation.protocols.base import (
    FLOAT,
    TEXT,
    WHOLE,
    integer,
    list_of,
    number,
    record,
    sequence,
    text,
)

LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of an excerpt that is shown alike; `level` 0 is plain text."""

    text: str
    level: int = 0
    value: float = 0.0

    @property
    def shown(self) -> str:
        """The value as a rater reads it: three significant figures."""
        return f"{self.value:.3g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What was predicted on each token (0 to 10) from the option of that key."""

    key: str
    levels: tuple[int, ...]

    @classmethod
    def from_json(cls, data: object) -> "Simulated":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        fields = record(data, ("key", "levels"), "a simulation")
        return cls(key=text(fields["key"], "a simulation's key"), levels=_levels(fields["levels"]))

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {"key": self.key, "levels": list(self.levels)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A window of tokens, the raw activation on each, and how strongly each is marked (0 to 10).

    `simulated` holds what was predicted from some of the options, to be shown beside it.
    """

    kind: ClassVar[str] = "excerpt"
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    levels: tuple[int, ...]
    simulated: tuple[Simulated, ...] = ()

    def __post_init__(self) -> None:
        sizes = {len(self.tokens), len(self.values), len(self.levels)}
        if sizes == {0} or len(sizes) != 1:
            raise ValueError("an excerpt has as many values and levels as tokens, at least one")
        for levels in (self.levels, *(each.levels for each in self.simulated)):
            if len(levels) != len(self.tokens):
                raise ValueError("an excerpt has as many simulated levels as tokens")
            if min(levels) < 0 or max(levels) > LEVELS:
                raise ValueError(f"an excerpt's levels go from 0 to {LEVELS}")
        if not all(map(math.isfinite, self.values)):
            raise ValueError("an excerpt's values are finite")

    @classmethod
    def from_json(cls, data: object) -> "Excerpt":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        names = ("tokens", "values", "levels")
        fields = record(data, names, "an excerpt", optional=("simulated",))
        simulated = sequence(fields.get("simulated", []), "simulated")
        return cls(
            tokens=list_of(fields["tokens"], "tokens", TEXT, text, "a token"),
            values=list_of(fields["values"], "values", FLOAT, number, "a value"),
            levels=_levels(fields["levels"]),
            simulated=tuple(map(Simulated.from_json, simulated)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, for storing."""
        simulated = [each.to_json() for each in self.simulated]
        return {
            "tokens": list(self.tokens),
            "values": list(self.values),
            "levels": list(self.levels),
            **({"simulated": simulated} if simulated else {}),
        }

    def simulation_of(self, key: str) -> "Excerpt | None":
        """Return the same text with what was predicted from an option, if that is shown."""
        for each in self.simulated:
            if each.key == key:
                values = tuple(map(float, each.levels))
                return Excerpt(tokens=self.tokens, values=values, levels=each.levels)
        return None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The excerpt in few stretches: unmarked text joined, marked tokens on their own.

        The space before the first word belongs to the text that was cut off, and goes with it.
        """
        first = self.tokens[0].lstrip(" ") or self.tokens[0]
        return tuple(
            _segments(zip((first, *self.tokens[1:]), self.values, self.levels, strict=True))
        )

    @property
    def strongest(self) -> tuple[Segment, ...]:
        """The three most strongly marked tokens, for those who hear the page."""
        marked = [segment for segment in self.segments if segment.level]
        return tuple(sorted(marked, key=lambda s: -s.value)[:3])


def _levels(data: object) -> tuple[int, ...]:
    return list_of(data, "levels", WHOLE, integer, "a level")


def _segments(tokens: Iterable[tuple[str, float, int]]) -> Iterator[Segment]:
    """Yield stretches; space around a marked word stays unmarked, marked space is shown."""
    plain = ""
    for token, value, level in tokens:
        if not level:
            plain += token
            continue
        word = token.strip()
        before, after = token.split(word, 1) if word else ("", token)
        if plain or before:
            yield Segment(text=plain + before)
        shown = word or ("↵" if "\n" in token else "␣")
        yield Segment(text=shown, level=level, value=value)
        plain = after
    if plain:
        yield Segment(text=plain)
