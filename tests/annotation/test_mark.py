"""The mark protocol: which excerpts fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.asks import AnswerError
from annotation.protocols.mark import MARK, MarkPayload
from tests.annotation.factories import excerpt, image, item_of, plain, showing, texts

PAYLOAD = MarkPayload.from_json(item_of("mark"))
A, B, C, D = PAYLOAD.keys


def test_a_payload_is_read_as_it_was_written() -> None:
    assert MarkPayload.from_json(PAYLOAD.to_json()) == PAYLOAD


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"explanation": " "}, "explanation: is empty"),
        ({"options": showing(0, plain("x"))}, "2 options or more"),
        ({"options": texts(0, 3)}, "excerpts or images"),
        ({"options": showing(0, plain("x"), excerpt().to_json())}, "shows no activations"),
        ({"excerpts": [plain("x")]}, "nothing else"),
        ({"activations": [1, 0]}, "unknown field 'activations'"),
    ],
)
def test_what_would_give_the_answer_away_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        MarkPayload.from_json(item_of("mark", **change))


def test_images_can_be_marked_too() -> None:
    options = showing(0, image("a" * 16), image("b" * 16))
    assert MarkPayload.from_json(item_of("mark", options=options)).images == {
        f"{'a' * 16}.png",
        f"{'b' * 16}.png",
    }


@given(st.lists(st.sampled_from(PAYLOAD.keys), unique=True))
def test_any_of_them_can_be_marked_and_their_order_does_not_count(keys: list[str]) -> None:
    answer = MARK.parse_answer(PAYLOAD, {"marked": keys}, False)
    assert answer.to_json()["marked"] == sorted(keys)


def test_a_form_says_that_none_fits() -> None:
    assert MARK.parse_answer(PAYLOAD, {"none": "1"}, False).to_json()["marked"] == []


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "marked"),
        ({"marked": {"a": 1}}, "marked"),
        ({"marked": [A, A]}, "marked"),
        ({"marked": [A, "E"]}, "marked"),
        ({"marked": [1]}, "marked"),
        ({"marked": A}, "marked"),
        ({"marked": [A], "none": "1"}, "none"),
    ],
)
def test_marks_outside_their_schema_name_the_field_at_fault(
    answer: dict[str, object], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        MARK.parse_answer(PAYLOAD, answer, False)
    assert caught.value.field == field


def test_known_marks_allow_as_many_errors_as_they_say() -> None:
    known = MARK.read_gold(PAYLOAD, {"marked": [A, B], "errors": 1})
    assert known({"marked": [A, B]})
    assert known({"marked": [A]})
    assert known({"marked": [A, B, C]})
    assert not known({"marked": [A, C]})
    assert not known({"cannot_tell": True})


@pytest.mark.parametrize(
    ("gold", "fault"),
    [
        ({"marked": ["E"]}, "none of those shown"),
        ({"marked": [A, A]}, "one twice"),
        ({"marked": [A], "errors": -1}, "errors: must be greater than or equal to 0"),
    ],
)
def test_known_marks_that_are_not_about_what_is_shown_are_refused(gold: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        MARK.read_gold(PAYLOAD, gold)
