"""From neurons and their explanations to items: who meets whom, when, under which keys."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Protocol

import numpy as np

from studies.design.pairs import (
    Pair,
    Pairing,
    adjacent_pairs,
    balanced_pairs,
    pairs_of,
    random_pairs,
)
from studies.design.seeds import stream

_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One explanation that could stand for a condition (numbered from 0), and its score if any."""

    explanation: int
    condition: int
    text: str
    score: float = nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A neuron, all its candidates, and the records to show with them.

    `name` identifies the neuron in draws, so that the same seed gives the same study in another
    database.
    """

    neuron: int
    name: str
    candidates: tuple[Candidate, ...]
    excerpts: tuple[int, ...]
    fires: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of an item's two: an opaque key and the candidate behind it."""

    key: str
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignedItem:
    """One question: two options in the order of their keys, in which the payload lists them."""

    neuron: int
    excerpts: tuple[int, ...]
    options: tuple[Option, Option]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many neurons or pairs a design leaves out for one reason, with a few of the neurons."""

    reason: str
    n: int
    examples: tuple[str, ...]

    @property
    def text(self) -> str:
        """The count, the reason and the examples, for a person."""
        more = ", …" if self.n > len(self.examples) == _EXAMPLES else ""
        return f"{self.n} {self.reason} ({', '.join(self.examples)}{more})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The items in the order in which they are numbered, and what was left out."""

    items: tuple[DesignedItem, ...]
    left_out: tuple[LeftOut, ...]
    neurons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    topic: Topic
    first: Candidate
    second: Candidate

    @property
    def conditions(self) -> tuple[int, int]:
        return self.first.condition, self.second.condition


@dataclass(slots=True)
class Tally:
    """Names of the neurons left out, by reason (which begins with what it counts), in the order."""

    names: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, name: str) -> None:
        """Note one left out."""
        self.names[reason].append(name)

    def out(self) -> tuple[LeftOut, ...]:
        return tuple(
            LeftOut(
                reason=_one(reason) if len(names) == 1 else reason,
                n=len(names),
                examples=tuple(dict.fromkeys(names))[:_EXAMPLES],
            )
            for reason, names in self.names.items()
        )


def _one(reason: str) -> str:
    """Put a reason, which begins with what it counts, into the singular."""
    kind, space, why = reason.partition(" ")
    return f"{kind.removesuffix('s')}{space}{why}"


def design(
    topics: Sequence[Topic],
    conditions: Sequence[str],
    *,
    seed: int,
    longest: int = 500,
    pairing: Pairing = "all",
    each: int = 1,
) -> Design:
    """Return one item for every pair of `conditions` (named, in order) of every usable neuron.

    With another `pairing` only some meet: neighbours in score, or `each` pairs on a neuron, which
    are balanced over the neurons or drawn for each of them.

    A neuron that lacks an explanation of a condition is left out whole, so that every condition is
    judged on the same neurons. Of several explanations of one condition, one is drawn and used in
    all pairs of that neuron. A pair of equal texts (but for case and spacing) is left out, and so
    is one with a text of more than `longest` characters.
    """
    tally = Tally()
    usable = [topic for topic in topics if _usable(topic, conditions, tally)]
    meetings = _meetings(usable, len(conditions), pairing, each, seed, tally)
    all_pairs = [
        pair
        for topic, met in zip(usable, meetings, strict=True)
        for pair in _pairs(topic, met, seed)
    ]
    pairs = [pair for pair in all_pairs if _comparable(pair, longest, tally)]
    ordered = _in_rounds(pairs, stream(seed, "order"))
    return Design(
        items=tuple(_items(ordered, seed)),
        left_out=tally.out(),
        neurons=len({pair.topic.neuron for pair in pairs}),
    )


def _usable(topic: Topic, conditions: Sequence[str], tally: Tally) -> bool:
    present = {candidate.condition for candidate in topic.candidates}
    reasons = [
        f"without an explanation by “{c}”" for i, c in enumerate(conditions) if i not in present
    ]
    if not topic.excerpts:
        reasons.append("without an excerpt to show")
    elif not topic.fires:
        reasons.append("without any activation: the excerpts would be blank")
    for reason in reasons[:1]:
        tally.add(f"neurons {reason}", topic.name)
    return not reasons


