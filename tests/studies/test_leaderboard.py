"""Which method wins: abilities with clustered errors, rank intervals, who met whom."""

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.leaderboard import Leaderboard, leaderboard
from studies.analysis.statistics.paired import davidson
from studies.analysis.statistics.votes import read_votes
from studies.analysis.statistics.wins import WinMatrix, win_matrix

quick = settings(max_examples=40, deadline=None)

Votes = tuple[list[str], list[str], list[int], list[int], list[int]]


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 40 votes among a, b, c on 4 neurons by 3 raters."""
    row = st.tuples(
        st.permutations("abc"),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from([-1, 0, 1]),
    )
    rows = draw(st.lists(row, min_size=1, max_size=40))
    sides, neurons, raters, outcome = zip(*rows, strict=True)
    left, right = [side[0] for side in sides], [side[1] for side in sides]
    return left, right, list(neurons), list(raters), list(outcome)


def simulated(seed: int, abilities: list[float], *, n: int = 2000) -> tuple[Any, ...]:
    """Votes between conditions a, b, ... whose side bias is .3 and whose log nu is 0."""
    rng = np.random.default_rng(seed)
    k, names = len(abilities), np.array(list("abcdef"))
    left = rng.integers(k, size=n)
    right = (left + rng.integers(1, k, size=n)) % k
    line = np.array(abilities)[left] - np.array(abilities)[right] + 0.3
    odds = np.column_stack([np.exp(-line / 2), np.ones(n), np.exp(line / 2)])
    drawn = rng.random(n) * odds.sum(axis=1)
    outcome = (drawn > odds[:, 0]).astype(int) + (drawn > odds[:, :2].sum(axis=1)) - 1
    return names[left], names[right], rng.integers(40, size=n), rng.integers(25, size=n), outcome


def ranked(left: Any, right: Any, neurons: Any, raters: Any, outcome: Any) -> Leaderboard:
    return leaderboard(left, right, read_votes(neurons, raters, None, outcome))


def matrix_of(left: Any, right: Any, neurons: Any, raters: Any, outcome: Any) -> WinMatrix:
    return win_matrix(left, right, read_votes(neurons, raters, None, outcome))


def test_two_conditions_are_apart_by_the_log_of_their_odds() -> None:
    # a won 4 of 4 on the left and 3 of 4 on the right, 7 of 8: log 7 apart, half of it either side
    left, right = list("aaaabbbb"), list("bbbbaaaa")
    outcome = [1, 1, 1, 1, -1, -1, -1, 1]
    board = ranked(left, right, [1, 2] * 4, [1, 1, 2, 2] * 2, outcome)
    first, second = board.conditions
    assert (first.condition, second.condition) == ("a", "b")
    assert board.model.startswith("Bradley-Terry; without side bias: ")
    assert first.estimate.value == pytest.approx(log(7) / 2)
    assert second.estimate.value == pytest.approx(-log(7) / 2)
    assert board.contrasts[0].lead.value == pytest.approx(log(7))


def test_abilities_are_davidsons_and_the_errors_are_not() -> None:
    left, right, _, _, outcome = simulated(1, [0.6, 0.0, -0.6])
    board = ranked(*simulated(1, [0.6, 0.0, -0.6]))
    fit = davidson(left, right, outcome, side_bias=True)
    by_name = {s.condition: s.estimate for s in board.conditions}
    assert [by_name[c].value for c in "abc"] == pytest.approx(fit.log_ability.tolist())
    assert board.side_bias.value == pytest.approx(fit.side_bias)
    # votes are independent here, so that the clustered error comes near the likelihood's
    assert by_name["a"].se == pytest.approx(fit.abilities()[0].se, rel=0.6)


def test_raters_who_all_judge_alike_make_the_errors_wider_than_the_likelihood_says() -> None:
    # every rater votes ten times the same way: 20 raters are worth 20 votes, not 200
    rng = np.random.default_rng(2)
    rater = np.repeat(np.arange(20), 10)
    habit = rng.choice([-1, 1], size=20)[rater]
    sides = rng.random(200) < 0.5
    left, right = np.where(sides, "a", "b"), np.where(sides, "b", "a")
    outcome = np.where(sides, habit, -habit)
    outcome[:3] = 0
    board = ranked(left, right, np.arange(200), rater, outcome)
    naive = davidson(left, right, outcome, side_bias=True).abilities()[0].se
    assert board.conditions[0].estimate.se > 2 * naive


def test_rank_intervals_hold_the_true_ranks_and_part_what_is_far_apart() -> None:
    board = ranked(*simulated(3, [1.0, 0.05, 0.0, -1.0]))
    ranks = {s.condition: (s.rank_low, s.rank_high) for s in board.conditions}
    assert ranks["a"] == (1, 1)
    assert ranks["d"] == (4, 4)
    assert ranks["b"][0] == 2
    assert ranks["c"][1] == 3


def test_what_cannot_be_ranked_says_who_is_not_connected() -> None:
    apart = ranked(list("acac"), list("bdbd"), [1, 2, 3, 4], [1, 2, 1, 2], [1, 1, -1, -1])
    assert apart.components == (("a", "b"), ("c", "d"))
    assert "{a, b} and {c, d} never did" in apart.reason
    never = ranked(list("aab"), list("bcc"), [1, 2, 3], [1, 2, 1], [1, 1, 1])
    assert never.reason.endswith("{a}")
    for board in (apart, never):
        assert not any(s.estimate.defined or s.rank_high for s in board.conditions)
        assert not board.contrasts
        assert board.side_bias.reason == board.reason


def test_no_votes_one_condition_and_only_ties_have_no_ranking() -> None:
    assert ranked([], [], [], [], []).reason == "no comparisons"
    assert ranked(["a"], ["a"], [1], [1], [1]).reason == "no comparisons"
    tied = ranked(list("ab"), list("ba"), [1, 2], [1, 2], [0, 0])
    assert tied.reason == "no comparison was decided"


def test_one_rater_gives_a_ranking_without_intervals() -> None:
    left, right, neurons, _, outcome = simulated(4, [0.5, -0.5], n=60)
    board = ranked(left, right, neurons, [1] * 60, outcome)
    assert board.conditions[0].estimate.defined
    assert board.conditions[0].estimate.note.startswith("no interval")
    assert [(s.rank_low, s.rank_high) for s in board.conditions] == [(1, 2), (1, 2)]


def test_a_cell_of_the_win_matrix_is_the_votes_between_two() -> None:
    # a-b: a wins, tie; b-a: a wins, so a has 2.5 of 3 against b; c met nobody else than a
    matrix = matrix_of(list("aaba"), list("bbac"), [1, 2, 3, 4], [1, 2, 1, 2], [1, 0, -1, 1])
    assert matrix.conditions == ("a", "b", "c")
    assert matrix.cells[0][1].value == pytest.approx(2.5 / 3)
    assert matrix.cells[1][0].value == pytest.approx(0.5 / 3)
    assert matrix.cells[1][2].reason == "the two were never compared"
    assert not matrix.cells[0][0].defined


@quick
@given(votes())
def test_swapping_the_sides_turns_the_side_bias_and_nothing_else(rows: Votes) -> None:
    left, right, neurons, raters, outcome = rows
    before = ranked(*rows)
    after = ranked(right, left, neurons, raters, [-o for o in outcome])
    assert after.reason == before.reason
    assert after.side_bias.value == pytest.approx(-before.side_bias.value, nan_ok=True, abs=1e-6)
    numbers = [
        {s.condition: (s.estimate.value, s.estimate.se) for s in board.conditions}
        for board in (before, after)
    ]
    for condition, expected in numbers[0].items():
        assert numbers[1][condition] == pytest.approx(expected, nan_ok=True, abs=1e-6)


@quick
@given(votes())
def test_a_cell_and_its_mirror_share_all_votes(rows: Votes) -> None:
    cells = matrix_of(*rows).cells
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            mirrored = cells[j][i].value
            assert cell.value + mirrored == pytest.approx(1, nan_ok=not cell.defined) or (
                np.isnan(cell.value) and np.isnan(mirrored)
            )
