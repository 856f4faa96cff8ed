"""Several scorers on the same votes: paired differences, and what a second one adds."""

from collections.abc import Callable
from math import inf, log, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.calibration import calibration
from studies.analysis.statistics.scorers import (
    JointModel,
    ScorerComparison,
    compare_scorers,
    joint_model,
    length_gap,
)
from studies.analysis.statistics.subgroups import agreement_by_stratum, score_strata
from studies.analysis.statistics.votes import read_votes

quick = settings(max_examples=40, deadline=None)

Votes = tuple[list[int], list[int], dict[str, list[float]], list[int]]


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 40 votes on 4 neurons by 3 raters with three scorers, some scores missing."""
    gap = st.one_of(st.just(nan), st.integers(-9, 9).map(lambda n: n / 10))
    row = st.tuples(
        st.integers(0, 3), st.integers(0, 2), st.sampled_from([-1, 0, 1]), gap, gap, gap
    )
    neurons, raters, outcome, *gaps = zip(
        *draw(st.lists(row, min_size=1, max_size=40)), strict=True
    )
    named = {name: list(each) for name, each in zip("xyz", gaps, strict=True)}
    return list(neurons), list(raters), named, list(outcome)


def simulated(seed: int, slopes: tuple[float, float], *, n: int = 3000) -> Any:
    """Votes that follow the gaps of two scorers, whose correlation is about .7."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    first, second = (0.1 * (common + 0.65 * rng.normal(size=n)) for _ in range(2))
    line = 0.2 + slopes[0] * first / 0.1 + slopes[1] * second / 0.1
    outcome = np.where(rng.random(n) < 1 / (1 + np.exp(-line)), 1, -1)
    neurons, raters = rng.integers(60, size=n), rng.integers(25, size=n)
    return neurons, raters, {"first": first, "second": second}, outcome


def compared(
    neurons: Any, raters: Any, gaps: Any, outcome: Any, **options: Any
) -> ScorerComparison:
    return compare_scorers(read_votes(neurons, raters, None, outcome), gaps, **options)


def joint(neurons: Any, raters: Any, predictors: Any, outcome: Any) -> JointModel:
    return joint_model(read_votes(neurons, raters, None, outcome), predictors)


def test_scorers_are_compared_on_the_votes_that_all_of_them_score() -> None:
    # vote 3 has no y, vote 4 is a tie: votes 0 to 2 count. x wins 0 and 1: 2/3; y wins 0, equal
    # scores on 1 are half, loses 2: 1.5/3; the difference is .5/3
    found = compared(
        [0, 1, 2, 3, 4],
        [0, 1, 2, 0, 1],
        {"x": [0.1, 0.2, -0.1, 0.3, 0.1], "y": [0.3, 0.0, -0.2, nan, 0.1]},
        [1, 1, 1, 1, 0],
        declared=[("x", "y")],
    )
    assert (found.n_votes, found.n_left_out) == (3, 1)
    assert [s.agreement.value for s in found.scorers] == pytest.approx([2 / 3, 0.5])
    [contrast] = found.contrasts
    assert contrast.difference.value == pytest.approx(1 / 6)
    assert contrast.declared
    assert contrast.p_adjusted == contrast.p


def test_declared_contrasts_are_adjusted_apart_from_the_rest() -> None:
    neurons, raters, gaps, outcome = simulated(1, (0.8, 0.1))
    gaps["noise"] = np.random.default_rng(2).normal(size=len(outcome))
    gaps["other noise"] = np.random.default_rng(3).normal(size=len(outcome))
    declared = [("first", "second"), ("first", "noise")]
    found = compared(neurons, raters, gaps, outcome, declared=declared)
    asked, rest = found.contrasts[:2], found.contrasts[2:]
    assert [(c.first, c.second) for c in asked] == declared
    assert all(c.declared for c in asked)
    assert not any(c.declared for c in rest)
    smaller, larger = sorted(c.p for c in asked)
    assert sorted(c.p_adjusted for c in asked) == pytest.approx(
        [min(2 * smaller, 1), max(min(2 * smaller, 1), larger)]
    )
    assert len(rest) == 4
    assert asked[0].difference.low > 0


