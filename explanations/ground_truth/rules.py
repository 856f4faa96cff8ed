"""Rules by which a function with known truth gives each token an activation. Pure.

Built in the style of FIND (Schwettmann et al., 2023, "FIND: A Function Description Benchmark for
Evaluating Interpretability Methods"): simple concepts, compositions of them, and both corrupted by
noise, silence and interference. Each word counts by itself here, where FIND asks a language model.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from explanations.records import seeded_hash

Values: TypeAlias = NDArray[np.float32]

ENDS = frozenset(".!?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text's tokens, words and marks without the space around them, and a seed for chance."""

    tokens: tuple[str, ...]
    seed: int

    @property
    def lower(self) -> tuple[str, ...]:
        """The tokens in small letters."""
        return tuple(token.lower() for token in self.tokens)

    def chance(self, name: str) -> np.random.Generator:
        """Return random numbers that this text, the seed and a name decide."""
        return np.random.default_rng(seeded_hash(self.seed, name, *self.tokens))


Rule: TypeAlias = Callable[[Text], Values]
"""Gives each token of a text an activation: float32 [tokens]."""


def token(test: Callable[[str], float]) -> Rule:
    """Return a rule that looks at one token, in small letters, at a time."""
    return lambda text: _values(test(each) for each in text.lower)


def among(words: str) -> Rule:
    """Return 1 on the words of a list."""
    known = frozenset(words.split())
    return token(lambda each: each in known)


def capital(text: Text) -> Values:
    """Return 1 on capitalised words that do not begin a sentence."""
    begins = first_word(text) > 0
    return _values(
        each[:1].isupper() and not begin for each, begin in zip(text.tokens, begins, strict=True)
    )


def first_word(text: Text) -> Values:
    """Return 1 on the first word of each sentence."""
    return _values(position(text) == 1)


def position(text: Text) -> Values:
    """Return each word's place in its sentence, from 1; 0 on marks."""
    places, place = [], 0
    for each in text.tokens:
        is_word = each[:1].isalnum()
        place += is_word
        places.append(place if is_word else 0)
        if each in ENDS:
            place = 0
    return _values(places)


def quoted(text: Text) -> Values:
    """Return 1 on what stands between double quotation marks."""
    values, inside = [], False
    for each in text.tokens:
        is_mark = each in ('"', "\u201c", "\u201d")
        inside = (each != "\u201d" and (each == "\u201c" or not inside)) if is_mark else inside
        values.append(inside and not is_mark)
    return _values(values)


def repeated(least: int) -> Rule:
    """Return 1 on a word of at least so many letters that the text has said before."""

    def rule(text: Text) -> Values:
        seen: set[str] = set()
        values = []
        for each in text.lower:
            values.append(len(each) >= least and each in seen)
            seen.add(each)
        return _values(values)

    return rule


def following(rule: Rule) -> Rule:
    """Return a rule's values one token later."""

    def later(text: Text) -> Values:
        values = rule(text)
        return np.concatenate([np.zeros(1, np.float32), values])[: len(values)]

    return later


def unless_after(rule: Rule, blocker: Rule, reach: int) -> Rule:
    """Return a rule's values, but 0 where a blocker fires among the `reach` tokens before."""
    return lambda text: rule(text) * (_recent(blocker(text), reach) == 0)


def only_after(rule: Rule, trigger: Rule, reach: int) -> Rule:
    """Return a rule's values, but 0 unless a trigger fires among the `reach` tokens before."""
    return lambda text: rule(text) * (_recent(trigger(text), reach) > 0)


def either(rule: Rule, other: Rule, weight: float = 1.0) -> Rule:
    """Return the higher of a rule and of another times a weight."""
    return lambda text: np.maximum(rule(text), np.float32(weight) * other(text))


def both(rule: Rule, other: Rule) -> Rule:
    """Return the lower of two rules."""
    return lambda text: np.minimum(rule(text), other(text))


def early(size: int) -> Rule:
    """Return 1 on the first tokens of a text."""
    return lambda text: _values(at < size for at in range(len(text.tokens)))


def weakened(rule: Rule, region: Rule, weight: float) -> Rule:
    """Return a rule's values, times a weight where the region is not 0."""
    return lambda text: rule(text) * np.where(region(text) == 0, 1, weight).astype(np.float32)


def noisy(rule: Rule, name: str, deviation: float) -> Rule:
    """Add normal noise of mean 0 to every token."""

    def rule_with_noise(text: Text) -> Values:
        noise = text.chance(name).normal(0.0, deviation, len(text.tokens))
        return rule(text) + noise.astype(np.float32)

    return rule_with_noise


def silenced(rule: Rule, name: str, share: float) -> Rule:
    """Set a share of the tokens, drawn at random, to 0."""

    def rule_with_gaps(text: Text) -> Values:
        return rule(text) * (text.chance(name).random(len(text.tokens)) >= share)

    return rule_with_gaps


def _recent(values: Values, reach: int) -> Values:
    """Return the highest value among the `reach` tokens before each; 0 where there is none."""
    padded = np.concatenate([np.zeros(reach, np.float32), values])
    return _values(padded[at : at + reach].max() for at in range(len(values)))


def _values(values: Iterable[float]) -> Values:
    return np.fromiter(values, dtype=np.float32)
