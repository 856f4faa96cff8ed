"""The rank protocol: an order of several, or the best and the worst."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.asks import AnswerError
from annotation.protocols.rank import RANK, RankPayload
from tests.annotation.factories import item_of, texts

PAYLOAD = RankPayload.from_json(item_of("rank"))
EXTREMES = RankPayload.from_json(item_of("rank", mode="best_worst"))
A, B, C, D = PAYLOAD.keys


def order(*keys: str) -> dict[str, Any]:
    return {"place": {key: place for place, key in enumerate(keys, start=1)}}


@pytest.mark.parametrize("payload", [PAYLOAD, EXTREMES])
def test_a_payload_is_read_as_it_was_written(payload: RankPayload) -> None:
    assert RankPayload.from_json(payload.to_json()) == payload


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"author": "model"}, "unknown field 'author'"),
        ({"version": 2}, "version: must be 1"),
        ({"mode": "worst"}, "mode: must be 'order'"),
        ({"excerpts": []}, "at least one excerpt"),
        ({"options": texts(0, 1)}, "2 options or more"),
        ({"options": texts(0, 2), "mode": "best_worst"}, "3 options or more"),
        ({"options": texts(0, 3)[::-1]}, "in their order"),
        ({"options": [{"key": "a.b", "text": "x"}, {"key": "c", "text": "y"}]}, "'a.b'"),
        ({"asks": {"confidence": 1}}, "confidence: must be a valid boolean"),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        RankPayload.from_json(item_of("rank", **change))


@given(st.permutations(PAYLOAD.keys))
def test_any_order_can_be_answered_and_is_stored_as_it_was_given(keys: list[str]) -> None:
    sent = {"place": {key: str(place) for key, place in order(*keys)["place"].items()}}
    answer = RANK.parse_answer(PAYLOAD, sent, False).to_json()
    assert answer == {**order(*keys), "confidence": None}
    assert RANK.parse_answer(PAYLOAD, order(*keys), False).to_json() == answer


@given(st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_an_answer_gives_every_place_once_or_is_refused(places: list[int]) -> None:
    sent = {"place": dict(zip(PAYLOAD.keys, places, strict=True))}
    if sorted(places) == [1, 2, 3, 4]:
        assert RANK.parse_answer(PAYLOAD, sent, False).own is not None
    else:
        with pytest.raises(AnswerError, match="place"):
            RANK.parse_answer(PAYLOAD, sent, False)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "place"),
        ({"place": "1"}, "place"),
        ({"place": {A: 1, B: 2, C: 3}}, "place"),
        ({"place": {A: 1, B: 2, C: 3, D: True}}, "place"),
        ({"place": {A: 1, B: 2, C: 3, D: 4, "E": 5}}, "place"),
        ({**order(A, B, C, D), "best": A}, "place"),
        ({**order(A, B, C, D), "score": 1}, "score"),
    ],
)
def test_an_order_outside_its_schema_names_the_field_at_fault(
    answer: dict[str, object], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        RANK.parse_answer(PAYLOAD, answer, False)
    assert caught.value.field == field


def test_the_best_and_the_worst_are_two_of_those_shown() -> None:
    answer = RANK.parse_answer(EXTREMES, {"best": C, "worst": A}, False)
    assert answer.to_json() == {"best": C, "worst": A, "confidence": None}


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"best": A, "worst": A}, "worst"),
        ({"best": A}, "worst"),
        ({"worst": A}, "best"),
        ({"best": "E", "worst": A}, "best"),
        (order(A, B, C, D), "place"),
    ],
)
def test_extremes_outside_their_schema_name_the_field_at_fault(
    answer: dict[str, object], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        RANK.parse_answer(EXTREMES, answer, False)
    assert caught.value.field == field


def test_a_known_order_allows_as_many_pairs_the_other_way_round_as_it_says() -> None:
    known = RANK.read_gold(PAYLOAD, {"order": [A, B, D], "errors": 1})
    assert known(order(A, B, C, D))
    assert known(order(C, B, A, D))  # B before A: one pair
    assert not known(order(C, D, A, B))  # D before A and before B: two
    assert not known({"cannot_tell": True, "confidence": None})


def test_known_extremes_are_missed_by_who_takes_one_for_the_other() -> None:
    known = RANK.read_gold(EXTREMES, {"order": [A, B, D]})
    assert known({"best": A, "worst": D})
    assert known({"best": B, "worst": C})
    assert not known({"best": D, "worst": C})
    assert not known({"best": B, "worst": A})
    assert not known({"cannot_tell": True})


@pytest.mark.parametrize(
    ("gold", "fault"),
    [
        ({"order": [A]}, "order: Tuple should have at least 2"),
        ({"order": [A, "E"]}, "none of those shown"),
        ({"order": [A, A]}, "one twice"),
        ({"order": [A, B], "errors": -1}, "errors: must be greater than or equal to 0"),
        ({}, "lacks the field 'order'"),
    ],
)
def test_a_known_order_that_is_not_about_what_is_shown_is_refused(gold: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        RANK.read_gold(PAYLOAD, gold)