def test_a_scorer_without_any_score_is_undefined_and_costs_the_others_nothing() -> None:
    gaps = {"x": [0.1, -0.1], "void": [nan, nan]}
    found = compared([1, 2], [1, 2], gaps, [1, 1], declared=[("x", "void")])
    assert found.n_votes == 2
    assert found.scorers[0].agreement.value == 0.5
    assert found.scorers[1].agreement.reason == "no vote has this score on both sides"
    assert found.contrasts == ()
    model = joint([1, 2], [1, 2], gaps, [1, 1])
    assert model.coefficients[1].per_spread.reason == "no vote has this score on both sides"


def test_without_votes_or_scorers_nothing_is_made_up() -> None:
    nothing = compared([], [], {"x": []}, [])
    assert not nothing.scorers[0].agreement.defined
    assert compared([1], [1], {}, [1]).scorers == ()
    model = joint([], [], {"x": []}, [])
    assert model.side_bias.reason == "no vote was decided"
    assert np.isnan(model.bits)
    assert joint([1], [1], {"x": [0.1]}, [0]).n_votes == 0


def test_one_predictor_is_the_calibration_line_in_other_units() -> None:
    neurons, raters, gaps, outcome = simulated(4, (0.6, 0.0))
    model = joint(neurons, raters, {"first": gaps["first"]}, outcome)
    line = calibration(read_votes(neurons, raters, gaps["first"], outcome))
    [first] = model.coefficients
    assert first.spread == pytest.approx(np.sqrt(np.mean(gaps["first"] ** 2)))
    assert first.per_spread.value == pytest.approx(line.slope.value * first.spread / 0.1)
    assert model.side_bias.value == pytest.approx(line.side_bias.value)
    # bits: log-likelihood above that of the side alone, per vote, in units of log 2
    share = (outcome > 0).mean()
    alone = len(outcome) * (share * log(share) + (1 - share) * log(1 - share))
    assert model.bits == pytest.approx((line.log_likelihood - alone) / len(outcome) / log(2))
    assert first.bits == pytest.approx(model.bits)


def test_a_second_scorer_that_only_repeats_the_first_adds_nothing() -> None:
    # alone the second predicts votes (it correlates with the first); given the first it does not
    neurons, raters, gaps, outcome = simulated(5, (0.8, 0.0))
    alone = joint(neurons, raters, {"second": gaps["second"]}, outcome).coefficients[0]
    first, second = joint(neurons, raters, gaps, outcome).coefficients
    assert alone.p < 1e-6
    assert first.p < 1e-6
    assert second.per_spread.low < 0 < second.per_spread.high
    assert second.bits < 0.003 < first.bits


def test_a_score_that_only_follows_length_is_found_out() -> None:
    rng = np.random.default_rng(6)
    left, right = rng.integers(20, 200, size=(2, 2000))
    length = length_gap(left, right)
    score = 0.1 * length + 0.02 * rng.normal(size=2000)
    outcome = np.where(rng.random(2000) < 1 / (1 + np.exp(-length)), 1, -1)
    rows = np.arange(2000) % 50, np.arange(2000) % 23
    both = joint(*rows, {"score": score, "length": length}, outcome)
    assert both.coefficients[0].per_spread.low < 0 < both.coefficients[0].per_spread.high
    assert both.coefficients[1].per_spread.low > 0


def test_a_joint_model_without_a_maximum_says_why() -> None:
    rows = [1, 2, 3, 4], [1, 2, 1, 2]
    apart = joint(*rows, {"x": [0.1, 0.2, -0.1, -0.2]}, [1, 1, -1, -1])
    assert apart.coefficients[0].per_spread.reason.startswith("separation")
    few = joint([1, 2], [1, 2], {"x": [0.1, 0.3], "y": [0.3, 0.1]}, [1, -1])
    assert few.side_bias.reason == "2 decided votes are fewer than the 3 numbers to be estimated"
    assert joint(*rows, {"x": [1, 2, 3, 4]}, [1] * 4).side_bias.reason.startswith("every")


def test_a_predictor_that_follows_from_others_is_set_aside_by_name_and_the_rest_is_fitted() -> None:
    neurons, raters, gaps, outcome = simulated(7, (0.6, 0.3))
    # a sum of multiples of the two, and a column that says nothing at all
    more = gaps | {"sum": 2 * gaps["first"] - gaps["second"], "flat": np.full(len(outcome), 0.3)}
    alone, together = (joint(neurons, raters, each, outcome) for each in (gaps, more))
    first, second, total, flat = together.coefficients
    assert total.per_spread.reason == "set aside: it follows exactly from first and second"
    assert flat.per_spread.reason == "set aside: it is the same in every vote"
    assert (first, second) == alone.coefficients
    assert (together.bits, together.n_votes) == (alone.bits, alone.n_votes)


