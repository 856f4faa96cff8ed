"""Abilities from comparisons: worked by hand, when there are none, and what must always hold."""

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.luce import plackett_luce
from studies.analysis.statistics.paired import bradley_terry, davidson

quick = settings(max_examples=40, deadline=None)

Games = tuple[list[str], list[str], list[int]]


@st.composite
def games(draw: st.DrawFn) -> Games:
    """Up to 40 games among a, b, c, some of them tied."""
    game = st.tuples(st.permutations("abc"), st.sampled_from([-1, 0, 1]))
    rows = draw(st.lists(game, min_size=1, max_size=40))
    return [r[0][0] for r in rows], [r[0][1] for r in rows], [r[1] for r in rows]


def test_two_items_stand_apart_by_the_log_of_their_odds() -> None:
    # a won 3 of 4: log 3 apart, half of it either side of the mean; se sqrt(1/3 + 1/1)
    fit = bradley_terry(["a"] * 4, ["b"] * 4, [True, True, True, False])
    assert fit.log_ability.tolist() == pytest.approx([log(3) / 2, -log(3) / 2])
    a, b = fit.abilities(relative_to="b")
    assert (a.log_ability, a.se) == pytest.approx((log(3), sqrt(4 / 3)))
    assert (b.log_ability, b.se) == pytest.approx((0, 0), abs=1e-9)


def test_a_side_bias_is_not_mistaken_for_ability() -> None:
    # the left wins 3 of 4 whoever it is: side bias log 3, equal abilities
    left, right = list("aaaabbbb"), list("bbbbaaaa")
    fit = bradley_terry(left, right, [1, 1, 1, 0] * 2, side_bias=True)
    assert fit.side_bias == pytest.approx(log(3))
    assert fit.log_ability.tolist() == pytest.approx([0, 0], abs=1e-9)


def test_davidsons_nu_is_read_off_equal_items() -> None:
    # 2 wins, 2 losses, 4 ties: P(tie) = nu / (2 + nu) = 1/2, nu = 2
    fit = davidson(["a"] * 8, ["b"] * 8, [1, 1, -1, -1, 0, 0, 0, 0])
    assert fit.log_nu == pytest.approx(log(2))
    assert fit.log_ability.tolist() == pytest.approx([0, 0], abs=1e-9)
    assert fit.log_likelihood == pytest.approx(4 * log(1 / 4) + 4 * log(1 / 2))


def test_what_has_no_fit_says_why() -> None:
    ring = list("abc"), list("bca")
    reasons = {
        "no comparisons": bradley_terry([], [], []),
        "not all items met": bradley_terry(list("acac"), list("bdbd"), [1, 1, 0, 0]),
        "some items never lost": bradley_terry(list("aab"), list("bbc"), [1, 0, 1]),
        "no comparison was tied": davidson(*ring, [1, 1, 1]),
        "no comparison was decided": davidson(*ring, [0, 0, 0]),
        "every comparison went": bradley_terry(*ring, [1, 1, 1], side_bias=True),
        "side and ability": bradley_terry(["a"] * 2, ["b"] * 2, [1, 0], side_bias=True),
        "the outcomes can": bradley_terry(list("abab"), list("baba"), [1, 0, 1, 1], side_bias=True),
    }
    for reason, fit in reasons.items():
        assert fit.reason.startswith(reason)
        assert np.isnan(fit.log_ability).all()
        assert np.isnan([fit.side_bias, fit.log_nu, fit.log_likelihood]).all()


def test_a_tie_does_not_make_up_for_a_loss_in_davidsons_model() -> None:
    # a lost once and tied once: the likelihood rises as ties and losses alone become possible
    assert davidson(["a", "a"], ["b", "b"], [-1, 0]).reason.startswith("the outcomes can")


def test_a_prior_gives_a_finite_lead_to_what_never_lost_and_pulls_it_in() -> None:
    wide, narrow = (
        bradley_terry(list("aab"), list("bcc"), [1, 1, 1], prior_sd=sd).log_ability
        for sd in (2.0, 0.5)
    )
    assert wide[0] > wide[1] > wide[2]
    assert (np.abs(narrow[[0, 2]]) < np.abs(wide[[0, 2]])).all()


def test_rankings_of_two_are_comparisons() -> None:
    rankings = ["ab", "ab", "ba", "bc", "cb", "ca", "ac", "ac"]
    fit = plackett_luce([list(ranking) for ranking in rankings])
    pairs = bradley_terry([r[0] for r in rankings], [r[1] for r in rankings], [True] * 8)
    assert fit.log_ability.tolist() == pytest.approx(pairs.log_ability.tolist())
    assert fit.covariance == pytest.approx(pairs.covariance)


