"""The rate protocol: a rubric for one explanation or several."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.asks import AnswerError
from annotation.protocols.rate import RATE, RatePayload
from tests.annotation.factories import RUBRIC, item_of, likert, texts

PAYLOAD = RatePayload.from_json(item_of("rate", options=texts(0, 2)))
FIRST, LAST = PAYLOAD.keys
FULL = {"clear": 4, "one_idea": 1, "covers": 55}


def test_a_payload_is_read_as_it_was_written() -> None:
    assert RatePayload.from_json(PAYLOAD.to_json()) == PAYLOAD


def dimension(**changes: Any) -> dict[str, Any]:
    return {"dimensions": [{**likert(), **changes}]}


def points(*values: int) -> list[dict[str, Any]]:
    return [{"value": value, "label": f"point {value}"} for value in values]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"dimensions": []}, "1 to 8 dimensions"),
        ({"dimensions": [likert(), likert()]}, "different keys"),
        ({"options": [*texts(0, 5), {"key": "zz", "text": "six"}]}, "at most 5"),
        (dimension(kind="stars"), "kind: must be 'binary'"),
        (dimension(key="Clear?"), "key: String should match"),
        (dimension(name=" "), "name: is empty"),
        (dimension(points=points(1)), "points: Tuple should have at least 2"),
        (dimension(points=points(2, 1)), "rise from point to point"),
        (dimension(points=points(1, 12)), "0 to 9"),
        (dimension(points=[{"value": 0, "label": ""}, *points(1)]), "label: is empty"),
        (dimension(kind="slider"), "points 0 and 100"),
        (dimension(kind="binary"), "points 0 and 1"),
        (dimension(weight=2), "unknown field 'weight'"),
    ],
)
def test_a_rubric_that_cannot_be_answered_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        RatePayload.from_json(item_of("rate", **change))


@given(
    clear=st.integers(1, 5),
    one_idea=st.integers(0, 1),
    covers=st.integers(0, 100),
    text=st.booleans(),
)
def test_every_point_can_be_answered_as_a_number_or_as_a_form_sends_it(
    clear: int, one_idea: int, covers: int, text: bool
) -> None:
    given = {"clear": clear, "one_idea": one_idea, "covers": covers}
    sent = {name: str(value) for name, value in given.items()} if text else given
    answer = RATE.parse_answer(PAYLOAD, {"rating": {FIRST: sent, LAST: FULL}}, False)
    assert answer.to_json()["rating"] == {FIRST: given, LAST: FULL}


@pytest.mark.parametrize(
    ("rating", "field"),
    [
        (None, f"rating.{FIRST}.clear"),
        ({FIRST: FULL}, f"rating.{LAST}.clear"),
        ({FIRST: FULL, LAST: {**FULL, "clear": 0}}, f"rating.{LAST}.clear"),
        ({FIRST: FULL, LAST: {**FULL, "one_idea": 2}}, f"rating.{LAST}.one_idea"),
        ({FIRST: FULL, LAST: {**FULL, "covers": 101}}, f"rating.{LAST}.covers"),
        ({FIRST: FULL, LAST: {**FULL, "covers": "50.5"}}, f"rating.{LAST}.covers"),
        ({FIRST: FULL, LAST: {**FULL, "covers": ""}}, f"rating.{LAST}.covers"),
        ({FIRST: FULL, LAST: {**FULL, "clear": True}}, f"rating.{LAST}.clear"),
        ({FIRST: FULL, LAST: {**FULL, "charm": 3}}, "rating"),
        ({FIRST: FULL, LAST: FULL, "other": FULL}, "rating"),
        ("5", "rating"),
    ],
)
def test_a_rating_outside_the_rubric_names_the_field_at_fault(rating: object, field: str) -> None:
    with pytest.raises(AnswerError) as caught:
        RATE.parse_answer(PAYLOAD, {"rating": rating}, False)
    assert caught.value.field == field


def test_known_ratings_are_ranges() -> None:
    known = RATE.read_gold(PAYLOAD, {"rating": {FIRST: {"clear": [4, 5], "covers": [50, 100]}}})
    assert known({"rating": {FIRST: FULL, LAST: FULL}})
    assert not known({"rating": {FIRST: {**FULL, "clear": 3}, LAST: FULL}})
    assert not known({"cannot_tell": True})


@pytest.mark.parametrize(
    ("gold", "fault"),
    [
        ({"rating": {}}, "at least one"),
        ({"rating": []}, "rating: must be a valid dictionary"),
        ({"rating": {"other": {"clear": [1, 2]}}}, "none of those shown"),
        ({"rating": {FIRST: {"charm": [1, 2]}}}, "none of those shown"),
        ({"rating": {FIRST: {"clear": 3}}}, "clear: must be a valid tuple"),
        ({"rating": {FIRST: {"clear": [5, 4]}}}, "lowest and the highest"),
    ],
)
def test_known_ratings_that_are_not_about_what_is_shown_are_refused(
    gold: object, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        RATE.read_gold(PAYLOAD, gold)


def test_a_rubric_may_mix_all_kinds_of_questions() -> None:
    assert {dimension["kind"] for dimension in RUBRIC} == {"likert", "binary", "slider"}
    assert [each.kind for each in PAYLOAD.dimensions] == ["likert", "binary", "slider"]
