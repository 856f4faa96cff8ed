"""From neurons to questions: which explanations each shows, in which order, and extra questions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

import numpy as np

from studies.design.candidates import Candidate, LeftOut, Tally, Unit, normalized
from studies.design.pairs import (
    Pair,
    Pairing,
    adjacent_pairs,
    balanced_blocks,
    balanced_pairs,
    pairs_of,
    random_pairs,
)
from studies.design.seeds import stream

Role = Literal["main", "catch", "repeat"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignedQuestion:
    """A question: its neuron, the explanations it shows, and its role.

    `number` is unique, except that a repeat has the number of the question it repeats.
    """

    neuron: int
    name: str
    chosen: tuple[Candidate, ...]
    number: int
    role: Role = "main"


Designed: TypeAlias = tuple[list[DesignedQuestion], tuple[LeftOut, ...]]
"""The questions in their order, and what was left out."""


def one_each(
    units: Sequence[Unit], conditions: Sequence[str], *, longest: int, seed: int
) -> Designed:
    """Return a question for each explanation of each usable neuron.

    They come in rounds. Each round has every neuron once and all conditions about equally often, so
    a study that is stopped early is balanced.
    """
    tally = Tally()
    usable = _shuffled(_usable(units, conditions, tally), stream(seed, "neurons' order"))
    found = []
    for turn in range(len(conditions)):
        together = []
        for position, unit in enumerate(usable):
            chosen = unit.sample((position + turn) % len(conditions), seed)
            if len(chosen.text) > longest:
                tally.add(f"explanations of more than {longest} characters", unit.name)
            else:
                together.append((unit, (chosen,)))
        found += _shuffled(together, stream(seed, "order", str(turn)))
    return _numbered(found), tally.out()


def side_by_side(
    units: Sequence[Unit], conditions: Sequence[str], *, most: int, longest: int, seed: int
) -> Designed:
    """Return a question per usable neuron, showing all conditions or a balanced subset of them."""
    tally = Tally()
    usable = _shuffled(_usable(units, conditions, tally), stream(seed, "order"))
    # An incomplete block design: with more conditions than fit on a page, each neuron gets a
    # block of them, so that over the study all conditions and all their pairs occur equally often.
    blocks = balanced_blocks(len(usable), len(conditions), most, stream(seed, "blocks"))
    found = []
    for unit, block in zip(usable, blocks, strict=True):
        chosen = tuple(unit.sample(condition, seed) for condition in block)
        if len({normalized(each.text) for each in chosen}) < len(chosen):
            tally.add("neurons with two identical explanations", unit.name)
        elif max(len(each.text) for each in chosen) > longest:
            tally.add(f"neurons with an explanation of more than {longest} characters", unit.name)
        else:
            found.append((unit, chosen))
    return _numbered(found), tally.out()


def without_explanations(units: Sequence[Unit], *, seed: int) -> Designed:
    """Return a question for each usable neuron, about its records alone."""
    tally = Tally()
    usable = _shuffled(_usable(units, (), tally), stream(seed, "order"))
    return _numbered([(unit, ()) for unit in usable]), tally.out()


# --- Pairs ----------------------------------------------------------------------------------------


def in_pairs(
    units: Sequence[Unit],
    conditions: Sequence[str],
    *,
    longest: int,
    seed: int,
    pairing: Pairing = "all",
    each: int = 1,
) -> Designed:
    """Return a question for every pair of conditions of every usable neuron.

    With another `pairing` only some are compared: neighbours in score, or `each` pairs per neuron,
    balanced over the neurons or sampled for each. Pairs of identical texts (but for case and
    spacing) are left out, and those with a text of more than `longest` characters.
    """
    tally = Tally()
    usable = _usable(units, conditions, tally)
    pairs = [
        (unit, (unit.sample(low, seed), unit.sample(high, seed)))
        for unit, own in zip(
            usable, _pairs(usable, len(conditions), pairing, each, seed, tally), strict=True
        )
        for low, high in own
    ]
    kept = [(unit, two) for unit, two in pairs if _comparable(unit, two, longest, tally)]
    return _numbered(_in_rounds(kept, stream(seed, "order"))), tally.out()


def _pairs(
    units: Sequence[Unit], n_conditions: int, pairing: Pairing, each: int, seed: int, tally: Tally
) -> Sequence[Sequence[Pair]]:
    """Return which conditions are compared on each neuron."""
    random = stream(seed, "pairs")
    if pairing == "balanced":
        return balanced_pairs(len(units), n_conditions, each, random)
    if pairing == "random":
        return random_pairs(len(units), n_conditions, each, random)
    if pairing == "adjacent":
        return [_neighbours(unit, n_conditions, seed, tally) for unit in units]
    return [pairs_of(n_conditions)] * len(units)


def _neighbours(unit: Unit, n_conditions: int, seed: int, tally: Tally) -> Sequence[Pair]:
    try:
        return adjacent_pairs([unit.sample(i, seed).score for i in range(n_conditions)])
    except ValueError:
        tally.add("neurons without a score of every explanation", unit.name)
        return ()


def _comparable(unit: Unit, two: tuple[Candidate, Candidate], longest: int, tally: Tally) -> bool:
    reason = ""
    if normalized(two[0].text) == normalized(two[1].text):
        reason = "pairs of identical explanations"
    elif max(len(each.text) for each in two) > longest:
        reason = f"pairs with an explanation of more than {longest} characters"
    if reason:
        tally.add(reason, unit.name)
    return not reason


_Pair: TypeAlias = tuple[Unit, tuple[Candidate, Candidate]]


def _in_rounds(pairs: Sequence[_Pair], random: np.random.Generator) -> list[_Pair]:
    """Order pairs in rounds, each with one pair of every two conditions that still have one.

    So a study that is stopped early has judged all conditions about equally often. Counterbalancing
    is exact: over the items of the same two conditions, each is listed first in half of them, so a
    preference for the first position cancels out.
    """
    by_conditions = defaultdict[tuple[int, int], list[_Pair]](list)
    for pair in pairs:
        by_conditions[pair[1][0].condition, pair[1][1].condition].append(pair)
    rounds = defaultdict[int, list[_Pair]](list)
    for of_two in by_conditions.values():
        random.shuffle(of_two)
        swapped = np.arange(len(of_two)) % 2 == random.integers(2)
        random.shuffle(swapped)
        for i, ((unit, (first, second)), is_swapped) in enumerate(
            zip(of_two, swapped.tolist(), strict=True)
        ):
            rounds[i].append((unit, (second, first) if is_swapped else (first, second)))
    for each in rounds.values():
        random.shuffle(each)
    return [pair for i in sorted(rounds) for pair in rounds[i]]


# --- What all have in common ----------------------------------------------------------------------


def _usable(units: Sequence[Unit], conditions: Sequence[str], tally: Tally) -> list[Unit]:
    """Return the neurons that have an explanation of every condition and all other material.

    A neuron without one is left out entirely, so all conditions are judged on the same neurons.
    """
    found = []
    for unit in units:
        present = {candidate.condition for candidate in unit.candidates}
        absent = [name for i, name in enumerate(conditions) if i not in present]
        reason = f"without an explanation by “{absent[0]}”" if absent else unit.missing
        if reason:
            tally.add(f"neurons {reason}", unit.name)
        else:
            found.append(unit)
    return found


def _shuffled(things: Sequence[T], random: np.random.Generator) -> list[T]:
    return [things[position] for position in random.permutation(len(things)).tolist()]


def _numbered(found: Sequence[tuple[Unit, tuple[Candidate, ...]]]) -> list[DesignedQuestion]:
    return [
        DesignedQuestion(neuron=unit.neuron, name=unit.name, chosen=chosen, number=number)
        for number, (unit, chosen) in enumerate(found)
    ]


# --- Catch trials and repeats ---------------------------------------------------------------------


def share_of(n: int, per_hundred: int) -> int:
    """Return the share as a number of questions; at least one if it is above zero."""
    return min(n, max(1, round(n * per_hundred / 100))) if n and per_hundred else 0


def with_extras(
    questions: Sequence[DesignedQuestion],
    *,
    catchable: Sequence[int],
    catches: int,
    repeats: int,
    seed: int,
) -> list[DesignedQuestion]:
    """Insert catch trials and repeats, that many per hundred questions, at random positions.

    `catchable` are the numbers of questions whose neurons can give a catch trial. The order of the
    questions themselves stays the same, and a repeat comes after what it repeats.
    """
    numbers = [each.number for each in questions]
    caught = _extra(questions, catchable, catches, "catch", stream(seed, "catches"))
    extra = [
        *(replace(each, number=len(questions) + i) for i, each in enumerate(caught)),
        *_extra(questions, numbers, repeats, "repeat", stream(seed, "repeats")),
    ]
    random = stream(seed, "extras' places")
    result = list(questions)
    for each in _shuffled(extra, random):
        first = 0
        if each.role == "repeat":
            first = 1 + next(i for i, other in enumerate(result) if other.number == each.number)
        result.insert(int(random.integers(first, len(result) + 1)), each)
    return result


def _extra(
    questions: Sequence[DesignedQuestion],
    numbers: Sequence[int],
    per_hundred: int,
    role: Role,
    random: np.random.Generator,
) -> list[DesignedQuestion]:
    n = min(share_of(len(questions), per_hundred), len(numbers))
    by_number = {each.number: each for each in questions}
    chosen = random.choice(len(numbers), n, replace=False).tolist() if n else []
    return [replace(by_number[numbers[i]], role=role) for i in chosen]
