"""A language model reads records as tokens with activations and says what the neuron responds to.

Activations are shown from 0 to 10, normalised by the neuron's maximum over its whole capture. Where
few tokens fire, those that do are listed again by themselves.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from explanations.dialogue import Dialogue, Need, ask
from explanations.exchange import Answer, Explained, Material, Message, Prompt, Unusable
from explanations.explainers.base import Config, Explainer
from explanations.explainers.silence import silent
from explanations.records import AuthorKind, TokenActivations, to_zero_to_ten

DEFAULTS: dict[str, Any] = {"records": 5, "repeat_below": 0.2, "max_tokens": 120}

SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires, one token on each line with its activation behind it: 0 is silence, 10 the strongest firing \
that the neuron ever showed. Say in one short phrase what the neuron responds to: the words, the \
meaning or the context that its strongest activations have in common and that silent tokens lack. \
Be specific. Do not list the excerpts and do not write anything but the phrase."""

LEAD = "This neuron responds to"

Line = tuple[str, int]
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

_THINKING = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_LEADS = re.compile(
    r"(?:explanation\s*:|(?:the|this)\s+neuron(?:\s+\d+)?\s+(?:mainly\s+|mostly\s+|strongly\s+)?"
    r"(?:(?:responds?|is\s+sensitive)\s+to|(?:fires?|activates?|is\s+active)\s+(?:on|for|at)"
    r"|detects|(?:looks|is\s+looking)\s+for)\s*:?)\s*",
    re.IGNORECASE,
)
_REFUSALS = re.compile(
    r"(?:i['\u2019]?m\s+sorry|i\s+am\s+sorry|sorry,|i\s+(?:cannot|can['\u2019]?t|can\s+not|am\s+unable)"
    r"|i['\u2019]?m\s+(?:unable|not\s+able)|as\s+an\s+ai\b|unfortunately,\s+i\b)",
    re.IGNORECASE,
)
_PAIRS = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "`": "`", "**": "**"}


def explain(material: Material, config: Config, _seed: int) -> Dialogue[Explained | Unusable]:
    """Ask once; what was shown counts as seen."""
    asked = prompt(material, config)
    if isinstance(asked, Unusable):
        return asked
    (answer,) = yield from ask([asked])
    if isinstance(answer, Unusable):
        return answer
    outcome = parse(answer)
    return replace(outcome, used=shows(config)) if isinstance(outcome, Explained) else outcome


def prompt(material: Material, config: Config) -> Prompt | Unusable:
    """Show the `records` highest records; `Unusable` for a neuron with no firing to show."""
    settings = {**DEFAULTS, **config}
    if reason := silent(material):
        return Unusable(reason=reason)
    excerpts = [_lines(record, material.maximum) for record in material.excerpts[: shows(config)]]
    if not any(value for excerpt in excerpts for _, value in excerpt):
        return Unusable(reason="every activation that may be shown rounds to 0 of 10")
    turns = [_turns(texts, about, settings["repeat_below"]) for texts, about in EXAMPLES]
    asked = Message(role="user", content=_question(excerpts, settings["repeat_below"]))
    return Prompt(
        messages=(Message(role="system", content=SYSTEM), *sum(turns, ()), asked),
        max_tokens=settings["max_tokens"],
    )


def shows(config: Config) -> int:
    """Return how many records a prompt shows where there are as many."""
    return int({**DEFAULTS, **config}["records"])


def parse(answer: Answer) -> Explained | Unusable:
    """Take the phrase out of an answer, without what leads up to it and the quotes around it."""
    text = _THINKING.sub("", answer.text).strip()
    if _REFUSALS.match(text):
        return Unusable(reason="the model declined to explain", raw=answer.text)
    lines = (_bare(line) for line in text.splitlines())
    phrase = next((line for line in lines if line), "")
    if not phrase:
        return Unusable(reason="the answer holds no explanation", raw=answer.text)
    return Explained(text=phrase)


def _lines(record: TokenActivations, maximum: float) -> list[Line]:
    values = to_zero_to_ten(record.activations, maximum).tolist()
    return list(zip(record.tokens, values, strict=True))


def _turns(
    texts: Iterable[tuple[str, str]], about: str, repeat_below: float
) -> tuple[Message, ...]:
    excerpts = [
        list(zip(tokens.split(), map(int, values.split()), strict=True)) for tokens, values in texts
    ]
    question = _question(excerpts, repeat_below)
    return Message(role="user", content=question), Message(role="assistant", content=about)


def _question(excerpts: Sequence[Sequence[Line]], repeat_below: float) -> str:
    """Write the excerpts; where fewer than that share of tokens fires, list those that do again."""
    everything = [value for excerpt in excerpts for _, value in excerpt]
    parts = ["\n\n".join(map(_written, excerpts))]
    if sum(map(bool, everything)) < repeat_below * len(everything):
        firing = [[line for line in excerpt if line[1]] for excerpt in excerpts]
        parts.append("The tokens that fire, by themselves:")
        parts.append("\n\n".join(_written(lines) for lines in firing if lines))
    return "\n\n".join([*parts, f"{LEAD} ..."])


def _written(lines: Iterable[Line]) -> str:
    return "\n".join(f"{_visible(token)}\t{value}" for token, value in lines)


def _visible(token: str) -> str:
    return token.replace("\n", "\\n").replace("\t", "\\t").strip(" ") or "(space)"


def _bare(line: str) -> str:
    """Peel leading phrases and surrounding quotes off, as long as there are any."""
    before, line = "", line.strip()
    while line != before:
        before = line
        line = _unquoted(_LEADS.sub("", line, count=1) if _LEADS.match(line) else line).strip()
    return line


def _unquoted(text: str) -> str:
    for left, right in _PAIRS.items():
        inner = text[len(left) : -len(right)]
        whole = len(text) >= len(left + right) and text.startswith(left) and text.endswith(right)
        if whole and left not in inner and right not in inner:
            return inner
    return text


EXPLAINER = Explainer(
    name="token_activation",
    version=1,
    author=AuthorKind.MODEL,
    explain=explain,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
