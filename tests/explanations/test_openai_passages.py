"""Passages through the OpenAI protocol, hearing of each answer at once, what a model can do."""

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from explanations.backends.base import Callbacks
from explanations.backends.openai_client import OpenAIBackend
from explanations.methods.requests import (
    Capabilities,
    Generate,
    NumberLogprobs,
    NumberPrompt,
    PredictNumbers,
)
from explanations.methods.values import Answer, Message, Prompt, Unusable
from tests.explanations.openai_server import (
    HANG,
    Behaviour,
    OpenAIServer,
    Reply,
    chat,
    echoed,
    entry,
    failure,
    generated,
    serving,
)

if TYPE_CHECKING:
    from explanations.selectors.calls import Outcome

PASSAGE = NumberPrompt(prefix="Fish:\n", parts=("a\t", "shark\t"), filler="?\n")
PIECES = ["<s>", "Fish", ":\n", "a", "\t", "?", "\n", "shark", "\t", "?", "\n", "and"]
FORESEEN = {5: {"0": -0.1, "?": -3.0}, 9: {"10": -0.2, "8": -1.8}}


def backend(server: OpenAIServer, **settings: Any) -> OpenAIBackend:
    settings = {"concurrency": 4, "timeout": 5, "retries": 0, **settings}
    return OpenAIBackend(base_url=server.url, api_key="sk-4711", model="tiny", **settings)


def echo(pieces: list[str]) -> Reply:
    return echoed(
        pieces, [FORESEEN.get(at, {"x": -0.5}) if at else None for at in range(len(pieces))]
    )


def read(*script: Behaviour) -> NumberLogprobs | Unusable:
    with serving(*script) as server:
        (outcome,) = backend(server).answer(PredictNumbers([PASSAGE]))
    return outcome


def question(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), max_tokens=50)


# --- passages -------------------------------------------------------------------------------------


def test_a_passage_knows_its_text_and_where_its_fillers_begin() -> None:
    assert PASSAGE.text == "Fish:\na\t?\nshark\t?\n"
    assert [PASSAGE.text[at] for at in PASSAGE.positions] == ["?", "?"]
    assert PASSAGE.positions == (8, 16)


def test_a_server_that_echoes_gives_what_it_foresaw_at_each_place() -> None:
    with serving(echo(PIECES)) as server:
        (foreseen,) = backend(server).answer(PredictNumbers([PASSAGE]))
    assert isinstance(foreseen, NumberLogprobs)
    assert foreseen.logprobs == (FORESEEN[5], FORESEEN[9])
    assert foreseen.tokens_in == 11
    (request,) = server.requests
    assert (request["prompt"], request["echo"]) == (PASSAGE.text, True)


def test_a_place_inside_a_token_of_the_servers_is_not_read() -> None:
    joined = ["<s>", "Fish", ":\n", "a", "\t?", "\n", "shark", "\t", "?", "\n", "and"]
    foreseen = read(echoed(joined, [None, *[{"7": -0.5}] * 10]))
    assert isinstance(foreseen, NumberLogprobs)
    assert foreseen.logprobs == ({}, {"7": -0.5})


def test_an_echo_of_another_text_is_a_failure_with_what_came_back() -> None:
    outcome = read(echo([piece.replace("shark", "whale") for piece in PIECES]))
    assert isinstance(outcome, Unusable)
    assert outcome.reason == "the server's tokens do not add up to the text that was sent"
    assert "whale" in outcome.raw
    assert outcome.tokens_in == 11


@pytest.mark.parametrize(
    "body", [b"{}", b'{"choices": [{"text": "hm", "logprobs": null}]}', b"<p>"]
)
def test_a_server_that_echoes_nothing_is_a_failure(body: bytes) -> None:
    outcome = read(Reply(body=body))
    assert isinstance(outcome, Unusable)
    assert "no log probabilities for a text's own tokens" in outcome.reason


def test_a_server_that_is_busy_is_asked_again_for_a_passage() -> None:
    busy = failure(429, headers={"Retry-After": "0.1"})
    with serving(busy, failure(500), echo(PIECES)) as server:
        (outcome,) = backend(server, retries=2).answer(PredictNumbers([PASSAGE]))
    assert isinstance(outcome, NumberLogprobs)
    assert len(server.requests) == 3


def test_a_server_that_hangs_on_a_passage_fails_for_that_one_alone() -> None:
    with serving(HANG, echo(PIECES)) as server:
        outcomes = backend(server, timeout=0.5).answer(PredictNumbers([PASSAGE, PASSAGE]))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NumberLogprobs", "Unusable"]


