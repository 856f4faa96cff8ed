"""Texts weighed: how likely a language model finds them after what stands before."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from explanations.backends.base import Callbacks
from explanations.backends.local import LocalBackend
from explanations.backends.openai_client import OpenAIBackend
from explanations.methods.requests import ComputeLogLikelihoods, Conditional, LogLikelihood
from explanations.methods.values import Unusable
from tests.explanations.openai_server import Reply, chat, echoed, failure, serving


def weighed(*script: Reply, given: Conditional) -> LogLikelihood | Unusable:
    with serving(*script) as server:
        backend = OpenAIBackend(
            base_url=server.url, api_key="", model="tiny", concurrency=2, retries=0
        )
        (outcome,) = backend.answer(ComputeLogLikelihoods([given]))
        assert server.requests[0]["prompt"] == given.prefix + given.text
    return outcome


def echo(pieces: list[str], logprobs: list[float | None]) -> Reply:
    whole = json.loads(echoed(pieces, [None] * len(pieces)).body)
    whole["choices"][0]["logprobs"]["token_logprobs"] = logprobs
    return Reply(body=json.dumps(whole).encode())


GIVEN = Conditional(prefix="It is a\n\n", text="red fish")


def test_a_server_adds_up_the_texts_own_tokens_and_not_the_one_it_wrote() -> None:
    # "red" -1.5, " fish" -0.25; the prefix and "." are not the text's
    pieces = ["It", " is a", "\n\n", "red", " fish", "."]
    outcome = weighed(echo(pieces, [None, -9.0, -9.0, -1.5, -0.25, -9.0]), given=GIVEN)
    assert isinstance(outcome, LogLikelihood)
    assert (outcome.logprob, outcome.tokens) == (-1.75, 2)


def test_a_token_that_begins_in_the_prefix_counts_with_the_text() -> None:
    outcome = weighed(echo(["It is a", "\n\nred", " fish", "."], [None, -2, -1, 0]), given=GIVEN)
    assert isinstance(outcome, LogLikelihood)
    assert (outcome.logprob, outcome.tokens) == (-3, 2)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (chat("red fish"), "the server gives no log probabilities for a text's own tokens"),
        (echo(["It is", " a dog"], [None, -1]), "the server's tokens do not add up to the text"),
        (
            echo(["It is a\n\n", "red", " fish"], [None, None, -1]),
            "the server gives no log probability for each of the text's tokens",
        ),
        (failure(400, "echo is not supported"), "the server answered 400: echo is not supported"),
    ],
)
def test_a_server_that_cannot_weigh_is_a_failure(reply: Reply, reason: str) -> None:
    outcome = weighed(reply, given=GIVEN)
    assert isinstance(outcome, Unusable)
    assert outcome.reason.startswith(reason)


@pytest.fixture(scope="module")
def local(small_model: Path, one_thread: None) -> LocalBackend:
    return LocalBackend(str(small_model), "cpu")


STORY = "Once upon a time, there was a little girl named Lily."
TEXTS = [
    Conditional(prefix="Tom had a dog.\n", text="The dog liked to run in the park."),
    Conditional(prefix="Tom had a cat.\n", text="The dog ran."),
    Conditional(prefix="A story.\n", text=STORY),
]


def test_a_local_model_weighs_in_batches_as_if_each_text_were_alone(local: LocalBackend) -> None:
    together = local.answer(ComputeLogLikelihoods(TEXTS))
    for given, outcome in zip(TEXTS, together, strict=True):
        assert isinstance(outcome, LogLikelihood)
        before = local.loaded.begun(given.prefix)
        ids = torch.tensor([[*before, *local.loaded.coded(given.text)]])
        with torch.inference_mode():
            logprobs = torch.log_softmax(local.loaded.model(input_ids=ids).logits[0], dim=-1)
        own = [float(logprobs[at - 1, ids[0, at]]) for at in range(len(before), ids.shape[1])]
        assert outcome.logprob == pytest.approx(sum(own), abs=1e-3)
        assert outcome.tokens == len(own)


def test_a_likely_text_weighs_more_than_its_words_backwards(local: LocalBackend) -> None:
    backwards = " ".join(reversed(STORY.split()))
    likely, unlikely = local.answer(
        ComputeLogLikelihoods([Conditional(prefix="\n", text=text) for text in (STORY, backwards)])
    )
    assert isinstance(likely, LogLikelihood)
    assert isinstance(unlikely, LogLikelihood)
    assert likely.logprob > unlikely.logprob + 20


def test_texts_that_a_local_model_cannot_take_fail_alone(local: LocalBackend) -> None:
    told: dict[int, object] = {}
    long = dataclasses.replace(TEXTS[0], text="dog " * 600)
    empty = dataclasses.replace(TEXTS[0], text="")
    outcomes = local.answer(
        ComputeLogLikelihoods([long, TEXTS[1], empty]), Callbacks(on_result=told.__setitem__)
    )
    assert [isinstance(each, Unusable) for each in outcomes] == [True, False, True]
    assert told == dict(enumerate(outcomes))
    assert isinstance(outcomes[0], Unusable)
    assert "and the model takes 512" in outcomes[0].reason
