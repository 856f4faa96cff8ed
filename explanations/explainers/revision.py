"""A language model revises its explanation where sentences that should fit it leave it wrong.

It begins with what `token_activation` would say. Then, in each round, it writes sentences that fit
the explanation, and the subject shows what the neuron does on them. A seeded half of them is kept
for scoring: nobody who revises sees it. Of the other half, a sentence whose peak stays under
`fires` of the neuron's maximum is a counterexample. Where there is one, the explanation is revised
with the whole half in view; where there is none, it stands.

Source of the idea: Bills et al. (2023), section on revising explanations.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from explanations.explainers import (
    parse_explanation,
    prompt_format,
    test_sentences,
    token_activation,
)
from explanations.explainers.base import Config, Explainer
from explanations.methods.requests import ComputeActivations, Dialogue, Generate, Need, send
from explanations.methods.values import (
    SHOWN,
    WRITTEN,
    Explained,
    Material,
    Message,
    Prompt,
    Unusable,
)
from explanations.records import AuthorKind, TokenActivations

DEFAULTS: dict[str, Any] = {
    **token_activation.DEFAULTS,
    "rounds": 1,
    "sentences": 10,
    "temperature": 0.8,
    "fires": 0.3,
    "seed": 0,
}

SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires, one token on each line with its activation behind it, from 0, silence, to 10, its strongest \
firing. Then you are told what the neuron was said to respond to, and what it did on sentences \
that were written to fit that: the tokens on which it fired, with activations. Where a sentence \
left it silent, what was said of it is wrong or too broad. Say in one short phrase what it \
really responds to, so that excerpts and sentences both fit. Do not write anything but the \
phrase."""

SAID = "The neuron was said to respond to:"
TRIED = "What it did on sentences written to fit that:"

# A neuron made up for this prompt: excerpts, what was said, sentences, what is true.
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
    """What was observed on one round's sentences: those shown, and those kept for scoring."""

    explanation: str
    shown: tuple[TokenActivations, ...]
    kept: tuple[TokenActivations, ...]
    failed: int

    @property
    def told(self) -> dict[str, Any]:
        """What is kept of the part that the reviser saw."""
        shown = [record.text for record in self.shown]
        return {"explanation": self.explanation, "shown": shown, "failed": self.failed}


def explain(material: Material, config: Config, seed: int) -> Dialogue[Explained | Unusable]:
    """Explain, try, revise; `Unusable` where any step gives nothing."""
    settings = {**DEFAULTS, **config}
    if settings["sentences"] < 2:
        return Unusable(reason="sentences is 2 or more: one to revise by, one to keep")
    first = yield from token_activation.explain(material, settings, seed)
    if isinstance(first, Unusable):
        return first
    text, rounds = first.text, list[_Round]()
    for number in range(settings["rounds"]):
        tried = yield from _tried(text, settings, f"{seed}:{material.neuron}:{number}")
        if isinstance(tried, Unusable):
            return tried
        rounds.append(tried)
        limit = settings["fires"] * material.maximum
        if all(record.peak >= limit for record in tried.shown):
            break
        revised = yield from parse_explanation.asked(prompt(material, tried, settings))
        if isinstance(revised, Unusable):
            return revised
        text = revised.text
    return replace(first, text=text, details=_details(first.text, rounds))


def _details(first: str, rounds: Sequence[_Round]) -> dict[str, Any]:
    """Keep what was said first, what the reviser saw, and the sentences kept for scoring."""
    shown = [record for each in rounds for record in each.shown]
    seen = {record.text.casefold() for record in shown}
    kept = [record for each in rounds for record in each.kept]
    return {
        "first": first,
        "rounds": [each.told for each in rounds],
        SHOWN: [list(record.tokens) for record in shown],
        WRITTEN: [
            {"tokens": list(record.tokens), "activations": record.activations.tolist()}
            for record in kept
            if record.text.casefold() not in seen  # a later round may write a sentence again
        ],
    }


def _tried(explanation: str, settings: Config, seed: str) -> Dialogue[_Round | Unusable]:
    """Have sentences written and observed; a half, drawn before, is kept from the reviser."""
    count = settings["sentences"]
    asked = test_sentences.prompt(explanation, count, temperature=settings["temperature"])
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
        return Unusable(reason=f"no sentence could be observed: {reason}", raw="\n".join(sentences))
    failed = len(sentences) - len(shown) - len(kept)
    return _Round(explanation=explanation, shown=shown, kept=kept, failed=failed)


def _observed(
    replies: Sequence[TokenActivations | Unusable],
) -> tuple[TokenActivations, ...]:
    return tuple(reply for reply in replies if isinstance(reply, TokenActivations))


def prompt(material: Material, tried: _Round, config: Config) -> Prompt:
    """Show the highest excerpts, what was said, and what the neuron did on the shown sentences."""
    settings = {**DEFAULTS, **config}
    texts, said, did, about = EXAMPLE
    few = [prompt_format.example(*text) for text in texts]
    excerpts = [
        prompt_format.lines(record, material.maximum)
        for record in material.excerpts[: settings["records"]]
    ]
    done = [
        (record.text, prompt_format.observed(record, material.maximum)) for record in tried.shown
    ]
    messages = (
        Message(role="system", content=SYSTEM),
        Message(role="user", content=_question(few, said, did, settings["repeat_below"])),
        Message(role="assistant", content=about),
        Message(
            role="user",
            content=_question(excerpts, tried.explanation, done, settings["repeat_below"]),
        ),
    )
    return Prompt(messages=messages, max_tokens=settings["max_tokens"])


def _question(
    excerpts: Sequence[Sequence[prompt_format.Line]],
    said: str,
    did: Sequence[tuple[str, str]],
    repeat_below: float,
) -> str:
    tried = "\n".join(f"- {prompt_format.one_line(text)}\n  {fired}" for text, fired in did)
    shown = prompt_format.excerpts(excerpts, repeat_below)
    return f"{shown}\n\n{SAID} {said}\n\n{TRIED}\n{tried}\n\n{token_activation.LEAD} ..."


EXPLAINER = Explainer(
    name="revision",
    version=1,
    author=AuthorKind.MODEL,
    explain=explain,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
    default_config=DEFAULTS,
)
