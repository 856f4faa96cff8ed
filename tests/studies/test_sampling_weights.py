"""A headline freed of the choice of pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.analysis.data.tables import Draws
from studies.analysis.statistics.sampling_weights import drawn_agreement
from studies.analysis.statistics.score_votes import score_agreement
from studies.analysis.statistics.votes import read_votes

# Neuron, rater, gap, outcome, probability.
ROW = st.tuples(
    st.integers(0, 5),
    st.integers(0, 4),
    st.sampled_from([-0.2, 0.0, 0.3]),
    st.sampled_from([-1, 0, 1]),
    st.floats(0.01, 1),
)


def test_a_vote_weighs_one_over_the_probability_of_its_draw() -> None:
    # The first vote agrees with the score and weighs 2, the second does not and weighs 4, the
    # third is a tie, the fourth has no score: 2 / 6.
    votes = read_votes([0, 1, 2, 3], [0, 1, 0, 1], np.zeros(4), [1, -1, 0, 1])
    draws = Draws(
        at_random=np.array([True, False, True, True]),
        probability=np.array([0.5, 0.25, 0.5, 0.5]),
    )
    found = drawn_agreement(votes, np.array([0.1, 0.1, 0.1, np.nan]), draws)
    assert found.weighted.value == pytest.approx(1 / 3)
    assert found.weighted.n_ratings == 2
    assert (found.random_arm.strict.value, found.random_arm.strict.n_ratings) == (1.0, 1)


@given(st.lists(ROW, min_size=2, max_size=30), st.floats(0.1, 1))
def test_draws_that_were_all_as_likely_weigh_nothing(
    rows: list[tuple[int, int, float, int, float]], chance: float
) -> None:
    neurons, raters, gap, outcome, _ = zip(*rows, strict=True)
    votes, gaps = read_votes(neurons, raters, np.zeros(len(rows)), outcome), np.array(gap)
    alike = Draws(
        at_random=np.ones(len(rows), dtype=np.bool_), probability=np.full(len(rows), chance)
    )
    found = drawn_agreement(votes, gaps, alike)
    plain = score_agreement(votes.scored(gaps)).strict
    assert found.weighted.value == pytest.approx(plain.value, nan_ok=True)
    assert found.weighted.se == pytest.approx(plain.se, nan_ok=True)
    assert found.random_arm.strict.value == pytest.approx(plain.value, nan_ok=True)
