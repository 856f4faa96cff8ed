"""Asking a language model through the OpenAI protocol: what comes back, and what fails and how."""

import logging
import threading
import time
from typing import Any

import pytest

from explanations.backends.openai_client import OpenAIBackend
from explanations.methods.requests import Generate
from explanations.methods.values import Answer, Message, Prompt, Unusable
from tests.explanations.openai_server import (
    HANG,
    OpenAIServer,
    Reply,
    chat,
    entry,
    failure,
    generated,
    serving,
    truncated,
)

KEY = "sk-canary-4711"


def backend(server: OpenAIServer, **settings: Any) -> OpenAIBackend:
    settings = {"concurrency": 4, "timeout": 5, "retries": 1, **settings}
    return OpenAIBackend(base_url=server.url, api_key=KEY, model="tiny", **settings)


def prompt(text: str = "hello", top_logprobs: int = 0) -> Prompt:
    messages = (Message(role="user", content=text),)
    return Prompt(messages=messages, max_tokens=50, top_logprobs=top_logprobs)


def ask(server: OpenAIServer, asked: Prompt | None = None, **settings: Any) -> Answer | Unusable:
    (outcome,) = backend(server, **settings).answer(Generate([asked or prompt()]))
    return outcome


def unusable(outcome: Answer | Unusable) -> Unusable:
    assert isinstance(outcome, Unusable)
    return outcome


def test_an_answer_comes_back_with_its_text_cost_and_time() -> None:
    with serving(chat("words about fish")) as server:
        answer = ask(server)
    assert isinstance(answer, Answer)
    assert (answer.text, answer.tokens, answer.tokens_in, answer.tokens_out) == (
        "words about fish",
        (),
        11,
        7,
    )
    assert answer.seconds > 0
    assert server.keys == [f"Bearer {KEY}"]
    assert server.requests[0]["messages"] == [{"role": "user", "content": "hello"}]
    assert "logprobs" not in server.requests[0]


def test_answers_keep_the_order_of_their_prompts() -> None:
    def echo(request: dict[str, Any]) -> Reply:
        text = request["messages"][0]["content"]
        time.sleep(0.05 if text == "0" else 0)
        return chat(text)

    with serving(echo) as server:
        outcomes = backend(server).answer(Generate([prompt(str(number)) for number in range(8)]))
    assert [o.text for o in outcomes if isinstance(o, Answer)] == [str(n) for n in range(8)]


def test_no_more_questions_are_open_at_once_than_allowed() -> None:
    def slow(_: dict[str, Any]) -> Reply:
        time.sleep(0.03)
        return chat("ok")

    with serving(slow) as server:
        backend(server, concurrency=2).answer(Generate([prompt()] * 8))
    assert server.most_at_once == 2


def test_no_prompts_ask_nothing() -> None:
    with serving(chat("ok")) as server:
        assert backend(server).answer(Generate([])) == ()
    assert server.requests == []


def test_log_probabilities_are_asked_for_and_come_back_by_token() -> None:
    tokens = generated("fish\t7", {"7": {"7": -0.2, "8": -1.9}})
    with serving(chat("fish\t7", logprobs=tokens)) as server:
        answer = ask(server, prompt(top_logprobs=15))
    assert isinstance(answer, Answer)
    assert (server.requests[0]["logprobs"], server.requests[0]["top_logprobs"]) == (True, 15)
    assert [token.text for token in answer.tokens] == ["fish", "\t", "7"]
    assert answer.tokens[-1].logprobs == {"7": -0.2, "8": -1.9}


def test_the_parts_of_one_character_become_one_token() -> None:
    # the two bytes of "é", generated one at a time
    parts = [{**entry("x", {}), "bytes": [byte]} for byte in "é".encode()]
    with serving(chat("é\t1", logprobs=[*parts, *generated("\t1")])) as server:
        answer = ask(server, prompt(top_logprobs=5))
    assert isinstance(answer, Answer)
    assert "".join(token.text for token in answer.tokens) == "é\t1"


def test_log_probabilities_that_were_asked_for_and_did_not_come_are_a_failure() -> None:
    with serving(chat("fish\t7")) as server:
        outcome = unusable(ask(server, prompt(top_logprobs=15)))
    assert "no log probabilities" in outcome.reason
    assert "fish" in outcome.raw


def test_a_server_that_asks_to_wait_is_asked_again_after_that_time() -> None:
    with serving(failure(429, headers={"Retry-After": "0.3"}), chat("ok")) as server:
        start = time.perf_counter()
        outcome = ask(server)
    assert isinstance(outcome, Answer)
    assert 0.3 <= time.perf_counter() - start < 2
    assert len(server.requests) == 2


