"""Records as a language model is shown them: activations from 0 to 10 of a neuron's maximum."""

from collections.abc import Iterable, Sequence

import numpy as np

from explanations.records import TokenActivations, to_zero_to_ten

Line = tuple[str, int]
"""A token and its activation, 0 to 10."""


def lines(record: TokenActivations, maximum: float) -> list[Line]:
    """Return a raw record's tokens with their activations from 0 to 10 of `maximum`."""
    values = to_zero_to_ten(record.activations, maximum).tolist()
    return list(zip(record.tokens, values, strict=True))


def example(tokens: str, values: str) -> list[Line]:
    """Return an example of a prompt, whose tokens and values stand between spaces."""
    return list(zip(tokens.split(), map(int, values.split()), strict=True))


def excerpts(shown: Sequence[Sequence[Line]], repeat_below: float) -> str:
    """Write excerpts, a token a line; where a smaller share of tokens fires, list those again."""
    everything = [value for excerpt in shown for _, value in excerpt]
    parts = ["\n\n".join(map(_written, shown))]
    if sum(map(bool, everything)) < repeat_below * len(everything):
        firing = [[line for line in excerpt if line[1]] for excerpt in shown]
        parts.append("The tokens that fire, by themselves:")
        parts.append("\n\n".join(_written(few) for few in firing if few))
    return "\n\n".join(parts)


def observed(record: TokenActivations, maximum: float) -> str:
    """Write on one line on which of a text's tokens the neuron fires, and how strongly."""
    fired = [f"{visible(token)} {value}" for token, value in lines(record, maximum) if value]
    return ", ".join(fired) or "silent"


def spread(count: int, most: int) -> list[int]:
    """Return up to so many of the places below `count`, at even distances, both ends among them."""
    places: list[int] = np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()
    return places


def one_line(text: str) -> str:
    """Write a text on one line: what breaks it or tabulates is spelled out."""
    breaks = {"\r\n": "\\n", "\n": "\\n", "\r": "\\n", "\t": "\\t"}
    for mark, written in breaks.items():
        text = text.replace(mark, written)
    return " ".join(text.split())


def visible(token: str) -> str:
    """Write a token without the spaces around it; one that is nothing else is spelled out."""
    return token.replace("\n", "\\n").replace("\t", "\\t").strip(" ") or "(space)"


def _written(shown: Iterable[Line]) -> str:
    return "\n".join(f"{visible(token)}\t{value}" for token, value in shown)
