"""What is kept of each layer while a text is captured: no more for a long text than a short one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.capture.moments import ActivationStatistics, Counted
from explanations.capture.top_k import Offers, Take, TopWindows
from explanations.capture.windows import BatchWindows
from explanations.records import Split
from explanations.stores.reader import CaptureConfig

TIES = 2**32
"""Documents' hashes that decide between equal peaks are below this; the lower one wins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """A batch's documents: their windows, splits, and what decides between equal peaks.

    Of the documents from `fresh` on a window may be the copy of one that is kept.
    """

    windows: torch.Tensor  # int64 [documents, most windows of one], the last repeated
    splits: torch.Tensor  # int64 [documents]: places in SPLITS
    ties: torch.Tensor  # int64 [documents], in [0, TIES)
    fresh: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What all layers share about a batch."""

    windows: BatchWindows
    counted: Counted
    signs: torch.Tensor  # int64 [windows]: what equal texts share
    base: int  # the number of the batch's first window in the whole pass
    group: Group
    drawn: tuple[tuple[Split, int, int], ...]  # split, place in the sample, window of the batch


class LayerAccumulator:
    """What is kept of one layer: counts, the maximum, top windows, the random windows' values."""

    def __init__(
        self, width: int, config: CaptureConfig, vocabulary: int, device: torch.device
    ) -> None:
        self.maximum = torch.full((width,), -torch.inf, device=device)
        self.statistics = ActivationStatistics(width, vocabulary, device)
        self.tops = TopWindows(width, config, device)
        self.samples = {
            split: torch.zeros((config.keep(split).random, config.window, width), device=device)
            for split in Split
        }

    def observe(self, activations: torch.Tensor, seen: Seen) -> None:
        """Take in one batch's activations [rows, tokens, width]."""
        flat = activations.flatten(0, 1)
        self.statistics.add(flat, seen.counted)
        peaks = seen.windows.peaks(activations)
        torch.maximum(self.maximum, peaks.amax(0), out=self.maximum)
        self._offer_best(flat, peaks, seen)
        for split, place, window in seen.drawn:
            self.samples[split][place] = flat[seen.windows.tokens[window]]

    def absorb(
        self, other: "LayerAccumulator", drawn: tuple[tuple[Split, int, int], ...], base: int
    ) -> None:
        """Take in what another pass kept of this layer; its window numbers begin at `base`."""
        torch.maximum(self.maximum, other.maximum, out=self.maximum)
        self.statistics.absorb(other.statistics)
        self.tops.absorb(other.tops, base)
        for split, place, there in drawn:
            self.samples[split][place] = other.samples[split][there]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of it by name; samples are [random, window, width]."""
        named = {"maximum": self.maximum, **self.statistics.arrays(), **self.tops.arrays()}
        named |= {f"{split}.sample": sample for split, sample in self.samples.items()}
        return {name: tensor.cpu().numpy() for name, tensor in named.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore the state that `arrays` returned."""
        self.maximum.copy_(torch.as_tensor(arrays["maximum"]))
        self.statistics.restore(arrays)
        self.tops.restore(arrays)
        for split, sample in self.samples.items():
            sample.copy_(torch.as_tensor(arrays[f"{split}.sample"]))

    def _offer_best(self, flat: torch.Tensor, peaks: torch.Tensor, seen: Seen) -> None:
        """Offer each document's window with the highest peak, the first of equal ones."""
        group = seen.group
        best, which = peaks[group.windows].max(1)
        window = group.windows.gather(1, which)
        keys, ids, signs = _keys(best, group.ties), window + seen.base, seen.signs[window]

        def take(documents: torch.Tensor, neurons: torch.Tensor) -> torch.Tensor:
            return seen.windows.gather(flat, window[documents, neurons], neurons)

        def some(first: int, stop: int) -> tuple[Offers, Take]:
            of = slice(first, stop)
            offers = Offers(keys=keys[of], ids=ids[of], signs=signs[of], splits=group.splits[of])
            return offers, lambda documents, neurons: take(documents + first, neurons)

        if group.fresh:
            self.tops.offer(*some(0, group.fresh))
        for copy in range(group.fresh, len(window)):
            self.tops.offer_copy(*some(copy, copy + 1))


def _keys(peaks: torch.Tensor, ties: torch.Tensor) -> torch.Tensor:
    """Return integers that order (peak, then lower tie) as one: int64 [documents, width].

    The bits of a float order as an integer does once those of negative numbers are turned round;
    adding 0 makes -0 a 0.
    """
    bits = (peaks + 0.0).contiguous().view(torch.int32).long()
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return ordered * TIES + (TIES - 1 - ties)[:, None]


def trimmed(
    arrays: Mapping[str, NDArray[Any]], split: Split, keep: int, near: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the numbers and values of the first `keep` windows that are not `near` a better one.

    `near` is [width, candidates]; what is left free has the number -1.
    """
    ids, values = arrays[f"{split}.top.ids"], arrays[f"{split}.top.values"]
    left_out = near | (ids < 0)
    order = left_out.argsort(1, kind="stable")[:, :keep]
    kept = np.take_along_axis(np.where(left_out, -1, ids), order, 1)
    shown = np.take_along_axis(values, order[:, :, None], 1)
    return kept, np.where(kept[:, :, None] >= 0, shown, np.float32(0))
