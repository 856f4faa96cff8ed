"""How often each question is asked, of which raters, and when catch trials and repeats come."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from studies.design.questions import Role, share_of
from studies.design.sampling import spread
from studies.design.seeds import stream

_LATER = 10
"""Minimum number of questions between a question and its repeat, if raters get that many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What assignment depends on: a question's role, and the conditions it shows.

    `number` is what a repeat shares with what it repeats.
    """

    number: int
    role: Role
    conditions: tuple[int, ...]


def overlaps(
    questions: Sequence[Planned],
    *,
    overlap: int,
    extra_overlap: int,
    extra_overlap_share: int,
    seed: int,
) -> list[int]:
    """Return how many judgments are wanted of each question.

    Of each hundred questions (catch trials and repeats aside), `extra_overlap_share` want
    `extra_overlap`; they are sampled evenly over the conditions they show. A repeat can be asked of
    all who are asked the original, and a catch trial of as many raters as the study can have.
    """
    main = [each for each in questions if each.role == "main"]
    deep = {
        main[at].number
        for at in spread(
            [each.conditions for each in main],
            share_of(len(main), extra_overlap_share),
            stream(seed, "judged more often"),
        )
    }
    wanted = {each.number: extra_overlap if each.number in deep else overlap for each in main}
    of_all = sum(wanted.values())
    return [of_all if each.role == "catch" else wanted[each.number] for each in questions]


def groups(questions: Sequence[Planned], *, seed: int) -> list[int | None]:
    """Return the group of raters that each question is for; catch trials are for all groups.

    Questions that show the same conditions are for the same raters. Group numbers are random, so
    that they reveal nothing.
    """
    kinds = sorted({each.conditions for each in questions if each.role != "catch"})
    numbers = stream(seed, "groups").permutation(len(kinds)).tolist()
    of_kind: dict[Hashable, int] = dict(zip(kinds, numbers, strict=True))
    return [None if each.role == "catch" else of_kind[each.conditions] for each in questions]


def catch_interval(catches: int, items_per_rater: int) -> int:
    """Return after how many questions a rater gets a catch trial; every rater gets at least one.

    `catches` is their number per hundred other questions; 0 means never.
    """
    return min(round((100 + catches) / catches), items_per_rater) if catches else 0


def repeat_after(repeats: int, items_per_rater: int) -> int:
    """Return the minimum number of questions before a repeat; 0 without repeats."""
    return max(1, min(_LATER, items_per_rater // 4)) if repeats else 0


def share_of_tests(catches: int, repeats: int, items_per_rater: int) -> float:
    """Return the approximate share of catch trials and repeats among a rater's questions."""
    every = catch_interval(catches, items_per_rater)
    caught = 1 / every if every else 0.0
    return caught + (1 - caught) * repeats / (100 + repeats)
