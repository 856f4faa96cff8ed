"""Orders, best and worst, choices; how alike whole answers are; marks and the truth."""

import json

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from explanations.scorers.correlation import correlation
from studies.analysis.statistics.agreement import alpha, kendall_w
from studies.analysis.statistics.classification import classification_scores
from studies.analysis.statistics.concordance import concordance, row_correlations, token_alpha
from studies.analysis.statistics.luce import luce, luce_leaderboard, plackett_luce, stages
from studies.analysis.statistics.paired import bradley_terry
from tests.conftest import ROOT

nan = np.nan


def places_of(rankings: list[list[int]], k: int) -> np.ndarray:
    table = np.full((len(rankings), k), nan)
    for row, ranking in enumerate(rankings):
        table[row, ranking] = np.arange(1, len(ranking) + 1)
    return table


def test_an_order_of_three_is_two_choices_and_best_and_worst_too() -> None:
    whole = stages(np.array([[2.0, 1.0, 3.0]]))
    assert whole.chosen.tolist() == [1, 0]
    assert whole.sign.tolist() == [1.0, 1.0]
    ends = stages(np.array([[1.0, 2.5, 2.5, 4.0]]))
    assert list(zip(ends.chosen.tolist(), ends.sign.tolist(), strict=True)) == [(0, 1.0), (3, -1.0)]


def test_orders_fit_as_plackett_and_luce_have_them() -> None:
    rng = np.random.default_rng(4)
    rankings = [rng.permutation(5)[: rng.integers(2, 6)].tolist() for _ in range(60)]
    fit, _ = luce(["0", "1", "2", "3", "4"], places_of(rankings, 5))
    known = plackett_luce(rankings)
    assert fit.log_ability == pytest.approx(known.log_ability, abs=1e-8)
    assert fit.log_likelihood == pytest.approx(known.log_likelihood)


def test_the_worst_of_two_is_the_other_ones_win() -> None:
    # Of pairs, "b is the worst" says what "a is the best" says.
    rng = np.random.default_rng(5)
    left = rng.integers(0, 3, 80)
    right = (left + rng.integers(1, 3, 80)) % 3
    won = rng.random(80) < 0.6
    best = np.where(won, left, right)
    table = np.full((80, 3), nan)
    table[np.arange(80), left] = table[np.arange(80), right] = 2.0
    table[np.arange(80), best] = 1.0
    fit, _ = luce(["0", "1", "2"], table)
    assert fit.log_ability == pytest.approx(bradley_terry(left, right, won).log_ability, abs=1e-7)


def test_a_reference_case_of_partial_orders() -> None:
    path = ROOT / "tests" / "data" / "statistics" / "reference.json"
    cases = json.loads(path.read_text())["cases"]
    [case] = [case for case in cases if case["id"] == "plackett_luce_partial"]
    rankings = case["data"]["rankings_best_first"]
    fit, _ = luce(list("01234"), places_of(rankings, 5))
    expected = case["expected"]["log_worth_mean0"]
    assert fit.log_ability == pytest.approx(expected, abs=case["tolerance"])


def test_who_is_always_first_has_no_finite_ability() -> None:
    board = luce_leaderboard(
        ["a", "b"], np.array([[1.0, 2.0], [1.0, 2.0]]), [0, 1], [0, 1], model="Plackett-Luce"
    )
    assert "never lost" in board.reason
    assert all(s.estimate.reason for s in board.conditions)


def test_no_orders_have_no_leaderboard() -> None:
    board = luce_leaderboard(["a", "b"], np.zeros((0, 2)), [], [], model="Plackett-Luce")
    assert board.reason == "no comparisons"


@given(st.permutations(range(4)))
def test_names_of_conditions_do_not_matter(order: list[int]) -> None:
    rng = np.random.default_rng(6)
    table = places_of([rng.permutation(4).tolist() for _ in range(40)], 4)
    fit, _ = luce(list("abcd"), table)
    again, _ = luce(list("abcd"), table[:, order])
    assert again.log_ability == pytest.approx(fit.log_ability[order], abs=1e-7)


