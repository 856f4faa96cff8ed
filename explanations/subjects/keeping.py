"""What is kept of each layer while a text is captured: no more for a long text than a short one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.captured import CaptureConfig
from explanations.records import Split
from explanations.subjects.tallies import Counted, Tally
from explanations.subjects.windows import Windows

Take: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

EMPTY = torch.iinfo(torch.int64).min
"""The key of a slot that holds no window: below every key."""

TIES = 2**32
"""Documents' hashes that decide between equal peaks are below this; the lower one wins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Documents of one split in a batch: their windows, and what decides between equal peaks.

    `signs` are what equal texts share. Where `alone`, a window may be the copy of one that is kept.
    """

    windows: torch.Tensor  # int64 [documents, most windows of one], the last repeated
    ties: torch.Tensor  # int64 [documents], in [0, TIES)
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What every layer must know of a batch."""

    windows: Windows
    counted: Counted
    signs: torch.Tensor  # int64 [windows]
    base: int  # the number of the batch's first window in the whole pass
    groups: tuple[tuple[Split, Group], ...]
    drawn: tuple[tuple[Split, int, int], ...]  # split, place in the sample, window of the batch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offers:
    """Windows that want to be kept: int64 [width, offers] each; signs tell equal texts."""

    keys: torch.Tensor
    ids: torch.Tensor
    signs: torch.Tensor


class TopWindows:
    """For each neuron of a layer the windows with the highest keys, no text twice, in no order."""

    def __init__(self, width: int, keep: int, window: int, device: torch.device) -> None:
        self.keys = torch.full((width, keep), EMPTY, device=device)
        self.ids = torch.full((width, keep), -1, device=device)
        self.signs = torch.zeros((width, keep), dtype=torch.int64, device=device)
        self.values = torch.zeros((width, keep, window), device=device)
        self.floor = self.keys.amin(1)

    def offer(self, offers: Offers, take: Take) -> None:
        """Keep the best of what is kept and what is offered, where no text is there twice.

        `take(neurons, columns)` gathers the values of those offers that are kept: [kept, window].
        """
        wanted = offers.keys > self.floor[:, None]
        counts = wanted.sum(1)
        rows = (counts == 1).nonzero()[:, 0]
        if len(rows):
            slot = self.keys[rows].argmin(1)
            self._put(rows, slot, wanted[rows].int().argmax(1), offers, take)
            self.floor[rows] = self.keys[rows].amin(1)
        rows = (counts > 1).nonzero()[:, 0]
        if len(rows):
            self._offer_several(rows, offers, take)

    def _offer_several(self, rows: torch.Tensor, offers: Offers, take: Take) -> None:
        """Keep the best in rows that several offers want to enter; sorting costs more than one."""
        keep = self.keys.shape[1]
        both = torch.cat([self.keys[rows], offers.keys[rows]], 1)
        best = torch.zeros_like(both, dtype=torch.bool)
        best.scatter_(1, both.topk(keep, 1, sorted=False).indices, True)
        # In each row as many slots are freed as offers come in, and both lists go row by row.
        row, slot = (~best[:, :keep]).nonzero(as_tuple=True)
        column = best[:, keep:].nonzero(as_tuple=True)[1]
        self._put(rows[row], slot, column, offers, take)
        self.floor[rows] = self.keys[rows].amin(1)

    def offer_copy(self, offers: Offers, take: Take) -> None:
        """Keep one offer each, of texts that may be kept already: then the better one stays."""
        held = (self.signs == offers.signs) & (self.ids >= 0)
        slot = torch.where(held.any(1), held.int().argmax(1), self.keys.argmin(1))
        rows = (offers.keys > self.keys.gather(1, slot[:, None])).nonzero()[:, 0]
        if len(rows):
            self._put(rows, slot[rows], torch.zeros_like(rows), offers, take)
            self.floor[rows] = self.keys[rows].amin(1)

    def absorb(self, other: "TopWindows", base: int) -> None:
        """Keep the best of both; the other's windows are numbered from `base`."""
        ids = torch.where(other.ids >= 0, other.ids + base, other.ids)
        for column in range(ids.shape[1]):
            one = slice(column, column + 1)
            offers = Offers(keys=other.keys[:, one], ids=ids[:, one], signs=other.signs[:, one])

            def take(neurons: torch.Tensor, _: torch.Tensor, at: int = column) -> torch.Tensor:
                return other.values[neurons, at]

            self.offer_copy(offers, take)

    def arrays(self) -> dict[str, torch.Tensor]:
        """Return all of it by name, windows by falling key."""
        order = self.keys.argsort(dim=1, descending=True, stable=True)
        each = torch.arange(len(order), device=order.device)[:, None]
        names = ("keys", "ids", "signs", "values")
        return {name: getattr(self, name)[each, order] for name in names}

    def _put(
        self,
        neurons: torch.Tensor,
        slots: torch.Tensor,
        columns: torch.Tensor,
        offers: Offers,
        take: Take,
    ) -> None:
        places = neurons * self.keys.shape[1] + slots
        taken = neurons * offers.keys.shape[1] + columns
        self.keys.view(-1)[places] = offers.keys.flatten()[taken]
        self.ids.view(-1)[places] = offers.ids.flatten()[taken]
        self.signs.view(-1)[places] = offers.signs.flatten()[taken]
        self.values.view(-1, self.values.shape[2]).index_copy_(0, places, take(neurons, columns))


