"""The lottery of pairs: how likely each is, and that a part is left to chance."""

from collections import Counter
from math import log1p, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.design.active import LEAST_RANDOM, Pairs, draws, information, round_size

WEIGHTS = st.lists(st.floats(0, 5), min_size=12, max_size=40)


def pairs(*votes: tuple[float, float, float]) -> Pairs:
    """Return pairs of two conditions, each of its own neuron: won, lost, awaited."""
    won, lost, awaited = np.array(votes, dtype=np.float64).T
    zeros = np.zeros(len(votes), dtype=np.intp)
    return Pairs(
        neuron=np.arange(len(votes)),
        first=zeros,
        second=zeros + 1,
        won=won,
        lost=lost,
        awaited=awaited,
    )


@given(weights=WEIGHTS, share=st.floats(LEAST_RANDOM, 1), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_the_random_arm_has_its_share_over_a_long_run(
    weights: list[float], share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    drawn = [d for _ in range(50) for d in draws(weights, 10, random_share=share, random=random)]
    # 500 draws: a binomial share stays within six standard deviations of sqrt(s (1 - s) / 500).
    found = sum(draw.arm == "random" for draw in drawn) / 500
    assert found == pytest.approx(share, abs=6 * sqrt(share * (1 - share) / 500) + 1e-9)


@given(weights=WEIGHTS, share=st.floats(LEAST_RANDOM, 1), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_every_pair_keeps_a_chance_and_is_drawn_once_in_a_round(
    weights: list[float], share: float, seed: int
) -> None:
    n = len(weights)
    drawn = draws(weights, n + 3, random_share=share, random=np.random.default_rng(seed))
    assert sorted(draw.pair for draw in drawn) == list(range(n))
    for place, draw in enumerate(drawn):
        assert share / (n - place) <= draw.probability + 1e-12 <= 1 + 2e-12


def test_stored_probabilities_are_how_often_a_pair_is_drawn() -> None:
    weights, random = [0.0, 1.0, 2.0, 5.0], np.random.default_rng(7)
    runs = [draws(weights, 2, random_share=0.4, random=random) for _ in range(4000)]
    # .4 / 4 + .6 w / 8: .1, .175, .25, .475.
    expected = {0: 0.1, 1: 0.175, 2: 0.25, 3: 0.475}
    first = Counter(run[0].pair for run in runs)
    for pair, chance in expected.items():
        assert first[pair] / 4000 == pytest.approx(chance, abs=4 * sqrt(chance / 4000))
        stored = [run[0].probability for run in runs if run[0].pair == pair]
        assert stored == pytest.approx([chance] * len(stored))
    # Whatever was drawn before, 1 / probability is on average the number of pairs left.
    assert np.mean([1 / run[1].probability for run in runs]) == pytest.approx(3, abs=0.15)


@pytest.mark.parametrize("share", [0.0, 0.29, 1.01])
def test_too_small_a_random_arm_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="random share"):
        draws([1.0], 1, random_share=share, random=np.random.default_rng(0))


def test_a_vote_tells_most_where_little_is_known_and_the_outcome_is_open() -> None:
    # Unjudged: v = 2, p = 1/2, so log(1 + 1/4 x 2) / 2.
    told = information(pairs((0, 0, 0), (2, 2, 0), (4, 0, 0), (0, 0, 4)))
    assert told[0] == pytest.approx(log1p(0.5) / 2)
    assert told[0] > told[1]
    assert told[0] > told[2]
    # Four judgments that are awaited count as four that were split evenly.
    assert told[3] == pytest.approx(told[1])


def test_what_is_known_of_two_pairs_tells_of_the_third() -> None:
    # Conditions 0 > 1 and 1 > 2 on the first neuron, nothing on the second.
    first, second = np.array([0, 1, 0, 0]), np.array([1, 2, 2, 2])
    none = np.zeros(4)
    told = information(
        Pairs(
            neuron=np.array([0, 0, 0, 1]),
            first=first,
            second=second,
            won=np.array([6.0, 6, 0, 0]),
            lost=none,
            awaited=none,
        )
    )
    assert told[2] < told[3]


@given(
    votes=st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=8),
)
def test_a_vote_always_tells_something_and_either_side_as_much(
    votes: list[tuple[int, int, int]],
) -> None:
    told = information(pairs(*votes))
    assert (told > 0).all()
    turned = information(pairs(*((lost, won, n) for won, lost, n in votes)))
    np.testing.assert_allclose(told, turned)


def test_a_round_is_a_twentieth_of_the_budget_within_bounds() -> None:
    assert [round_size(n) for n in (1, 300, 1000, 10**6)] == [10, 15, 50, 500]
