"""Abilities in many separate neurons at once, and plain counts of best and worst."""

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from studies.analysis.statistics.best_worst import best_worst
from studies.analysis.statistics.paired import bradley_terry
from studies.analysis.statistics.within_neurons import neuron_abilities

quick = settings(max_examples=40, deadline=None)

Votes = tuple[list[int], list[str], list[str], list[int]]


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 40 votes among the explanations a, b, c of each of three neurons."""
    row = st.tuples(st.integers(0, 2), st.permutations("abc"), st.sampled_from([-1, 0, 1]))
    rows = draw(st.lists(row, min_size=1, max_size=40))
    neurons, sides, outcome = zip(*rows, strict=True)
    left, right = ([f"{n}{s[i]}" for n, s in zip(neurons, sides, strict=True)] for i in (0, 1))
    return list(neurons), left, right, list(outcome)


def test_one_vote_is_pulled_to_where_vote_and_prior_balance() -> None:
    # a beat b once, sd 1: with lead 2x the gradient 1 - expit(2x) - x is 0
    fit = neuron_abilities([1], ["a"], ["b"], [1], prior_sd=1.0)
    x = optimize.brentq(lambda v: 1 - 1 / (1 + exp(-2 * v)) - v, 0, 1)
    assert fit.items.tolist() == ["a", "b"]
    assert fit.log_ability == pytest.approx([x, -x])
    # information: w = expit'(2x) off the diagonal, w + 1 on it; inverse diagonal (w+1)/(2w+1)
    w = exp(-2 * x) / (1 + exp(-2 * x)) ** 2
    assert fit.se == pytest.approx([((w + 1) / (2 * w + 1)) ** 0.5] * 2)
    assert fit.n.tolist() == [1, 1]


def test_a_tie_moves_nobody_and_a_known_side_bias_is_taken_off() -> None:
    assert neuron_abilities([1], ["a"], ["b"], [0], prior_sd=1.0).log_ability == pytest.approx(
        [0, 0], abs=1e-9
    )
    left_won = [1, 1, 1, -1]
    biased = neuron_abilities(
        [1] * 4, ["a"] * 4, ["b"] * 4, left_won, prior_sd=9, side_bias=np.log(3)
    )
    assert biased.log_ability == pytest.approx([0, 0], abs=1e-6)


def test_the_spread_of_the_prior_is_found_again() -> None:
    rng = np.random.default_rng(1)
    ability = rng.normal(scale=0.8, size=(400, 4))
    neuron = np.repeat(np.arange(400), 60)
    left = rng.integers(4, size=len(neuron))
    right = (left + rng.integers(1, 4, size=len(neuron))) % 4
    lead = ability[neuron, left] - ability[neuron, right]
    outcome = np.where(rng.random(len(neuron)) < 1 / (1 + np.exp(-lead)), 1, -1)
    fit = neuron_abilities(neuron, neuron * 4 + left, neuron * 4 + right, outcome)
    assert fit.prior_sd == pytest.approx(0.8, rel=0.1)
    # the middle of a neuron cannot be seen: only differences within it are told
    centred = ability - ability.mean(axis=1, keepdims=True)
    assert np.corrcoef(fit.log_ability, centred.ravel())[0, 1] > 0.85


def test_votes_without_any_preference_give_abilities_close_to_none() -> None:
    rng = np.random.default_rng(2)
    neuron = np.repeat(np.arange(200), 20)
    sides = np.tile([0, 1], 2000)
    fit = neuron_abilities(
        neuron, neuron * 2 + sides, neuron * 2 + 1 - sides, rng.choice([-1, 1], size=4000)
    )
    assert np.abs(fit.log_ability).max() < 0.2


def test_no_votes_give_no_abilities_and_no_spread() -> None:
    fit = neuron_abilities([], [], [], [])
    assert not len(fit.items)
    assert np.isnan(fit.prior_sd)


@quick
@given(votes())
def test_neurons_fitted_together_are_as_if_fitted_one_by_one(rows: Votes) -> None:
    neurons, left, right, outcome = (np.array(column) for column in rows)
    together = neuron_abilities(*rows, prior_sd=0.7)
    decided = outcome != 0
    clean = neuron_abilities(
        neurons[decided], left[decided], right[decided], outcome[decided], prior_sd=0.7
    )
    for neuron in np.unique(neurons[decided]):
        own = decided & (neurons == neuron)
        alone = bradley_terry(left[own], right[own], outcome[own] > 0, prior_sd=0.7)
        found = clean.log_ability[clean.neurons == neuron]
        assert found == pytest.approx(alone.log_ability, abs=1e-6)
    assert len(together.items) == len(set(left) | set(right))


@quick
@given(votes())
def test_the_abilities_of_a_neuron_have_mean_zero_and_mirror_when_votes_turn(rows: Votes) -> None:
    neurons, left, right, outcome = rows
    fit = neuron_abilities(*rows, prior_sd=1.0)
    turned = neuron_abilities(neurons, left, right, [-o for o in outcome], prior_sd=1.0)
    for neuron in set(neurons):
        assert fit.log_ability[fit.neurons == neuron].mean() == pytest.approx(0, abs=1e-7)
    assert turned.log_ability == pytest.approx(-fit.log_ability, abs=1e-6)


def test_best_and_worst_are_counted_against_the_times_shown() -> None:
    # a: shown 3 times, best twice: 2/3; b: worst all 3 times: -1; d: shown once, worst: -1
    sets = [["a", "b", "c"], ["c", "b", "a"], ["a", "b"], ["c", "d"]]
    a, b, c, d = best_worst([1, 2, 3, 4], [1, 1, 2, 2], sets, list("acac"), list("bbbd"))
    assert [(x.shown, x.best, x.worst) for x in (a, b, c, d)] == [
        (3, 2, 0),
        (3, 0, 3),
        (3, 2, 0),
        (1, 0, 1),
    ]
    assert [x.score.value for x in (a, b, d)] == pytest.approx([2 / 3, -1.0, -1.0])
    assert d.score.note == "no interval: only one neuron"
    assert best_worst([], [], [], [], []) == ()


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "two homes": ("neurons", lambda: neuron_abilities([1, 2], ["a", "a"], ["b", "c"], [1, 1])),
    "itself": ("right", lambda: neuron_abilities([1], ["a"], ["a"], [1])),
    "outcome": ("outcome", lambda: neuron_abilities([1], ["a"], ["b"], [2])),
    "prior": ("prior_sd", lambda: neuron_abilities([1], ["a"], ["b"], [1], prior_sd=-1.0)),
    "sets": ("sets", lambda: best_worst([1], [1], [], ["a"], ["b"])),
    "set": ("sets", lambda: best_worst([1], [1], [["a"]], ["a"], ["a"])),
    "best": ("best", lambda: best_worst([1], [1], [["a", "b"]], ["c"], ["b"])),
    "same": ("best", lambda: best_worst([1], [1], [["a", "b"]], ["a"], ["a"])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_votes_are_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()
