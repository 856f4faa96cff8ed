"""Scores of a simulation: their values worked out by hand, and what holds for all data."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from explanations.methods.values import HeldOut, Scored
from explanations.records import RecordKind, Scale, TokenActivations
from explanations.scorers import SCORERS
from explanations.scorers.correlation import (
    absolute_deviation_explained,
    correlation,
    r_squared,
)
from tests.explanations.evidence import evidence
from tests.explanations.evidence import score as scored_by

Values = NDArray[np.float32]
values = st.lists(st.floats(0, 10, width=32), min_size=2, max_size=30)
pairs = values.flatmap(
    lambda s: st.tuples(st.just(s), st.lists(st.floats(0, 10), min_size=len(s), max_size=len(s)))
)


def record(numbers: Sequence[float] | Values, scale: Scale) -> TokenActivations:
    tokens = tuple(f" t{number}" for number in range(len(numbers)))
    return TokenActivations(tokens=tokens, activations=np.array(numbers, "f4"), scale=scale)


def held_out(
    simulated: Sequence[float] | Values,
    actual: Sequence[float] | Values,
    pk: int = 1,
    kind: RecordKind = RecordKind.TOP,
) -> HeldOut:
    """Return a record; with a maximum of 10 raw values are what people read, if they are whole."""
    return HeldOut(
        record=pk,
        kind=kind,
        actual=record(actual, Scale.RAW),
        simulated=record(simulated, Scale.ZERO_TO_TEN),
    )


def score(name: str, *records: HeldOut, **config: object) -> Scored:
    return scored_by(name, evidence(*records), **config)


def test_correlation_of_a_worked_example() -> None:
    # s - mean = (-1, 0, 1), a - mean = (-2, 1, 1): 3 / sqrt(2 * 6) = .8660
    assert correlation([1, 2, 3], [0, 3, 3]) == pytest.approx(3 / math.sqrt(12))


def test_an_anti_correlated_simulation_scores_negative() -> None:
    assert correlation([3, 2, 1], [1, 2, 3]) == pytest.approx(-1)


def test_r_squared_of_a_worked_example() -> None:
    # squared errors 1, 1, 0 have mean 2/3; var(0, 3, 3) = 2: 1 - (2/3)/2 = 2/3
    assert r_squared([1, 2, 3], [0, 3, 3]) == pytest.approx(2 / 3)


def test_r_squared_of_the_mean_is_zero_and_of_another_scale_is_below() -> None:
    assert r_squared([2, 2, 2], [0, 3, 3]) == pytest.approx(0)
    assert r_squared([0, 30, 30], [0, 3, 3]) < 0


def test_absolute_deviation_explained_of_a_worked_example() -> None:
    # mean |a - s| = (1 + 1 + 0)/3, mean |a| = 6/3: 1 - (2/3)/2 = 2/3
    assert absolute_deviation_explained([1, 2, 3], [0, 3, 3]) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("simulated", "actual"), [([1, 1], [0, 5]), ([0, 5], [1, 1]), ([], [])])
def test_correlation_with_a_constant_is_nan(simulated: list[float], actual: list[float]) -> None:
    assert math.isnan(correlation(simulated, actual))


def test_measures_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 simulated values against 3"):
        correlation([1, 2], [1, 2, 3])


@given(pairs)
def test_correlation_is_numpys_and_symmetric(pair: tuple[list[float], list[float]]) -> None:
    simulated, actual = pair
    assume(np.ptp(simulated) > 1e-3)
    assume(np.ptp(actual) > 1e-3)
    r = correlation(simulated, actual)
    assert r == pytest.approx(np.corrcoef(simulated, actual)[0, 1], abs=1e-6)
    assert r == pytest.approx(correlation(actual, simulated), abs=1e-9)
    assert -1 <= r <= 1


@given(pairs, st.floats(0.1, 5), st.floats(-3, 3))
def test_correlation_does_not_care_about_the_simulations_unit(
    pair: tuple[list[float], list[float]], factor: float, offset: float
) -> None:
    simulated, actual = pair
    assume(np.ptp(simulated) > 1e-2)
    moved = [factor * value + offset for value in simulated]
    np.testing.assert_allclose(
        correlation(moved, actual), correlation(simulated, actual), atol=1e-6
    )


@given(values)
def test_a_perfect_simulation_explains_everything(actual: list[float]) -> None:
    assume(np.ptp(actual) > 1e-3)
    assert correlation(actual, actual) == pytest.approx(1)
    assert r_squared(actual, actual) == 1
    assert absolute_deviation_explained(actual, actual) == 1


@given(st.floats(1e-300, 1e-290), st.floats(1e290, 1e300))
def test_correlation_of_tiny_and_huge_values_neither_vanishes_nor_overflows(
    tiny: float, huge: float
) -> None:
    assert correlation([0, tiny, 2 * tiny], [0, huge, 2 * huge]) == pytest.approx(1)


@pytest.mark.parametrize("name", ["correlation", "r_squared", "absolute_deviation_explained"])
def test_a_scorer_pools_the_tokens_of_all_records(name: str) -> None:
    measures = {
        "correlation": correlation,
        "r_squared": r_squared,
        "absolute_deviation_explained": absolute_deviation_explained,
    }
    scored = score(name, held_out([1, 2], [0, 3], 4), held_out([3], [3], 7))
    assert scored.records == (4, 7)
    assert scored.n == 3
    assert scored.value == pytest.approx(measures[name]([1, 2, 3], [0, 3, 3]))


@pytest.mark.parametrize(
    ("name", "simulated", "actual", "reason"),
    [
        ("correlation", [1, 1], [0, 5], "the simulation is constant"),
        ("correlation", [0, 5], [1, 1], "the actual activations are constant"),
        ("correlation", [0, 5], [0, 0], "the neuron is silent on every scored token"),
        ("r_squared", [0, 5], [2, 2], "the actual activations are constant"),
        ("absolute_deviation_explained", [1, 1], [0, 0], "the neuron is silent on every scored"),
        ("correlation", [], [], "there are no tokens to score"),
        ("absolute_deviation_explained", [], [], "there are no tokens to score"),
    ],
)
def test_an_undefined_score_says_why_and_on_how_many_tokens(
    name: str, simulated: list[float], actual: list[float], reason: str
) -> None:
    scored = score(name, held_out(simulated, actual))
    assert scored.value is None
    assert scored.reason.startswith(reason)
    assert scored.n == len(actual)


def test_nothing_to_score_has_a_reason_too() -> None:
    assert score("correlation").reason == "there are no tokens to score"


def test_what_is_compared_is_on_the_scale_that_people_read() -> None:
    # a maximum of 10: 3.9 raw is 3 of 10, and -2 is 0
    scored = score("absolute_deviation_explained", held_out([3, 0], [3.9, -2]))
    assert scored.value == 1.0


@pytest.mark.parametrize(("simulated", "actual"), [("raw", "raw"), ("zero_to_ten", "zero_to_ten")])
def test_scales_never_mix(simulated: Scale, actual: Scale) -> None:
    with pytest.raises(ValueError, match=r"must be raw|must be zero_to_ten"):
        HeldOut(
            record=1,
            kind=RecordKind.TOP,
            actual=record([1, 2], Scale(actual)),
            simulated=record([1, 2], Scale(simulated)),
        )


def test_a_simulation_of_other_tokens_is_refused() -> None:
    other = TokenActivations(
        tokens=("a", "b"), activations=np.zeros(2, "f4"), scale=Scale.ZERO_TO_TEN
    )
    actual = record([1, 2], Scale.RAW)
    with pytest.raises(ValueError, match="different tokens"):
        HeldOut(record=1, kind=RecordKind.TOP, actual=actual, simulated=other)


def test_scorers_are_registered_under_their_names() -> None:
    assert {name: scorer.name for name, scorer in SCORERS.items()} == {
        name: name for name in SCORERS
    }
