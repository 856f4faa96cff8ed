"""Measures of how far a rater's answers can be trusted, and the rules set on them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols import PROTOCOLS
from annotation.protocols.compare import COMPARE
from annotation.quality import (
    MEASURES,
    Rule,
    Seen,
    agreement_with_others,
    catch_accuracy,
    gold_accuracy,
    read_rules,
    same_side,
    self_consistency,
    similarity,
    straight_lining,
    too_fast,
)


def seen(item: int = 0, choice: str = "a", **changes: Any) -> Seen:
    fields: dict[str, Any] = {"order": ("a", "b"), "answer": {"choice": choice}, "seconds": 10.0}
    return Seen(item=item, **{**fields, **changes})


def test_gold_accuracy_is_of_gold_items_and_catch_trials_count_apart() -> None:
    answers = [seen(), seen(right=True), seen(right=False), seen(right=True, is_catch=True)]
    assert (gold_accuracy(answers).value, gold_accuracy(answers).n) == (0.5, 2)
    assert (catch_accuracy(answers).value, catch_accuracy(answers).n) == (1.0, 1)


def test_without_gold_there_is_no_accuracy() -> None:
    assert gold_accuracy([seen()]).value is None


def test_an_answer_is_too_fast_below_the_time_set() -> None:
    answers = [seen(seconds=s) for s in (0.5, 1.9, 2.0, 30.0)]
    assert too_fast(answers, seconds=2.0).value == 0.5


def test_same_side_follows_what_was_shown_not_what_it_was_called() -> None:
    answers = [seen(choice="a"), seen(choice="b", order=("b", "a")), seen(choice="tie")]
    assert same_side(answers, COMPARE).value == pytest.approx(2 / 3)


def test_straight_lining_needs_more_than_one_rating_on_a_page() -> None:
    def rated(*values: int) -> Seen:
        return seen(answer={"rating": {"k": {f"d{i}": v for i, v in enumerate(values)}}})

    measured = straight_lining([rated(3, 3, 3), rated(1, 3), rated(2)], PROTOCOLS["rate"])
    assert (measured.value, measured.n) == (0.5, 2)


def test_self_consistency_compares_an_item_asked_again_with_the_first_time() -> None:
    answers = [seen(1), seen(2), seen(3, repeats=1), seen(4, "b", repeats=2), seen(5, repeats=9)]
    measured = self_consistency(answers, COMPARE)
    assert (measured.value, measured.n) == (0.5, 2)


def test_agreement_with_others_leaves_oneself_out_and_weighs_items_alike() -> None:
    a, b = {"choice": "a"}, {"choice": "b"}
    answers = [seen(1, others=(a, b)), seen(2, others=(b, b, b, b)), seen(3)]
    # (1/2 + 0) / 2; the third item was answered by nobody else
    measured = agreement_with_others(answers, COMPARE)
    assert (measured.value, measured.n) == (0.25, 2)


@pytest.mark.parametrize(
    ("protocol", "one", "other", "expected"),
    [
        ("compare", {"choice": "a"}, {"choice": "a"}, 1.0),
        # of the pairs xy, xz, yz, only yz is reversed
        ("rank", {"place": {"x": 1, "y": 2, "z": 3}}, {"place": {"x": 1, "y": 3, "z": 2}}, 2 / 3),
        ("rank", {"best": "x", "worst": "y"}, {"best": "x", "worst": "z"}, 0.5),
        ("rate", {"rating": {"k": {"d": 1, "e": 2}}}, {"rating": {"k": {"d": 1, "e": 3}}}, 0.5),
        ("mark", {"marked": ["x", "y"]}, {"marked": ["y", "z"]}, 1 / 3),
        ("mark", {"marked": []}, {"marked": []}, 1.0),
        # |0-10| and |4-4|: a mean distance of 5 of 10
        ("simulate", {"values": [[0], [4]]}, {"values": [[10], [4]]}, 0.5),
        ("rank", {"place": {"x": 1, "y": 2}}, {"place": {"x": 1, "z": 2}}, None),
        ("simulate", {"values": [[1, 2]]}, {"values": [[1]]}, None),
        ("write", {"text": "fish"}, {"text": "fish"}, None),
        ("compare", {"choice": "a"}, {"cannot_tell": True}, None),
    ],
)
def test_answers_are_similar_by_what_their_protocol_asks(
    protocol: str, one: dict[str, Any], other: dict[str, Any], expected: float | None
) -> None:
    asked = PROTOCOLS[protocol]
    found = similarity(one, other, asked)
    assert found == (expected if expected is None else pytest.approx(expected))
    assert similarity(other, one, asked) == found


@given(st.lists(st.sampled_from(["a", "b", "tie", ""]), max_size=30), st.data())
def test_every_measure_is_a_share_or_missing(choices: list[str], data: st.DataObject) -> None:
    answers = [
        seen(
            n,
            answer={"choice": choice} if choice else {"cannot_tell": True},
            right=data.draw(st.sampled_from([None, True, False])),
            repeats=n - 1,
            others=({"choice": "a"},),
        )
        for n, choice in enumerate(choices)
    ]
    for name, measure in MEASURES.items():
        timed = {"seconds": 5.0} if name == "too_fast" else {}
        measured = measure.of(answers, Rule(name=name, limit=0.5, after=1, **timed), COMPARE)
        assert (measured.value is None) == (measured.n == 0)
        assert measured.value is None or 0 <= measured.value <= 1


def test_a_rule_is_broken_only_beyond_its_limit_and_after_enough_observations() -> None:
    rule = Rule(name="gold_accuracy", limit=0.5, after=2)
    assert rule.broken_by([seen(right=False)], COMPARE) is None
    assert rule.broken_by([seen(right=False), seen(right=True)], COMPARE) is None
    broken = rule.broken_by([seen(right=False), seen(right=False)], COMPARE)
    assert broken is not None
    assert (broken.value, broken.n) == (0.0, 2)
    fast = Rule(name="too_fast", limit=0.5, after=1, seconds=2)
    assert fast.broken_by([seen(seconds=1), seen(seconds=9)], COMPARE) is None
    assert fast.broken_by([seen(seconds=1)], COMPARE) is not None


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "list"),
        (["gold"], "not an object"),
        ([{"name": "gold_accuracy", "limit": 0.5}], "'after'"),
        ([{"name": "charm", "limit": 0.5, "after": 1}], "'charm'"),
        ([{"name": "same_side", "limit": 70, "after": 1}], "limit"),
        ([{"name": "same_side", "limit": 0.7, "after": 0}], "after"),
        ([{"name": "too_fast", "limit": 0.7, "after": 1}], "seconds"),
        ([{"name": "same_side", "limit": 0.7, "after": 1, "seconds": 2}], "seconds"),
        ([{"name": "same_side", "limit": 0.7, "after": 1, "score": 2}], "'score'"),
        ([{"name": "same_side", "limit": 0.7, "after": 1}] * 2, "twice"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name(data: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_rules(data)


def test_rules_are_read_as_they_were_written() -> None:
    rules = (
        Rule(name="too_fast", limit=0.3, after=10, seconds=2.0, pauses=False),
        Rule(name="gold_accuracy", limit=0.7, after=5),
    )
    assert read_rules([rule.to_json() for rule in rules]) == rules
