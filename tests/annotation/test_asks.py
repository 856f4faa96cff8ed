"""What any question may ask besides its own, in every protocol alike."""

from typing import Any

import pytest

from annotation.protocols import PROTOCOLS
from annotation.protocols.asks import MAX_REASON_LENGTH, AnswerError, Asks
from tests.annotation.examples import EXAMPLES
from tests.annotation.factories import item_of

NAMES = sorted(PROTOCOLS)


def asked(name: str, **asks: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Return a protocol's form, a payload that asks that, and a complete answer of its own."""
    form = PROTOCOLS[name]
    item = item_of(name, asks=asks)
    return form, form.read(item), EXAMPLES[name].answer(item)


def test_every_protocol_is_found_under_its_name() -> None:
    assert all(form.name == name for name, form in PROTOCOLS.items())
    assert sorted(EXAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_answer_has_no_confidence_and_no_reason(name: str) -> None:
    form, payload, own = asked(name)
    assert form.parse_answer(payload, own, False).to_json() == {**own, "confidence": None}


@pytest.mark.parametrize("name", NAMES)
def test_everything_asked_for_is_stored(name: str) -> None:
    form, payload, own = asked(name, confidence=True, reason="required", cannot_tell=True)
    answer = form.parse_answer(
        payload, {**own, "confidence": "2", "reason": " so\r\nit is "}, False
    )
    assert answer.to_json() == {**own, "confidence": 2, "reason": "so\nit is"}


@pytest.mark.parametrize("name", NAMES)
def test_who_cannot_tell_says_nothing_else_but_may_say_why(name: str) -> None:
    form, payload, own = asked(name, confidence=True, reason="required", cannot_tell=True)
    answer = form.parse_answer(payload, {"cannot_tell": "1"}, False)
    assert answer.to_json() == {"cannot_tell": True, "confidence": None}
    with_reason = form.parse_answer(payload, {**own, "cannot_tell": True, "reason": "x"}, False)
    assert with_reason.to_json() == {"cannot_tell": True, "confidence": None, "reason": "x"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("asks", "more", "field"),
    [
        ({}, {"confidence": 1}, "confidence"),
        ({}, {"reason": "x"}, "reason"),
        ({}, {"cannot_tell": "1"}, "cannot_tell"),
        ({"confidence": True}, {}, "confidence"),
        ({"confidence": True}, {"confidence": 4}, "confidence"),
        ({"reason": "required"}, {"reason": "  "}, "reason"),
        ({"reason": "optional"}, {"reason": 5}, "reason"),
        ({"reason": "optional"}, {"reason": "x" * (MAX_REASON_LENGTH + 1)}, "reason"),
        ({"reason": "optional"}, {"reason": "a\0b"}, "reason"),
        ({"cannot_tell": True}, {"cannot_tell": "maybe"}, "cannot_tell"),
        ({}, {"score": 0.9}, "score"),
    ],
)
def test_what_was_not_asked_or_is_missing_names_the_field_at_fault(
    name: str, asks: dict[str, Any], more: dict[str, object], field: str
) -> None:
    form, payload, own = asked(name, **asks)
    with pytest.raises(AnswerError) as caught:
        form.parse_answer(payload, {**own, **more}, False)
    assert caught.value.field == field


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_can_ask_for_confidence_where_its_payloads_do_not(name: str) -> None:
    form, payload, own = asked(name)
    answer = form.parse_answer(payload, {**own, "confidence": 3}, True)
    assert answer.to_json()["confidence"] == 3


def test_what_is_asked_is_read_as_it_was_written() -> None:
    for asks in (Asks(), Asks(confidence=True, reason="optional", cannot_tell=True)):
        assert Asks.from_json(asks.to_json()) == asks


@pytest.mark.parametrize(
    ("asks", "named"),
    [
        ([], "not an object"),
        ({"reason": "yes"}, "reason"),
        ({"confidence": "no"}, "confidence"),
        ({"cannot_tell": 1}, "cannot_tell"),
        ({"mood": True}, "mood"),
    ],
)
def test_what_cannot_be_asked_is_refused(asks: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Asks.from_json(asks)