class LayerKeep:
    """What is kept of one layer: counts, the maximum, top windows, the random windows' values."""

    def __init__(
        self, width: int, config: CaptureConfig, vocabulary: int, device: torch.device
    ) -> None:
        self.maximum = torch.full((width,), -torch.inf, device=device)
        self.tally = Tally(width, vocabulary, device)
        self.tops: dict[Split, TopWindows] = {}
        self.samples: dict[Split, torch.Tensor] = {}
        for split in Split:
            keep = config.keep(split)
            self.tops[split] = TopWindows(width, keep.candidates, config.window, device)
            self.samples[split] = torch.zeros((keep.random, config.window, width), device=device)

    def observe(self, activations: torch.Tensor, seen: Seen) -> None:
        """Take in one batch's activations [rows, tokens, width]."""
        flat = activations.flatten(0, 1)
        self.tally.add(flat, seen.counted)
        peaks = seen.windows.peaks(activations)
        torch.maximum(self.maximum, peaks.amax(0), out=self.maximum)
        for split, group in seen.groups:
            self._offer_best(flat, peaks, split, group, seen)
        for split, place, window in seen.drawn:
            self.samples[split][place] = flat[seen.windows.tokens[window]]

    def absorb(
        self, other: "LayerKeep", drawn: tuple[tuple[Split, int, int], ...], base: int
    ) -> None:
        """Take in what another pass kept of this layer; its window numbers begin at `base`."""
        torch.maximum(self.maximum, other.maximum, out=self.maximum)
        self.tally.absorb(other.tally)
        for split, top in other.tops.items():
            self.tops[split].absorb(top, base)
        for split, place, there in drawn:
            self.samples[split][place] = other.samples[split][there]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of it by name; samples are [random, window, width]."""
        named = {"maximum": self.maximum, **self.tally.arrays()}
        for split, top in self.tops.items():
            named |= {f"{split}.top.{name}": array for name, array in top.arrays().items()}
            named[f"{split}.sample"] = self.samples[split]
        return {name: tensor.cpu().numpy() for name, tensor in named.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become what `arrays` says."""
        self.maximum.copy_(torch.as_tensor(arrays["maximum"]))
        self.tally.restore(arrays)
        for split, top in self.tops.items():
            for name, tensor in top.arrays().items():
                getattr(top, name).copy_(
                    torch.as_tensor(arrays[f"{split}.top.{name}"]).to(tensor.dtype)
                )
            top.floor = top.keys.amin(1)
            self.samples[split].copy_(torch.as_tensor(arrays[f"{split}.sample"]))

    def _offer_best(
        self, flat: torch.Tensor, peaks: torch.Tensor, split: Split, group: Group, seen: Seen
    ) -> None:
        """Offer each document's window with the highest peak, the first of equal ones."""
        best, which = peaks[group.windows].max(1)
        window = group.windows.gather(1, which).T
        offers = Offers(
            keys=_keys(best.T, group.ties), ids=window + seen.base, signs=seen.signs[window]
        )

        def take(neurons: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
            return seen.windows.gather(flat, window[neurons, columns], neurons)

        if group.alone:
            self.tops[split].offer_copy(offers, take)
        else:
            self.tops[split].offer(offers, take)


def _keys(peaks: torch.Tensor, ties: torch.Tensor) -> torch.Tensor:
    """Return integers that order (peak, then lower tie) as one: int64, of the shape of `peaks`.

    The bits of a float order as an integer does once those of negative numbers are turned round;
    adding 0 makes -0 a 0.
    """
    bits = (peaks + 0.0).contiguous().view(torch.int32).long()
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return ordered * TIES + (TIES - 1 - ties)


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
