"""Stratified sampling of a study's neurons."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from math import isfinite

import numpy as np

SCORE_STRATA = 4


def spread(strata: Sequence[Hashable], n: int, random: np.random.Generator) -> list[int]:
    """Return the sorted indices of a stratified sample of n things.

    Strata contribute equally, to within one, until they are used up. All things, if there are fewer
    than n.
    """
    by_stratum = defaultdict[Hashable, list[int]](list)
    for place, stratum in enumerate(strata):
        by_stratum[stratum].append(place)
    waiting = list(by_stratum.values())
    for each in waiting:
        random.shuffle(each)
    chosen: list[int] = []
    while waiting and len(chosen) < n:
        random.shuffle(waiting)
        chosen += [each.pop() for each in waiting[: n - len(chosen)]]
        waiting = [each for each in waiting if each]
    return sorted(chosen)


def score_strata(scores: Sequence[float]) -> list[int]:
    """Return each score's quartile, 0 for the lowest; 4 for scores that are not finite."""
    ranked = sorted((score, place) for place, score in enumerate(scores) if isfinite(score))
    strata = [SCORE_STRATA] * len(scores)
    for rank, (_, place) in enumerate(ranked):
        strata[place] = rank * SCORE_STRATA // len(ranked)
    return strata
