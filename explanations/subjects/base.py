"""What every subject offers, and what it reads and hands out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch

from explanations.stores.reader import SubjectIdentity

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vectors:
    """A layer's neurons in the residual stream: float32 [width, stream] each."""

    reads: torch.Tensor
    writes: torch.Tensor


class Subject(Protocol):
    """Something whose layers each have `width` neurons and which reads texts."""

    @property
    def identity(self) -> SubjectIdentity:
        """What it is: stored with every capture."""

    @property
    def layers(self) -> int:
        """How many layers of neurons there are."""

    @property
    def width(self) -> int:
        """How many neurons each layer has."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def encode(self, texts: Sequence[str], *, budget: int = ...) -> Iterator[Batch]:
        """Cut texts into batches of at most `budget` tokens, shortest texts first."""

    def forward(self, batch: Batch) -> None:
        """Do the bare forward pass that capture is measured against."""

    def run(self, batch: Batch, consume: Consume) -> None:
        """Do one forward pass and hand over each layer's activations [rows, tokens, width]."""

    def run_layer(self, batch: Batch, layer: int) -> torch.Tensor:
        """Return one layer's activations [rows, tokens, width], float32.

        Raises `SubjectError` for a layer that is not there.
        """


def check_layer(identity: SubjectIdentity, layer: int) -> None:
    """Raise `SubjectError` for a layer that a subject does not have."""
    if not 0 <= layer < identity.layers:
        raise SubjectError(
            f"{identity.name} has no layer {layer}: layers are 0 to {identity.layers - 1}"
        )


@contextmanager
def enough_memory(doing: str, remedy: str) -> Iterator[None]:
    """Turn what says that memory ran out into a `SubjectError` that says what to do."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise SubjectError(f"not enough memory to {doing}: {remedy}") from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):  # torch has no class for it on a processor
            raise
        raise SubjectError(f"not enough memory to {doing}: {remedy}") from error
