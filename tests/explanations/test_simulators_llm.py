"""A language model plays a neuron: which way is taken, what is asked, and what comes of it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.backends.openai_client import OpenAIBackend
from explanations.methods.requests import (
    Capabilities,
    Generate,
    GetCapabilities,
    NumberLogprobs,
    PredictNumbers,
)
from explanations.methods.values import Answer, Simulated, Unusable
from explanations.simulators import llm, llm_prompt
from explanations.simulators.expected_value import expected_value
from explanations.simulators.llm_parse import parse
from tests.explanations.dialogues import carried_on
from tests.explanations.openai_server import Behaviour, Reply, chat, echoed, generated, serving

TOKENS = ("The", " shark", " ate", "\n")
FAITHFUL = "Text 1:\nThe\t0\nshark\t10\nate\t3\n\\n\t0"
HALVES = {"10": {"10": math.log(0.5), "8": math.log(0.25), " 8": math.log(0.25)}}

READER = Capabilities(number_logprobs=True, logprobs=True)
CHATTER = Capabilities(number_logprobs=False, logprobs=True)
WRITER = Capabilities(number_logprobs=False, logprobs=False)
TO_NINE = tuple(str(number) for number in range(10))


def played(
    able: Capabilities,
    *replies: Any,
    excerpts: tuple[tuple[str, ...], ...] = (TOKENS,),
    **config: Any,
) -> list[Simulated | Unusable]:
    """Simulate with a model that can do this and replies so."""
    left = list(replies)
    return carried_on(
        llm.SIMULATOR.simulate("animals of the sea", excerpts, config),
        {
            GetCapabilities: lambda _: able,
            Generate: lambda asked: tuple(left.pop(0) for _ in asked.parts),
            PredictNumbers: lambda asked: tuple(left.pop(0) for _ in asked.parts),
        },
    )


def values(outcome: Simulated | Unusable) -> list[float]:
    assert isinstance(outcome, Simulated)
    return [float(value) for value in outcome.values]


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


# --- the way --------------------------------------------------------------------------------------

EVEN = NumberLogprobs(logprobs=({"0": 0.0}, {"0": math.log(0.5), "10": math.log(0.5)}) * 2)
ANSWER = Answer(text=FAITHFUL)


@pytest.mark.parametrize(
    ("able", "config", "reply", "way"),
    [
        (READER, {}, EVEN, "one_pass"),
        (CHATTER, {}, ANSWER, "generated"),
        (WRITER, {}, ANSWER, "written"),
        (READER, {"way": "generated"}, ANSWER, "generated"),
        (READER, {"way": "written"}, ANSWER, "written"),
    ],
)
def test_the_best_way_that_the_model_can_is_taken_unless_one_is_set_and_is_kept(
    able: Capabilities, config: dict[str, Any], reply: object, way: str
) -> None:
    (outcome,) = played(able, reply, **config)
    assert isinstance(outcome, Simulated)
    assert outcome.details == {"way": way, "numbers": "0 to 10"}


@pytest.mark.parametrize(("way", "able"), [("one_pass", CHATTER), ("generated", WRITER)])
def test_a_way_that_the_model_cannot_go_is_refused(way: str, able: Capabilities) -> None:
    with pytest.raises(ValueError, match=f"does not support '{way}': set `way` to"):
        played(able, way=way)


def test_a_way_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="way is one of auto, one_pass, generated, written"):
        played(READER, way="guessed")


# --- one pass -------------------------------------------------------------------------------------


def test_a_passage_shows_one_token_a_line_with_every_number_unknown() -> None:
    passage = llm_prompt.number_prompt("animals\nof the sea", TOKENS, top=10)
    assert passage.prefix.endswith("\nNeuron: animals of the sea\n")
    assert passage.text.removeprefix(passage.prefix) == "The\t?\nshark\t?\nate\t?\n\\n\t?\n"


def test_passages_of_any_explanation_begin_alike() -> None:
    one, other = (
        llm_prompt.number_prompt(about, TOKENS, top=10).prefix for about in ("fish", "birds")
    )
    assert one.removesuffix("fish\n") == other.removesuffix("birds\n")


def test_in_one_pass_a_value_is_what_is_foreseen() -> None:
    # .5 * 0 + .5 * 10 = 5
    assert values(played(READER, EVEN)[0]) == pytest.approx([0, 5, 0, 5])


def test_a_token_without_a_number_foreseen_has_no_value() -> None:
    reading = NumberLogprobs(logprobs=({"0": 0.0}, {}, {"?": -0.1}, {"10": 0.0}))
    assert values(played(READER, reading)[0]) == pytest.approx(
        [0, math.nan, math.nan, 10], nan_ok=True
    )


def test_a_passage_of_which_hardly_a_number_is_foreseen_is_unusable() -> None:
    (outcome,) = played(READER, NumberLogprobs(logprobs=({"0": 0.0}, {}, {}, {})))
    assert isinstance(outcome, Unusable)
    assert outcome.reason == "a number is predicted for 1 of 4 tokens"


def test_where_ten_is_split_numbers_go_to_nine_and_are_stretched() -> None:
    able = Capabilities(number_logprobs=True, logprobs=True, numbers=TO_NINE)
    # "10" is there only as its first half, so it does not count; .5 * 9 = 4.5 of 9 is 5 of 10
    reading = NumberLogprobs(logprobs=({"9": 0.0}, {"0": math.log(0.5), "9": math.log(0.5)}) * 2)
    (outcome,) = played(able, reading)
    assert values(outcome) == pytest.approx([10, 5, 10, 5])
    assert isinstance(outcome, Simulated)
    assert outcome.details["numbers"] == "0 to 9"
    prompt = llm_prompt.question("fish", [TOKENS], top=9, top_logprobs=5)
    told = "".join(turn.content for turn in prompt.messages)
    assert "from 0 to 9" in told
    assert "10" not in told


def test_a_failed_passage_is_that_excerpts_failure() -> None:
    gone = Unusable(reason="no answer")
    outcomes = played(READER, gone, EVEN, excerpts=(TOKENS, TOKENS))
    assert outcomes[0] is gone
    assert isinstance(outcomes[1], Simulated)


# --- chat -----------------------------------------------------------------------------------------


def test_several_texts_are_asked_about_in_one_prompt() -> None:
    prompt = llm_prompt.question("fish", [TOKENS, ("It", " swam")], top=10, top_logprobs=0)
    assert prompt.messages[-1].content == (
        "The neuron responds to: fish\n\nText 1:\nThe\nshark\nate\n\\n\n\nText 2:\nIt\nswam"
    )


def test_its_examples_are_faithful_answers_themselves() -> None:
    turns = llm_prompt.question("fish", [TOKENS], top=10, top_logprobs=0).messages[1:-1]
    for asked, answered in zip(turns[::2], turns[1::2], strict=True):
        texts = [tuple(text.split("\n")[1:]) for text in asked.content.split("\n\n")[1:]]
        outcomes = parse(Answer(text=answered.content), texts, top=10)
        assert all(np.isfinite(values(outcome)).all() for outcome in outcomes)


def test_excerpts_share_prompts_as_many_as_are_set() -> None:
    asked: list[int] = []

    def answer(request: Generate) -> tuple[Unusable, ...]:
        asked.extend(prompt.messages[-1].content.count("Text ") for prompt in request.parts)
        return tuple(Unusable(reason="no") for _ in request.parts)

    dialogue = llm.SIMULATOR.simulate(
        "fish", [TOKENS] * 7, {"way": "written", "excerpts_a_prompt": 3}
    )
    outcomes = carried_on(dialogue, {Generate: answer})
    assert asked == [3, 3, 1]
    assert len(outcomes) == 7


def test_a_prompt_without_an_answer_fails_for_its_excerpts_alone() -> None:
    gone = Unusable(reason="no answer")
    outcomes = played(
        WRITER, gone, ANSWER, excerpts=(TOKENS,) * 3, excerpts_a_prompt=2, way="written"
    )
    assert outcomes[:2] == [gone, gone]
    assert values(outcomes[2]) == [0, 10, 3, 0]


# --- through a server -----------------------------------------------------------------------------


def simulated(*script: Behaviour, **config: Any) -> Simulated | Unusable:
    with serving(*script) as server:
        backend = OpenAIBackend(
            base_url=server.url, api_key="sk-1", model="tiny", concurrency=1, retries=0
        )
        (outcome,) = carried_on(
            llm.SIMULATOR.simulate("animals of the sea", [TOKENS], config),
            {
                GetCapabilities: lambda _: backend.capabilities(),
                Generate: lambda asked: tuple(backend.answer(Generate(asked.parts))),
                PredictNumbers: lambda asked: tuple(backend.answer(PredictNumbers(asked.parts))),
            },
        )
    return outcome


def reading_server(request: dict[str, Any]) -> Reply:
    """Echo as vLLM does; foresee 7 behind each tab."""
    if "messages" in request:
        return chat("10", logprobs=generated("10"))
    pieces = [piece for part in request["prompt"].split("\t") for piece in (part, "\t")][:-1]
    tops = [{"7": -0.1, "x": -3.0} if at else None for at in range(len(pieces))]
    return echoed(["<s>", *pieces, "and"], [None, *tops, {"and": -0.1}])


def test_a_server_that_reads_is_used_in_one_pass() -> None:
    outcome = simulated(reading_server)
    assert values(outcome) == pytest.approx([7, 7, 7, 7])
    assert isinstance(outcome, Simulated)
    assert outcome.details["way"] == "one_pass"


def test_a_server_with_log_probabilities_gives_expectations() -> None:
    def server(request: dict[str, Any]) -> Reply:
        if "prompt" in request:
            return Reply(status=404)
        text = FAITHFUL if len(request["messages"]) > 1 else "10"
        return chat(text, logprobs=generated(text, HALVES))

    outcome = simulated(server)
    assert values(outcome) == pytest.approx([0, 9, 3, 0])
    assert isinstance(outcome, Simulated)
    assert outcome.details["way"] == "generated"


def test_a_server_without_them_gives_the_written_numbers() -> None:
    outcome = simulated(Reply(status=404), chat("10"), chat(FAITHFUL))
    assert values(outcome) == [0, 10, 3, 0]
    assert isinstance(outcome, Simulated)
    assert outcome.details["way"] == "written"


def test_a_server_that_echoes_other_tokens_gives_values_only_for_those_given_back() -> None:
    outcome = simulated(chat(FAITHFUL.replace("shark", "whale")), way="written")
    assert values(outcome) == pytest.approx([0, math.nan, 3, 0], nan_ok=True)
