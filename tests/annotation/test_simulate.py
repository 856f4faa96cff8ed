"""The simulate protocol: numbers painted on tokens, as a model's simulation has them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.protocols.asks import AnswerError
from annotation.protocols.simulate import MAX_TOKENS, SIMULATE, SimulatePayload
from explanations.scorers.correlation import correlation
from tests.annotation.factories import item_of, plain

PAYLOAD = SimulatePayload.from_json(item_of("simulate"))
SIZES = [len(tokens) for tokens in PAYLOAD.texts]
TRUE = [[0.0, 8.25, 2.5, 0.0, 0.0, 0.8, 0.0], [0.0, 6.0, 7.0, 1.0, 0.0, 0.0, 0.0]]
PAINTS = st.tuples(*(st.lists(st.integers(0, 10), min_size=n, max_size=n) for n in SIZES))


def test_a_payload_is_read_as_it_was_written() -> None:
    assert SimulatePayload.from_json(PAYLOAD.to_json()) == PAYLOAD


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"texts": []}, "texts: Tuple should have at least 1"),
        ({"texts": [["a"], []]}, "texts.1: Tuple should have at least 1"),
        ({"texts": [["a"] * MAX_TOKENS, ["b"]]}, "at most 256"),
        ({"texts": [["a", 1]]}, "texts.0.1: must be a valid string"),
        ({"explanation": ""}, "explanation: is empty"),
        ({"activations": [[1]]}, "unknown field 'activations'"),
        ({"excerpts": [plain("x")]}, "nothing else"),
    ],
)
def test_what_is_not_exactly_a_payload_is_refused(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        SimulatePayload.from_json(item_of("simulate", **change))


@given(PAINTS)
def test_a_form_and_a_program_say_the_same(paint: tuple[list[int], ...]) -> None:
    values = [list(row) for row in paint]
    posted = {
        str(row): {str(at): str(value) for at, value in enumerate(numbers) if value}
        for row, numbers in enumerate(values)
    }
    sent = {"values": posted} if any(map(any, values)) else {"values": posted, "none": "1"}
    answer = SIMULATE.parse_answer(PAYLOAD, sent, False).to_json()
    assert answer["values"] == values
    assert SIMULATE.parse_answer(PAYLOAD, {"values": values}, False).to_json() == answer


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({}, "values"),
        ({"values": {}}, "values"),
        ({"values": {"0": {"1": ""}}}, "values"),
        ({"values": {"0": {"1": "11"}}}, "values"),
        ({"values": {"0": {"1": "-1"}}}, "values"),
        ({"values": {"0": {"7": "3"}}}, "values"),
        ({"values": {"2": {"0": "3"}}}, "values"),
        ({"values": {"0": "3"}}, "values"),
        ({"values": "3"}, "values"),
        ({"values": [[0] * 7]}, "values"),
        ({"values": [[0] * 7, [0] * 6]}, "values"),
        ({"values": [[0] * 7, 3]}, "values"),
        ({"values": [[0] * 7, [True] * 7]}, "values"),
        ({"values": {"0": {"1": "3"}}, "none": "1"}, "none"),
    ],
)
def test_paint_outside_its_schema_names_the_field_at_fault(
    answer: dict[str, object], field: str
) -> None:
    with pytest.raises(AnswerError) as caught:
        SIMULATE.parse_answer(PAYLOAD, answer, False)
    assert caught.value.field == field


def test_what_a_person_painted_goes_into_the_scorer_of_models() -> None:
    painted = [[0, 9, 3, 0, 0, 1, 0], [0, 7, 7, 0, 0, 0, 0]]
    values = SIMULATE.parse_answer(PAYLOAD, {"values": painted}, False).to_json()["values"]
    pooled = [value for row in values for value in row]
    assert correlation(pooled, [2.5 * value - 0.5 for row in painted for value in row]) == (
        pytest.approx(1)
    )


def test_a_known_activation_is_met_by_who_comes_near_it() -> None:
    known = SIMULATE.read_gold(PAYLOAD, {"values": TRUE, "correlation": 0.5})
    assert known({"values": [[0, 9, 3, 0, 0, 1, 0], [0, 7, 7, 0, 0, 0, 0]]})
    assert not known({"values": [[9, 0, 0, 9, 0, 0, 0], [0, 0, 0, 0, 9, 9, 9]]})
    assert not known({"values": [[0] * 7, [0] * 7]})  # no variation: no correlation
    assert not known({"cannot_tell": True})
    with pytest.raises(ValueError, match="one for each token"):
        SIMULATE.read_gold(PAYLOAD, {"values": [[0.0]], "correlation": 0.5})
