"""The compare protocol: what is shown, and what counts as an answer."""

from typing import Any

import pytest

from annotation.protocols.asks import AnswerError
from annotation.protocols.compare import COMPARE, ComparePayload
from annotation.protocols.options import MAX_OPTION_LENGTH
from tests.annotation.factories import compare_item, comparison, excerpt

PAYLOAD = ComparePayload.from_json(compare_item())
FIRST, LAST = PAYLOAD.keys


def test_a_payload_is_read_as_it_was_written() -> None:
    assert ComparePayload.from_json(PAYLOAD.to_json()) == PAYLOAD


def changed(**change: Any) -> dict[str, Any]:
    return {**PAYLOAD.to_json(), **change}


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (changed(author="model"), "unknown field 'author'"),
        (changed(version=2), "version: must be 1"),
        (changed(excerpts=[]), "at least one excerpt"),
        (changed(options=[]), "2 options"),
        (changed(options=PAYLOAD.to_json()["options"][::-1]), "in their order"),
        (changed(options=[{"key": "a", "text": "x"}] * 2), "different keys"),
        (changed(options=[{"key": "a", "text": "x", "method": 3}] * 2), "field 'method'"),
        (changed(options=[{"key": "a", "text": "x"}, {"key": "tie", "text": "y"}]), "'tie'"),
        (changed(options=[{"key": "a", "text": " "}, {"key": "b", "text": "y"}]), "characters"),
        ({"version": 1, "excerpts": []}, "lacks the field 'options'"),
        ([], "not an object"),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused(payload: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ComparePayload.from_json(payload)


def test_both_options_have_the_same_greatest_length() -> None:
    longest = "x" * MAX_OPTION_LENGTH
    comparison(excerpts=(excerpt(),), texts=(longest, longest), seed="")
    for texts in [(longest + "x", "y"), ("y", longest + "x")]:
        with pytest.raises(ValueError, match="characters"):
            comparison(excerpts=(excerpt(),), texts=texts, seed="")


@pytest.mark.parametrize("choice", [FIRST, LAST, "tie"])
def test_either_option_and_the_tie_can_be_chosen(choice: str) -> None:
    answer = COMPARE.parse_answer(PAYLOAD, {"choice": choice}, False)
    assert answer.to_json() == {"choice": choice, "confidence": None}


@pytest.mark.parametrize(("sent", "stored"), [("2", 2), (2, 2), ("3", 3)])
def test_confidence_comes_as_a_number_or_as_a_form_sends_it(sent: object, stored: int) -> None:
    answer = COMPARE.parse_answer(PAYLOAD, {"choice": "tie", "confidence": sent}, True)
    assert answer.confidence == stored


@pytest.mark.parametrize(
    ("answer", "asked", "field"),
    [
        ({}, False, "choice"),
        ({"choice": "A"}, False, "choice"),
        ({"choice": ["tie"]}, False, "choice"),
        ({"choice": "tie"}, True, "confidence"),
        ({"choice": "tie", "confidence": 4}, True, "confidence"),
        ({"choice": "tie", "confidence": True}, True, "confidence"),
        ({"choice": "tie", "confidence": 2}, False, "confidence"),
        ({"choice": "tie", "note": "x"}, False, "note"),
    ],
)
def test_an_answer_outside_its_schema_names_the_field_at_fault(
    answer: dict[str, object], asked: bool, field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        COMPARE.parse_answer(PAYLOAD, answer, asked)
    assert caught.value.field == field


# --- How much better, and both bad ----------------------------------------------------------------

FULL = ComparePayload.from_json({**compare_item(), "strength": True, "both_bad": True})


def test_a_payload_that_asks_for_more_is_read_as_it_was_written() -> None:
    assert ComparePayload.from_json(FULL.to_json()) == FULL


def test_how_much_better_is_asked_of_the_better_one_only() -> None:
    answer = COMPARE.parse_answer(FULL, {"choice": LAST, "strength": "3"}, False)
    assert answer.to_json() == {"choice": LAST, "strength": 3, "confidence": None}
    tie = COMPARE.parse_answer(FULL, {"choice": "tie", "strength": "3"}, False)
    assert tie.to_json() == {"choice": "tie", "confidence": None}


@pytest.mark.parametrize(
    "sent", [{"choice": "both_bad"}, {"choice": "tie", "both_bad": True}], ids=["form", "program"]
)
def test_two_that_are_bad_are_a_tie_of_that_kind(sent: dict[str, object]) -> None:
    answer = COMPARE.parse_answer(FULL, sent, False)
    assert answer.to_json() == {"choice": "tie", "both_bad": True, "confidence": None}


@pytest.mark.parametrize(
    ("payload", "answer", "field"),
    [
        (FULL, {"choice": FIRST}, "strength"),
        (FULL, {"choice": FIRST, "strength": 0}, "strength"),
        (FULL, {"choice": FIRST, "strength": 4}, "strength"),
        (FULL, {"choice": FIRST, "strength": 2, "both_bad": True}, "choice"),
        (PAYLOAD, {"choice": FIRST, "strength": 2}, "strength"),
        (PAYLOAD, {"choice": "both_bad"}, "choice"),
        (PAYLOAD, {"choice": "tie", "both_bad": True}, "choice"),
    ],
)
def test_more_than_was_asked_or_less_names_the_field_at_fault(
    payload: ComparePayload, answer: dict[str, object], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        COMPARE.parse_answer(payload, answer, False)
    assert caught.value.field == field


def test_a_known_choice_is_right_or_wrong() -> None:
    known = COMPARE.read_gold(PAYLOAD, {"choice": LAST})
    assert known({"choice": LAST, "confidence": None})
    assert not known({"choice": "tie", "confidence": None})
    assert not known({"cannot_tell": True})
    assert COMPARE.read_gold(PAYLOAD, {"choice": "tie"})({"choice": "tie"})
    with pytest.raises(ValueError, match="none of those shown"):
        COMPARE.read_gold(PAYLOAD, {"choice": "other"})


def test_a_comparison_may_leave_out_the_tie() -> None:
    payload = ComparePayload.from_json(changed(forced_choice=True))
    assert payload.to_json()["forced_choice"] is True
    assert "forced_choice" not in PAYLOAD.to_json()
    assert COMPARE.parse_answer(payload, {"choice": FIRST}, False).to_json()["choice"] == FIRST
    with pytest.raises(AnswerError) as caught:
        COMPARE.parse_answer(payload, {"choice": "tie"}, False)
    assert caught.value.field == "choice"
    with pytest.raises(ValueError, match="none of those shown"):
        COMPARE.read_gold(payload, {"choice": "tie"})
    with pytest.raises(ValueError, match="leaves out"):
        ComparePayload.from_json(changed(forced_choice=True, both_bad=True))
    assert [key.press for key in COMPARE.keys(payload)] == [("1", "2")]
