"""What is counted of a layer over all tokens, to the same figures in any order of blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from explanations.stores.layout import BINS, HIGHEST, LOWEST, STEPS

CHUNK = 2**19
"""Values whose powers are summed at once: few enough for a processor's cache. With twice as many,
a product with one row takes four times as long on two threads."""

GRIDS = (2.0**-8, 2.0**-30, 2.0**-52, 2.0**-74)
"""Multiples of one of these add up without rounding as long as a sum stays under 2**53 of them."""

WORD_GRID = 2.0**-24
"""A word's sums are whole multiples of this, and stored as such: quick to make, exact to add."""

_MANTISSA = 23
_SHIFT = _MANTISSA - (STEPS.bit_length() - 1)
_BIAS = 127


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What all layers share about a batch's tokens. Positions count row by row."""

    own: torch.Tensor  # float32 [1, positions]: 1 on the texts' own tokens
    words: torch.Tensor  # int64 [positions]: the place in the vocabulary, or one beyond its end
    sampled: torch.Tensor  # int64 [sampled]: positions of the tokens that the histogram counts


class ActivationStatistics:
    """Sums of powers, firings, a histogram, and sums for each word of a vocabulary.

    A batch is added as floats. `fold` then moves a whole block's sums into parts that add up
    exactly, so blocks may come in any order and from several passes.
    """

    def __init__(self, width: int, vocabulary: int, device: torch.device) -> None:
        self.block = torch.zeros((5, width), dtype=torch.float64, device=device)
        self.block_words = torch.zeros((vocabulary + 1, width), device=device)
        self.sums = torch.zeros((len(GRIDS), 5, width), dtype=torch.float64, device=device)
        self.words = torch.zeros((vocabulary, width), dtype=torch.float64, device=device)
        self.histogram = torch.zeros((width, BINS), dtype=torch.int64, device=device)

    def add(self, flat: torch.Tensor, counted: Counted) -> None:
        """Take in one batch's activations [positions, width].

        A product with a row of ones is the quickest sum; its zeros leave out what is not theirs.
        """
        rows = max(1, CHUNK // flat.shape[1]) if flat.device.type == "cpu" else len(flat)
        room = torch.empty((min(rows, len(flat)), flat.shape[1]), device=flat.device)
        sums = torch.empty((5, 1, flat.shape[1]), device=flat.device)
        for values, ones, words in zip(
            torch.split(flat, rows),
            torch.split(counted.own, rows, 1),
            torch.split(counted.words, rows),
            strict=True,
        ):
            raw, power = values.float(), room[: len(values)]
            torch.mm(ones, raw, out=sums[0])
            torch.mm(ones, torch.mul(raw, raw, out=power), out=sums[1])
            torch.mm(ones, power.mul_(raw), out=sums[2])
            torch.mm(ones, power.mul_(raw), out=sums[3])
            torch.mm(ones, torch.gt(raw, 0, out=power), out=sums[4])
            self.block += sums[:, 0]
            if len(self.words):
                self.block_words.index_add_(0, words, raw)
        if len(counted.sampled):
            self._count(flat[counted.sampled].float())

    def fold(self) -> None:
        """Move a block's sums into the exact ones; call it after each whole block."""
        rest = self.block
        for total, grid in zip(self.sums, GRIDS, strict=True):
            part = (rest / grid).round() * grid
            total += part
            rest = rest - part
        self.words += self.block_words[:-1].div_(WORD_GRID).round_()
        self.block.zero_()
        self.block_words.zero_()

    def absorb(self, other: "ActivationStatistics") -> None:
        """Add what another pass counted, folded."""
        self.sums += other.sums
        self.words += other.words
        self.histogram += other.histogram

    def totals(self) -> torch.Tensor:
        """Return the sums of x, x^2, x^3, x^4 and the number of firings: float64 [5, width]."""
        return self.sums.flip(0).sum(0)

    def arrays(self) -> dict[str, torch.Tensor]:
        """Return all that was folded, by name."""
        return {"sums": self.sums, "words": self.words, "histogram": self.histogram}

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Restore the state that `arrays` returned."""
        for name, tensor in self.arrays().items():
            tensor.copy_(torch.as_tensor(arrays[name]))

    def _count(self, values: torch.Tensor) -> None:
        """Sort values [tokens, width] into bins by sign, exponent and leading digits of a float."""
        bits = values.contiguous().view(torch.int32)
        lowest = (_BIAS + LOWEST) * STEPS - 1
        place = (bits & 0x7FFFFFFF).bitwise_right_shift_(_SHIFT).sub_(lowest)
        place.clamp_(0, (HIGHEST - LOWEST) * STEPS)
        place = torch.where(values < 0, -place, place).add_(BINS // 2)
        width = values.shape[1]
        place += torch.arange(width, device=values.device, dtype=torch.int32) * BINS
        counts = torch.bincount(place.flatten(), minlength=width * BINS)
        self.histogram += counts.view(width, BINS)
