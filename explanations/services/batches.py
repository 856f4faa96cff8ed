"""Dealing many things out in parts that a database takes at once."""

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Deal things out in tuples of at most `size`, in order."""
    left = iter(things)
    while few := tuple(itertools.islice(left, size)):
        yield few
