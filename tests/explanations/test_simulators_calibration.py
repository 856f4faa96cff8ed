"""Calibration: fitted on records that are not scored, and never turning a simulation round."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from explanations.methods.requests import Dialogue
from explanations.methods.values import Simulated, Unusable
from explanations.records import Scale, TokenActivations
from explanations.scorers.correlation import correlation
from explanations.simulators import SIMULATORS, Simulator
from explanations.simulators.base import Excerpts, Outcomes, SimulatorSettings
from explanations.simulators.calibration import fit, simulate_calibrated
from tests.explanations.dialogues import carried_on

FISH = ("a", " fish", " swam")
BIRD = ("a", " bird", " flew")


def numbers(*values: float) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def applied(fitted: Any, *values: float) -> list[float]:
    return [float(value) for value in fitted.applied(np.array(values, dtype=np.float32))]


def record(tokens: Sequence[str], *values: float) -> TokenActivations:
    activations = np.array(values, dtype=np.float32)
    return TokenActivations(tokens=tuple(tokens), activations=activations, scale=Scale.RAW)


def saying(by_token: dict[str, float]) -> Simulator:
    """Return a simulator that gives each token its value; a text with "?" it cannot play."""

    def simulate(
        _explanation: str, excerpts: Excerpts, _settings: SimulatorSettings
    ) -> Dialogue[Outcomes]:
        yield from ()
        return [
            Unusable(reason="I cannot")
            if "?" in tokens
            else Simulated(values=np.array([by_token[t] for t in tokens], dtype=np.float32))
            for tokens in excerpts
        ]

    return Simulator(name="saying", version=1, run=simulate, settings=SimulatorSettings)


SAYS = saying({"a": 0, " fish": 4, " swam": 2, " bird": 4, " flew": 2})


def simulated(
    kind: str,
    scored: dict[int, tuple[str, ...]],
    known: dict[int, TokenActivations],
    simulator: Simulator = SAYS,
) -> Outcomes:
    config = {"calibration": kind}
    return carried_on(simulate_calibrated(simulator, "fish", scored, known, 20.0, config))


def values(outcome: Simulated | Unusable) -> list[float]:
    assert isinstance(outcome, Simulated)
    return [float(value) for value in outcome.values]


# --- what is fitted -------------------------------------------------------------------------------


def test_a_line_is_fitted_by_least_squares() -> None:
    # simulated 0 2 4, actual 1 2 9: means 2 and 4; slope (-2*-3 + 0*-2 + 2*5) / (4+0+4) = 2,
    # intercept 4 - 2*2 = 0; 5 becomes 10, and 6 would be 12, which the scale does not have
    fitted = fit("linear", numbers(0, 2, 4), numbers(1, 2, 9))
    assert fitted.parameters == {"slope": 2.0, "intercept": 0.0}
    assert applied(fitted, 0, 1, 5, 6) == [0, 2, 10, 10]


def test_by_percentile_a_value_becomes_the_actual_one_of_its_rank() -> None:
    # ranks: 0 -> 1, 2 and 2 -> mean(3, 5) = 4, 6 -> 10; 1 lies half way between 1 and 4
    fitted = fit("percentile", numbers(2, 0, 6, 2), numbers(10, 5, 1, 3))
    assert applied(fitted, 0, 2, 6, 1, 9) == [1, 4, 10, 2.5, 10]


@pytest.mark.parametrize("kind", ["linear", "percentile"])
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=2, max_size=40))
def test_no_calibration_turns_the_order_of_values_round(
    kind: str, pairs: list[tuple[int, int]]
) -> None:
    fitted = fit(kind, numbers(*[s for s, _ in pairs]), numbers(*[a for _, a in pairs]))
    moved = applied(fitted, *np.linspace(0, 10, 41))
    assert (np.diff(moved) >= -1e-5).all()


def test_a_simulation_that_runs_against_the_neuron_stays_as_it_is_and_scores_negative() -> None:
    against, actual = numbers(0, 3, 6, 9), numbers(9, 6, 3, 1)
    fitted = fit("linear", against, actual)
    assert fitted.reason == "the simulation and the neuron are anti-correlated"
    assert fitted.parameters["slope"] < 0
    assert applied(fitted, 0, 3, 6, 9) == [0, 3, 6, 9]
    for kind in ("linear", "percentile"):
        assert correlation(applied(fit(kind, against, actual), 0, 3, 6, 9), actual) < -0.9


@pytest.mark.parametrize("kind", ["linear", "percentile"])
def test_what_never_changes_is_not_calibrated_and_says_why(kind: str) -> None:
    silent = fit(kind, numbers(0, 0), numbers(1, 2))
    dead = fit(kind, numbers(1, 2), numbers(0, 0))
    assert silent.reason.startswith("the simulation is the same on every token")
    assert dead.reason.startswith("the neuron is the same on every token")
    assert applied(silent, 3, 4) == applied(dead, 3, 4) == [3, 4]


def test_a_kind_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="calibration is one of none, linear, percentile"):
        fit("isotonic", numbers(1), numbers(1))


# --- what it is fitted on -------------------------------------------------------------------------

# 0 4 2 simulated; 0 16 8 of at most 20 is 0 8 4 of 10: twice the simulated
KNOWN = {7: record(FISH, 0, 16, 8)}


@pytest.mark.parametrize("kind", ["linear", "percentile"])
def test_records_are_calibrated_by_others_and_say_by_which(kind: str) -> None:
    (outcome,) = simulated(kind, {1: BIRD}, KNOWN)
    assert values(outcome) == pytest.approx([0, 8, 4])
    assert isinstance(outcome, Simulated)
    assert outcome.details["calibration"] == kind
    assert outcome.details["calibrated_on"] == [7]
    assert outcome.details["fitted"]


def test_without_calibration_nothing_is_changed_or_asked_beside() -> None:
    (outcome,) = simulated("none", {1: BIRD}, KNOWN)
    assert values(outcome) == [0, 4, 2]
    assert isinstance(outcome, Simulated)
    assert outcome.details == {}


def test_calibration_on_a_scored_record_is_refused() -> None:
    with pytest.raises(ValueError, match="records 7 are both scored and calibrated on"):
        simulated("linear", {1: BIRD, 7: FISH}, KNOWN)


def test_calibration_without_records_of_the_select_split_is_refused() -> None:
    with pytest.raises(ValueError, match="no records of the select split to calibrate on"):
        simulated("linear", {1: BIRD}, {})


def test_records_that_could_not_be_simulated_are_not_calibrated_on() -> None:
    known = {**KNOWN, 8: record(("?",), 20)}
    outcomes = simulated("linear", {1: BIRD, 2: ("?",)}, known)
    assert isinstance(outcomes[0], Simulated)
    assert outcomes[0].details["calibrated_on"] == [7]
    assert outcomes[1] == Unusable(reason="I cannot")


def test_where_none_could_be_simulated_to_calibrate_on_the_others_are_failures_too() -> None:
    (outcome,) = simulated("linear", {1: BIRD}, {8: record(("?",), 20)})
    assert outcome == Unusable(reason="no record to calibrate on could be simulated: I cannot")


def test_tokens_without_a_value_are_neither_fitted_on_nor_given_one() -> None:
    gaps = saying({"a": 0, " fish": 4, " swam": math.nan, " bird": 4, " flew": math.nan})
    (outcome,) = simulated("linear", {1: BIRD}, {7: record(FISH, 0, 16, 2)}, gaps)
    assert values(outcome) == pytest.approx([0, 8, math.nan], nan_ok=True)


def test_every_simulator_can_be_calibrated() -> None:
    assert {each.default_config["calibration"] for each in SIMULATORS.values()} == {"none"}
