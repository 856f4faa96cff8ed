"""A language model reads records as tokens with activations and says what the neuron responds to.

Activations are shown from 0 to 10, normalised by the neuron's maximum over its whole capture. Where
few tokens fire, those that do are listed again by themselves.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from explanations.explainers import parse_explanation, prompt_format
from explanations.explainers.base import Config, Explainer
from explanations.explainers.silence import silent
from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Explained, Material, Message, Prompt, Unusable
from explanations.records import AuthorKind

DEFAULTS: dict[str, Any] = {"records": 5, "repeat_below": 0.2, "max_tokens": 120}

SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires, one token on each line with its activation behind it: 0 is silence, 10 the strongest firing \
that the neuron ever showed. Say in one short phrase what the neuron responds to: the words, the \
meaning or the context that its strongest activations have in common and that silent tokens lack. \
Be specific. Do not list the excerpts and do not write anything but the phrase."""

LEAD = "This neuron responds to"

# Neurons made up for this prompt: tokens and activations of two texts, what the neuron responds to.
EXAMPLES: tuple[tuple[tuple[tuple[str, str], ...], str], ...] = (
    (
        (
            ("The baker wiped flour from the oven door .", "0 1 0 0 0 0 8 1 0"),
            ("Smoke rose when we lit the old stove again .", "2 0 0 0 3 0 0 10 0 0"),
            ("He keeps a kil n in the yard , not a car", "0 0 0 6 9 0 0 0 0 0 0 0"),
        ),
        "devices that are heated from inside, such as ovens, stoves and kilns",
    ),
    (
        (
            ("They would rather walk than take the bus", "0 0 2 0 10 3 0 0"),
            ("colder than last year , but more even than that", "1 9 2 0 0 0 1 0 8 0"),
        ),
        'the word "than" in comparisons',
    ),
)


def explain(material: Material, config: Config, _seed: int) -> Dialogue[Explained | Unusable]:
    """Ask once; what was shown counts as seen."""
    shown = range(shows(config))
    asked = prompt(material, config, shown)
    if isinstance(asked, Unusable):
        return asked
    outcome = yield from parse_explanation.asked(asked)
    return replace(outcome, used=shown) if isinstance(outcome, Explained) else outcome


def shows(config: Config) -> int:
    """Return how many records a prompt shows where there are as many."""
    return int({**DEFAULTS, **config}["records"])


def prompt(
    material: Material, config: Config, shown: Sequence[int], *, temperature: float = 0.0
) -> Prompt | Unusable:
    """Show the excerpts at these places; `Unusable` where there is no firing to show."""
    settings = {**DEFAULTS, **config}
    excerpts = seen(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts
    turns = [_turns(texts, about, settings["repeat_below"]) for texts, about in EXAMPLES]
    asked = Message(role="user", content=_question(excerpts, settings["repeat_below"]))
    return Prompt(
        messages=(Message(role="system", content=SYSTEM), *sum(turns, ()), asked),
        max_tokens=settings["max_tokens"],
        temperature=temperature,
    )


def seen(material: Material, shown: Sequence[int]) -> list[list[prompt_format.Line]] | Unusable:
    """Return the excerpts at these places, from 0 to 10; `Unusable` where none of them fires."""
    if reason := silent(material):
        return Unusable(reason=reason)
    records = [material.excerpts[place] for place in shown if place < len(material.excerpts)]
    excerpts = [prompt_format.lines(record, material.maximum) for record in records]
    if not any(value for excerpt in excerpts for _, value in excerpt):
        return Unusable(reason="every activation that may be shown rounds to 0 of 10")
    return excerpts


def _turns(
    texts: Iterable[tuple[str, str]], about: str, repeat_below: float
) -> tuple[Message, ...]:
    question = _question([prompt_format.example(*text) for text in texts], repeat_below)
    return Message(role="user", content=question), Message(role="assistant", content=about)


def _question(excerpts: Sequence[Sequence[prompt_format.Line]], repeat_below: float) -> str:
    return f"{prompt_format.excerpts(excerpts, repeat_below)}\n\n{LEAD} ..."


EXPLAINER = Explainer(
    name="token_activation",
    version=1,
    author=AuthorKind.MODEL,
    explain=explain,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
