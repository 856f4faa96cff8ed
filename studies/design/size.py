"""How long a study takes and how precise it will be."""

from dataclasses import dataclass
from math import ceil, nan, sqrt

SECONDS_PER_JUDGMENT = 30.0
"""Seconds per judgment, assumed until there are judgments to measure."""
CLUSTERING = 0.3
"""Assumed intraclass correlation of votes on the same neuron."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of a study.

    `half_width` is that of a 95% interval around a share of one half or, if `is_measured`, around
    the agreement with the score, given how much votes, neurons and raters of this study have
    differed so far. `tests` is the approximate number of answers to catch trials and repeats, which
    come on top.
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
    """Return the effort and the precision of a study of this size.

    `most` is the maximum of judgments wanted of one item; `tests` is the share of catch trials and
    repeats among the questions. `raters` is the minimum number that can give all judgments: each
    takes at most `items_per_rater`, of one of the `groups` of items, and none takes an item twice.
    ValueError when a size is below zero.
    """
    if min(items, neurons, judgments, most, items_per_rater) < 0:
        raise ValueError("the sizes of a study cannot be negative")
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
    """Return the half-width of a 95% interval around a share of .5; nan without data.

    Votes on the same neuron are correlated, so they count for less than votes on different neurons:
    the variance grows by 1 + (m - 1) * clustering for m votes a neuron (Kish's design effect).
    Differences between raters come on top.
    """
    if not judgments or not neurons:
        return nan
    effect = 1 + max(judgments / neurons - 1, 0) * clustering
    return min(1.96 * sqrt(0.25 * effect / judgments), 0.5)
