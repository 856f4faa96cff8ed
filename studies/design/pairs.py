"""Which conditions meet on which neuron, where not all of them do."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import isfinite
from typing import Literal

import numpy as np

Pairing = Literal["all", "adjacent", "balanced", "random"]
Pair = tuple[int, int]

_MOST_BLOCKS = 500
"""The most blocks compared for one neuron."""


def pairs_of(n_conditions: int) -> list[Pair]:
    """Return all pairs of conditions, each with the lower number first."""
    return list(combinations(range(n_conditions), 2))


def balanced_pairs(
    n_neurons: int, n_conditions: int, each: int, random: np.random.Generator
) -> list[list[Pair]]:
    """Deal `each` different pairs to every neuron, so that all pairs occur equally often.

    Over the neurons, the counts of any two pairs differ by at most one. All pairs are dealt if
    `each` is their number or more.
    """
    pairs = pairs_of(n_conditions)
    used = np.zeros(len(pairs), dtype=np.intp)
    dealt = []
    for _ in range(n_neurons):
        order = np.lexsort((random.permutation(len(pairs)), used))[:each]
        used[order] += 1
        dealt.append([pairs[i] for i in sorted(order.tolist())])
    return dealt


def random_pairs(
    n_neurons: int, n_conditions: int, each: int, random: np.random.Generator
) -> list[list[Pair]]:
    """Draw `each` different pairs for every neuron independently, all pairs equally likely."""
    pairs = pairs_of(n_conditions)
    n = min(each, len(pairs))
    drawn = (random.choice(len(pairs), n, replace=False) for _ in range(n_neurons))
    return [[pairs[i] for i in sorted(chosen.tolist())] for chosen in drawn]


def adjacent_pairs(scores: Sequence[float]) -> list[Pair]:
    """Return the pairs of conditions that are neighbours in score, of one neuron.

    Equal scores stand in the conditions' order. ValueError for a score that is not finite.
    """
    if not all(map(isfinite, scores)):
        raise ValueError("a score is missing: neighbours are unknown")
    order = sorted(range(len(scores)), key=lambda condition: (scores[condition], condition))
    return [(min(two), max(two)) for two in pairwise(order)]


def balanced_blocks(
    n_neurons: int, n_conditions: int, size: int, random: np.random.Generator
) -> list[tuple[int, ...]]:
    """Give every neuron `size` conditions: an incomplete block design, built block by block.

    No condition occurs more than once oftener than another, and of the blocks that keep to this the
    one is taken whose conditions have met least.
    """
    used, met = Counter[int](), Counter[Pair]()
    blocks = []
    for _ in range(n_neurons):
        block = min(
            _candidates(used, n_conditions, min(size, n_conditions), random),
            key=lambda block: sum(met[pair] for pair in combinations(block, 2)),
        )
        used.update(block)
        met.update(combinations(block, 2))
        blocks.append(block)
    return blocks


def _candidates(
    used: Counter[int], n_conditions: int, size: int, random: np.random.Generator
) -> list[tuple[int, ...]]:
    """Return blocks of the conditions used least, in random order."""
    order = sorted(random.permutation(n_conditions).tolist(), key=lambda each: used[each])
    most = used[order[size - 1]]
    sure = [each for each in order if used[each] < most]
    rest = [each for each in order if used[each] == most]
    blocks = []
    for chosen in combinations(rest, size - len(sure)):
        blocks.append(tuple(sorted((*sure, *chosen))))
        if len(blocks) == _MOST_BLOCKS:
            break
    return blocks