def test_half_of_an_echo_is_a_failure_that_keeps_what_came() -> None:
    whole = echo(PIECES).body
    outcome = read(Reply(body=whole[: len(whole) // 2]))
    assert isinstance(outcome, Unusable)
    assert outcome.raw == whole[: len(whole) // 2].decode()


# --- being told -----------------------------------------------------------------------------------


def test_each_answer_is_told_as_it_comes_in_the_thread_that_asked() -> None:
    told: list[tuple[int, Outcome, threading.Thread]] = []

    def slow_first(request: dict[str, Any]) -> Reply:
        text = request["messages"][0]["content"]
        while text == "0" and len(told) < 2:
            time.sleep(0.01)
        return chat(text)

    with serving(slow_first) as server:
        outcomes = backend(server).answer(
            Generate([question(str(n)) for n in range(3)]),
            Callbacks(
                on_result=lambda at, outcome: told.append((at, outcome, threading.current_thread()))
            ),
        )
    assert sorted(at for at, _, _ in told[:2]) == [1, 2]
    assert [outcomes[at] for at, _, _ in told] == [outcome for _, outcome, _ in told]
    assert {thread for _, _, thread in told} == {threading.current_thread()}


@pytest.mark.django_db
def test_who_is_told_may_write_to_the_database() -> None:
    with serving(chat("ok")) as server:
        (outcome,) = backend(server).answer(
            Generate([question("a")]),
            Callbacks(on_result=lambda *_: connection.ensure_connection()),
        )
    assert isinstance(outcome, Answer)


def test_failures_are_told_too() -> None:
    told: list[Outcome] = []
    with serving(failure(500), chat("ok")) as server:
        backend(server, concurrency=1).answer(
            Generate([question("a"), question("b")]),
            Callbacks(on_result=lambda _, outcome: told.append(outcome)),
        )
    assert [type(outcome) for outcome in told] == [Unusable, Answer]


def test_a_check_that_raises_ends_the_wait_for_a_server_that_hangs() -> None:
    class Enough(Exception):
        pass

    def check() -> None:
        if server.requests:
            raise Enough

    with serving(HANG) as server, pytest.raises(Enough):
        backend(server, timeout=60).answer(
            Generate([question("a")]), Callbacks(raise_if_stopped=check)
        )


def test_an_answer_of_no_use_says_what_it_cost() -> None:
    with serving(chat("words about", finish="length")) as server:
        (outcome,) = backend(server).answer(Generate([question("a")]))
    assert isinstance(outcome, Unusable)
    assert (outcome.tokens_in, outcome.tokens_out) == (11, 7)
    assert outcome.seconds > 0


# --- what a model can do --------------------------------------------------------------------------

TEN = chat("10", logprobs=generated("10"))
SPLIT = chat("10", logprobs=[entry("1", {"1": -0.1}), entry("0", {"0": -0.1})])
PROBED = ["<s>", "one", "\t", "1", "\n", "two", "\t", "?", "\n", "three", "\t", "?", "\n", "4"]
READS = echoed(PROBED, [None, *[{"1": -0.1}] * 13])


@pytest.mark.parametrize(
    ("replies", "reads", "logprobs", "numbers"),
    [
        ((READS, TEN), True, True, 11),
        ((failure(404), TEN), False, True, 11),
        ((READS, SPLIT), True, True, 10),
        ((failure(404), chat("10")), False, False, 11),
        ((chat("hm"), failure(400, "logprobs are not supported")), False, False, 11),
        ((failure(404), chat("ten", logprobs=generated("ten"))), False, True, 11),
    ],
)
def test_a_server_is_asked_once_what_its_model_can_do(
    replies: tuple[Reply, ...], reads: bool, logprobs: bool, numbers: int
) -> None:
    with serving(*replies) as server:
        asking = backend(server)
        found = [asking.capabilities(), asking.capabilities()]
    texts = tuple(str(number) for number in range(numbers))
    able = Capabilities(
        number_logprobs=reads, log_likelihoods=reads, logprobs=logprobs, numbers=texts
    )
    assert found == [able] * 2
    assert len(server.requests) == 2


@pytest.mark.parametrize("reply", [failure(503, "busy"), failure(401, "wrong key")])
def test_a_server_that_cannot_be_asked_now_leaves_open_what_its_model_can_do(reply: Reply) -> None:
    with serving(reply, READS, TEN) as server:
        asking = backend(server)
        with pytest.raises(LookupError, match=r"is not known: the server answered"):
            asking.capabilities()
        assert asking.capabilities().number_logprobs
