"""Ordinal alpha with its interval, compared with the krippendorff package and its bootstrap.

Run: OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_agreement. 1,000 raters, 100,000
units, 5 ratings of each. The package takes counts and gives no interval; a bootstrap over units
resamples the rows of counts. A few of its 1,000 replicates are timed, the rest extrapolated.
"""

import tracemalloc
from collections.abc import Callable
from functools import partial

import krippendorff
import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import encode
from studies.analysis.statistics.agreement import alpha
from studies.analysis.statistics.alpha import alphas, between_midranks, coincidences
from tests.benchmarks.stopwatch import emit, medians

RATERS, UNITS, EACH, VALUES = 1_000, 100_000, 5, 5
REPLICATES, TIMED = 1_000, 5
ROUNDS = 7

Rows = tuple[npt.NDArray[np.int64], ...]


def main() -> None:
    """Print medians, ratios and the memory taken beyond the ratings themselves."""
    rows = ratings()
    counts = encode(*rows).counts()
    whole = counts.astype(np.int64)
    found = medians(
        {
            "own, from counts": lambda: alphas(coincidences(counts)[None], between_midranks),
            "package, from counts": partial(packaged, whole),
            "own, from ratings, with interval": partial(alpha, *rows, level="ordinal"),
        },
        rounds=ROUNDS,
    )
    for name, taken in found.items():
        emit(f"{name}: {taken:.4f} s")
    ratio = found["package, from counts"] / found["own, from counts"]
    emit(f"point estimate: the package takes {ratio:.1f} times as long")
    once = medians({"replicate": partial(replicate, whole)}, rounds=TIMED)["replicate"]
    longer = once * REPLICATES / found["own, from ratings, with interval"]
    emit(
        f"interval: {REPLICATES:,} bootstrap replicates with the package would take "
        f"{once * REPLICATES:.0f} s ({TIMED} timed), {longer:.0f} times as long"
    )
    point = peak(lambda: alphas(coincidences(encode(*rows).counts())[None], between_midranks))
    interval = peak(partial(alpha, *rows, level="ordinal"))
    emit(f"memory beyond the ratings: point {point:.0f} MiB, with interval {interval:.0f} MiB")


def ratings() -> Rows:
    """Return units, raters and values; no rater has a unit twice, and rows are in no order."""
    rng = np.random.default_rng(1)
    unit = np.repeat(np.arange(UNITS), EACH)
    first = rng.integers(RATERS, size=UNITS)[:, None]
    rater = ((first + np.arange(EACH) * (RATERS // EACH)) % RATERS).ravel()
    truth = rng.integers(VALUES, size=UNITS)[unit]
    value = np.where(rng.random(len(unit)) < 0.7, truth, rng.integers(VALUES, size=len(unit)))
    order = rng.permutation(len(unit))
    return unit[order], rater[order], value[order]


def packaged(counts: npt.NDArray[np.int64]) -> float:
    """Return the package's alpha of counts of each value (units, values)."""
    return float(
        krippendorff.alpha(
            value_counts=counts,
            value_domain=np.arange(counts.shape[1]),
            level_of_measurement="ordinal",
        )
    )


def replicate(counts: npt.NDArray[np.int64]) -> float:
    """Return the package's alpha of resampled units."""
    sampled = np.random.default_rng(2).integers(len(counts), size=len(counts))
    return packaged(counts[sampled])


def peak(work: Callable[[], object]) -> float:
    """Return the most memory in MiB that something holds at once beyond what is there."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    main()
