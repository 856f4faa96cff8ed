"""How well simulated activations follow the actual ones, token by token.

Source: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explanations.dialogue import at_once
from explanations.exchange import Evidence, Scored
from explanations.records import to_zero_to_ten
from explanations.scorers.base import Config, RestsOn, Scorer

Values = NDArray[np.float64]


def correlation(simulated: ArrayLike, actual: ArrayLike) -> float:
    """Pearson's correlation over all tokens pooled, -1 to 1; nan if either is constant."""
    s, a = _pair(simulated, actual)
    if _constant(s) or _constant(a):
        return float("nan")
    s, a = _standardised(s), _standardised(a)
    return float(np.clip(s @ a / np.sqrt((s @ s) * (a @ a)), -1.0, 1.0))


def r_squared(simulated: ArrayLike, actual: ArrayLike) -> float:
    """1 - mean((a - s)²) / var(a), at most 1; nan if the actual values are constant.

    Nothing is fitted to the scored values: a simulation on another scale scores below zero.
    """
    s, a = _pair(simulated, actual)
    if _constant(a):
        return float("nan")
    return float(1.0 - np.mean((a - s) ** 2) / np.var(a))


def absolute_deviation_explained(simulated: ArrayLike, actual: ArrayLike) -> float:
    """1 - mean|a - s| / mean|a|, at most 1; nan if every actual value is zero."""
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
    """Centre and bring to a largest magnitude of 1, so that no square over- or underflows."""
    scaled = values / np.abs(values).max()
    centred = scaled - scaled.mean()
    return np.asarray(centred / np.abs(centred).max(), dtype=np.float64)


def _undefined(s: Values, a: Values) -> str:
    """Say in words why a measure of these values is undefined."""
    if a.size == 0:
        return "there are no tokens to score"
    if not a.any():
        return "the neuron is silent on every scored token"
    if _constant(a):
        return "the actual activations are constant"
    return "the simulation is constant"


def _pooled(evidence: Evidence) -> tuple[Values, Values]:
    """Return the simulated and the actual values of all records' tokens, zero_to_ten."""
    simulated: list[Values] = [np.empty(0)]
    actual: list[Values] = [np.empty(0)]
    for record in evidence.records:
        if record.simulated is None:
            raise ValueError(f"record {record.record} is not simulated")
        simulated.append(record.simulated.activations.astype(np.float64))
        shown = to_zero_to_ten(record.actual.activations, evidence.maximum)
        actual.append(shown.astype(np.float64))
    return np.concatenate(simulated), np.concatenate(actual)


def _scorer(name: str, measure: Callable[[ArrayLike, ArrayLike], float]) -> Scorer:
    def score(evidence: Evidence, _config: Config, _seed: int) -> Scored:
        s, a = _pooled(evidence)
        records = tuple(each.record for each in evidence.records)
        value = measure(s, a)
        if np.isnan(value):
            return Scored(value=None, n=a.size, reason=_undefined(s, a), records=records)
        return Scored(value=value, n=a.size, records=records)

    return Scorer(name=name, version=1, rests_on=RestsOn.SIMULATION, score=at_once(score))


CORRELATION = _scorer("correlation", correlation)
R_SQUARED = _scorer("r_squared", r_squared)
ABSOLUTE_DEVIATION_EXPLAINED = _scorer("absolute_deviation_explained", absolute_deviation_explained)
