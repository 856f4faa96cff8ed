"""Answers of a local model: side by side as alone, with log probabilities, and what fails."""

import math
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from explanations.backends.base import Callbacks
from explanations.backends.local import LocalBackend
from explanations.backends.local.answers import transcript
from explanations.backends.local.detokenizer import Detokenizer
from explanations.methods.requests import Generate
from explanations.methods.values import Answer, Message, Prompt, Unusable
from tests.explanations.test_local_reading import saved
from tests.explanations.tiny_models import TEXTS, tokenizer

TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}model:"
)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, one_thread: None
) -> LocalBackend:
    return LocalBackend(str(saved(request.param, tmp_path_factory.mktemp("writes"))), "cpu")


def prompt(text: str, **settings: Any) -> Prompt:
    given = {"max_tokens": 12, "top_logprobs": 3, **settings}
    return Prompt(messages=(Message(role="user", content=text),), **given)


def alone(backend: LocalBackend, asked: Prompt) -> list[int]:
    """Let the library itself write one answer, without a batch."""
    ids = torch.tensor([backend.loaded.begun(transcript(asked.messages))])
    written = backend.loaded.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=asked.max_tokens, do_sample=False
    )
    return [int(number) for number in written[0, ids.shape[1] :]]


def texts_of(reply: Answer | Unusable) -> str:
    return reply.text if isinstance(reply, Answer) else reply.raw


def test_answers_side_by_side_are_those_written_alone(backend: LocalBackend) -> None:
    asked = [
        prompt("The cat sat on the mat, they said."),
        prompt("it"),
        prompt("dog", max_tokens=5),
    ]
    for each, reply in zip(asked, backend.answer(Generate(asked)), strict=True):
        expected = backend.loaded.tokenizer.decode(alone(backend, each), skip_special_tokens=True)
        assert expected.startswith(texts_of(reply).rstrip("\ufffd"))
        assert reply.tokens_out <= each.max_tokens
        assert reply.tokens_in == len(backend.loaded.begun(transcript(each.messages)))


def test_an_answer_that_does_not_end_is_cut_off_and_kept(backend: LocalBackend) -> None:
    replies = backend.answer(Generate([prompt("it", max_tokens=2)]))
    assert isinstance(replies[0], Unusable)
    assert replies[0].reason == "the answer was cut off at 2 tokens"
    assert (replies[0].tokens_out, bool(replies[0].raw)) == (2, True)


def test_an_answer_ends_with_the_models_end_and_has_its_tokens(
    backend: LocalBackend, tmp_path: Path
) -> None:
    # the same model once more, with the fourth token that it writes for its end
    fourth = alone(backend, prompt("it"))[3]
    backend.loaded.model.save_pretrained(tmp_path)
    backend.loaded.tokenizer.save_pretrained(tmp_path)
    GenerationConfig(eos_token_id=[fourth]).save_pretrained(tmp_path)
    (reply,) = LocalBackend(str(tmp_path), "cpu").answer(Generate([prompt("it")]))
    assert isinstance(reply, Answer)
    assert reply.tokens_out <= 4
    assert "".join(token.text for token in reply.tokens) == reply.text
    assert all(len(token.logprobs) in (3, 4) for token in reply.tokens)
    assert all(max(token.logprobs.values()) <= 0 for token in reply.tokens)


def test_a_question_that_leaves_no_room_is_a_failure(backend: LocalBackend) -> None:
    replies = backend.answer(Generate([prompt("it", max_tokens=500), prompt("it")]))
    assert isinstance(replies[0], Unusable)
    assert "the answer up to 500, and the model takes 256" in replies[0].reason
    assert texts_of(replies[1])


def test_temperature_draws_and_none_does_not(backend: LocalBackend) -> None:
    cold = backend.answer(Generate([prompt("it")] * 4))
    hot = backend.answer(Generate([prompt("it", temperature=3.0)] * 8))
    assert len(set(map(texts_of, cold))) == 1
    assert len(set(map(texts_of, hot))) > 1


def test_each_answer_is_told_in_the_thread_that_asked_and_a_check_may_end_it(
    backend: LocalBackend,
) -> None:
    told: dict[int, threading.Thread] = {}
    backend.answer(
        Generate([prompt("it")] * 2),
        Callbacks(on_result=lambda at, _: told.update({at: threading.current_thread()})),
    )
    assert told == dict.fromkeys((0, 1), threading.current_thread())

    def enough() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        backend.answer(Generate([prompt("it")]), Callbacks(raise_if_stopped=enough))


def test_a_model_that_knows_chat_is_asked_in_its_own_form(tmp_path: Path, one_thread: None) -> None:
    folder = saved("llama", tmp_path)
    coder = tokenizer(bos=True)
    coder.chat_template = TEMPLATE
    coder.save_pretrained(folder)
    backend = LocalBackend(str(folder), "cpu")
    # the template refuses system messages, so what they say goes before the first question
    turns = (Message(role="system", content="Be short."), Message(role="user", content="it"))
    (reply,) = backend.answer(Generate([Prompt(messages=turns, max_tokens=3)]))
    plain = "user: Be short.\n\nit\nmodel:"
    assert reply.tokens_in == len(coder(plain, add_special_tokens=False)["input_ids"])


def test_a_conversation_is_written_down_for_a_model_that_knows_no_chat() -> None:
    roles = ("system", "user", "assistant", "user")
    turns = [Message(role=role, content=text) for role, text in zip(roles, "abcd", strict=True)]
    assert transcript(turns) == "a\n\nQuestion:\nb\n\nAnswer:\nc\n\nQuestion:\nd\n\nAnswer:\n"


def test_an_answer_ends_where_the_next_question_would_begin() -> None:
    coder = tokenizer(bos=True)
    speech = Detokenizer(coder, "\n\nQuestion:")
    for number in coder("in spring.\n\nQuestion:\nwhy", add_special_tokens=False)["input_ids"]:
        if not speech.ended:
            speech.add(number, {})
    assert (speech.text, speech.ended) == ("in spring.", True)


@pytest.mark.parametrize("text", [*TEXTS, "😀😀", "é\t10\n"])
def test_tokens_of_parts_of_a_character_are_joined(text: str) -> None:
    coder = tokenizer(bos=True)
    speech = Detokenizer(coder, "")
    for number in coder(text, add_special_tokens=False)["input_ids"]:
        speech.add(number, {number: math.log(0.5)})
    assert speech.text == text == "".join(token.text for token in speech.tokens)


def test_the_small_model_goes_on_with_a_story(small_model: Path, one_thread: None) -> None:
    backend = LocalBackend(str(small_model), "cpu")
    (reply,) = backend.answer(Generate([prompt("Once upon a time", max_tokens=40)]))
    assert len(texts_of(reply)) > 20
    assert "\ufffd" not in texts_of(reply)
