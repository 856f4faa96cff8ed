"""Which windows may be scored: none that the author saw, and none similar to one."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """An excerpt's tokens and the document that they are from."""

    document: Hashable
    tokens: tuple[str, ...]


def held_out(candidates: Sequence[Window], shown: Sequence[Window], n: int = 8) -> list[int]:
    """Return the indices of the candidates that share nothing with what was shown.

    A candidate is left out if it is from a shown document, or if `n` consecutive tokens of it are
    in a shown window too. Tokens are compared case-folded and without the space around them. A
    candidate of fewer than `n` tokens is left out if a shown window contains it whole.
    """
    documents = {window.document for window in shown}
    texts = [_folded(window) for window in shown]
    seen: dict[int, set[Gram]] = {}
    kept = []
    for index, candidate in enumerate(candidates):
        tokens = _folded(candidate)
        size = min(n, len(tokens))
        if size not in seen:
            seen[size] = {gram for text in texts for gram in _grams(text, size)}
        if candidate.document not in documents and seen[size].isdisjoint(_grams(tokens, size)):
            kept.append(index)
    return kept


def _folded(window: Window) -> Gram:
    return tuple(text for token in window.tokens if (text := token.strip().casefold()))


def _grams(tokens: Gram, size: int) -> list[Gram]:
    return [tokens[start : start + size] for start in range(len(tokens) - size + 1)]
