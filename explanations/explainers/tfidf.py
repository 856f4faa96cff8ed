"""Similarity of texts by the words that they share, rare ones counting for more."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from math import log, sqrt

from explanations.records import word_texts


def most_similar(texts: Sequence[Iterable[str]], to: Iterable[str]) -> list[int]:
    """Return the indices of texts, those most similar to `to` first; all are given as tokens.

    Similarity is the cosine between the words of each, weighed by how few of the texts have them.
    Marks do not count, nor how often a word occurs. Equally similar texts keep their order.
    """
    return most_similar_words([word_set(tokens) for tokens in texts], word_set(to))


def most_similar_words(texts: Sequence[frozenset[str]], to: frozenset[str]) -> list[int]:
    """Return what `most_similar` does for texts whose words are known."""
    counts = Counter(chain.from_iterable(texts))
    weights = {word: log((1 + len(texts)) / count) ** 2 for word, count in counts.items()}
    shares = [_share(words, to, weights) for words in texts]
    return sorted(range(len(texts)), key=lambda index: -shares[index])


def word_set(tokens: Iterable[str]) -> frozenset[str]:
    """Return the different words of a text, case-folded."""
    return frozenset(word.casefold() for word in word_texts("".join(tokens)) if word[0].isalnum())


def _share(words: frozenset[str], to: frozenset[str], weights: dict[str, float]) -> float:
    whole = sum(weights[word] for word in words)
    return sum(weights[word] for word in words & to) / sqrt(whole) if whole else 0.0
