"""From neurons to questions of any form: about whom, in which order, and what besides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from studies.design.items import Candidate, LeftOut, Tally, plain, sample_candidate
from studies.design.pairs import balanced_blocks
from studies.design.seeds import stream

Role = Literal["main", "catch", "repeat"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A neuron, its candidates, and the first reason why no question can be made of it, if any.

    `name` identifies it in draws; see `Topic`.
    """

    neuron: int
    name: str
    candidates: tuple[Candidate, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question: its neuron, the explanations in it by condition, and what it is for.

    `number` is different for each that is no repeat; a repeat has that of what it repeats.
    """

    neuron: int
    name: str
    chosen: tuple[Candidate, ...]
    number: int
    role: Role = "main"


def one_each(
    units: Sequence[Unit], conditions: Sequence[str], *, longest: int, seed: int
) -> tuple[list[Asked], tuple[LeftOut, ...]]:
    """Return a question for each explanation of each usable neuron.

    They come in rounds. Each holds every neuron once and all conditions about equally often, so a
    study that is stopped early is balanced.
    """
    tally = Tally()
    usable = _shuffled(_usable(units, conditions, tally), stream(seed, "neurons' order"))
    found = []
    for turn in range(len(conditions)):
        together = []
        for place, unit in enumerate(usable):
            chosen = sample_candidate(unit, (place + turn) % len(conditions), seed)
            if len(chosen.text) > longest:
                tally.add(f"explanations of more than {longest} characters", unit.name)
            else:
                together.append((unit, (chosen,)))
        found += _shuffled(together, stream(seed, "order", str(turn)))
    return _numbered(found), tally.out()


def side_by_side(
    units: Sequence[Unit], conditions: Sequence[str], *, most: int, longest: int, seed: int
) -> tuple[list[Asked], tuple[LeftOut, ...]]:
    """Return a question for each usable neuron, with all conditions or a balanced part of them."""
    tally = Tally()
    usable = _shuffled(_usable(units, conditions, tally), stream(seed, "order"))
    blocks = balanced_blocks(len(usable), len(conditions), most, stream(seed, "blocks"))
    found = []
    for unit, block in zip(usable, blocks, strict=True):
        chosen = tuple(sample_candidate(unit, condition, seed) for condition in block)
        if len({plain(each.text) for each in chosen}) < len(chosen):
            tally.add("neurons of which two conditions say the same", unit.name)
        elif max(len(each.text) for each in chosen) > longest:
            reason = f"neurons with an explanation of more than {longest} characters"
            tally.add(reason, unit.name)
        else:
            found.append((unit, chosen))
    return _numbered(found), tally.out()


def without_explanations(
    units: Sequence[Unit], *, seed: int
) -> tuple[list[Asked], tuple[LeftOut, ...]]:
    """Return a question for each usable neuron, about its records alone."""
    tally = Tally()
    usable = _shuffled(_usable(units, (), tally), stream(seed, "order"))
    return _numbered([(unit, ()) for unit in usable]), tally.out()


def _usable(units: Sequence[Unit], conditions: Sequence[str], tally: Tally) -> list[Unit]:
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
    return [things[place] for place in random.permutation(len(things)).tolist()]


def _numbered(found: Sequence[tuple[Unit, tuple[Candidate, ...]]]) -> list[Asked]:
    return [
        Asked(neuron=unit.neuron, name=unit.name, chosen=chosen, number=number)
        for number, (unit, chosen) in enumerate(found)
    ]


def share_of(n: int, per_hundred: int) -> int:
    """Return how many extra questions that is; at least one where any are asked for."""
    return min(n, max(1, round(n * per_hundred / 100))) if n and per_hundred else 0


def with_extras(
    asked: Sequence[Asked], *, catchable: Sequence[int], catches: int, repeats: int, seed: int
) -> list[Asked]:
    """Put catch trials and repeats among the questions, so many for each hundred of them.

    `catchable` are the numbers of questions whose neurons can give a catch trial. Where they stand
    is drawn; the questions themselves keep their order.
    """
    extra = [
        *_extra(asked, catchable, catches, "catch", stream(seed, "catches")),
        *_extra(asked, [each.number for each in asked], repeats, "repeat", stream(seed, "repeats")),
    ]
    extra = [
        replace(each, number=len(asked) + i) if each.role == "catch" else each
        for i, each in enumerate(extra)
    ]
    random = stream(seed, "extras' places")
    result = list(asked)
    for each in _shuffled(extra, random):
        first = 0
        if each.role == "repeat":
            first = 1 + next(i for i, other in enumerate(result) if other.number == each.number)
        result.insert(int(random.integers(first, len(result) + 1)), each)
    return result


def _extra(
    asked: Sequence[Asked],
    numbers: Sequence[int],
    per_hundred: int,
    role: Role,
    random: np.random.Generator,
) -> list[Asked]:
    n = min(share_of(len(asked), per_hundred), len(numbers))
    by_number = {each.number: each for each in asked}
    chosen = random.choice(len(numbers), n, replace=False) if n else np.array([], dtype=np.intp)
    return [replace(by_number[numbers[i]], role=role) for i in chosen.tolist()]
