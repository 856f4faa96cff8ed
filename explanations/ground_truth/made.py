"""Names of generated function sets, and their seeded random numbers. Pure."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from explanations.records import seeded_hash

F = TypeVar("F")


class Kind(StrEnum):
    """What a function takes."""

    TEXT = "text"
    NUMERIC = "numeric"
    STRING = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Generic[F]):
    """A function with its true description, and two functions whose descriptions are wrong for it.

    `near` differs in one part and is plain where the function is corrupted; `far` is another of the
    set, or of its making, and shares nothing.
    """

    function: F
    near_distractor: F
    far_distractor: F


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSet:
    """A set of functions: `text-200@7` is the first 200 of the functions of texts of seed 7."""

    kind: Kind
    count: int
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST:
            raise ValueError(f"a set has 1 to {MOST} functions, not {self.count}")
        if self.seed < 0:
            raise ValueError(f"a seed is a whole number from 0, not {self.seed}")

    @property
    def name(self) -> str:
        """What it is called, also as a source: `functions:NAME`."""
        return f"{self.kind}-{self.count}@{self.seed}"


MOST = 2000
"""Functions in a set: more would repeat each other."""


def parse_function_set(name: str) -> FunctionSet | None:
    """Read `text-200@7` or `text-200`, of seed 0; None where it is not the name of such a set."""
    first, _, seed = name.partition("@")
    kind, _, count = first.partition("-")
    if kind not in list(Kind) or not count.isdecimal() or not (seed or "0").isdecimal():
        return None
    return FunctionSet(kind=Kind(kind), count=int(count), seed=int(seed or 0))


def chance(seed: int, *parts: str | int) -> random.Random:
    """Return random numbers that a seed and some names decide."""
    return random.Random(seeded_hash(seed, *parts))  # noqa: S311 - nothing here is a secret
