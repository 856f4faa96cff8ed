"""Bradley-Terry compared with choix and evalica; and thousands of neurons at once.

Run: OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_preference. Each gets the comparisons
in the form it takes: arrays of ids here, lists of pairs for choix (or the matrix of wins, made from
the arrays), lists of labels for evalica. Only ours has standard errors, and says when there is no
maximum. For separate neurons the others are called once for each, every list made beforehand.
"""

from collections.abc import Callable
from functools import partial

import choix
import evalica
import numpy as np
import numpy.typing as npt

from studies.analysis.statistics.paired import bradley_terry
from studies.analysis.statistics.within_neurons import neuron_abilities
from tests.benchmarks.stopwatch import emit, medians

COMPARISONS, ROUNDS = 100_000, 5
NEURONS, EACH, SOME = 2_500, 4, 250
PRIOR_SD = 1.0
Ids = npt.NDArray[np.intp]


def main() -> None:
    """Print medians and ratios."""
    for items in (10, 100, 1_000):
        one_scale(items)
    many_scales()


def one_scale(items: int) -> None:
    """Compare fits of comparisons among `items` that all meet."""
    rng = np.random.default_rng(items)
    left = rng.integers(items, size=COMPARISONS)
    right = (left + rng.integers(1, items, size=COMPARISONS)) % items
    won = sampled_wins(rng, rng.normal(size=items), left, right)
    winners, losers = np.where(won, left, right), np.where(won, right, left)
    pairs = list(zip(winners.tolist(), losers.tolist(), strict=True))
    found = medians(
        {
            "own": partial(bradley_terry, left, right, won),
            "choix, pairs": partial(choix.ilsr_pairwise, items, pairs),
            "choix, matrix": partial(from_matrix, items, winners, losers),
            "evalica": by_evalica(left, right, won),
        },
        rounds=ROUNDS,
    )
    report(f"{COMPARISONS:,} comparisons of {items:,} items", found)


def many_scales() -> None:
    """Compare fits of explanations that meet within their neuron only."""
    rng = np.random.default_rng(3)
    neuron = rng.integers(NEURONS, size=COMPARISONS)
    left = rng.integers(EACH, size=COMPARISONS)
    right = (left + rng.integers(1, EACH, size=COMPARISONS)) % EACH
    sides = neuron * EACH + left, neuron * EACH + right
    won = sampled_wins(rng, rng.normal(size=NEURONS * EACH), *sides)
    outcome = np.where(won, 1, -1)
    # The others are timed on the first of the neurons, and the rest extrapolated from them.
    some = [np.flatnonzero(neuron == number) for number in range(SOME)]
    alone = [(left[rows], right[rows], won[rows]) for rows in some]
    found = medians(
        {
            "own, prior known": partial(
                neuron_abilities, neuron, *sides, outcome, prior_sd=PRIOR_SD
            ),
            "own, prior found": partial(neuron_abilities, neuron, *sides, outcome),
            "choix, pairs": one_by_one([by_choix(*each) for each in alone]),
            "evalica": one_by_one([by_evalica(*each) for each in alone]),
        },
        rounds=ROUNDS,
    )
    for name in ("choix, pairs", "evalica"):
        found[name] *= NEURONS / SOME
    report(f"{NEURONS * EACH:,} explanations in {NEURONS:,} neurons", found)


def sampled_wins(
    rng: np.random.Generator, ability: npt.NDArray[np.float64], left: Ids, right: Ids
) -> npt.NDArray[np.bool_]:
    """Return whether the left won each comparison."""
    lead = ability[left] - ability[right]
    return rng.random(len(left)) < 1 / (1 + np.exp(-lead))


def from_matrix(items: int, winners: Ids, losers: Ids) -> object:
    """Fit by choix from the matrix of wins."""
    wins = np.bincount(winners * items + losers, minlength=items * items).reshape(items, items)
    return choix.ilsr_pairwise_dense(wins.astype(np.float64))


def by_choix(left: Ids, right: Ids, won: npt.NDArray[np.bool_]) -> Callable[[], object]:
    """Return a call of choix on lists made now; alpha keeps a few votes from having no maximum."""
    winners, losers = np.where(won, left, right), np.where(won, right, left)
    pairs = list(zip(winners.tolist(), losers.tolist(), strict=True))
    return partial(choix.ilsr_pairwise, EACH, pairs, alpha=0.1)


def by_evalica(left: Ids, right: Ids, won: npt.NDArray[np.bool_]) -> Callable[[], object]:
    """Return a call of evalica on lists made now."""
    winners = [evalica.Winner.X if each else evalica.Winner.Y for each in won]
    return partial(evalica.bradley_terry, left.tolist(), right.tolist(), winners)


def one_by_one(calls: list[Callable[[], object]]) -> Callable[[], object]:
    """Return one call of them all."""
    return lambda: [call() for call in calls]


def report(what: str, found: dict[str, float]) -> None:
    """Print medians, and for each of the others how many times as long it takes."""
    first, *rest = found
    emit(f"{what}: {first} {found[first]:.4f} s")
    for name in rest:
        emit(f"  {name} {found[name]:.4f} s, {found[name] / found[first]:.1f} times as long")


if __name__ == "__main__":
    main()
