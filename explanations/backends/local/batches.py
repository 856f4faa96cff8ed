"""What answering requests of any type with a local model has in common: batches and padding."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import torch

from explanations.backends.base import Callbacks
from explanations.backends.local.loading import Loaded
from explanations.methods.values import Unusable

Part = TypeVar("Part")
Result = TypeVar("Result")

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded(Generic[Part]):
    """A part of a request as tokens: those of a prefix that a batch shares, and its own.

    `first` is the first of its own that the outcome is about; `positions` are those at which
    something is predicted; `new` is how many tokens may be generated.
    """

    part: Part
    ids: Ids
    prefix: Ids = ()
    first: int = 0
    positions: tuple[int, ...] = ()
    new: int = 0

    @property
    def size(self) -> int:
        """Return how many tokens the model has to take in."""
        return len(self.prefix) + len(self.ids) + self.new


class Answerer(ABC, Generic[Part, Result]):
    """Answers requests of one type with one model; callers in several threads take turns."""

    def __init__(self, loaded: Loaded, lock: Lock) -> None:
        self._loaded = loaded
        self._lock = lock

    @abstractmethod
    def encode(self, part: Part) -> Encoded[Part] | Unusable:
        """Return a part as tokens, or why it cannot be answered."""

    @abstractmethod
    def budget(self) -> int:
        """Return how many padded tokens a batch may have."""

    @abstractmethod
    def run(
        self, batch: Sequence[Encoded[Part]], callbacks: Callbacks
    ) -> Sequence[Result | Unusable]:
        """Return the outcome of each part of a batch."""

    def answer(self, parts: Sequence[Part], callbacks: Callbacks) -> tuple[Result | Unusable, ...]:
        """Return the outcome of each part in order; see `Backend.answer`."""
        found: dict[int, Result | Unusable] = {}
        encoded: list[tuple[int, Encoded[Part]]] = []
        for position, part in enumerate(parts):
            each = self._fitting(part)
            if isinstance(each, Unusable):
                found[position] = each
                callbacks.on_result(position, each)
            else:
                encoded.append((position, each))
        for batch in self._batches(encoded):
            callbacks.raise_if_stopped()
            outcomes = self.run([each for _, each in batch], callbacks)
            for (position, _), outcome in zip(batch, outcomes, strict=True):
                found[position] = outcome
                callbacks.on_result(position, outcome)
        return tuple(found[position] for position in range(len(parts)))

    def _fitting(self, part: Part) -> Encoded[Part] | Unusable:
        encoded = self.encode(part)
        if isinstance(encoded, Unusable) or encoded.size <= self._loaded.limit:
            return encoded
        new = f" and the answer up to {encoded.new}" if encoded.new else ""
        return Unusable(
            reason=f"the text has {encoded.size - encoded.new} tokens{new}, and the model takes "
            f"{self._loaded.limit}"
        )

    def _batches(
        self, encoded: list[tuple[int, Encoded[Part]]]
    ) -> Iterator[list[tuple[int, Encoded[Part]]]]:
        """Yield batches within the budget, short texts first, those of one prefix one by one."""
        batch: list[tuple[int, Encoded[Part]]] = []
        groups = {each.prefix: number for number, (_, each) in reversed([*enumerate(encoded)])}
        for entry in sorted(encoded, key=lambda e: (groups[e[1].prefix], e[1].size)):
            if batch and not self._fit([each for _, each in [*batch, entry]]):
                yield batch
                batch = []
            batch.append(entry)
        if batch:
            yield batch

    def _fit(self, batch: Sequence[Encoded[Part]]) -> bool:
        """Return whether parts may share a batch; every row is as long as the longest."""
        prefix = batch[0].prefix
        row = len(prefix) + max(len(each.ids) for each in batch) + max(each.new for each in batch)
        within = row <= self._loaded.limit and len(batch) * row <= self.budget()
        return within and batch[-1].prefix == prefix


def padded(
    rows: Sequence[Sequence[int]], *, left: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows of tokens as one tensor, padded on the right or left, and their mask."""
    longest = max(map(len, rows))
    gaps = [[0] * (longest - len(row)) for row in rows]
    ids = [[*gap, *row] if left else [*row, *gap] for row, gap in zip(rows, gaps, strict=True)]
    mask = [
        gap + [1] * len(row) if left else [1] * len(row) + gap
        for row, gap in zip(rows, gaps, strict=True)
    ]
    return torch.tensor(ids), torch.tensor(mask)
