"""An explanation that is a program is run, and its outputs compared with the function's.

For functions of numbers and strings (docs/ground-truth.md), on held-out inputs, in the sandbox.
Numbers: 1 - NMSE, where NMSE = mean((f - p)²) / var(f): 1 is perfect, 0 no better than the mean of
the outputs. It is undefined where the program gives no number for some input. Strings: the share of
outputs that are equal; no output, or one that is not a string, is not equal. Known failure: a few
inputs outside the range decide the NMSE of a function that grows fast.

Source of the measures: the evaluation of FIND, Schwettmann et al. (2023).
"""

import re
from collections.abc import Sequence
from math import isfinite

import numpy as np

from explanations import sandbox
from explanations.ground_truth.pairs import Pair, pair_of
from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Evidence, Scored, Unusable
from explanations.scorers import intervals
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.function_prediction import NO_FUNCTION

Outcome = sandbox.Returned | Unusable

_FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(?P<program>.*?)```", re.DOTALL | re.IGNORECASE)


def score(evidence: Evidence, _settings: Settings) -> Scored | Unusable:
    """Run the program on the inputs of all held-out records."""
    records = sorted(evidence.records, key=lambda each: each.record)
    pairs = [pair for each in records if (pair := pair_of(each.actual)) is not None]
    if not evidence.function or not pairs or len(pairs) < len(records):
        return Scored(value=None, n=0, reason=NO_FUNCTION)
    ran = sandbox.run(program_of(evidence.explanation), [pair.given for pair in pairs])
    if isinstance(ran, Unusable):
        return Unusable(reason=f"the explanation is not a program that runs: {ran.reason}")
    keys = tuple(each.record for each in records)
    if isinstance(pairs[0].output, str):
        return _matched(pairs, ran.outcomes, keys)
    return _explained(pairs, ran.outcomes, keys)


def program_of(explanation: str) -> str:
    """Return the code in a text's code fence, or all of the text where it has none."""
    found = _FENCED.search(explanation)
    return found["program"] if found else explanation


def nmse(program: Sequence[float], function: Sequence[float]) -> float:
    """Return mean((f - p)²) / var(f), from 0; nan where the function is constant."""
    p, f = np.asarray(program, dtype=np.float64), np.asarray(function, dtype=np.float64)
    if p.shape != f.shape:
        raise ValueError(f"{p.size} outputs of the program against {f.size} of the function")
    if f.size == 0 or (f == f[0]).all():
        return float("nan")
    with np.errstate(over="ignore"):
        return float(np.mean((f - p) ** 2) / np.var(f))


def _explained(pairs: Sequence[Pair], outcomes: Sequence[Outcome], keys: tuple[int, ...]) -> Scored:
    right = [float(pair.output) for pair in pairs]
    outputs = [_number(each) for each in outcomes]
    reasons = [each for each in outputs if isinstance(each, str)]
    numbers = [each for each in outputs if not isinstance(each, str)]
    if reasons:
        reason = f"no number on {len(reasons)} of {len(outputs)} inputs: {reasons[0]}"
        return Scored(value=None, n=len(outputs), reason=reason, records=keys)
    value = 1 - nmse(numbers, right)
    if not isfinite(value):
        reason = "the function's outputs are constant" if np.isnan(value) else "it is too far off"
        return Scored(value=None, n=len(outputs), reason=reason, records=keys)
    without = [
        1 - nmse([*numbers[:i], *numbers[i + 1 :]], [*right[:i], *right[i + 1 :]])
        for i in range(len(right))
    ]
    interval = intervals.jackknife(value, without, intervals.EXPLAINED)
    return intervals.with_interval(
        value, interval, n=len(outputs), records=keys, details={"nmse": 1 - value}
    )


def _number(outcome: Outcome) -> float | str:
    """Return a program's number, or why it gave none."""
    if isinstance(outcome, Unusable):
        return outcome.reason
    value = outcome.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"it gave a {type(value).__name__}"
    try:
        number = float(value)
    except OverflowError:
        return "it gave a number that is too large"
    return number if isfinite(number) else f"it gave {number}"


def _matched(pairs: Sequence[Pair], outcomes: Sequence[Outcome], keys: tuple[int, ...]) -> Scored:
    same = [
        isinstance(outcome, sandbox.Returned) and outcome.value == pair.output
        for pair, outcome in zip(pairs, outcomes, strict=True)
    ]
    failed = [each.reason for each in outcomes if isinstance(each, Unusable)]
    right, n = sum(same), len(same)
    details = {"right": right, "failed": len(failed), "failures": sorted(set(failed))[:5]}
    return intervals.with_interval(
        right / n, intervals.wilson(right, n), n=n, records=keys, details=details
    )


SCORER = Scorer(
    name="program",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    run=as_dialogue(score),
)
