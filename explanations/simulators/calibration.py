"""Calibrating simulated values to the neuron's own, on records that are not scored.

- "linear": a straight line, by least squares.
- "percentile": each simulated value becomes the actual one of the same rank, interpolated between
  ranks; equal simulated values become the mean of theirs.

Neither inverts a simulation: an anti-correlated one, whose line would fall, is left as it is and
keeps its score. So is one that is constant, or that of a constant neuron. What was fitted, and on
which records, is stored with the simulation.

Source: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.methods.requests import Dialogue
from explanations.methods.values import Simulated, Unusable
from explanations.records import TokenActivations, to_zero_to_ten
from explanations.simulators.base import Outcomes, Simulator

Values = NDArray[np.float64]
KINDS = ("none", "linear", "percentile")
# Points of the curve that are stored.
_POINTS = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted calibration: a line, or a curve that is constant outside its points.

    It changes nothing where there is a `reason`.
    """

    kind: str
    parameters: dict[str, Any]
    reason: str = ""

    def applied(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return calibrated values, from 0 to 10; nan stays nan."""
        if self.reason:
            return values
        if self.kind == "linear":
            moved = self.parameters["intercept"] + self.parameters["slope"] * values
        else:
            moved = np.interp(values, self.parameters["simulated"], self.parameters["actual"])
        return np.asarray(np.clip(moved, 0, 10), dtype=np.float32)


def fit(kind: str, simulated: Values, actual: Values) -> Fitted:
    """Return the calibration of simulated to actual values, both zero_to_ten, one per token."""
    if kind not in _FITS:
        raise ValueError(f"calibration is one of {', '.join(KINDS)}, not {kind!r}")
    if simulated.shape != actual.shape:
        raise ValueError(f"{simulated.size} simulated values for {actual.size} actual ones")
    for what, values in (("simulation", simulated), ("neuron", actual)):
        if values.size == 0 or np.ptp(values) == 0:
            reason = f"the {what} is the same on every token of the records to calibrate on"
            return Fitted(kind=kind, parameters={}, reason=reason)
    return _FITS[kind](simulated, actual)


def _linear(simulated: Values, actual: Values) -> Fitted:
    centred = simulated - simulated.mean()
    slope = float(centred @ actual / (centred @ centred))
    parameters = {"slope": slope, "intercept": float(actual.mean() - slope * simulated.mean())}
    reason = "" if slope > 0 else "the simulation and the neuron are anti-correlated"
    return Fitted(kind="linear", parameters=parameters, reason=reason)


def _percentile(simulated: Values, actual: Values) -> Fitted:
    points, rank = np.unique(simulated, return_inverse=True)
    ordered = np.sort(actual)[np.argsort(np.argsort(simulated, kind="stable"), kind="stable")]
    levels = np.bincount(rank, weights=ordered) / np.bincount(rank)
    kept = np.unique(np.linspace(0, points.size - 1, min(_POINTS, points.size)).round().astype(int))
    curve = {"simulated": points[kept].tolist(), "actual": levels[kept].tolist()}
    return Fitted(kind="percentile", parameters=curve)


_FITS: dict[str, Callable[[Values, Values], Fitted]] = {
    "linear": _linear,
    "percentile": _percentile,
}


def simulate_calibrated(
    simulator: Simulator,
    explanation: str,
    scored: Mapping[int, tuple[str, ...]],
    known: Mapping[int, TokenActivations],
    maximum: float,
    config: Mapping[str, Any],
) -> Dialogue[Outcomes]:
    """Return simulations of records to be scored, calibrated as `calibration` is set.

    `known` are raw records of the select split, by key like `scored`, and `maximum` the neuron's
    highest raw activation. Raises `ValueError` where a record is in both.
    """
    kind = config.get("calibration", "none")
    texts = list(scored.values())
    if kind == "none":
        return (yield from simulator.simulate(explanation, texts, config))
    _refuse(scored, known)
    before = [record.tokens for record in known.values()]
    outcomes = yield from simulator.simulate(explanation, [*before, *texts], config)
    pairs = list(zip(known.items(), outcomes[: len(known)], strict=True))
    usable = [(key, each, made) for (key, each), made in pairs if isinstance(made, Simulated)]
    if not usable:
        return [_nothing_to_fit(outcomes)] * len(texts)
    fitted = fit(
        kind,
        np.concatenate([made.values[made.known] for _, _, made in usable]).astype(np.float64),
        np.concatenate(
            [to_zero_to_ten(each.activations, maximum)[made.known] for _, each, made in usable]
        ).astype(np.float64),
    )
    return _calibrated(outcomes[len(known) :], fitted, [key for key, _, _ in usable])


def _refuse(scored: Mapping[int, Any], known: Mapping[int, Any]) -> None:
    if both := sorted(set(scored) & set(known)):
        raise ValueError(
            f"records {', '.join(map(str, both))} are both scored and calibrated on: a calibration "
            "is fitted on records of the select split only"
        )
    if scored and not known:
        raise ValueError(
            "the neuron has no records of the select split to calibrate on: set `calibration` to "
            '"none"'
        )


def _nothing_to_fit(outcomes: Outcomes) -> Unusable:
    first = next((each for each in outcomes if isinstance(each, Unusable)), None)
    why = first.reason if first else "there are none"
    reason = f"no record to calibrate on could be simulated: {why}"
    return Unusable(reason=reason, raw=first.raw if first else "")


def _calibrated(outcomes: Outcomes, fitted: Fitted, records: Sequence[int]) -> Outcomes:
    kept: dict[str, Any] = {
        "calibration": fitted.kind,
        "calibrated_on": list(records),
        "fitted": fitted.parameters,
    }
    if fitted.reason:
        kept["not_calibrated"] = fitted.reason
    return [
        Simulated(values=fitted.applied(each.values), details={**each.details, **kept})
        if isinstance(each, Simulated)
        else each
        for each in outcomes
    ]
