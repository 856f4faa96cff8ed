"""Sets of functions of numbers and strings: their descriptions, inputs and outputs. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from explanations.ground_truth.made import FunctionSet, Kind, Made
from explanations.ground_truth.numeric import numeric_functions, numeric_inputs
from explanations.ground_truth.pairs import LONGEST, Pair, Value, number
from explanations.ground_truth.strings import string_functions, string_inputs
from explanations.ground_truth.texts import text_functions
from explanations.methods.values import Unusable
from explanations.records import TokenActivations

INPUTS = 400
"""Inputs of a set, the same for all its functions."""

LARGEST = 1e30
"""Outputs beyond it are no activation that a record could hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptions:
    """One function's descriptions: the truth, the same as a program if any, and two distractors."""

    truth: str
    program: str
    near_distractor: str
    far_distractor: str


def descriptions(function_set: FunctionSet) -> list[Descriptions]:
    """Return the descriptions of each function of a set."""
    return [
        Descriptions(
            truth=made.function.truth,
            program="" if function_set.kind is Kind.TEXT else made.function.program,
            near_distractor=made.near_distractor.truth,
            far_distractor=made.far_distractor.truth,
        )
        for made in functions(function_set)
    ]


@lru_cache(maxsize=4)
def functions(function_set: FunctionSet) -> tuple[Made[Any], ...]:
    """Return the functions of a set, those of numbers taking numbers, those of strings strings."""
    if function_set.kind is Kind.NUMERIC:
        return numeric_functions(function_set)
    return (
        string_functions(function_set)
        if function_set.kind is Kind.STRING
        else text_functions(function_set)
    )


def pairs(function_set: FunctionSet, index: int) -> list[Pair]:
    """Return what a function gives on each of its set's inputs."""
    call = functions(function_set)[index].function.call
    return [Pair(given=each, output=call(each)) for each in inputs(function_set)]


@lru_cache(maxsize=4)
def inputs(function_set: FunctionSet) -> Sequence[Value]:
    """Return a set's inputs, each once."""
    if function_set.kind is Kind.NUMERIC:
        return numeric_inputs(function_set.seed, INPUTS)
    return string_inputs(function_set.seed, INPUTS)


def observe(function_set: FunctionSet, index: int, text: str) -> TokenActivations | Unusable:
    """Return the record of one input, as it is written, or why there is none."""
    call = functions(function_set)[index].function.call
    if function_set.kind is Kind.STRING:
        if not 0 < len(text) <= LONGEST:
            return Unusable(reason=f"the function takes 1 to {LONGEST} characters")
        return Pair(given=text, output=call(text)).excerpt
    given = number(text)
    if given is None:
        return Unusable(reason=f"the function takes a number, and {text[:40]!r} is none")
    try:
        output = call(given)
    except OverflowError:
        output = math.inf
    if not abs(output) < LARGEST:
        return Unusable(reason=f"the output on {text[:40]} is too large")
    return Pair(given=given, output=output).excerpt
