"""An excerpt with one neuron's activations on it, as raters see it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from annotation.protocols.record import Number, Record

LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of an excerpt that is shown in one way; `level` 0 is plain text."""

    text: str
    level: int = 0
    value: float = 0.0

    @property
    def shown(self) -> str:
        """The value as a rater reads it: three significant figures."""
        return f"{self.value:.3g}"


Levels = tuple[Annotated[StrictInt, Field(ge=0, le=LEVELS)], ...]


class Simulated(Record):
    """What was predicted on each token (0 to 10) from the option of that key."""

    key: StrictStr
    levels: Levels


class Excerpt(Record):
    """A window of tokens, the raw activation on each, and how strongly each is marked (0 to 10).

    `simulated` holds what was predicted from some of the options, to be shown under it.
    """

    kind: ClassVar[str] = "excerpt"
    tokens: Annotated[tuple[StrictStr, ...], Field(min_length=1)]
    values: tuple[Number, ...]
    levels: Levels
    simulated: tuple[Simulated, ...] = ()

    @model_validator(mode="after")
    def _as_many_of_each(self) -> Self:
        levels = (self.levels, *(each.levels for each in self.simulated))
        if {len(self.values), *map(len, levels)} != {len(self.tokens)}:
            raise ValueError("an excerpt has as many values and levels as tokens")
        return self

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
        """The three most strongly marked tokens, for screen readers."""
        marked = [segment for segment in self.segments if segment.level]
        return tuple(sorted(marked, key=lambda s: -s.value)[:3])


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
