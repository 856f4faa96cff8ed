"""The explainer that asks a language model: what it shows and how it reads the answer."""

from typing import Any

import numpy as np
import pytest

from explanations.backends.openai_client import OpenAIBackend
from explanations.explainers import parse_explanation, token_activation
from explanations.explainers.token_activation import TokenActivationSettings
from explanations.methods.requests import Generate
from explanations.methods.values import Answer, Explained, Material, Prompt, Unusable
from explanations.records import NeuronRef, Scale, TokenActivations
from tests.explanations.openai_server import chat, serving


def record(tokens: list[str], values: list[float]) -> TokenActivations:
    return TokenActivations(
        tokens=tuple(tokens), activations=np.array(values, "f4"), scale=Scale.RAW
    )


def material(*records: TokenActivations, maximum: float) -> Material:
    return Material(neuron=NeuronRef(layer=0, index=1), maximum=maximum, excerpts=records)


def prompt(seen: Material, **config: Any) -> Prompt:
    settings = TokenActivationSettings.of(config)
    outcome = token_activation.prompt(seen, settings, range(settings.records))
    assert isinstance(outcome, Prompt)
    return outcome


def question(seen: Material, **config: Any) -> str:
    return prompt(seen, **config).messages[-1].content


FISH = record(["A", " fish", " swam", "\n"], [0, 3, 0.7, -1])


def test_activations_are_shown_from_0_to_10_by_the_maximum_of_the_whole_capture() -> None:
    # maximum 6: 3 / 6 is 5 of 10, .7 / 6 is 1.17, floored to 1, and -1 is 0
    asked = question(material(FISH, maximum=6.0))
    assert asked.startswith("A\t0\nfish\t5\nswam\t1\n\\n\t0")


def test_no_more_records_are_shown_than_configured() -> None:
    records = [record([f"word{n}"], [5]) for n in range(9)]
    asked = question(material(*records, maximum=5.0), records=2)
    assert "word1" in asked
    assert "word2" not in asked


def test_where_few_tokens_fire_those_that_do_are_listed_again() -> None:
    # 1 of 6 tokens fires: .167, under a fifth
    sparse = record(["a", " fish", " b", " c", " d", " e"], [0, 3, 0, 0, 0, 0])
    assert question(material(sparse, maximum=3.0)).count("fish\t10") == 2
    # 1 of 5: exactly a fifth, which is not under it
    denser = record(["a", " fish", " b", " c", " d"], [0, 3, 0, 0, 0])
    assert question(material(denser, maximum=3.0)).count("fish\t10") == 1


def test_the_examples_come_first_as_turns_of_a_conversation() -> None:
    messages = prompt(material(FISH, maximum=3.0)).messages
    roles = [message.role for message in messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_a_neuron_that_never_fires_is_not_asked_about() -> None:
    dead = record(["a", "b"], [0, -0.1])
    assert isinstance(
        token_activation.prompt(material(dead, maximum=0.0), TokenActivationSettings(), [0]),
        Unusable,
    )


def test_a_neuron_whose_records_all_round_to_zero_is_not_asked_about() -> None:
    outcome = token_activation.prompt(material(FISH, maximum=100.0), TokenActivationSettings(), [0])
    assert outcome == Unusable(reason="every activation that may be shown rounds to 0 of 10")


@pytest.mark.parametrize(
    "said",
    [
        "fish and other animals",
        '  "fish and other animals"\n',
        "This neuron responds to fish and other animals",
        "this neuron fires on: fish and other animals",
        "The neuron is looking for \u201cfish and other animals\u201d",
        'Explanation: "fish and other animals"',
        "**fish and other animals**",
        "<think>fish? yes, fish.</think>\n\nfish and other animals",
        "\n\nfish and other animals\n\nIt fires most on shark.",
    ],
)
def test_what_leads_up_to_an_explanation_and_quotes_it_is_taken_off(said: str) -> None:
    assert parse_explanation.parse(Answer(text=said)) == Explained(text="fish and other animals")


@pytest.mark.parametrize("said", ['the word "than"', '"if" and "when"', "neurons that fire", "'s"])
def test_what_belongs_to_an_explanation_stays(said: str) -> None:
    assert parse_explanation.parse(Answer(text=said)) == Explained(text=said)


@pytest.mark.parametrize("said", ["", " \n ", "Explanation:", '""', "<think>hm</think>"])
def test_an_empty_answer_is_unusable_and_kept(said: str) -> None:
    assert parse_explanation.parse(Answer(text=said)) == Unusable(
        reason="the answer contains no explanation", raw=said
    )


@pytest.mark.parametrize("said", ["<think>it may be", "<thinking>\nfish, I think", " <think>"])
def test_an_answer_that_ends_in_thought_is_unusable_and_kept(said: str) -> None:
    assert parse_explanation.parse(Answer(text=said)) == Unusable(
        reason="the answer ends while the model is still thinking", raw=said
    )


@pytest.mark.parametrize(
    "said", ["I'm sorry, but I can't help.", "I cannot say.", "As an AI model I do not know."]
)
def test_a_refusal_is_unusable_and_kept(said: str) -> None:
    assert parse_explanation.parse(Answer(text=said)) == Unusable(
        reason="the model declined to explain", raw=said
    )


def test_a_prompt_goes_to_a_server_and_its_answer_comes_back_as_an_explanation() -> None:
    with serving(chat("This neuron responds to fish.")) as server:
        backend = OpenAIBackend(base_url=server.url, api_key="k", model="tiny", concurrency=1)
        (answer,) = backend.answer(Generate([prompt(material(FISH, maximum=3.0))]))
    assert isinstance(answer, Answer)
    assert parse_explanation.parse(answer) == Explained(text="fish.")
    assert server.requests[0]["messages"][-1]["content"].startswith("A\t0\nfish\t10")
