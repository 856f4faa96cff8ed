"""Where the windows of a batch lie in its activations, as index tensors that all layers share."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.records import BLOCK, slices
from explanations.subjects.base import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a window is: the row of the batch, and its token range [start, stop)."""

    row: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchWindows:
    """The windows of a batch and how to reduce over them.

    Positions count the batch's tokens row by row. Short rows of an index tensor are padded with
    their last entry, which leaves maxima unchanged.
    """

    spans: tuple[Span, ...]
    tokens: torch.Tensor  # [windows, size]: positions of each window's tokens
    short: torch.Tensor  # bool [windows]: has fewer tokens than `size`
    tails: torch.Tensor  # [tails, BLOCK]: positions of the texts' last, incomplete blocks
    blocks: torch.Tensor  # [windows, size / BLOCK]: numbers of each window's blocks
    own: torch.Tensor  # float32 [1, positions]: 1 on the texts' own tokens
    first: int
    width: int  # positions in a row of the batch
    full: int  # complete blocks in a row of the batch

    def peaks(self, activations: torch.Tensor) -> torch.Tensor:
        """Return each neuron's highest activation in each window: float32 [windows, width]."""
        rows, _, width = activations.shape
        inside = activations[:, self.first : self.first + self.full * BLOCK]
        blocks = activations.new_empty((rows * self.full + len(self.tails), width))
        whole = blocks[: rows * self.full].view(rows, self.full, width)
        torch.amax(torch.unflatten(inside, 1, (self.full, BLOCK)), 2, out=whole)
        tails = activations.flatten(0, 1)[self.tails]
        torch.amax(tails, 1, out=blocks[rows * self.full :])
        return blocks[self.blocks].amax(1).float()

    def gather(
        self, flat: torch.Tensor, numbers: torch.Tensor, neurons: torch.Tensor
    ) -> torch.Tensor:
        """Return the activations of some neurons, each on a window: float32 [neurons, size].

        `flat` is [positions, width]. A view whose entries are whole windows is three to ten times
        as quick as fetching single values; what it reads beyond a window's end is corrected.
        """
        size = self.tokens.shape[1]
        if len(flat) < size:
            return flat[self.tokens[numbers], neurons[:, None]].float()
        whole = flat.unfold(0, size, 1)
        begins = self.tokens[numbers, 0]
        inside = begins.clamp(max=len(flat) - size)
        values = whole[inside, neurons].float()
        beyond = (self.short[numbers] | (inside < begins)).nonzero()[:, 0]
        if len(beyond):
            columns = self.tokens[numbers[beyond]] - inside[beyond, None]
            values[beyond] = values[beyond].gather(1, columns)
        return values


def windows(batch: Batch, size: int) -> BatchWindows:
    """Cut a batch's texts into windows of at most `size` tokens."""
    rows, width = batch.ids.shape
    full = (width - batch.first) // BLOCK
    spans = [
        Span(row=row, start=start, stop=stop)
        for row, length in enumerate(batch.lengths)
        for start, stop in slices(length, size)
    ]
    lengths = np.array(batch.lengths)
    origins = np.arange(rows) * width + batch.first
    partial = np.flatnonzero(lengths % BLOCK)
    tails = _runs(origins + lengths // BLOCK * BLOCK, origins + lengths, BLOCK)[partial]
    row, start, stop = np.array([(s.row, s.start, s.stop) for s in spans]).reshape(-1, 3).T
    blocks = _runs(row * full + start // BLOCK, row * full + -(-stop // BLOCK), size // BLOCK)
    tail = rows * full + np.searchsorted(partial, row)
    ends_in_tail = (stop == lengths[row]) & (lengths[row] % BLOCK > 0)
    last = row * full + stop // BLOCK
    blocks = np.where(ends_in_tail[:, None] & (blocks == last[:, None]), tail[:, None], blocks)
    place = np.arange(width)
    own = (place >= batch.first) & (place < batch.first + lengths[:, None])
    device = batch.ids.device
    return BatchWindows(
        spans=tuple(spans),
        tokens=torch.from_numpy(_runs(origins[row] + start, origins[row] + stop, size)).to(device),
        short=torch.from_numpy(stop - start < size).to(device),
        tails=torch.from_numpy(tails).to(device),
        blocks=torch.from_numpy(blocks).to(device),
        own=torch.from_numpy(own.reshape(1, -1).astype(np.float32)).to(device),
        first=batch.first,
        width=width,
        full=full,
    )


def _runs(begins: NDArray[np.int64], ends: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return range(begin, end) of each pair, padded to `size` with its last number."""
    runs: NDArray[np.int64] = np.minimum(begins[:, None] + np.arange(size), ends[:, None] - 1)
    return runs
