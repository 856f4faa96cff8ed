"""System-level correlation, correction for noise, and models that stand in for people."""

from collections.abc import Callable
from math import nan, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.statistics.model_vs_human import human_model_gap
from studies.analysis.statistics.score_votes import kendall_tau_b
from studies.analysis.statistics.system_level import disattenuated, system_correlation

quick = settings(max_examples=40, deadline=None)

Rows = tuple[list[int], list[int], list[float], list[float]]


@st.composite
def scored(draw: st.DrawFn) -> Rows:
    """Up to 8 units by 4 people, one score each from the person and the unit's from the model."""
    cell = st.tuples(st.integers(0, 7), st.integers(0, 3))
    cells = draw(st.dictionaries(cell, st.integers(0, 10), min_size=1))
    model = draw(st.lists(st.integers(0, 10), min_size=8, max_size=8))
    units, raters = zip(*cells, strict=True)
    return (
        list(units),
        list(raters),
        [value / 10 for value in cells.values()],
        [model[unit] / 10 for unit in units],
    )


def known(value: float, se: float = nan) -> Estimate:
    """Return an estimate; with `se`, an interval of two of it either side."""
    bare: dict[str, Any] = {"n_units": 10, "n_raters": 10, "n_ratings": 100, "method": "given"}
    if np.isnan(se):
        return Estimate(value=value, note="no interval", **bare)
    return Estimate(value=value, low=value - 2 * se, high=value + 2 * se, se=se, **bare)


def test_means_can_go_together_where_items_do_not() -> None:
    # within each neuron the higher score has the lower value, but condition means rise together:
    # scores 0.0 0.1 | 0.5 0.6 | 1.0 1.1; values 1 0 | 2 1 | 3 2
    conditions = ["a", "a", "b", "b", "c", "c"]
    neurons, raters = [1, 1, 2, 2, 3, 3], [1] * 6
    scores, values = [0.0, 0.1, 0.5, 0.6, 1.0, 1.1], [1, 0, 2, 1, 3, 2]
    system = system_correlation(conditions, neurons, raters, scores, values)
    assert system.value == pytest.approx(1.0)
    assert kendall_tau_b(neurons, raters, scores, values).value == -1.0


def test_a_system_correlation_needs_three_conditions_that_differ() -> None:
    two = system_correlation(["a", "b"], [1, 1], [1, 1], [0, 1], [0, 1])
    assert two.reason == "needs 3 conditions, here are 2"
    assert system_correlation([], [], [], [], []).reason == "needs 3 conditions, here are 0"
    flat = system_correlation(list("abc"), [1] * 3, [1] * 3, [1, 1, 1], [0, 1, 2])
    assert flat.reason == "scores or values have the same mean in every condition"


def test_noise_is_taken_off_by_the_root_of_the_reliabilities() -> None:
    # .4 / sqrt(.64 * 1) = .5; with certain reliabilities the error grows alike
    exact = disattenuated(known(0.4, 0.05), known(0.64, 1e-12))
    assert (exact.value, exact.se) == pytest.approx((0.5, 0.05 / 0.8))
    assert (exact.low, exact.high) == pytest.approx((0.5 - 0.125, 0.5 + 0.125))
    # the reliability's own error: .5 * .08 / (2 * .64) = .03125
    unsure = disattenuated(known(0.4, 0.05), known(0.64, 0.08))
    assert unsure.se == pytest.approx(sqrt(0.0625**2 + 0.03125**2))


def test_correction_is_refused_where_it_would_multiply_noise() -> None:
    assert disattenuated(known(0.2), known(0.29)).reason == ("reliability (0.29) is below 0.3")
    assert disattenuated(known(0.2), known(0.31)).defined
    assert disattenuated(known(0.2), known(0.31)).note.startswith("no interval")
    lacking = undefined("one rater", method="icc")
    assert disattenuated(known(0.2), lacking).reason == "a reliability is undefined: one rater"
    assert disattenuated(lacking, known(0.9)).reason == "one rater"


def test_a_model_that_does_as_another_person_would_has_no_shortfall() -> None:
    # two people score 0, .5, 1 alike, and so does the model, .1 higher: correlations 1, bias .1
    units, raters = [0, 1, 2] * 2, [0] * 3 + [1] * 3
    human = [0.0, 0.5, 1.0] * 2
    found = human_model_gap(units, raters, human, [value + 0.1 for value in human])
    assert found.model_with_person.value == pytest.approx(1)
    assert found.person_with_person.value == pytest.approx(1)
    assert found.gap.value == pytest.approx(0, abs=1e-12)
    assert found.bias.value == pytest.approx(0.1)


def test_people_of_two_are_correlated_over_both_orders() -> None:
    # pairs (0, 1), (1, 1), (0, 0), each both ways: mean 1/2, variance 1/4,
    # mean product (0 + 1 + 0) / 3; correlation (1/3 - 1/4) / (1/4) = 1/3
    found = human_model_gap([0, 0, 1, 1, 2, 2], [0, 1] * 3, [0, 1, 1, 1, 0, 0], [0, 0, 1, 1, 2, 2])
    assert found.person_with_person.value == pytest.approx(1 / 3)


def test_a_model_that_follows_noise_falls_short_of_people() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=80)
    unit, rater = (grid.ravel() for grid in np.indices((80, 6)))
    human = truth[unit] + 0.6 * rng.normal(size=len(unit))
    model = (truth + 3 * rng.normal(size=80))[unit]
    found = human_model_gap(unit, rater, human, model)
    assert found.person_with_person.value == pytest.approx(1 / (1 + 0.36), abs=0.12)
    assert found.gap.low > 0


def test_without_two_people_on_one_explanation_nothing_is_said() -> None:
    alone = human_model_gap([0, 1], [0, 1], [0.1, 0.2], [0.3, 0.4])
    assert alone.gap.reason.startswith("no two people simulated one explanation")
    assert alone.bias.value == pytest.approx(0.2)
    assert not human_model_gap([], [], [], []).bias.defined
    constant = human_model_gap([0, 0, 1, 1], [0, 1] * 2, [0.3] * 4, [0.7] * 4)
    assert not constant.model_with_person.defined


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "scores": ("scores", lambda: system_correlation([1], [1], [1], [nan], [1])),
    "lengths": ("raters", lambda: system_correlation([1], [1], [], [1], [1])),
    "model": ("model", lambda: human_model_gap([1], [1], [1.0], [nan])),
    "twice": ("raters", lambda: human_model_gap([1, 1], [1, 1], [1.0, 2.0], [1.0, 1.0])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(scored())
def test_standing_in_does_not_care_about_origin_and_unit_of_the_scores(rows: Rows) -> None:
    units, raters, human, model = rows
    moved = human_model_gap(
        units, raters, [5 + 2 * value for value in human], [7 + 3 * value for value in model]
    )
    for name in ("model_with_person", "person_with_person", "gap"):
        before, after = getattr(human_model_gap(*rows), name), getattr(moved, name)
        assert after.value == pytest.approx(before.value, nan_ok=True, abs=1e-6)
