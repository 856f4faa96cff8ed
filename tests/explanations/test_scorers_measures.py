"""Measures of verdicts: worked out by hand, and what holds for all verdicts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.scorers.metrics import (
    METRICS,
    Prediction,
    area_under_curve,
    auc,
    balanced_accuracy,
    f1,
    pearson,
)


def verdicts(*pairs: tuple[bool, bool]) -> list[Prediction]:
    """Return verdicts from (fits, said)."""
    return [
        Prediction(record=at, fits=fits, predicted=said) for at, (fits, said) in enumerate(pairs)
    ]


def sure(*pairs: tuple[bool, float]) -> list[Prediction]:
    """Return verdicts from (fits, certainty); above .5 is a yes."""
    return [
        Prediction(record=at, fits=fits, predicted=certainty > 0.5, certainty=certainty)
        for at, (fits, certainty) in enumerate(pairs)
    ]


pairs = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30)
certainties = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.9, 1.0])),
    min_size=1,
    max_size=30,
)
sides = st.lists(st.integers(-40, 40), min_size=1, max_size=20)


def test_measures_of_a_worked_example() -> None:
    # TP 2, FN 1, FP 1, TN 4: (2/3 + 4/5)/2 = .7333; F1 = 4/(4 + 2) = .6667;
    # Pearson (2*4 - 1*1)/sqrt(3*5*3*5) = 7/15
    said = verdicts(*[(True, True)] * 2, (True, False), (False, True), *[(False, False)] * 4)
    assert balanced_accuracy(said) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert f1(said) == pytest.approx(2 / 3)
    assert pearson(said) == pytest.approx(7 / 15)


def test_an_area_of_a_worked_example() -> None:
    # pairs: .9 beats .5 and .1; .5 ties .5 and beats .1: (1 + 1 + .5 + 1)/4 = .875
    assert auc([0.9, 0.5], [0.5, 0.1]) == pytest.approx(0.875)
    assert area_under_curve(sure((True, 0.9), (False, 0.5), (True, 0.5), (False, 0.1))) == 0.875


def test_without_a_side_or_a_certainty_measures_are_undefined() -> None:
    assert math.isnan(balanced_accuracy(verdicts((True, True))))
    assert math.isnan(auc([], [1.0]))
    assert math.isnan(area_under_curve(verdicts((True, True), (False, False))))
    assert math.isnan(f1(verdicts((False, False))))
    assert math.isnan(pearson(verdicts((True, True), (False, True))))


@given(pairs)
def test_balanced_accuracy_does_not_care_which_side_is_called_a_yes(
    said: list[tuple[bool, bool]],
) -> None:
    turned = [(not fits, not answer) for fits, answer in said]
    np.testing.assert_allclose(
        balanced_accuracy(verdicts(*turned)), balanced_accuracy(verdicts(*said))
    )
    np.testing.assert_allclose(pearson(verdicts(*turned)), pearson(verdicts(*said)), atol=1e-12)


@given(pairs)
def test_the_opposite_answers_have_the_rest_of_the_balanced_accuracy(
    said: list[tuple[bool, bool]],
) -> None:
    turned = [(fits, not answer) for fits, answer in said]
    both = balanced_accuracy(verdicts(*turned)) + balanced_accuracy(verdicts(*said))
    assert math.isnan(both) or both == pytest.approx(1)


@given(sides, sides)
def test_an_area_is_the_share_of_pairs_and_turns_round_with_its_sides(
    positives: list[int], negatives: list[int]
) -> None:
    area = auc(positives, negatives)
    difference = np.subtract.outer(positives, negatives)
    assert area == pytest.approx(((difference > 0) + 0.5 * (difference == 0)).mean())
    assert area == pytest.approx(1 - auc(negatives, positives))


@given(sides, sides)
def test_a_monotone_transform_leaves_an_area_unchanged(
    positives: list[int], negatives: list[int]
) -> None:
    moved = [[math.exp(value / 10) - 7 for value in side] for side in (positives, negatives)]
    assert auc(*moved) == auc(positives, negatives)


@pytest.mark.parametrize("name", METRICS)
@given(certainties, st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(name: str, said, random) -> None:
    forward = sure(*said)
    turned = random.sample(forward, len(forward))
    metric = METRICS[name]
    value = metric.measure(forward)
    np.testing.assert_allclose(metric.measure(turned), value, atol=1e-12)
    if not math.isnan(value):
        one, other = metric.interval(forward, value), metric.interval(turned, value)
        assert one.note == other.note
        if one.low is not None:
            assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


@pytest.mark.parametrize("name", METRICS)
@given(certainties)
def test_a_measure_lies_within_its_interval(name: str, said: list[tuple[bool, float]]) -> None:
    metric = METRICS[name]
    value = metric.measure(sure(*said))
    if math.isnan(value):
        return
    interval = metric.interval(sure(*said), value)
    assert interval.note
    if interval.low is not None and interval.high is not None:
        assert -1 <= interval.low <= value + 1e-9
        assert value - 1e-9 <= interval.high <= 1
