"""An excerpt with one neuron's activations on it, as raters see it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from annotation.protocols.base import integer, number, record, sequence, text

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
            if not all(0 <= level <= LEVELS for level in levels):
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
            tokens=tuple(text(t, "a token") for t in sequence(fields["tokens"], "tokens")),
            values=tuple(number(v, "a value") for v in sequence(fields["values"], "values")),
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
        tokens = (self.tokens[0].lstrip(" ") or self.tokens[0], *self.tokens[1:])
        pieces = [
            piece
            for token, value, level in zip(tokens, self.values, self.levels, strict=True)
            for piece in _pieces(token, value, level)
        ]
        return tuple(_joined(pieces))

    @property
    def strongest(self) -> tuple[Segment, ...]:
        """The three most strongly marked tokens, for those who hear the page."""
        marked = [segment for segment in self.segments if segment.level]
        return tuple(sorted(marked, key=lambda s: -s.value)[:3])


def _levels(data: object) -> tuple[int, ...]:
    return tuple(integer(level, "a level") for level in sequence(data, "levels"))


def _pieces(token: str, value: float, level: int) -> Iterator[Segment]:
    """Yield a token's text; space around a marked word stays unmarked, marked space is shown."""
    word = token.strip()
    if not level:
        yield Segment(text=token)
    elif not word:
        yield Segment(text="↵" if "\n" in token else "␣", level=level, value=value)
        yield Segment(text=token)
    else:
        before, after = token.split(word, 1)
        yield Segment(text=before)
        yield Segment(text=word, level=level, value=value)
        yield Segment(text=after)


def _joined(pieces: list[Segment]) -> Iterator[Segment]:
    """Yield the pieces that have text, runs of plain ones as one."""
    for plain, run in groupby((p for p in pieces if p.text), key=lambda p: p.level == 0):
        if plain:
            yield Segment(text="".join(piece.text for piece in run))
        else:
            yield from run
