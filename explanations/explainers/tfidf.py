"""How much texts look alike: by the words that they share, a rare one counting for more."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import log, sqrt

from explanations.records import word_texts


def likest(texts: Sequence[Iterable[str]], to: Iterable[str]) -> list[int]:
    """Return the places of texts, those first that look most like `to`; all are given as tokens.

    By the cosine between the words of each, weighed by how few of the texts have them. Marks do not
    count, nor how often a word comes. Texts that are equally alike keep their order.
    """
    said = [spoken(tokens) for tokens in texts]
    return likest_words(said, spoken(to))


def likest_words(said: Sequence[frozenset[str]], to: frozenset[str]) -> list[int]:
    """Do what `likest` does with texts whose words are known."""
    held = Counter(chain.from_iterable(said))
    weights = {word: log((1 + len(said)) / count) ** 2 for word, count in held.items()}
    shares = [_share(words, to, weights) for words in said]
    return sorted(range(len(said)), key=lambda place: -shares[place])


def spoken(tokens: Iterable[str]) -> frozenset[str]:
    """Return the different words of a text, case-folded."""
    return frozenset(word.casefold() for word in word_texts("".join(tokens)) if word[0].isalnum())


def _share(words: frozenset[str], to: frozenset[str], weights: dict[str, float]) -> float:
    whole = sum(weights[word] for word in words)
    return sum(weights[word] for word in words & to) / sqrt(whole) if whole else 0.0