def _meetings(
    topics: Sequence[Topic],
    n_conditions: int,
    pairing: Pairing,
    each: int,
    seed: int,
    tally: Tally,
) -> Sequence[Sequence[Pair]]:
    """Return which conditions meet on each neuron."""
    random = stream(seed, "pairs")
    if pairing == "balanced":
        return balanced_pairs(len(topics), n_conditions, each, random)
    if pairing == "random":
        return random_pairs(len(topics), n_conditions, each, random)
    if pairing == "adjacent":
        return [_neighbours(topic, n_conditions, seed, tally) for topic in topics]
    return [pairs_of(n_conditions)] * len(topics)


def _neighbours(topic: Topic, n_conditions: int, seed: int, tally: Tally) -> Sequence[Pair]:
    try:
        return adjacent_pairs([sample_candidate(topic, i, seed).score for i in range(n_conditions)])
    except ValueError:
        tally.add("neurons without a score of every explanation", topic.name)
        return ()


def _pairs(topic: Topic, met: Sequence[Pair], seed: int) -> Iterator[_Pair]:
    for low, high in met:
        first, second = sample_candidate(topic, low, seed), sample_candidate(topic, high, seed)
        yield _Pair(topic=topic, first=first, second=second)


def _comparable(pair: _Pair, longest: int, tally: Tally) -> bool:
    reason = ""
    if plain(pair.first.text) == plain(pair.second.text):
        reason = "pairs of identical explanations"
    elif max(len(pair.first.text), len(pair.second.text)) > longest:
        reason = f"pairs with an explanation of more than {longest} characters"
    if reason:
        tally.add(reason, pair.topic.name)
    return not reason


class Named(Protocol):
    """What candidates are drawn from: a neuron by its name, with all there are."""

    @property
    def name(self) -> str:
        """What identifies it in draws."""
        ...

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The explanations of all conditions."""
        ...


def sample_candidate(topic: Named, condition: int, seed: int) -> Candidate:
    """Return the explanation that stands for a condition; ValueError if there is none."""
    own = sorted(
        (candidate for candidate in topic.candidates if candidate.condition == condition),
        key=lambda candidate: candidate.explanation,
    )
    if len(own) == 1:
        return own[0]
    return own[int(stream(seed, "explanation", topic.name, str(condition)).integers(len(own)))]


def plain(text: str) -> str:
    """Return what is compared of a text: not its case, spacing or full stop."""
    return " ".join(text.casefold().split()).rstrip(".")


def _in_rounds(pairs: Iterable[_Pair], random: np.random.Generator) -> list[_Pair]:
    """Order pairs in rounds: each holds one of every two conditions that still have one, shuffled.

    So a study that is stopped early has judged all conditions about equally often. Which of the two
    comes first is exactly balanced over the items of the same two conditions.
    """
    by_conditions = defaultdict[tuple[int, int], list[_Pair]](list)
    for pair in pairs:
        by_conditions[pair.conditions].append(pair)
    rounds = defaultdict[int, list[_Pair]](list)
    for of_two in by_conditions.values():
        random.shuffle(of_two)
        for i, (pair, turned) in enumerate(zip(of_two, _halves(len(of_two), random), strict=True)):
            rounds[i].append(
                replace(pair, first=pair.second, second=pair.first) if turned else pair
            )
    for each in rounds.values():
        random.shuffle(each)
    return [pair for i in sorted(rounds) for pair in rounds[i]]


def _halves(n: int, random: np.random.Generator) -> list[bool]:
    """Return n truth values in random order, half of them true; a coin decides an odd one."""
    turned = np.arange(n) % 2 == random.integers(2)
    random.shuffle(turned)
    return [bool(each) for each in turned]


def _items(pairs: Sequence[_Pair], seed: int) -> Iterator[DesignedItem]:
    keys = option_keys(2 * len(pairs), stream(seed, "keys"))
    for pair, *two in zip(pairs, keys[::2], keys[1::2], strict=True):
        low, high = sorted(two)
        yield DesignedItem(
            neuron=pair.topic.neuron,
            excerpts=pair.topic.excerpts,
            options=(
                Option(key=low, candidate=pair.first),
                Option(key=high, candidate=pair.second),
            ),
        )


def option_keys(n: int, random: np.random.Generator) -> list[str]:
    """Return n distinct keys of eight letters and digits."""
    keys = dict[str, None]()
    while len(keys) < n:
        keys[random.bytes(4).hex()] = None
    return list(keys)