def test_what_is_set_aside_hangs_on_the_order_and_what_is_told_does_not() -> None:
    neurons, raters, gaps, outcome = simulated(8, (0.6, 0.3))
    twice = {"x": gaps["first"], "double": 2 * gaps["first"]}
    one = joint(neurons, raters, twice, outcome)
    other = joint(neurons, raters, dict(reversed(twice.items())), outcome)
    assert one.coefficients[1].per_spread.reason.endswith("from x")
    assert other.coefficients[1].per_spread.reason.endswith("from double")
    assert one.bits == pytest.approx(other.bits)
    # per usual gap, the two are the same number
    assert one.coefficients[0].per_spread.value == pytest.approx(
        other.coefficients[0].per_spread.value
    )


def test_length_gap_is_the_log_of_the_ratio() -> None:
    assert length_gap([10, 30], [20, 10]) == pytest.approx([-log(2), log(3)])


def test_strata_are_taken_by_themselves_and_empty_ones_say_so() -> None:
    # layer 0: gaps .2 won, .2 lost: one half; layer 1: won
    rows = [1, 2, 3], [1, 2, 1], [0.2, 0.2, -0.3], [1, -1, -1]
    first, second, third = agreement_by_stratum(read_votes(*rows), [0, 0, 1], expected=(0, 1, 2))
    assert (first.agreement.strict.value, second.agreement.strict.value) == (0.5, 1.0)
    assert third.agreement.strict.reason == "no vote between different scores was decided"
    assert third.slope.reason == "no vote was decided"


def test_score_strata_are_of_about_equal_number_and_keep_equal_scores_together() -> None:
    labels, order = score_strata([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], n=3)
    assert order == ("0.10 to 0.20", "0.30 to 0.40", "0.50 to 0.60")
    assert labels.tolist() == [name for name in order for _ in range(2)]
    assert score_strata([0.5] * 4)[1] == ("0.50 to 0.50",)
    assert score_strata([])[1] == ()


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "lengths": ("x", lambda: compared([1], [1], {"x": []}, [1])),
    "infinite": ("x", lambda: joint([1], [1], {"x": [inf]}, [1])),
    "declared": (
        "declared",
        lambda: compared([1], [1], {"x": [1]}, [1], declared=[("x", "q")]),
    ),
    "outcome": ("outcome", lambda: compared([1], [1], {"x": [1]}, [3])),
    "empty text": ("left", lambda: length_gap([0], [1])),
    "strata": ("scores", lambda: score_strata([nan])),
    "n": ("n", lambda: score_strata([1.0], n=0)),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_votes_are_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(votes())
def test_a_difference_is_that_of_the_two_shares(rows: Votes) -> None:
    found = compared(*rows)
    shares = {s.scorer: s.agreement.value for s in found.scorers}
    for contrast in found.contrasts:
        expected = shares[contrast.first] - shares[contrast.second]
        assert contrast.difference.value == pytest.approx(expected, nan_ok=True)


@quick
@given(votes())
def test_swapping_the_sides_changes_no_comparison(rows: Votes) -> None:
    neurons, raters, gaps, outcome = rows
    turned = {name: [-gap for gap in each] for name, each in gaps.items()}
    before = compared(*rows)
    after = compared(neurons, raters, turned, [-o for o in outcome])
    for one, other in zip(before.contrasts, after.contrasts, strict=True):
        assert other.difference.value == pytest.approx(one.difference.value, nan_ok=True)
        assert other.p_adjusted == pytest.approx(one.p_adjusted, nan_ok=True, abs=1e-9)


@quick
@given(votes(), st.sampled_from([0.01, 3.0, 100.0]))
def test_a_monotone_stretch_of_one_score_changes_no_comparison(rows: Votes, by: float) -> None:
    neurons, raters, gaps, outcome = rows
    stretched = gaps | {"x": [by * gap for gap in gaps["x"]]}
    before, after = compared(*rows), compared(neurons, raters, stretched, outcome)
    assert [c.p for c in after.contrasts] == pytest.approx(
        [c.p for c in before.contrasts], nan_ok=True
    )
