"""The explanations that questions can show, and what is left out of a design."""

from collections import defaultdict
from dataclasses import dataclass, field
from math import nan

import numpy as np

from studies.design.seeds import stream

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An explanation that could represent a condition (numbered from 0), and its score if any."""

    explanation: int
    condition: int
    text: str
    score: float = nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A neuron, its candidates, and the first reason why it cannot be asked about, if any.

    `name` identifies it in random choices, so that a seed gives the same study in any database.
    """

    neuron: int
    name: str
    candidates: tuple[Candidate, ...]
    missing: str = ""

    def sample(self, condition: int, seed: int) -> Candidate:
        """Return the explanation that represents a condition; ValueError if there is none.

        Of several, one is sampled: the same one wherever this neuron is asked about.
        """
        own = sorted(
            (candidate for candidate in self.candidates if candidate.condition == condition),
            key=lambda candidate: candidate.explanation,
        )
        if len(own) == 1:
            return own[0]
        return own[int(stream(seed, "explanation", self.name, str(condition)).integers(len(own)))]


def normalized(text: str) -> str:
    """Return a text for comparison: without case, extra spacing and final full stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def option_keys(n: int, random: np.random.Generator) -> list[str]:
    """Return n distinct keys of eight letters and digits."""
    keys = dict[str, None]()
    while len(keys) < n:
        keys[random.bytes(4).hex()] = None
    return list(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The number of neurons or pairs left out for one reason, and the names of a few."""

    reason: str
    n: int
    examples: tuple[str, ...]

    @property
    def text(self) -> str:
        """The count, the reason and the examples, for a person."""
        more = ", …" if self.n > len(self.examples) == _EXAMPLES else ""
        return f"{self.n} {self.reason} ({', '.join(self.examples)}{more})"


@dataclass(slots=True)
class Tally:
    """Collects what is left out, by reason (which begins with what it counts, in the plural)."""

    names: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, name: str) -> None:
        """Add one to a reason."""
        self.names[reason].append(name)

    def out(self) -> tuple[LeftOut, ...]:
        """Return the number and examples of what was left out, per reason."""
        return tuple(
            LeftOut(
                reason=_singular(reason) if len(names) == 1 else reason,
                n=len(names),
                examples=tuple(dict.fromkeys(names))[:_EXAMPLES],
            )
            for reason, names in self.names.items()
        )


def _singular(reason: str) -> str:
    kind, space, why = reason.partition(" ")
    return f"{kind.removesuffix('s')}{space}{why}"
