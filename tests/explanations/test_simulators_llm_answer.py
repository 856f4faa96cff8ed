"""What a chat model gives back of a text: faithful tokens are read, others have no value."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.methods.values import Answer, GeneratedToken, Simulated, Unusable
from explanations.simulators.llm_parse import parse
from explanations.simulators.llm_prompt import shown
from tests.explanations.openai_server import generated

TOKENS = ("The", " shark", " ate", "\n")
FAITHFUL = "The\t0\nshark\t10\nate\t3\n\\n\t0"
HALVES = {"10": {"10": math.log(0.5), "8": math.log(0.25), " 8": math.log(0.25)}}
GAP = math.nan


def read(
    text: str,
    tokens: tuple[str, ...] = TOKENS,
    said: tuple[GeneratedToken, ...] = (),
    top: int = 10,
) -> Simulated | Unusable:
    (outcome,) = parse(Answer(text=text, tokens=said), [tokens], top=top)
    return outcome


def values(outcome: Simulated | Unusable) -> list[float]:
    assert isinstance(outcome, Simulated)
    return [float(value) for value in outcome.values]


def reason(outcome: Simulated | Unusable, raw: str) -> str:
    assert isinstance(outcome, Unusable)
    assert outcome.raw == raw
    return outcome.reason


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8))
def test_any_tokens_can_be_asked_about_and_a_faithful_answer_is_read(tokens: list[str]) -> None:
    answer = "\n".join(f"{shown(token)}\t{n % 11}" for n, token in enumerate(tokens))
    assert values(read(answer, tuple(tokens))) == [n % 11 for n in range(len(tokens))]


@given(st.lists(st.sampled_from(["a", "b", " the", "é"]), min_size=2, max_size=12), st.data())
def test_a_token_that_was_dropped_never_shifts_the_numbers_of_others(
    tokens: list[str], data: st.DataObject
) -> None:
    dropped = data.draw(st.integers(0, len(tokens) - 1))
    lines = [f"{shown(token)}\t{n % 11}" for n, token in enumerate(tokens) if n != dropped]
    outcome = read("\n".join(lines), tuple(tokens))
    if isinstance(outcome, Simulated):
        for place, value in enumerate(outcome.values):
            assert np.isnan(value) or (value == place % 11 and place != dropped)


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{FAITHFUL}\n```",
        f"{FAITHFUL}\n\n",
        FAITHFUL.replace("\t", "  "),
        "\n" + FAITHFUL,
        f"Text 1:\n{FAITHFUL}",
        f"**Text 1:**\n{FAITHFUL}",
    ],
)
def test_fences_blank_lines_and_spaces_for_tabs_do_no_harm(text: str) -> None:
    assert values(read(text)) == [0, 10, 3, 0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The\t0\nate\t3\n\\n\t0", [0, GAP, 3, 0]),  # dropped
        ("The shark\t5\nate\t3\n\\n\t1", [GAP, GAP, 3, 1]),  # joined
        (FAITHFUL.replace("shark", "sharks"), [0, GAP, 3, 0]),  # changed
        ("The\t0\nshark\t10", [0, 10, GAP, GAP]),  # broken off
        (FAITHFUL + "\nand\t7", [0, 10, 3, 0]),  # gone on
        (FAITHFUL.replace("10", "11"), [0, GAP, 3, 0]),  # no number from 0 to 10
        (FAITHFUL.replace("10", "high"), [0, GAP, 3, 0]),
        (f"Here you are:\n{FAITHFUL}", [0, 10, 3, 0]),
    ],
)
def test_what_is_not_given_back_has_no_value_and_never_a_zero(
    text: str, expected: list[float]
) -> None:
    assert values(read(text)) == pytest.approx(expected, nan_ok=True)


def test_characters_that_came_back_mangled_leave_their_token_out() -> None:
    mangled = "na\ufffdve\t4\nfish\t2\n\U0001f600\t1"
    assert values(read(mangled, ("naïve", " fish", "😀"))) == pytest.approx(
        [GAP, 2, 1], nan_ok=True
    )


def test_of_two_like_tokens_it_is_not_guessed_which_was_given_back() -> None:
    text = "the\t7\ncat\t1\nsat\t0"
    tokens = ("the", " the", " cat", " sat")
    assert values(read(text, tokens)) == pytest.approx([GAP, GAP, 1, 0], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I'm sorry, I can't.", "line 1 of the answer is not a token and a number"),
        ("", "the answer has 0 lines for 4 tokens"),
        ("The\t1", "the answer has 1 lines for 4 tokens"),
        ("A\t1\nwhale\t2\nslept\t3\n\\n\t0", "line 1 has 'A' instead of 'The'"),
    ],
)
def test_a_text_of_which_less_than_half_comes_back_is_unusable_and_kept(
    text: str, why: str
) -> None:
    assert reason(read(text), text) == why


# --- several texts --------------------------------------------------------------------------------

TWO = [("It", " swam"), ("It", " flew", " off")]
BOTH = "Text 1:\nIt\t1\nswam\t9\n\nText 2:\nIt\t0\nflew\t2\noff\t0"


def test_each_text_is_read_under_its_heading() -> None:
    assert [values(each) for each in parse(Answer(text=BOTH), TWO, top=10)] == [[1, 9], [0, 2, 0]]


def test_a_text_that_was_left_out_fails_alone() -> None:
    first, second = parse(Answer(text=BOTH.split("\n\n")[1]), TWO, top=10)
    assert isinstance(first, Unusable)
    assert values(second) == [0, 2, 0]


def test_texts_without_headings_are_not_guessed_apart() -> None:
    text = "It\t1\nswam\t9\nIt\t0\nflew\t2\noff\t0"
    assert all(isinstance(each, Unusable) for each in parse(Answer(text=text), TWO, top=10))


# --- log probabilities ----------------------------------------------------------------------------


def tokens_of(
    text: str, alternatives: Mapping[str, Mapping[str, float]]
) -> tuple[GeneratedToken, ...]:
    return tuple(
        GeneratedToken(
            text=each["token"],
            logprobs={top["token"]: top["logprob"] for top in each["top_logprobs"]},
        )
        for each in generated(text, alternatives)
    )


def test_with_log_probabilities_the_expectation_stands_where_the_number_stood() -> None:
    # .5 * 10 + (.25 + .25) * 8 = 9: the same number with a space before it is the same number
    said = tokens_of(FAITHFUL, HALVES)
    assert values(read(FAITHFUL, said=said)) == pytest.approx([0, 9, 3, 0])


def test_a_number_in_the_text_is_not_taken_for_its_value() -> None:
    text = "7\t2\n7\t7"
    said = tokens_of(text, {"7": {"7": 0.0}, "2": {"2": math.log(0.5), "4": math.log(0.5)}})
    assert values(read(text, ("7", " 7"), said)) == pytest.approx([3, 7])


def test_log_probabilities_of_another_text_are_unusable() -> None:
    said = tokens_of("The\t1", {})
    assert "another text" in reason(read(FAITHFUL, said=said), FAITHFUL)


def test_a_tokenizer_that_splits_ten_is_found_out() -> None:
    pieces = [*tokens_of("The\t0\nshark\t", {}), GeneratedToken(text="1"), GeneratedToken(text="0")]
    said = (*pieces, *tokens_of("\nate\t3\n\\n\t0", {}))
    why = reason(read(FAITHFUL, said=said), FAITHFUL)
    assert why == 'the tokenizer splits the number 10: set `way` to "written"'


def test_a_ten_is_no_number_where_they_go_to_nine() -> None:
    # 3 of 9 is 3.33 of 10; the 10 was not asked for
    outcome = read(FAITHFUL, said=tokens_of(FAITHFUL, {}), top=9)
    assert values(outcome) == pytest.approx([0, GAP, 30 / 9, 0], nan_ok=True)


def test_a_place_without_any_number_among_its_alternatives_has_no_value() -> None:
    said = tokens_of(FAITHFUL, {"10": {"ten": -0.1}})
    assert values(read(FAITHFUL, said=said)) == pytest.approx([0, GAP, 3, 0], nan_ok=True)
