"""Functions of texts, made from concepts, compositions of them, and what disturbs them. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random
from typing import TypeAlias

from explanations.ground_truth.concepts import OVERLAP, Concept, common, concepts, overlap
from explanations.ground_truth.known import Function
from explanations.ground_truth.made import FunctionSet, Made, chance
from explanations.ground_truth.rules import (
    Rule,
    both,
    early,
    either,
    following,
    noisy,
    only_after,
    quoted,
    silenced,
    unless_after,
    weakened,
)

Few: TypeAlias = tuple[Concept, ...]

REACH = 8
"""How far a condition reaches, in words and marks."""

_WEAK = 0.3
_EARLY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to make a function of concepts; `takes` are the families that each may be of.

    The first `told_by` of them are what a description must get right not to be wrong.
    """

    takes: tuple[tuple[str, ...], ...]
    said: str
    rule: Callable[[Few], Rule]
    told_by: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """What spoils a function: how it is said after the description, and what it does to a rule."""

    said: str
    rule: Callable[[Rule, str], Rule]


_OF_WORDS = ("meaning", "ending", "beginning", "inside", "length", "word")
_ANY = (*_OF_WORDS, "frequent", "joining", "form")
_MEANT = ("meaning",)
_SPELT = ("beginning", "inside", "length")
_FREQUENT = ("frequent",)

FORMS: dict[str, tuple[int, Form]] = {
    "plain": (30, Form(takes=(_ANY,), said="{0}", rule=lambda few: few[0].rule)),
    "either": (
        15,
        Form(
            takes=(_OF_WORDS, _OF_WORDS),
            said="{0} and, equally, {1}",
            rule=lambda few: either(few[0].rule, few[1].rule),
            told_by=2,
        ),
    ),
    "weaker": (
        12,
        Form(
            takes=(_MEANT, _OF_WORDS),
            said=f"{{0}} and, at {_WEAK} of the strength, {{1}}",
            rule=lambda few: either(few[0].rule, few[1].rule, _WEAK),
        ),
    ),
    "both": (
        8,
        Form(
            takes=(_MEANT, _SPELT),
            said="{0}, only where they are also {1}",
            rule=lambda few: both(few[0].rule, few[1].rule),
        ),
    ),
    "unless": (
        15,
        Form(
            takes=(_OF_WORDS, (*_FREQUENT, "joining")),
            said=f"{{0}}, but not within {REACH} words or marks after {{1}}",
            rule=lambda few: unless_after(few[0].rule, few[1].rule, REACH),
        ),
    ),
    "after": (
        12,
        Form(
            takes=(_OF_WORDS, _FREQUENT),
            said=f"{{0}}, only within {REACH} words or marks after {{1}}",
            rule=lambda few: only_after(few[0].rule, few[1].rule, REACH),
        ),
    ),
    "next": (
        8,
        Form(
            takes=((*_MEANT, *_FREQUENT, "form"),),
            said="the word or mark right after {0}",
            rule=lambda few: following(few[0].rule),
        ),
    ),
}
"""By name: how often of a hundred, and how."""

DISTURBANCES: dict[str, tuple[int, Disturbance]] = {
    "none": (60, Disturbance(said="", rule=lambda rule, _: rule)),
    "noise": (
        10,
        Disturbance(
            said="; every token has normal noise of standard deviation 0.1 added",
            rule=lambda rule, name: noisy(rule, name, 0.1),
        ),
    ),
    "gaps": (
        10,
        Disturbance(
            said="; silent on a third of them at random",
            rule=lambda rule, name: silenced(rule, name, 1 / 3),
        ),
    ),
    "late": (
        10,
        Disturbance(
            said=f"; silent on the first {_EARLY} words and marks of a text",
            rule=lambda rule, _: weakened(rule, early(_EARLY), 0.0),
        ),
    ),
    "speech": (
        10,
        Disturbance(
            said="; at half the strength between double quotation marks",
            rule=lambda rule, _: weakened(rule, quoted, 0.5),
        ),
    ),
}
"""Noise, silence and bias by name: how often of a hundred, and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    form: str
    few: Few
    disturbance: str = "none"

    @property
    def function(self) -> Function:
        """Turn the draft into a rule with its description."""
        form, spoilt = FORMS[self.form][1], DISTURBANCES[self.disturbance][1]
        plain = form.said.format(*(concept.said for concept in self.few))
        # Chance hangs on the description, so a function is the same in every set that has it.
        return Function(truth=plain + spoilt.said, rule=spoilt.rule(form.rule(self.few), plain))


def text_functions(function_set: FunctionSet) -> tuple[Made[Function], ...]:
    """Return a set's functions, each with a description of its own; equal recipes, equal sets."""
    return tuple(islice(_made(function_set.seed), function_set.count))


def _made(seed: int) -> Iterator[Made[Function]]:
    given: set[str] = set()
    for number in count():
        draw = chance(seed, "text", number)
        draft = _draft(draw)
        function = draft.function
        if function.truth in given or not _sensible(draft):
            continue
        given.add(function.truth)
        near, far = _near(draw, draft), _far(draw, draft)
        yield Made(function=function, near_distractor=near.function, far_distractor=far.function)


def _draft(draw: Random) -> _Draft:
    form = _drawn(draw, FORMS)
    few = tuple(_concept(draw, families) for families in FORMS[form][1].takes)
    return _Draft(form=form, few=few, disturbance=_drawn(draw, DISTURBANCES))


def _drawn(draw: Random, shares: Mapping[str, tuple[int, object]]) -> str:
    return draw.choices(list(shares), [share for share, _ in shares.values()])[0]


def _concept(draw: Random, families: tuple[str, ...]) -> Concept:
    family = draw.choice(families)
    return draw.choice([each for each in concepts() if each.family == family])


def _sensible(draft: _Draft) -> bool:
    """Return whether the concepts of a draft are of use beside each other."""
    if len(draft.few) == 1:
        return True
    if draft.form == "both":
        return common(*draft.few) >= 2
    return overlap(*draft.few) < OVERLAP


def _near(draw: Random, draft: _Draft) -> _Draft:
    """Return the draft, undisturbed, with what tells it exchanged for others of the families."""
    told_by = FORMS[draft.form][1].told_by
    while True:
        others = [_other(draw, concept) for concept in draft.few[:told_by]]
        near = replace(draft, few=(*others, *draft.few[told_by:]), disturbance="none")
        if _sensible(near) and all(overlap(a, b) < OVERLAP for a in draft.few for b in others):
            return near


def _other(draw: Random, concept: Concept) -> Concept:
    family = [each for each in concepts() if each.family == concept.family]
    return draw.choice([each for each in family if each is not concept])


def _far(draw: Random, draft: _Draft) -> _Draft:
    """Return an undisturbed draft, none of whose concepts overlaps with one of this."""
    while True:
        far = replace(_draft(draw), disturbance="none")
        apart = all(overlap(a, b) < OVERLAP for a in draft.few for b in far.few)
        families = {each.family for each in far.few}.isdisjoint(each.family for each in draft.few)
        if apart and families and _sensible(far):
            return far
