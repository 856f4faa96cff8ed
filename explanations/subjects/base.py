"""What every subject offers, and what it reads and hands out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from explanations.captured import SubjectIdentity

Consume = Callable[[int, torch.Tensor], None]
"""Takes a layer and its neurons' activations [rows, tokens, width], inside the forward pass."""


class SubjectError(Exception):
    """A subject that cannot be loaded or run; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Several texts as one forward pass reads them: specials, tokens, then padding on the right.

    `texts` are the places of the batch's texts in what was encoded. Row r's own tokens are at
    positions first .. first + lengths[r]; `pieces[r]` are those tokens as they stand in the text.
    """

    texts: tuple[int, ...]
    ids: torch.Tensor  # int64 [rows, tokens]
    mask: torch.Tensor  # int64 [rows, tokens], 0 on padding
    first: int
    lengths: tuple[int, ...]
    pieces: tuple[tuple[str, ...], ...]
    truncated: tuple[bool, ...]


class Subject(Protocol):
    """Something whose layers each have `width` neurons and which reads texts."""

    @property
    def identity(self) -> SubjectIdentity:
        """What it is: stored with every capture."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def encode(self, texts: Sequence[str], *, budget: int = ...) -> Iterator[Batch]:
        """Cut texts into batches of at most `budget` tokens, shortest texts first."""

    def run(self, batch: Batch, consume: Consume) -> None:
        """Do one forward pass and hand over the activations of each layer in turn."""
