"""Inputs and outputs of a function of numbers or strings, and the records that hold them. Pure.

A record of a numeric function has one token, the input in digits, and the output is its activation.
A function of strings has no scalar output: its record has three tokens (input, arrow, output), with
activation 1 on the output. A record doesn't say by itself that it holds a pair: an image whose
alternative text is "7" looks the same. The subject says it, by having `INPUTS` as its tokenizer.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from explanations.records import Scale, TokenActivations

Value: TypeAlias = float | str

ARROW = " \u2192 "

INPUTS = "inputs"
"""The tokenizer of a subject that is a set of functions of numbers or strings."""

LONGEST = 200
"""Most characters of an input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An input and the output on it, both numbers or both strings."""

    given: Value
    output: Value

    @property
    def excerpt(self) -> TokenActivations:
        """The pair as a record holds it."""
        tokens: tuple[str, ...] = (written(self.given),)
        values = [self.output]
        if isinstance(self.output, str):
            tokens, values = (*tokens, ARROW, self.output), [0.0, 0.0, 1.0]
        activations = np.array(values, dtype=np.float32)
        return TokenActivations(tokens=tokens, activations=activations, scale=Scale.RAW)


def pair_of(excerpt: TokenActivations) -> Pair | None:
    """Return the pair that a record of such a function holds; None if the record is malformed."""
    tokens, values = excerpt.tokens, excerpt.activations
    if len(tokens) == 3 and tokens[1] == ARROW:
        return Pair(given=tokens[0], output=tokens[2])
    if len(tokens) != 1 or (given := number(tokens[0])) is None:
        return None
    return Pair(given=given, output=float(values[0]))


def number(text: str) -> float | None:
    """Read a finite number; None for any other text."""
    try:
        read = float(text)
    except ValueError:
        return None
    return read if math.isfinite(read) else None


def written(value: Value) -> str:
    """Write an input or output as people read it."""
    return value if isinstance(value, str) else f"{value:.6g}"
