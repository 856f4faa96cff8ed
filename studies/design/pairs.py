"""Which conditions are compared on which neuron, if not all are."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import isfinite
from typing import Literal

import numpy as np

Pairing = Literal["all", "adjacent", "balanced", "random"]
Pair = tuple[int, int]

_MOST_BLOCKS = 500
"""The number of candidate blocks per neuron."""


def pairs_of(n_conditions: int) -> list[Pair]:
    """Return all pairs of conditions, each with the lower number first."""
    return list(combinations(range(n_conditions), 2))


def balanced_pairs(
    n_neurons: int, n_conditions: int, each: int, random: np.random.Generator
) -> list[list[Pair]]:
    """Assign `each` different pairs to every neuron, so that all pairs occur equally often.

    Over all neurons, the counts of two pairs differ by at most one. If `each` is at least the
    number of pairs, every neuron gets all of them.
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
    """Sample `each` different pairs for every neuron independently, with equal probabilities."""
    pairs = pairs_of(n_conditions)
    n = min(each, len(pairs))
    drawn = (random.choice(len(pairs), n, replace=False) for _ in range(n_neurons))
    return [[pairs[i] for i in sorted(chosen.tolist())] for chosen in drawn]


def adjacent_pairs(scores: Sequence[float]) -> list[Pair]:
    """Return the pairs of conditions that are adjacent in score on a neuron.

    Ties are in the conditions' order. ValueError for a score that is not finite.
    """
    if not all(map(isfinite, scores)):
        raise ValueError("a score is missing, so the order of scores is unknown")
    order = sorted(range(len(scores)), key=lambda condition: (scores[condition], condition))
    return [(min(two), max(two)) for two in pairwise(order)]


def balanced_blocks(
    n_neurons: int, n_conditions: int, size: int, random: np.random.Generator
) -> list[tuple[int, ...]]:
    """Assign `size` conditions to every neuron: an incomplete block design, built block by block.

    The counts of two conditions differ by at most one. Among blocks that satisfy this, the one
    whose conditions have been compared least is chosen.
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
