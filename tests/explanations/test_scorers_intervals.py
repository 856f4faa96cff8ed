"""Intervals of scores: their arithmetic, and what holds for all of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.records import RecordKind
from explanations.scorers.intervals import (
    EXPLAINED,
    FISHER,
    SHARE,
    area,
    jackknife,
    mean_of_shares,
    wilson,
)
from tests.explanations import evidence as fish
from tests.explanations.test_scorers import held_out


def test_wilsons_interval_of_eight_out_of_ten() -> None:
    # z = 1.96, z2 = 3.8415: centre (.8 + 3.8415/20) / 1.38415 = .71674, reach
    # 1.96 / 1.38415 * sqrt(.016 + 3.8415/400) = 1.416 * .16002 = .22658
    interval = wilson(8, 10)
    assert (interval.low, interval.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_a_mean_of_shares_joins_two_wilson_intervals() -> None:
    # 8/10 reaches .3098 down and .1433 up, 10/10 reaches .2775 down and 0 up:
    # .9 - sqrt(.3098^2 + .2775^2)/2 = .6920 and .9 + .1433/2 = .9717
    interval = mean_of_shares((8, 10), (10, 10))
    assert (interval.low, interval.high) == pytest.approx((0.6920, 0.9717), abs=1e-4)


def test_the_jackknife_of_three_records() -> None:
    # On log-odds of .5: 0. Without each: log(.4/.6) = -.4055, 0, .4055, mean 0.
    # V = 2/3 * 2 * .4055^2 = .2192, t(2) = 4.3027: 0 -+ 4.3027 * .4682 = 2.0146
    interval = jackknife(0.5, [0.4, 0.5, 0.6], SHARE)
    high = 1 / (1 + math.exp(-2.0146))
    assert (interval.low, interval.high) == pytest.approx((1 - high, high), abs=1e-4)
    assert interval.note == "delete-one-record jackknife on log-odds, t with 2 degrees of freedom"


@pytest.mark.parametrize(
    ("value", "without", "note"),
    [
        (0.5, [0.4, 0.6], "none: 2 records, but it takes 3"),
        (0.5, [0.4, math.nan, 0.6], "none: undefined without one of the records"),
        (1.0, [1.0, 1.0, 1.0], "none: the value is the highest or lowest possible"),
        (0.9, [1.0, 0.9, 0.8], "none: at its bound without one of the records"),
        (0.5, [0.5, 0.5, 0.5], "none: the same without any one record"),
    ],
)
def test_where_there_is_no_interval_the_note_says_why(
    value: float, without: list[float], note: str
) -> None:
    interval = jackknife(value, without, FISHER)
    assert (interval.low, interval.high, interval.note) == (None, None, note)


@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_an_area_lies_within_its_interval_and_that_within_0_and_1(
    positives: int, negatives: int, data: st.DataObject
) -> None:
    value = data.draw(st.integers(0, positives * negatives)) / (positives * negatives)
    interval = area(value, positives, negatives)
    assert interval.low is not None
    assert interval.high is not None
    assert 0 <= interval.low <= value <= interval.high <= 1
    assert interval.high > interval.low


def test_a_perfect_area_over_few_records_is_no_proof() -> None:
    # The lower end solves 1 - x = 1.96 sqrt(x (1 - x) (1 + 4 ((1 - x)/(2 - x) + x/(1 + x))) / 25):
    # at x = .6427 both sides are .3573
    assert area(1.0, 5, 5).low == pytest.approx(0.6427, abs=1e-4)


@pytest.mark.parametrize("scale", [FISHER, EXPLAINED, SHARE])
@given(value=st.floats(0.01, 0.99))
def test_a_scale_leads_back(scale, value: float) -> None:
    assert scale.back(scale.to(value)) == pytest.approx(value)


# --- Scores of simulations with their intervals ---------------------------------------------------


def test_a_correlation_has_an_interval_over_records_and_not_over_tokens() -> None:
    records = [
        held_out([0, 8, 0, 1], [0, 9, 0, 0], 1),
        held_out([0, 0, 6, 0], [0, 1, 8, 0], 2),
        held_out([2, 0, 0, 0], [0, 0, 0, 3], 3),
        held_out([0, 5, 0, 0], [0, 7, 0, 1], 4),
    ]
    scored = fish.score("correlation", fish.evidence(*records))
    assert scored.value is not None
    assert scored.low is not None
    assert scored.high is not None
    assert -1 <= scored.low < scored.value < scored.high <= 1
    assert "t with 3 degrees of freedom" in scored.details["interval"]
    # Twice the same records: half the variance and more degrees of freedom, so a narrower interval.
    twice = [
        *records,
        *(
            held_out(r.simulated.activations, r.actual.activations, r.record + 10)
            for r in records
            if r.simulated
        ),
    ]
    narrower = fish.score("correlation", fish.evidence(*twice))
    assert narrower.value == pytest.approx(scored.value)
    assert narrower.low is not None
    assert narrower.low > scored.low


def test_two_records_have_a_correlation_without_an_interval() -> None:
    records = [held_out([0, 8], [0, 9], 1), held_out([1, 6], [0, 8], 2)]
    scored = fish.score("correlation", fish.evidence(*records))
    assert scored.value is not None
    assert (scored.low, scored.details["interval"]) == (None, "none: 2 records, but it takes 3")


@pytest.mark.parametrize(("on", "records"), [("top", (1,)), ("random", (2,)), ("all", (1, 2))])
def test_a_score_is_on_top_on_random_or_on_all_records(on: str, records: tuple[int, ...]) -> None:
    top = held_out([1, 2, 3], [0, 3, 3], 1)
    random = held_out([3, 1], [1, 3], 2, RecordKind.RANDOM)
    scored = fish.score("correlation", fish.evidence(top, random), on=on)
    assert scored.records == records
    # top: 3 / sqrt(2 * 6) = .8660; random: the other way round, -1; both: s - mean = -1 0 1 1 -1,
    # a - mean = -2 1 1 -1 1: (2 + 0 + 1 - 1 - 1) / sqrt(4 * 8) = .1768
    value = {"top": 3 / math.sqrt(12), "random": -1, "all": 1 / math.sqrt(32)}[on]
    assert scored.value == pytest.approx(value)


def test_a_neuron_without_random_records_has_no_score_on_random_ones() -> None:
    scored = fish.score("r_squared", fish.evidence(held_out([1, 2], [0, 3])), on="random")
    assert (scored.value, scored.reason) == (None, "no random record was simulated")


def test_a_kind_of_records_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match='`on` is "top", "random" or "all"'):
        fish.score("correlation", fish.evidence(), on="quantile")


def test_how_many_records_could_not_be_simulated_is_kept() -> None:
    few = fish.evidence(held_out([1, 2], [0, 3]), not_simulated=4)
    assert fish.score("correlation", few).details["records_not_simulated"] == 4
