"""A language model revises its explanation by sentences that fit it but leave the neuron silent.

It begins with the explanation of `token_activation`. In each round a language model writes
sentences that fit the explanation, and the subject shows the neuron's activations on them. A seeded
half of them is kept for scoring: no prompt shows it. Of the other half, a sentence whose peak stays
under `fires` of the neuron's maximum is a counterexample. If there is one, the explanation is
revised with the whole half in the prompt; if there is none, it stays.

Source of the idea: Bills et al. (2023), section on revising explanations.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from explanations.explainers import parse_explanation, test_sentences, token_activation
from explanations.explainers.base import Explainer
from explanations.explainers.prompt_format import (
    Excerpts,
    example,
    excerpt_text,
    firing_tokens,
    lines,
    one_line,
)
from explanations.methods.requests import ComputeActivations, Dialogue, Generate, Need, send
from explanations.methods.values import (
    HELD_OUT_SENTENCES,
    SHOWN,
    Explained,
    Material,
    Prompt,
    Unusable,
)
from explanations.records import AuthorKind, TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionSettings(token_activation.TokenActivationSettings):
    """How many rounds of how many sentences, and from which share of the maximum one fires."""

    rounds: int = 1
    sentences: int = 10
    temperature: float = 0.8
    fires: float = 0.3
    seed: int = 0


SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires: one token per line, followed by a tab and the neuron's activation on it, from 0 (silent) \
to 10 (the highest activation that the neuron ever showed). Then you are given an explanation of \
the neuron, and sentences that were written to fit it, each with the tokens on which the neuron \
fired and their activations. If a sentence left the neuron silent, the explanation is wrong or \
too broad. Say in one short phrase what the neuron really responds to, so that it fits both the \
excerpts and the sentences. Write only the phrase."""

EXPLANATION = "The explanation: the neuron responds to"
TRIED = "Sentences written to fit the explanation:"

# A made-up neuron: excerpts, a wrong explanation, sentences with their activations, the right one.
EXAMPLE = (
    (("The soup was colder than last time , but better", "0 0 0 1 9 1 0 0 0 0"),),
    "comparisons",
    (
        ("My aunt is as tall as the door.", "silent"),
        ("It took longer than we had thought.", "than 8"),
        ("This is the loudest bell of them all.", "silent"),
    ),
    'the word "than" after a comparative',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """The activations on one round's sentences: those shown, and those kept for scoring."""

    explanation: str
    shown: tuple[TokenActivations, ...]
    kept: tuple[TokenActivations, ...]
    failed: int

    @property
    def as_json(self) -> dict[str, Any]:
        """Return what is stored of the part that the reviser saw."""
        shown = [record.text for record in self.shown]
        return {"explanation": self.explanation, "shown": shown, "failed": self.failed}


def explain(material: Material, settings: RevisionSettings) -> Dialogue[Explained | Unusable]:
    """Explain, try, revise; `Unusable` where any step gives nothing."""
    if settings.sentences < 2:
        return Unusable(reason="sentences must be 2 or more: one to revise by, one to keep")
    first = yield from token_activation.explain(material, settings)
    if isinstance(first, Unusable):
        return first
    text, rounds = first.text, list[_Round]()
    for number in range(settings.rounds):
        tried = yield from _tried(text, settings, f"{settings.seed}:{material.neuron}:{number}")
        if isinstance(tried, Unusable):
            return tried
        rounds.append(tried)
        limit = settings.fires * material.maximum
        if all(record.peak >= limit for record in tried.shown):
            break
        revised = yield from parse_explanation.ask(prompt(material, tried, settings))
        if isinstance(revised, Unusable):
            return revised
        text = revised.text
    return replace(first, text=text, details=_details(first.text, rounds))


def _details(first: str, rounds: Sequence[_Round]) -> dict[str, Any]:
    """Return the first explanation, what the reviser saw, and the sentences kept for scoring."""
    shown = [record for each in rounds for record in each.shown]
    seen = {record.text.casefold() for record in shown}
    kept = [record for each in rounds for record in each.kept]
    return {
        "first": first,
        "rounds": [each.as_json for each in rounds],
        SHOWN: [list(record.tokens) for record in shown],
        HELD_OUT_SENTENCES: [
            {"tokens": list(record.tokens), "activations": record.activations.tolist()}
            for record in kept
            if record.text.casefold() not in seen  # a later round may write a sentence again
        ],
    }


def _tried(explanation: str, settings: RevisionSettings, seed: str) -> Dialogue[_Round | Unusable]:
    """Ask for sentences and run them; one half, drawn before, is kept from the reviser."""
    count = settings.sentences
    asked = test_sentences.prompt(explanation, count, temperature=settings.temperature)
    (answer,) = yield from send(Generate([asked]))
    sentences = answer if isinstance(answer, Unusable) else test_sentences.parse(answer, count)
    if isinstance(sentences, Unusable):
        return sentences
    random.Random(seed).shuffle(sentences)  # noqa: S311
    replies = yield from send(ComputeActivations(sentences))
    half = (len(sentences) + 1) // 2
    shown, kept = _observed(replies[:half]), _observed(replies[half:])
    if not shown:
        reason = next(reply.reason for reply in replies if isinstance(reply, Unusable))
        return Unusable(reason=f"no sentence could be run: {reason}", raw="\n".join(sentences))
    failed = len(sentences) - len(shown) - len(kept)
    return _Round(explanation=explanation, shown=shown, kept=kept, failed=failed)


def _observed(
    replies: Sequence[TokenActivations | Unusable],
) -> tuple[TokenActivations, ...]:
    return tuple(reply for reply in replies if isinstance(reply, TokenActivations))


def prompt(material: Material, tried: _Round, settings: RevisionSettings) -> Prompt:
    """Return a prompt with the highest excerpts, the explanation, and the shown sentences."""

    def question(excerpts: Excerpts, explanation: str, fired: Sequence[tuple[str, str]]) -> str:
        sentences = "\n".join(f"- {one_line(text)}\n  {tokens}" for text, tokens in fired)
        shown = excerpt_text(excerpts, settings.repeat_below)
        lead = f"{token_activation.LEAD} ..."
        return f"{shown}\n\n{EXPLANATION} {explanation}\n\n{TRIED}\n{sentences}\n\n{lead}"

    texts, wrong, fired, right = EXAMPLE
    return Prompt.few_shot(
        SYSTEM,
        [(question(example(*texts), wrong, fired), right)],
        question(
            [lines(each, material.maximum) for each in material.excerpts[: settings.records]],
            tried.explanation,
            [(each.text, firing_tokens(each, material.maximum)) for each in tried.shown],
        ),
        max_tokens=settings.max_tokens,
    )


EXPLAINER = Explainer(
    name="revision",
    version=2,
    author=AuthorKind.MODEL,
    run=explain,
    settings=RevisionSettings,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
)
