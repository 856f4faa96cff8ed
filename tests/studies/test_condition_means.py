"""Means of conditions, contrasts within neurons, and correlation with scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.analysis.data.tables import Scores
from studies.analysis.statistics.against_scores import Valued, score_links
from studies.analysis.statistics.condition_means import condition_means, mean_of, median


def columns(table: list[tuple[str, int, int, float]]) -> tuple[list[object], ...]:
    return tuple(map(list, zip(*table, strict=True)))


TWO = [
    # neuron 0: a has 5 and 3, b has 2; neuron 1: a has 4, b has 4; neuron 2 has a alone.
    ("a", 0, 0, 5.0),
    ("a", 0, 1, 3.0),
    ("b", 0, 0, 2.0),
    ("a", 1, 0, 4.0),
    ("b", 1, 1, 4.0),
    ("a", 2, 1, 9.0),
]


def test_a_lead_is_the_mean_over_neurons_that_have_both() -> None:
    # Neuron 0: (5 + 3) / 2 - 2 = 2; neuron 1: 4 - 4 = 0; neuron 2 has no b. (2 + 0) / 2 = 1.
    found = condition_means(*columns(TWO), expected=("a", "b"))
    assert found.contrasts[0].lead.value == pytest.approx(1.0)
    assert (found.contrasts[0].first, found.contrasts[0].second) == ("a", "b")
    assert found.contrasts[0].lead.n_units == 2


def test_the_highest_mean_comes_first_and_means_are_over_values() -> None:
    found = condition_means(*columns(TWO), expected=("b", "a"))
    # a: (5 + 3 + 4 + 9) / 4 = 5.25; b: (2 + 4) / 2 = 3.
    assert [(p.condition, p.estimate.value) for p in found.conditions] == [("a", 5.25), ("b", 3.0)]


def test_a_condition_without_values_is_last_and_says_why() -> None:
    found = condition_means(*columns(TWO), expected=("never", "a", "b"), what="rating")
    last = found.conditions[-1]
    assert last.condition == "never"
    assert last.estimate.reason == "no rating was given"
    assert (last.rank_low, last.rank_high) == (0, 0)
    assert {e.lead.reason for e in found.contrasts if "never" in (e.first, e.second)} == {
        "no neuron has values of both"
    }


def test_a_clear_lead_takes_a_rank_from_who_is_behind() -> None:
    rng = np.random.default_rng(1)
    table = [
        (name, neuron, rater, base + rng.normal(0, 0.3))
        for name, base in (("high", 5.0), ("low", 1.0))
        for neuron in range(12)
        for rater in range(6)
    ]
    found = condition_means(*columns(table), expected=("low", "high"))
    assert [(p.condition, p.rank_low, p.rank_high) for p in found.conditions] == [
        ("high", 1, 1),
        ("low", 2, 2),
    ]


def test_a_value_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="values: not finite"):
        condition_means(["a"], [0], [0], [np.nan], expected=("a",))


@given(st.lists(st.integers(1, 7), min_size=1, max_size=30))
def test_the_median_lies_in_its_interval_and_is_a_value_given(values: list[int]) -> None:
    n = np.arange(len(values))
    found = median(n % 5, n % 3, np.array(values, dtype=np.float64))
    assert found.value in values
    if found.has_interval:
        assert found.low <= found.value <= found.high


def test_a_median_of_nothing_says_so() -> None:
    empty = np.zeros(0)
    found = median(empty.astype(np.intp), empty.astype(np.intp), empty, what="rating")
    assert found.reason == "no rating was given"


@given(st.floats(-5, 5), st.floats(0.1, 5))
def test_leads_follow_the_unit_of_the_values(shift: float, scale: float) -> None:
    names, neurons, raters, values = columns(TWO)
    moved = [shift + scale * float(v) for v in values]  # type: ignore[arg-type]
    found = condition_means(names, neurons, raters, moved, expected=("a", "b"))
    assert found.contrasts[0].lead.value == pytest.approx(scale * 1.0)


def test_one_rater_has_a_mean_without_an_interval() -> None:
    found = mean_of([0, 1], [0, 0], [1.0, 3.0], what="rating")
    assert (found.value, found.note) == (2.0, "no interval: only one rater")


# --- Scores ---------------------------------------------------------------------------------------


def valued(rows: list[tuple[int, int, int, int, float]]) -> Valued:
    neuron, rater, explanation, condition = (
        np.array([row[i] for row in rows], dtype=np.intp) for i in range(4)
    )
    return Valued(
        neuron=neuron,
        rater=rater,
        explanation=explanation,
        condition=condition,
        value=np.array([row[4] for row in rows]),
    )


def test_the_correlation_within_neurons_leaves_their_levels_out() -> None:
    # Scores .1, .3 and ratings 1, 3 on neuron 0; .1, .3 and 7, 5 on neuron 1. Around the means:
    # (-.1)(-1) + (.1)(1) + (-.1)(1) + (.1)(-1) = 0.
    scores = Scores(scorer="s", explanation=np.arange(4), value=np.array([0.1, 0.3, 0.1, 0.3]))
    rows = valued([(0, 0, 0, 0, 1), (0, 0, 1, 1, 3), (1, 0, 2, 0, 7), (1, 0, 3, 1, 5)])
    [link] = score_links(rows, [scores])
    assert link.within.value == pytest.approx(0.0)
    # Ratings and scores go together on one neuron and against each other on the other.
    assert link.tau_b.value == pytest.approx(0.0)
    assert link.spearman.value == pytest.approx(0.0)


def test_item_level_and_system_level_may_differ_altogether() -> None:
    # Conditions' means rise with their scores, while within neurons ratings fall with them.
    rows = []
    score = np.zeros(30)
    for neuron in range(10):
        for condition in range(3):
            pk = 3 * neuron + condition
            wobble = 0.4 * ((neuron + 2 * condition) % 3 - 1)
            score[pk] = 0.1 * condition + wobble
            rows += [(neuron, rater, pk, condition, condition - 3 * wobble) for rater in (0, 1)]
    scores = Scores(scorer="s", explanation=np.arange(30), value=score)
    [link] = score_links(valued(rows), [scores])
    assert link.within.value < -0.5
    assert link.system.value > 0.5
    assert link.system_ranks.value == pytest.approx(1.0)
    assert link.system_ranks.note == "no interval: the ranks of a few means jump"


def test_a_score_that_never_differs_within_a_neuron_is_told_so_and_not_zero() -> None:
    # Lengths of 17.1 and 23.3: what is left of them around a neuron's mean is rounding.
    level = np.repeat([17.1, 23.3, 0.7], 3)
    scores = Scores(scorer="length", explanation=np.arange(9), value=level)
    rows = [(pk // 3, r, pk, pk % 3, float(pk % 3 + r)) for pk in range(9) for r in (0, 1)]
    [link] = score_links(valued(rows), [scores])
    assert "nothing in it differs within a neuron" in link.within.reason
    assert link.spearman.reason


def test_what_has_no_score_is_counted_and_two_conditions_are_no_system() -> None:
    scores = Scores(scorer="s", explanation=np.array([0]), value=np.array([0.5]))
    [link] = score_links(valued([(0, 0, 0, 0, 1), (0, 0, 1, 1, 2)]), [scores])
    assert link.n_unscored == 1
    assert "needs 3 conditions" in link.system.reason
    assert link.within.reason


@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rng = np.random.default_rng(3)
    rows = [(n, r, 3 * n + c, c, float(rng.integers(1, 8))) for n in range(2) for r in (0, 1)
            for c in range(3)]  # fmt: skip
    scores = Scores(scorer="s", explanation=np.arange(6), value=rng.normal(size=6))
    one, other = (
        score_links(valued(each), [scores])[0] for each in (rows, [rows[i] for i in order])
    )
    for name in ("tau_b", "spearman", "within", "system"):
        assert getattr(one, name).value == pytest.approx(getattr(other, name).value)