def test_rankings_that_always_agree_have_no_finite_abilities() -> None:
    assert plackett_luce([["a", "b", "c"], ["a", "c", "b"]]).reason.startswith("some items never")
    assert plackett_luce([]).reason == "no comparisons"


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "tie": ("left_won", lambda: bradley_terry(["a"], ["b"], [-1])),
    "itself": ("right", lambda: bradley_terry(["a"], ["a"], [True])),
    "lengths": ("right", lambda: bradley_terry(["a"], [], [True])),
    "outcome": ("outcome", lambda: davidson(["a"], ["b"], [2])),
    "prior": ("prior_sd", lambda: bradley_terry(["a"], ["b"], [1], prior_sd=0.0)),
    "ranking": ("rankings", lambda: plackett_luce([["a", "a"]])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_comparisons_are_refused_with_the_arguments_name(
    name: str, call: Callable[[], Any]
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(games(), st.booleans())
def test_swapping_the_sides_turns_the_side_bias_only(rows: Games, side: bool) -> None:
    left, right, outcome = rows
    before = davidson(*rows, side_bias=side)
    after = davidson(right, left, [-o for o in outcome], side_bias=side)
    assert after.reason == before.reason
    assert after.log_ability == pytest.approx(before.log_ability, nan_ok=True, abs=1e-6)
    assert after.side_bias == pytest.approx(-before.side_bias, nan_ok=True, abs=1e-6)
    assert after.log_nu == pytest.approx(before.log_nu, nan_ok=True, abs=1e-6)


def test_what_is_not_connected_is_named() -> None:
    apart = bradley_terry(list("acac"), list("bdbd"), [1, 1, 0, 0])
    assert apart.reason.endswith("{a, b} and {c, d} never did")
    assert apart.components == (("a", "b"), ("c", "d"))
    # a and b beat each other and both beat c: together they never lost
    ahead = bradley_terry(list("abaa"), list("bacc"), [1, 1, 1, 1])
    assert ahead.reason.endswith("{a, b}")
    many = bradley_terry(range(0, 14, 2), range(1, 15, 2), [1] * 7)
    assert many.reason.endswith("{0, 1} and {2, 3} never did, nor have 5 more sets")


@quick
@given(games())
def test_at_the_fit_every_item_wins_as_often_as_it_should(rows: Games) -> None:
    decided = [row for row in zip(*rows, strict=True) if row[2]]
    left, right = [row[0] for row in decided], [row[1] for row in decided]
    fit = bradley_terry(left, right, [row[2] > 0 for row in decided])
    assume(not fit.reason)
    ability = dict(zip(fit.items, fit.log_ability, strict=True))
    for item in fit.items:
        met = [row for row in decided if item in row[:2]]
        won = sum((row[0] == item) == (row[2] > 0) for row in met)
        others = [row[1] if row[0] == item else row[0] for row in met]
        due = sum(1 / (1 + np.exp(ability[other] - ability[item])) for other in others)
        assert won == pytest.approx(due, abs=1e-6)


@quick
@given(games(), st.booleans())
def test_with_a_prior_abilities_always_exist(rows: Games, side: bool) -> None:
    fit = davidson(*rows, side_bias=side, prior_sd=1.0)
    assert bool(fit.reason) == bool(np.isnan(fit.log_ability).any())
    if len(set(rows[2])) == 3:
        assert not fit.reason


@pytest.mark.parametrize("reach", [300, 1])
def test_many_items_win_as_often_as_their_abilities_say(reach: int) -> None:
    # at the maximum each item's wins are those expected, also in a ring (reach 1)
    rng, k = np.random.default_rng(1), 300
    left = rng.integers(k, size=9_000)
    right = (left + rng.integers(1, reach, size=9_000, endpoint=reach == 1)) % k
    won = rng.random(9_000) < 1 / (1 + np.exp(np.sin(right) - np.sin(left)))
    fit = bradley_terry(left, right, won)
    line = fit.log_ability[left] - fit.log_ability[right]
    left_over = won - 1 / (1 + np.exp(-line))
    by_item = np.bincount(left, left_over, k) - np.bincount(right, left_over, k)
    assert np.abs(by_item).max() < 1e-8
    narrow = bradley_terry(left, right, won, prior_sd=0.1)
    assert np.abs(narrow.log_ability).max() < np.abs(fit.log_ability).max()
    assert fit.covariance.shape == (k, k)
    assert fit.covariance.sum() == pytest.approx(0.0, abs=1e-6)