def test_a_server_that_keeps_failing_is_given_up_with_what_it_said() -> None:
    with serving(failure(500, "the disk is full")) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the server answered 500: the disk is full"
    assert "the disk is full" in outcome.raw
    assert len(server.requests) == 2  # once, and one retry


def test_a_rejected_request_is_not_sent_again() -> None:
    with serving(failure(404, "no model tiny")) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the server answered 404: no model tiny"
    assert len(server.requests) == 1


def test_a_server_that_hangs_is_given_up_after_the_timeout() -> None:
    with serving(HANG) as server:
        outcome = unusable(ask(server, timeout=0.2, retries=0))
    assert outcome.reason == "no answer within 0.2 s"


def test_one_hanging_question_does_not_spoil_the_others() -> None:
    with serving(HANG, chat("ok")) as server:
        outcomes = backend(server, timeout=0.5, retries=0).answer(Generate([prompt(), prompt()]))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Answer", "Unusable"]


def test_half_a_json_is_a_failure_that_keeps_what_came() -> None:
    with serving(truncated()) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the server's reply is not a chat completion"
    assert outcome.raw == truncated().body.decode()


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b"<html>"]
)
def test_a_reply_that_is_no_completion_is_a_failure(body: bytes) -> None:
    with serving(Reply(body=body)) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the server's reply is not a chat completion"
    assert outcome.raw == body.decode()


def test_a_refusal_is_a_failure_with_the_models_words() -> None:
    with serving(chat(None, refusal="I would rather not.")) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the model declined: I would rather not."


def test_an_answer_that_was_cut_off_is_a_failure() -> None:
    with serving(chat("words about", finish="length")) as server:
        outcome = unusable(ask(server))
    assert outcome.reason == "the answer was cut off at 50 tokens"
    assert "words about" in outcome.raw


def test_nothing_listening_is_a_failure() -> None:
    with serving(chat("ok")) as server:
        pass
    outcome = unusable(ask(server, retries=0))
    assert outcome.reason.startswith("the server could not be asked")


def test_a_model_that_wants_the_limit_under_its_new_name_is_asked_that_way_from_then_on() -> None:
    said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    with serving(failure(400, said), chat("ok")) as server:
        asking = backend(server)
        assert all(isinstance(asking.answer(Generate([prompt()]))[0], Answer) for _ in range(2))
    assert [request.get("max_tokens") for request in server.requests] == [50, None, None]
    assert [request.get("max_completion_tokens") for request in server.requests] == [None, 50, 50]


def test_a_model_with_a_fixed_temperature_is_asked_without_one() -> None:
    said = "Unsupported value: 'temperature' does not support 0.0 with this model."
    with serving(failure(400, said), chat("ok")) as server:
        assert isinstance(ask(server), Answer)
    assert ["temperature" in request for request in server.requests] == [True, False]


def test_a_setting_that_stays_refused_ends_in_a_failure() -> None:
    with serving(failure(400, "use max_completion_tokens")) as server:
        assert unusable(ask(server)).reason == "the server answered 400: use max_completion_tokens"
    assert len(server.requests) == 2


def test_the_key_is_in_no_failure_log_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(failure(401, f"wrong key {KEY}"), failure(500, KEY), chat(KEY, refusal=KEY)) as s:
        outcomes = [ask(s, retries=0) for _ in range(3)]
        shown = repr(backend(s))
    assert all(isinstance(outcome, Unusable) for outcome in outcomes)
    assert KEY not in repr(outcomes) + shown
    # what the server itself sent is the library's to log, at a level that nobody runs with
    assert not [r for r in caplog.records if KEY in r.getMessage() and r.levelno > logging.DEBUG]
    assert f"Bearer {KEY}" not in caplog.text


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="a space, a line break or") as caught:
        OpenAIBackend(base_url="http://localhost", api_key=key, model="tiny", concurrency=1)
    assert key not in str(caught.value)


def test_a_server_without_accounts_needs_no_key() -> None:
    with serving(chat("ok")) as server:
        asking = OpenAIBackend(base_url=server.url, api_key="", model="tiny", concurrency=1)
        assert isinstance(asking.answer(Generate([prompt()]))[0], Answer)


def test_it_can_be_asked_from_several_threads() -> None:
    results: list[Answer | Unusable] = []
    with serving(chat("ok")) as server:
        asking = backend(server)
        threads = [
            threading.Thread(target=lambda: results.extend(asking.answer(Generate([prompt()]))))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert [type(result) for result in results] == [Answer] * 3
