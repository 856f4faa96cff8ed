"""What a generated function of texts can respond to: lists of words, spellings, places. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from explanations.ground_truth.rules import (
    Rule,
    Text,
    among,
    capital,
    first_word,
    quoted,
    repeated,
    token,
)
from explanations.ground_truth.words import FREQUENT, JOINING, LEXICONS, NAMES

# A concept that shares more than this with another is no wrong description of it.
OVERLAP = 0.3

ENDINGS = "al ar ce ck d ed en er g k le m ng p r se sh te w y"
BEGINNINGS = "b c ch d f g h l m n p r s sh st t tr w"
INSIDES = "ai an ar ck ea ee in ll oa oo or ou rr ss tt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """Something that a description can name; `said` is a noun phrase. Values are 0 or 1."""

    said: str
    family: str
    rule: Rule

    def on(self, text: Text) -> frozenset[int]:
        """Return the places of a text's tokens on which it holds."""
        return frozenset(self.rule(text).nonzero()[0].tolist())


@cache
def concepts() -> tuple[Concept, ...]:
    """Return all concepts, always in the same order."""
    return (*_words(), *_spellings(), *_lengths(), *_places())


def _words() -> Iterator[Concept]:
    for name, words in LEXICONS.items():
        forms = f"{words} {' '.join(word + 's' for word in words.split())}"
        yield Concept(said=f"words for {name}", family="meaning", rule=among(forms))
    for name, words in FREQUENT.items():
        yield Concept(said=name, family="frequent", rule=among(words))
    for name, words in JOINING.items():
        yield Concept(said=name, family="joining", rule=among(words))
    for word in " ".join([*FREQUENT.values(), *JOINING.values()]).split():
        said = f"the word \u201c{word}\u201d"
        yield Concept(said=said, family="word", rule=among(word))


def _spellings() -> Iterator[Concept]:
    for part in ENDINGS.split():
        test = partial(_long_and_ends, part=part)
        said = f"words that end in \u201c{part}\u201d"
        yield Concept(said=said, family="ending", rule=token(test))
    for part in BEGINNINGS.split():
        test = partial(_long_and_begins, part=part)
        said = f"words that begin with \u201c{part}\u201d"
        yield Concept(said=said, family="beginning", rule=token(test))
    for part in INSIDES.split():
        said = f"words that contain \u201c{part}\u201d"
        yield Concept(said=said, family="inside", rule=token(partial(_contains, part=part)))


def _lengths() -> Iterator[Concept]:
    for size in range(2, 9):
        said = f"words of exactly {size} letters"
        yield Concept(said=said, family="length", rule=token(partial(_is_long, size=size)))


def _places() -> Iterator[Concept]:
    for said, rule in (
        ("capitalised words that do not begin a sentence", capital),
        ("the first word of a sentence", first_word),
        ("words and marks between double quotation marks", quoted),
        ("words of four letters or more that the text has said before", repeated(4)),
        ("numbers written in digits", token(str.isdecimal)),
        ("commas", among(",")),
        ("question marks", among("?")),
        ("exclamation marks", among("!")),
    ):
        yield Concept(said=said, family="form", rule=rule)


def _long_and_ends(each: str, part: str) -> bool:
    return len(each) > len(part) + 1 and each.endswith(part) and each.isalpha()


def _long_and_begins(each: str, part: str) -> bool:
    return len(each) > len(part) + 1 and each.startswith(part) and each.isalpha()


def _contains(each: str, part: str) -> bool:
    return part in each


def _is_long(each: str, size: int) -> bool:
    return len(each) == size and each.isalpha()


def overlap(one: Concept, other: Concept) -> float:
    """Return what two concepts share of what either covers among the known words, 0 to 1."""
    both = _covered(one), _covered(other)
    return len(both[0] & both[1]) / max(1, len(both[0] | both[1]))


def common(one: Concept, other: Concept) -> int:
    """Return on how many of the known words two concepts both hold."""
    return len(_covered(one) & _covered(other))


@cache
def _covered(concept: Concept) -> frozenset[int]:
    return concept.on(_VOCABULARY)


_WORDS = " ".join([*LEXICONS.values(), *FREQUENT.values(), *JOINING.values(), NAMES])
_VOCABULARY = Text(tokens=tuple(dict.fromkeys(_WORDS.split())), seed=0)
