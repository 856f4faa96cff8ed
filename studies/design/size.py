"""How long a study takes and how precise it will be."""

from dataclasses import dataclass
from math import ceil, nan, sqrt

SECONDS_PER_JUDGMENT = 30.0
"""The pace assumed until there are judgments to measure it by."""
CLUSTERING = 0.3
"""How far votes on one neuron are assumed to be alike (intraclass correlation)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study asks for. `half_width` is that of a 95 % interval around a share of one half.

    `tests` are the answers to catch trials and repeats, about, which come on top.

    `is_measured` says that it is that of agreement with the score instead, from how far votes,
    neurons and raters of this study have differed so far.
    """

    items: int
    neurons: int
    judgments: int
    tests: int
    raters: int
    hours: float
    seconds_per_judgment: float
    half_width: float
    is_measured: bool = False


def plan(
    *,
    items: int,
    neurons: int,
    judgments: int,
    most: int,
    items_per_rater: int,
    groups: int = 1,
    tests: float = 0.0,
    seconds_per_judgment: float = SECONDS_PER_JUDGMENT,
) -> Plan:
    """Say what a study of this size takes and buys.

    `most` judgments are wanted of one item, or of one at most; `tests` is the share of catch trials
    and repeats among the questions. `raters` is the least number that can give all judgments: each
    takes at most `items_per_rater`, of one of the `groups` of items, and none takes an item twice.
    ValueError when a size is below zero.
    """
    if min(items, neurons, judgments, most, items_per_rater) < 0:
        raise ValueError("a study has no size below zero")
    asked = judgments / (1 - tests)
    share = min(items_per_rater * (1 - tests), items / groups)
    least = max(judgments / groups / share, most) if share else 0
    return Plan(
        items=items,
        neurons=neurons,
        judgments=judgments,
        tests=round(asked - judgments),
        raters=groups * ceil(least),
        hours=asked * seconds_per_judgment / 3600,
        seconds_per_judgment=seconds_per_judgment,
        half_width=half_width(judgments=judgments, neurons=neurons),
    )


def half_width(*, judgments: int, neurons: int, clustering: float = CLUSTERING) -> float:
    """Return how far a 95 % interval around a share of .5 reaches to each side; nan without data.

    Votes on one neuron resemble each other, so they count for less than as many on different ones:
    the variance grows by 1 + (m - 1) * clustering for m votes a neuron (Kish's design effect).
    Differences between raters come on top.
    """
    if not judgments or not neurons:
        return nan
    effect = 1 + max(judgments / neurons - 1, 0) * clustering
    return min(1.96 * sqrt(0.25 * effect / judgments), 0.5)
