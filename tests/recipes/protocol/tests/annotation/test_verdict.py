"""What a verdict may be."""

import pytest
from annotation.protocols.verdict import VERDICT

from annotation.protocols.asks import AnswerError
from tests.annotation.factories import item_of


@pytest.mark.parametrize("sent", ["yes", True])
def test_yes_can_be_sent_by_a_form_and_as_json(sent: object) -> None:
    payload = VERDICT.read(item_of("verdict"))
    answer = VERDICT.parse_answer(payload, {"fits": sent}, ask_confidence=False)
    assert answer.to_json() == {"fits": True, "confidence": None}


def test_anything_else_is_refused() -> None:
    payload = VERDICT.read(item_of("verdict"))
    with pytest.raises(AnswerError, match="neither yes nor no"):
        VERDICT.parse_answer(payload, {"fits": "perhaps"}, ask_confidence=False)
