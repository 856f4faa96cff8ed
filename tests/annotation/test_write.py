"""The write protocol: a rater's own explanation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.asks import AnswerError
from annotation.protocols.write import WRITE, WritePayload
from tests.annotation.factories import item_of

PAYLOAD = WritePayload.from_json(item_of("write", shortest=5, longest=20))


def test_a_payload_is_read_as_it_was_written() -> None:
    assert WritePayload.from_json(PAYLOAD.to_json()) == PAYLOAD


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"shortest": 0}, "rise from 1 to 500"),
        ({"shortest": 30, "longest": 20}, "rise from 1 to 500"),
        ({"longest": 501}, "rise from 1 to 500"),
        ({"probe": "/address/"}, "probe: must be a valid boolean"),
        ({"excerpts": []}, "at least one excerpt"),
        ({"neuron": 5}, "unknown field 'neuron'"),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        WritePayload.from_json(item_of("write", **change))


@given(st.text(max_size=30))
def test_a_text_is_stored_on_one_line_or_refused(text: str) -> None:
    said = " ".join(text.split())
    if 5 <= len(said) <= 20 and "\0" not in text:
        assert WRITE.parse_answer(PAYLOAD, {"text": text}, False).to_json()["text"] == said
    else:
        with pytest.raises(AnswerError) as caught:
            WRITE.parse_answer(PAYLOAD, {"text": text}, False)
        assert caught.value.field == "text"


@pytest.mark.parametrize("text", [None, 5, ["fish in rivers"], "fish", "x" * 21])
def test_what_is_no_text_of_the_length_asked_for_is_refused(text: object) -> None:
    with pytest.raises(AnswerError, match="text"):
        WRITE.parse_answer(PAYLOAD, {"text": text}, False)


def test_a_known_explanation_names_one_of_its_words() -> None:
    known = WRITE.read_gold(PAYLOAD, {"words": ["fish", "Trout"]})
    assert known({"text": "FISHES of rivers"})
    assert known({"text": "the word trout"})
    assert not known({"text": "verbs of movement"})
    assert not known({"cannot_tell": True})
    for words in ([], [" "]):
        with pytest.raises(ValueError, match="words"):
            WRITE.read_gold(PAYLOAD, {"words": words})
