"""What more judgments, neurons or raters would buy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.jackknife import of_mean, variance
from studies.analysis.statistics.power import (
    Components,
    Plan,
    delete_one_variances,
    next_plans,
    precision,
    variance_components,
)

quick = settings(max_examples=40, deadline=None)


def known(neurons: float, raters: float, mean: float = 0.7) -> Components:
    rest = mean * (1 - mean) - neurons - raters
    return Components(mean=mean, neurons=neurons, raters=raters, rest=rest, n_votes=100)


def test_components_of_a_two_by_two_layout_are_worked_out() -> None:
    # neurons 1, 2; raters a, b; votes 1 1 / 0 0: raters agree, neurons differ.
    # same neuron: differences 0, 0 -> 0. same rater: 1, 1 -> half mean 1/2. neither: 1, 1 -> 1/2.
    # neurons 1/2 - 0 = 1/2, raters 1/2 - 1/2 = 0, rest 0 + 1/2 - 1/2 = 0
    found = variance_components([1, 1, 2, 2], list("abab"), [1, 1, 0, 0])
    assert (found.mean, found.neurons, found.raters, found.rest) == (0.5, 0.5, 0.0, 0.0)


def test_components_are_found_again() -> None:
    rng = np.random.default_rng(1)
    neuron, rater = (grid.ravel() for grid in np.indices((300, 60)))
    chance = np.clip(0.6 + rng.normal(scale=0.15, size=300)[neuron], 0, 1)
    chance = np.clip(chance + rng.normal(scale=0.1, size=60)[rater], 0, 1)
    found = variance_components(neuron, rater, rng.random(len(neuron)) < chance)
    assert found.neurons == pytest.approx(0.0225, rel=0.3)
    assert found.raters == pytest.approx(0.01, rel=0.5)
    assert found.mean == pytest.approx(0.6, abs=0.05)


def test_a_pilot_of_one_rater_or_none_tells_no_components() -> None:
    for rows in (([1, 2], [1, 1], [1, 0]), ([], [], [])):
        found = variance_components(*rows)
        assert found.reason.startswith("no two votes")
        [plan] = precision(found, [Plan(name="p", n_neurons=9, n_raters=9, n_votes=81)], seed=1)
        assert plan.reason == found.reason
        assert np.isnan([plan.half_width, plan.power, plan.coverage]).all()


def test_what_helps_most_follows_from_where_the_variance_lies() -> None:
    # raters differ, neurons do not: more raters narrow the interval, more neurons hardly
    plans = next_plans(40, 10, 400)
    assert [plan.name for plan in plans][:2] == ["as it is", "twice the votes"]
    made = precision(known(0.0, 0.03), plans, seed=1)
    found = {each.plan.name: each.half_width for each in made}
    now = found["as it is"]
    assert found["twice the raters and votes"] < 0.8 * now
    assert found["twice the neurons and votes"] > 0.85 * now


def test_half_widths_come_near_what_the_components_say() -> None:
    # variance .01/50 + .01/50 + .19/1000 = .00059, se .0243; t(49) 2.01: .049
    [found] = precision(
        known(0.01, 0.01), [Plan(name="p", n_neurons=50, n_raters=50, n_votes=1000)], seed=3
    )
    assert found.half_width == pytest.approx(0.049, rel=0.12)
    assert found.power > 0.95
    assert 0.88 <= found.coverage <= 1.0


def test_a_plan_of_one_rater_has_no_interval_and_says_so() -> None:
    [found] = precision(
        known(0.01, 0.01), [Plan(name="p", n_neurons=9, n_raters=1, n_votes=9)], seed=1
    )
    assert found.reason == "one neuron, one rater or one vote has no interval"


def test_where_everybody_always_agrees_no_precision_is_claimed() -> None:
    sure = Components(mean=1.0, neurons=0.0, raters=0.0, rest=0.0, n_votes=9)
    [found] = precision(sure, [Plan(name="p", n_neurons=9, n_raters=9, n_votes=81)], seed=1)
    assert found.reason == "in no simulated study does leaving one out change anything"
    assert np.isnan(found.half_width)


def test_a_simulated_study_is_analysed_as_any_other() -> None:
    rng = np.random.default_rng(5)
    neuron, rater = rng.integers(6, size=40), rng.integers(5, size=40)
    won = (rng.random(40) < 0.7).astype(float)
    cells = neuron * 5 + rater
    parts = [
        float(delete_one_variances(group[None], won[None])[0]) for group in (neuron, rater, cells)
    ]
    variances = variance(of_mean(neuron, rater, won))
    assert parts == pytest.approx([variances.units, variances.raters, variances.ratings])


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "shares": ("shares", lambda: variance_components([1], [1], [2])),
    "lengths": ("raters", lambda: variance_components([1], [], [1])),
    "plans": (
        "plans",
        lambda: precision(
            known(0, 0), [Plan(name="p", n_neurons=0, n_raters=1, n_votes=1)], seed=1
        ),
    ),
    "n": ("n_simulated", lambda: precision(known(0, 0), [], seed=1, n_simulated=0)),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(st.integers(0, 2**32), st.integers(2, 6), st.integers(2, 6))
def test_the_same_seed_gives_the_same_forecast(seed: int, neurons: int, raters: int) -> None:
    plan = Plan(name="p", n_neurons=neurons, n_raters=raters, n_votes=neurons * raters)
    one, other = (precision(known(0.01, 0.01), [plan], seed=seed, n_simulated=3) for _ in range(2))
    assert repr(one) == repr(other)


@quick
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from([0, 0.5, 1])), max_size=40
    )
)
def test_components_are_never_below_zero_and_mirror_when_every_vote_turns(
    rows: list[tuple[int, int, float]],
) -> None:
    neurons, raters, shares = ([row[i] for row in rows] for i in range(3))
    found = variance_components(neurons, raters, shares)
    turned = variance_components(neurons, raters, [1 - share for share in shares])
    for name in ("neurons", "raters", "rest"):
        value = getattr(found, name)
        assert np.isnan(value) == bool(found.reason)
        assert found.reason or value >= 0
        assert getattr(turned, name) == pytest.approx(value, nan_ok=True, abs=1e-9)
