"""The choose protocol: one of several, of any kind."""

from typing import Any

import pytest

from annotation.protocols.asks import AnswerError
from annotation.protocols.choose import CHOOSE, ChoosePayload
from tests.annotation.factories import (
    excerpt,
    image,
    intervention,
    item_of,
    plain,
    showing,
    texts,
)

PAYLOAD = ChoosePayload.from_json(item_of("choose"))
KINDS = {
    "explanation": texts(1, 5),
    "excerpt": showing(2, *(excerpt(word).to_json() for word in ("trout", "salmon", "train"))),
    "text": showing(3, plain("one"), plain("two")),
    "image": showing(4, image("a" * 16), image("b" * 16)),
    "intervention": showing(5, intervention(), intervention()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_options_are_of_any_one_kind(kind: str) -> None:
    payload = ChoosePayload.from_json(item_of("choose", options=KINDS[kind]))
    assert payload.kind == kind
    assert ChoosePayload.from_json(payload.to_json()) == payload


def test_the_odd_one_out_needs_nothing_besides_the_options() -> None:
    payload = ChoosePayload.from_json({"version": 1, "options": KINDS["text"]})
    assert not payload.shows_something


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"options": texts(0, 1)}, "2 options or more"),
        ({"options": [*texts(0, 1), *showing(0, plain("x"))]}, "in their order|one kind"),
        ({"options": [{"key": f"{n}", "text": "x"} for n in range(10)]}, "at most 9"),
        ({"right": "a"}, "unknown field 'right'"),
        ({"question": "x" * 301}, "at most 300"),
        (
            {"options": [{"key": "a", "text": "x", "shown": plain("y")}] * 2},
            "or shows something",
        ),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        ChoosePayload.from_json(item_of("choose", **change))


@pytest.mark.parametrize("place", range(5))
def test_any_option_can_be_chosen(place: int) -> None:
    key = PAYLOAD.keys[place]
    answer = CHOOSE.parse_answer(PAYLOAD, {"choice": key}, False)
    assert answer.to_json() == {"choice": key, "confidence": None}


@pytest.mark.parametrize("choice", [None, "", "A", "tie", 1, [PAYLOAD.keys[0]]])
def test_what_is_not_shown_cannot_be_chosen(choice: object) -> None:
    with pytest.raises(AnswerError) as caught:
        CHOOSE.parse_answer(PAYLOAD, {"choice": choice}, False)
    assert caught.value.field == "choice"


def test_a_known_choice_is_right_or_wrong() -> None:
    right, wrong, *_ = PAYLOAD.keys
    known = CHOOSE.read_gold(PAYLOAD, {"choice": right})
    assert known({"choice": right, "confidence": 1})
    assert not known({"choice": wrong, "confidence": 3})
    assert not known({"cannot_tell": True})
    with pytest.raises(ValueError, match="none of those shown"):
        CHOOSE.read_gold(PAYLOAD, {"choice": "other"})
