"""How long things take, one beside the other."""

import statistics
import time
from collections.abc import Callable, Mapping


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def medians(works: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Return each one's median seconds; they take turns, so that what else runs hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(seconds(work))
    return {name: statistics.median(each) for name, each in taken.items()}


def emit(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201
