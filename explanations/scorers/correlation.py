"""How well simulated activations predict the actual ones, token by token.

The tokens of records are pooled: of the top ones, of the random ones, or of all (`on`). An
undefined score, or interval, has a reason.

Source: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Evidence, HeldOut, Scored
from explanations.records import RecordKind, to_zero_to_ten
from explanations.scorers import intervals
from explanations.scorers.base import RestsOn, Scorer

Values = NDArray[np.float64]
Measure = Callable[[ArrayLike, ArrayLike], float]

_ON = {"top": RecordKind.TOP, "random": RecordKind.RANDOM}


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationSettings(Settings):
    """The kind of records that is scored: top, random or all."""

    on: str = "all"


def correlation(simulated: ArrayLike, actual: ArrayLike) -> float:
    """Return Pearson's correlation over all tokens pooled, -1 to 1; nan if either is constant."""
    s, a = _pair(simulated, actual)
    if _constant(s) or _constant(a):
        return float("nan")
    s, a = _standardised(s), _standardised(a)
    return float(np.clip(s @ a / np.sqrt((s @ s) * (a @ a)), -1.0, 1.0))


def r_squared(simulated: ArrayLike, actual: ArrayLike) -> float:
    """Return 1 - mean((a - s)²) / var(a), at most 1; nan if the actual values are constant.

    Nothing is fitted to the scored values: a simulation on another scale scores below zero.
    """
    s, a = _pair(simulated, actual)
    if _constant(a):
        return float("nan")
    return float(1.0 - np.mean((a - s) ** 2) / np.var(a))


def absolute_deviation_explained(simulated: ArrayLike, actual: ArrayLike) -> float:
    """Return 1 - mean|a - s| / mean|a|, at most 1; nan if every actual value is zero."""
    s, a = _pair(simulated, actual)
    if not a.any():
        return float("nan")
    return float(1.0 - np.mean(np.abs(a - s)) / np.mean(np.abs(a)))


def _pair(simulated: ArrayLike, actual: ArrayLike) -> tuple[Values, Values]:
    s = np.asarray(simulated, dtype=np.float64).ravel()
    a = np.asarray(actual, dtype=np.float64).ravel()
    if s.shape != a.shape:
        raise ValueError(f"{s.size} simulated values against {a.size} actual ones")
    if not (np.isfinite(s).all() and np.isfinite(a).all()):
        raise ValueError("activations must be finite")
    return s, a


def _constant(values: Values) -> bool:
    return values.size == 0 or bool((values == values[0]).all())


def _standardised(values: Values) -> Values:
    """Return values centred and scaled to at most 1, so that no square over- or underflows."""
    scaled = values / np.abs(values).max()
    centred = scaled - scaled.mean()
    return np.asarray(centred / np.abs(centred).max(), dtype=np.float64)


def _undefined(s: Values, a: Values) -> str:
    """Return why a measure of these values is undefined."""
    if a.size == 0:
        return "there are no tokens to score"
    if not a.any():
        return "the neuron is silent on every scored token"
    if _constant(a):
        return "the actual activations are constant"
    return "the simulation is constant"


def _chosen(evidence: Evidence, on: str) -> list[HeldOut]:
    """Return the records of the kind that `on` names, in a fixed order."""
    if on not in (*_ON, "all"):
        raise ValueError(f'`on` is "top", "random" or "all", not {on!r}')
    wanted = _ON.get(on)
    chosen = [each for each in evidence.records if wanted in (None, each.kind)]
    return sorted(chosen, key=lambda each: each.record)


def _simulated(record: HeldOut) -> Values:
    if record.simulated is None:
        raise ValueError(f"record {record.record} is not simulated")
    return record.simulated.activations.astype(np.float64)


def _joined(parts: Sequence[Values]) -> Values:
    return np.concatenate([np.empty(0), *parts])


def _without_each(measure: Measure, s: Sequence[Values], a: Sequence[Values]) -> list[float]:
    """Return the measure without each record in turn."""
    return [
        measure(_joined([*s[:i], *s[i + 1 :]]), _joined([*a[:i], *a[i + 1 :]]))
        for i in range(len(a))
    ]


def _score(
    evidence: Evidence,
    settings: CorrelationSettings,
    *,
    measure: Measure,
    scale: intervals.Scale,
) -> Scored:
    on = settings.on
    chosen = _chosen(evidence, on)
    simulated = [_simulated(each) for each in chosen]
    actual = [
        to_zero_to_ten(each.actual.activations, evidence.maximum).astype(np.float64)
        for each in chosen
    ]
    records = tuple(each.record for each in chosen)
    s, a = _joined(simulated), _joined(actual)
    value = measure(s, a)
    if np.isnan(value):
        reason = _undefined(s, a) if chosen or on == "all" else f"no {on} record was simulated"
        return Scored(value=None, n=a.size, reason=reason, records=records)
    without = _without_each(measure, simulated, actual)
    interval = intervals.jackknife(value, without, scale)
    return intervals.with_interval(
        value,
        interval,
        n=a.size,
        records=records,
        details={
            "records_not_simulated": evidence.not_simulated,
            "tokens_not_simulated": sum(each.left_out for each in chosen),
        },
    )


def _scorer(name: str, measure: Measure, scale: intervals.Scale) -> Scorer:
    return Scorer(
        name=name,
        version=1,
        rests_on=RestsOn.SIMULATION,
        run=as_dialogue(partial(_score, measure=measure, scale=scale)),
        settings=CorrelationSettings,
        choices={"on": ("all", *_ON)},
        optional=frozenset({"on"}),
    )


CORRELATION = _scorer("correlation", correlation, intervals.FISHER)
R_SQUARED = _scorer("r_squared", r_squared, intervals.EXPLAINED)
ABSOLUTE_DEVIATION_EXPLAINED = _scorer(
    "absolute_deviation_explained", absolute_deviation_explained, intervals.EXPLAINED
)