# --- How alike ------------------------------------------------------------------------------------


def test_two_raters_of_one_item_correlate_as_spearman_has_it() -> None:
    one, other = [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]
    found = concordance(
        np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([one, other, one, one]), what="x"
    )
    # Item 0: rho = 1 - 6 * 4 / (4 * 15) = .6; item 1: 1. The mean is .8, and W = (.8 + 1) / 2.
    assert scipy.stats.spearmanr(one, other).statistic == pytest.approx(0.6)
    assert found.pairs.value == pytest.approx(0.8)
    assert found.w.value == pytest.approx(0.9)


@given(st.integers(0, 1000))
def test_w_of_one_item_is_kendalls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = np.array([rng.permutation(5) + 1.0 for _ in range(3)])
    found = concordance(np.zeros(3, np.intp), np.arange(3), table, what="orders")
    raters, units = np.indices(table.shape).reshape(2, -1)
    assert found.w.value == pytest.approx(kendall_w(units, raters, table.reshape(-1)).value)


def test_answers_of_one_value_are_left_out_and_counted() -> None:
    found = concordance(
        np.zeros(2, np.intp), np.arange(2), np.array([[1.0, 1.0], [1.0, 2.0]]), what="x"
    )
    assert found.n_flat == 1
    assert found.pairs.reason == "no item was answered by two raters"


@given(st.integers(0, 1000))
def test_alpha_over_tokens_is_alpha_with_a_unit_for_each_token(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 11, (6, 4)).astype(np.float64)
    unit, rater = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 0, 2, 1])
    tokens = unit[:, None] * 4 + np.arange(4)
    known = alpha(tokens.reshape(-1), np.repeat(rater, 4), table.reshape(-1), level="interval")
    assert token_alpha(unit, rater, table).value == pytest.approx(known.value)


@given(st.integers(0, 1000))
def test_a_persons_simulation_is_scored_as_a_models_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    painted, actual = rng.integers(0, 11, 12).astype(float), rng.normal(size=12)
    [found] = row_correlations(painted[None], actual[None])
    assert found == pytest.approx(correlation(painted, actual))


def test_tokens_that_one_lacks_are_left_out_and_flat_rows_have_no_score() -> None:
    a = np.array([[1.0, 2.0, 3.0, nan], [1.0, 1.0, 1.0, 1.0]])
    b = np.array([[2.0, 4.0, 6.0, -9.0], [1.0, 2.0, 3.0, 4.0]])
    found = row_correlations(a, b)
    assert found[0] == pytest.approx(1.0)
    assert np.isnan(found[1])


# --- Marks ----------------------------------------------------------------------------------------


def test_marks_are_set_against_the_truth() -> None:
    # Four fit and two do not: marked are three of the four and one of the two.
    fires = np.array([1, 1, 1, 1, 0, 0.0])
    marked = np.array([1, 1, 1, 0, 1, 0.0])
    found = classification_scores(np.arange(6) % 3, np.arange(6) % 2, fires, marked)
    assert found.sensitivity.value == pytest.approx(3 / 4)
    assert found.specificity.value == pytest.approx(1 / 2)
    assert found.balanced_accuracy.value == pytest.approx(5 / 8)
    assert found.f1.value == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    # (3 * 1 - 1 * 1) / sqrt(4 * 4 * 2 * 2) = 2 / 8
    assert found.mcc.value == pytest.approx(0.25)


def test_without_excerpts_of_both_kinds_nothing_is_told() -> None:
    found = classification_scores(np.arange(3), np.arange(3), np.ones(3), np.ones(3))
    assert found.balanced_accuracy.reason
    assert found.mcc.reason
    assert found.sensitivity.value == 1.0
