"""Split long sequences into batches that a database accepts."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield tuples of at most `size` items, in order."""
    left = iter(things)
    while few := tuple(itertools.islice(left, size)):
        yield few
