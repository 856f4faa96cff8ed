"""The chat model that plays a neuron: faithful answers are read, others are failures."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.backends.openai_client import OpenAIBackend
from explanations.exchange import Answer, GeneratedToken, Prompt, Simulated, Unusable
from explanations.simulators import llm
from explanations.simulators.expected_value import expected_value
from explanations.simulators.llm import shown
from tests.explanations.openai_server import Reply, chat, generated, serving

TOKENS = ("The", " shark", " ate", "\n")
FAITHFUL = "The\t0\nshark\t10\nate\t3\n\\n\t0"


def prompt(**config: Any) -> Prompt:
    return llm.prompt("animals of the sea", TOKENS, config)


def parse(text: str, tokens: tuple[GeneratedToken, ...] = ()) -> Simulated | Unusable:
    return llm.parse(Answer(text=text, tokens=tokens), TOKENS)


def values(outcome: Simulated | Unusable) -> list[float]:
    assert isinstance(outcome, Simulated)
    return [float(value) for value in outcome.values]


def reason(outcome: Simulated | Unusable, raw: str) -> str:
    assert isinstance(outcome, Unusable)
    assert outcome.raw == raw
    return outcome.reason


# --- the expected value ---------------------------------------------------------------------------


def test_the_expected_value_is_over_the_numbers_renormalised() -> None:
    # (.5 * 0 + .25 * 1 + .05 * 10) / (.5 + .25 + .05) = .75 / .8 = .9375; "foo" counts for nothing
    given_ = {"0": 0.5, "1": 0.25, "10": 0.05, "foo": 0.1}
    assert expected_value({k: math.log(p) for k, p in given_.items()}) == pytest.approx(0.9375)


@pytest.mark.parametrize("logprobs", [{}, {"foo": 0.0}, {"11": 0.0}, {"5": -math.inf}])
def test_without_any_number_there_is_no_expectation(logprobs: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="none of the numbers"):
        expected_value(logprobs)


@given(
    st.dictionaries(st.sampled_from([str(n) for n in range(11)]), st.floats(-9999, 0), min_size=1),
    st.floats(-50, 50),
)
def test_the_expectation_lies_between_the_numbers_and_needs_no_normalised_probabilities(
    logprobs: dict[str, float], shift: float
) -> None:
    expected = expected_value(logprobs)
    numbers = [int(text) for text in logprobs]
    assert min(numbers) - 1e-9 <= expected <= max(numbers) + 1e-9
    moved = {text: logprob + shift for text, logprob in logprobs.items()}
    assert expected_value(moved) == pytest.approx(expected, abs=1e-6)


# --- the prompt -----------------------------------------------------------------------------------


def test_the_text_is_given_one_token_a_line() -> None:
    assert prompt().messages[-1].content.endswith("The\nshark\nate\n\\n")
    assert "animals of the sea" in prompt().messages[-1].content


def test_the_configuration_says_which_values_are_read() -> None:
    assert prompt().top_logprobs == prompt(values="expected").top_logprobs > 10
    assert prompt(values="written").top_logprobs == 0
    with pytest.raises(ValueError, match="expected"):
        prompt(values="guessed")


def test_its_examples_are_faithful_answers_themselves() -> None:
    turns = prompt().messages[1:-1]
    for asked, answered in zip(turns[::2], turns[1::2], strict=True):
        tokens = tuple(asked.content.split("The text:\n")[1].split("\n"))
        assert isinstance(llm.parse(Answer(text=answered.content), tokens), Simulated)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8))
def test_any_tokens_can_be_asked_about_and_a_faithful_answer_is_read(tokens: list[str]) -> None:
    answer = "\n".join(f"{shown(token)}\t{n % 11}" for n, token in enumerate(tokens))
    outcome = llm.parse(Answer(text=answer), tuple(tokens))
    assert values(outcome) == [n % 11 for n in range(len(tokens))]


# --- the answer -----------------------------------------------------------------------------------


def test_without_log_probabilities_the_written_numbers_count() -> None:
    assert values(parse(FAITHFUL)) == [0, 10, 3, 0]


@pytest.mark.parametrize(
    "text",
    [f"```\n{FAITHFUL}\n```", f"{FAITHFUL}\n\n", FAITHFUL.replace("\t", "  "), "\n" + FAITHFUL],
)
def test_fences_blank_lines_and_spaces_for_tabs_do_no_harm(text: str) -> None:
    assert values(parse(text)) == [0, 10, 3, 0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The\t0\nate\t3\n\\n\t0", "line 2 gives back 'ate' for 'shark'"),
        ("The shark\t5\nate\t3\n\\n\t0", "line 1 gives back 'The shark' for 'The'"),
        (FAITHFUL.replace("shark", "sharks"), "line 2 gives back 'sharks' for 'shark'"),
        ("The\t0\nshark\t10", "the answer has 2 lines for 4 tokens"),
        (FAITHFUL + "\nand\t0", "the answer has 5 lines for 4 tokens"),
        (FAITHFUL.replace("10", "11"), "line 2 of the answer is no token with a number behind it"),
        (FAITHFUL.replace("10", "high"), "line 2 of the answer is no token with a number behind"),
        (f"Here you are:\n{FAITHFUL}", "line 1 of the answer is no token with a number behind it"),
        ("I'm sorry, I can't.", "line 1 of the answer is no token with a number behind it"),
        ("", "the answer has 0 lines for 4 tokens"),
    ],
)
def test_an_unfaithful_answer_is_unusable_and_kept_never_zeros(text: str, why: str) -> None:
    assert reason(parse(text), text).startswith(why)


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


HALVES = {"10": {"10": math.log(0.5), "8": math.log(0.25), " 8": math.log(0.25)}}


def test_with_log_probabilities_the_expectation_stands_where_the_number_stood() -> None:
    # .5 * 10 + (.25 + .25) * 8 = 9: the same number with a space before it is the same number
    assert values(parse(FAITHFUL, tokens_of(FAITHFUL, HALVES))) == pytest.approx([0, 9, 3, 0])


def test_a_number_in_the_text_is_not_taken_for_its_value() -> None:
    text = "7\t2\n7\t7"
    alternatives = {"7": {"7": 0.0}, "2": {"2": math.log(0.5), "4": math.log(0.5)}}
    answer = Answer(text=text, tokens=tokens_of(text, alternatives))
    assert values(llm.parse(answer, ("7", " 7"))) == pytest.approx([3, 7])


def test_log_probabilities_of_another_text_are_unusable() -> None:
    other = tokens_of("The\t1", {})
    assert "another text" in reason(parse(FAITHFUL, other), FAITHFUL)


def test_a_tokenizer_that_splits_ten_is_found_out() -> None:
    pieces = [*tokens_of("The\t0\nshark\t", {}), GeneratedToken(text="1"), GeneratedToken(text="0")]
    rest = tokens_of("\nate\t3\n\\n\t0", {})
    why = reason(parse(FAITHFUL, (*pieces, *rest)), FAITHFUL)
    assert why == 'the tokenizer splits the number 10: set `values` to "written"'


def test_a_place_without_any_number_among_its_alternatives_is_unusable() -> None:
    strange = {"10": {"ten": -0.1}}
    assert "none of the numbers" in reason(parse(FAITHFUL, tokens_of(FAITHFUL, strange)), FAITHFUL)


# --- through a server -----------------------------------------------------------------------------


def simulated(reply: Reply, **config: Any) -> Simulated | Unusable:
    with serving(reply) as server:
        backend = OpenAIBackend(base_url=server.url, api_key="k", model="tiny", concurrency=1)
        (answer,) = backend.complete([prompt(**config)])
    return llm.parse(answer, TOKENS) if isinstance(answer, Answer) else answer


def test_a_server_with_log_probabilities_gives_expectations() -> None:
    reply = chat(FAITHFUL, logprobs=generated(FAITHFUL, HALVES))
    assert values(simulated(reply)) == pytest.approx([0, 9, 3, 0])


def test_a_server_without_them_gives_the_written_numbers_where_those_were_asked_for() -> None:
    assert values(simulated(chat(FAITHFUL), values="written")) == [0, 10, 3, 0]


def test_a_server_without_them_fails_where_expectations_were_asked_for() -> None:
    outcome = simulated(chat(FAITHFUL))
    assert isinstance(outcome, Unusable)
    assert outcome.reason == 'the server gave no log probabilities: set `values` to "written"'


def test_a_server_that_echoes_other_tokens_gives_a_failure() -> None:
    wrong = FAITHFUL.replace("shark", "whale")
    outcome = simulated(chat(wrong, logprobs=generated(wrong)))
    assert reason(outcome, wrong) == "line 2 gives back 'whale' for 'shark'"
