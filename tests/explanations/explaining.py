"""What tests of explainers share: small materials, scripted answers, subjects that are real."""

import re
from collections.abc import Callable

import numpy as np

from explanations.explainers import EXPLAINERS
from explanations.methods.requests import ComputeActivations, Generate
from explanations.methods.values import Answer, Explained, Material, Unusable
from explanations.records import NeuronRef, Scale, TokenActivations
from tests.explanations.dialogues import Replies, carried_on

NEURON = NeuronRef(layer=0, index=1)


def record(line: str, **levels: float) -> TokenActivations:
    """Return a text whose tokens are its words, each with its space; 0 where nothing is said."""
    tokens = re.findall(r"\s?[^\s]+", line)
    values = [levels.get(token.strip(), 0.0) for token in tokens]
    return TokenActivations(
        tokens=tuple(tokens), activations=np.array(values, "f4"), scale=Scale.RAW
    )


def material(*excerpts: TokenActivations, **values: object) -> Material:
    """Return what is known of a neuron whose maximum is the excerpts' unless another is given."""
    maximum = max((each.peak for each in excerpts), default=0.0)
    return Material(**{"neuron": NEURON, "maximum": maximum, "excerpts": excerpts, **values})


class Model:
    """A language model that gives scripted answers, then the last one again; keeps what it read."""

    def __init__(self, *answers: str | Unusable) -> None:
        self._answers = list(answers)
        self.prompts: list[str] = []

    def __call__(self, request: Generate) -> tuple[Answer | Unusable, ...]:
        """Answer each prompt by the next of the script."""
        return tuple(self._next(prompt.messages[-1].content) for prompt in request.parts)

    def _next(self, asked: str) -> Answer | Unusable:
        self.prompts.append(asked)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return said if isinstance(said, Unusable) else Answer(text=said)


def function(truth: str) -> Callable[[ComputeActivations], tuple[TokenActivations | Unusable, ...]]:
    """Return what observes the shipped function whose true description begins so."""
    from explanations.interventions.live_neuron import activations
    from explanations.subjects.functions import load_functions

    subject = load_functions("default")
    index = next(i for i, f in enumerate(subject.functions) if f.truth.startswith(truth))
    neuron = NeuronRef(layer=0, index=index)
    return lambda request: tuple(
        activations(subject, text, neuron).excerpt for text in request.parts
    )


def nobody(request: ComputeActivations) -> tuple[Unusable, ...]:
    """Say of each text that there is no subject to run."""
    return tuple(Unusable(reason="no subject is at hand") for _ in request.parts)


def attempt(
    name: str, seen: Material, replies: Replies, seed: int = 0, **config: object
) -> Explained | Unusable:
    """Return what an explainer comes to."""
    return carried_on(EXPLAINERS[name].explain(seen, {**config, "seed": seed}), replies)


def explained(
    name: str, seen: Material, replies: Replies, seed: int = 0, **config: object
) -> Explained:
    """Return an explanation, where there must be one."""
    outcome = attempt(name, seen, replies, seed, **config)
    assert isinstance(outcome, Explained), outcome
    return outcome


def failed(
    name: str, seen: Material, replies: Replies, seed: int = 0, **config: object
) -> Unusable:
    """Return why there is no explanation, where there must be none."""
    outcome = attempt(name, seen, replies, seed, **config)
    assert isinstance(outcome, Unusable), outcome
    return outcome
