"""Records as prompts show them: activations from 0 to 10 of the neuron's maximum."""

from collections.abc import Iterable, Sequence

import numpy as np

from explanations.explainers.helpers import why_silent
from explanations.methods.values import Material, Unusable
from explanations.records import TokenActivations, to_zero_to_ten

Line = tuple[str, int]
"""A token and its activation, 0 to 10."""

Excerpts = Sequence[Sequence[Line]]


def lines(record: TokenActivations, maximum: float) -> list[Line]:
    """Return a raw record's tokens with their activations from 0 to 10 of `maximum`."""
    values = to_zero_to_ten(record.activations, maximum).tolist()
    return list(zip(record.tokens, values, strict=True))


def shown_excerpts(material: Material, indices: Iterable[int]) -> Excerpts | Unusable:
    """Return the excerpts with these indices; `Unusable` where none of them fires."""
    if reason := why_silent(material):
        return Unusable(reason=reason)
    records = [material.excerpts[index] for index in indices if index < len(material.excerpts)]
    excerpts = [lines(record, material.maximum) for record in records]
    if not any(value for excerpt in excerpts for _, value in excerpt):
        return Unusable(reason="every activation that may be shown rounds to 0 of 10")
    return excerpts


def example(*texts: tuple[str, str]) -> list[list[Line]]:
    """Return excerpts of a prompt's example, each as tokens and values separated by spaces."""
    return [
        list(zip(tokens.split(), map(int, values.split()), strict=True)) for tokens, values in texts
    ]


def excerpt_text(shown: Excerpts, repeat_below: float) -> str:
    """Return excerpts, one token per line; if a smaller share of tokens fires, those once more."""
    everything = [value for excerpt in shown for _, value in excerpt]
    parts = ["\n\n".join(map(_table, shown))]
    if sum(map(bool, everything)) < repeat_below * len(everything):
        firing = [[line for line in excerpt if line[1]] for excerpt in shown]
        parts.append("Only the tokens that fire:")
        parts.append("\n\n".join(_table(excerpt) for excerpt in firing if excerpt))
    return "\n\n".join(parts)


def firing_tokens(record: TokenActivations, maximum: float) -> str:
    """Return on one line the tokens on which the neuron fires, with their activations."""
    fired = [f"{visible(token)} {value}" for token, value in lines(record, maximum) if value]
    return ", ".join(fired) or "silent"


def spread(count: int, most: int) -> list[int]:
    """Return up to `most` of the indices below `count`, evenly spaced, both ends among them."""
    indices: list[int] = np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()
    return indices


def one_line(text: str) -> str:
    """Return a text on one line: line breaks and tabs are spelled out."""
    breaks = {"\r\n": "\\n", "\n": "\\n", "\r": "\\n", "\t": "\\t"}
    for mark, spelled in breaks.items():
        text = text.replace(mark, spelled)
    return " ".join(text.split())


def visible(token: str) -> str:
    """Return a token without the spaces around it; one that is nothing else is spelled out."""
    return token.replace("\n", "\\n").replace("\t", "\\t").strip(" ") or "(space)"


def _table(excerpt: Iterable[Line]) -> str:
    return "\n".join(f"{visible(token)}\t{value}" for token, value in excerpt)
