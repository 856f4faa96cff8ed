"""Adaptive choice of pairs: some at random, some by expected information.

Each draw is a lottery over the pairs that are still open: with probability `random_share` all are
equally likely, otherwise each in proportion to the information expected of a vote on it. A pair's
selection probability is the sum of both, so that votes can be weighted by it, and votes from the
random arm can be analysed by themselves.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from studies.analysis.statistics.within_neurons import NeuronVotes, pair_table

Arm = Literal["random", "active"]
Codes = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.float64]

LEAST_RANDOM = 0.3
"""The minimum share of a study's pairs that is drawn at random."""
PRIOR_SD = 1.0
"""Prior standard deviation of the explanations of a neuron, in log-odds."""
_ROUNDS = 20
_ROUND = (10, 500)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """All pairs with their votes; all columns have the same length.

    `neuron` counts from 0; `first` and `second` are conditions, counted from 0. `won` and `lost`
    are votes for the first and the second, a tie half of each. `awaited` are judgments that were
    drawn but not given yet.
    """

    neuron: Codes
    first: Codes
    second: Codes
    won: Numbers
    lost: Numbers
    awaited: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A drawn pair, by its index in `Pairs`; `probability` is that of this draw."""

    pair: int
    arm: Arm
    probability: float


def round_size(budget: int) -> int:
    """Return how many judgments a round adds: a twentieth of all, from 10 to 500."""
    return min(max(ceil(budget / _ROUNDS), _ROUND[0]), _ROUND[1])


def information(pairs: Pairs) -> Numbers:
    """Return the expected information of one more vote on each pair, in nats (above zero).

    Bradley-Terry in each neuron with a normal prior, at the posterior mode: with p the probability
    of the first and v the variance of the difference, log(1 + p(1-p)v) / 2. Awaited judgments count
    as if they had been given, so that nothing is requested twice. Source: Lindley (1956), in the
    Gaussian approximation of MacKay (1992).
    """
    if not len(pairs.neuron):
        return np.zeros(0)
    met = neuron, i, j = pairs.neuron, pairs.first, pairs.second
    shape = int(neuron.max()) + 1, int(max(i.max(), j.max())) + 1
    won, lost, awaited = (
        pair_table(*met, counts, shape) for counts in (pairs.won, pairs.lost, pairs.awaited)
    )
    ability, _ = NeuronVotes(won=won, lost=lost).mode(PRIOR_SD)
    expected = NeuronVotes(won=won + awaited, lost=lost).slope(PRIOR_SD**-2, ability)
    covariance = expected.inverse()
    variance = covariance[neuron, i, i] + covariance[neuron, j, j] - 2 * covariance[neuron, i, j]
    chance = 1 / (1 + np.exp(ability[neuron, j] - ability[neuron, i]))
    result: Numbers = np.log1p(chance * (1 - chance) * variance) / 2
    return result


def draws(
    weight: npt.ArrayLike, n: int, *, random_share: float, random: np.random.Generator
) -> list[Draw]:
    """Draw `n` different pairs, or all; those of weight 0 or less can be drawn at random only.

    Each draw's probability is that of its pair given the draws before it. ValueError for a random
    share below `LEAST_RANDOM` or above 1.
    """
    if not LEAST_RANDOM <= random_share <= 1:
        raise ValueError(f"random share: {random_share} is not from {LEAST_RANDOM} to 1")
    weights: Numbers = np.maximum(np.asarray(weight, dtype=np.float64), 0.0)
    left = np.arange(len(weights))
    drawn = []
    for _ in range(min(n, len(weights))):
        arms = _arms(weights[left])
        arm: Arm = "random" if random.random() < random_share else "active"
        index = int(random.choice(len(left), p=arms[arm]))
        chance = random_share * arms["random"][index] + (1 - random_share) * arms["active"][index]
        drawn.append(Draw(pair=int(left[index]), arm=arm, probability=float(chance)))
        left = np.delete(left, index)
    return drawn


def _arms(weights: Numbers) -> dict[Arm, npt.NDArray[Any]]:
    """Return each pair's probability in either arm; both are equal if all weights are zero."""
    uniform = np.full(len(weights), 1 / len(weights))
    total = weights.sum()
    return {"random": uniform, "active": weights / total if total > 0 else uniform}
