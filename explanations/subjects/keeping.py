"""What is kept of each layer while a text is captured: no more for a long text than a short one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.captured import CaptureConfig
from explanations.records import Split
from explanations.subjects.windows import Windows

Take: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

CHUNK = 2**19
"""Values whose powers are summed at once: few enough to stay in a processor's cache."""

EMPTY = torch.iinfo(torch.int64).min
"""The key of a slot that holds no window: below every key."""

TIES = 2**32
"""Documents' hashes that decide between equal peaks are below this; the lower one wins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """A batch's documents of one split: their windows, and what decides between equal peaks."""

    windows: torch.Tensor  # int64 [documents, most windows of one], the last repeated
    ties: torch.Tensor  # int64 [documents], in [0, TIES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What every layer must know of a batch."""

    windows: Windows
    base: int  # the number of the batch's first window in the whole pass
    groups: dict[Split, Group]
    drawn: tuple[tuple[Split, int, int], ...]  # split, place in the sample, window of the batch


class TopWindows:
    """For each neuron of a layer the windows with the highest keys, in no order."""

    def __init__(self, width: int, keep: int, window: int, device: torch.device) -> None:
        self.keys = torch.full((width, keep), EMPTY, device=device)
        self.ids = torch.full((width, keep), -1, device=device)
        self.values = torch.zeros((width, keep, window), device=device)
        self.floor = self.keys.amin(1)

    def offer(self, keys: torch.Tensor, ids: torch.Tensor, take: Take) -> None:
        """Keep the best of what is kept and what is offered.

        `keys` and `ids` are [width, offers]; `take(neurons, columns)` gathers the values of those
        offers that are kept: [kept, window].
        """
        rows = (keys > self.floor[:, None]).any(1).nonzero()[:, 0]
        if not len(rows):
            return
        keep = self.keys.shape[1]
        both = torch.cat([self.keys[rows], keys[rows]], 1)
        best = torch.zeros_like(both, dtype=torch.bool)
        best.scatter_(1, both.topk(keep, 1, sorted=False).indices, True)
        # In each row as many slots are freed as offers come in, and both lists go row by row.
        row, slot = (~best[:, :keep]).nonzero(as_tuple=True)
        column = best[:, keep:].nonzero(as_tuple=True)[1]
        neurons = rows[row]
        self.keys[neurons, slot] = keys[neurons, column]
        self.ids[neurons, slot] = ids[neurons, column]
        self.values[neurons, slot] = take(neurons, column)
        self.floor[rows] = self.keys[rows].amin(1)

    def take(self, neurons: torch.Tensor, slots: torch.Tensor) -> torch.Tensor:
        """Return what is kept in some slots."""
        return self.values[neurons, slots]


class LayerKeep:
    """What is kept of one layer: statistics, top windows, and the random windows' values."""

    def __init__(self, width: int, config: CaptureConfig, device: torch.device) -> None:
        self.maximum = torch.full((width,), -torch.inf, device=device)
        self.moments = torch.zeros((4, width), dtype=torch.float64, device=device)
        self.fired = torch.zeros(width, dtype=torch.float64, device=device)
        self.tops: dict[Split, TopWindows] = {}
        self.samples: dict[Split, torch.Tensor] = {}
        for split in Split:
            keep = config.keep(split)
            self.tops[split] = TopWindows(width, keep.top, config.window, device)
            self.samples[split] = torch.zeros((keep.random, config.window, width), device=device)

    def observe(self, activations: torch.Tensor, seen: Seen) -> None:
        """Take in one batch's activations [rows, tokens, width]."""
        flat = activations.flatten(0, 1)
        self._sum(flat, seen.windows.own)
        peaks = seen.windows.peaks(activations)
        torch.maximum(self.maximum, peaks.amax(0), out=self.maximum)
        for split, group in seen.groups.items():
            self._offer_best(flat, peaks, split, group, seen)
        for split, place, window in seen.drawn:
            self.samples[split][place] = flat[seen.windows.tokens[window]]

    def absorb(
        self, other: "LayerKeep", drawn: tuple[tuple[Split, int, int], ...], base: int
    ) -> None:
        """Take in what another pass kept of this layer; its window numbers begin at `base`."""
        torch.maximum(self.maximum, other.maximum, out=self.maximum)
        self.moments += other.moments
        self.fired += other.fired
        for split, top in other.tops.items():
            ids = torch.where(top.ids >= 0, top.ids + base, top.ids)
            self.tops[split].offer(top.keys, ids, top.take)
        for split, place, there in drawn:
            self.samples[split][place] = other.samples[split][there]

    def arrays(self, sample_order: Mapping[Split, NDArray[np.int64]]) -> dict[str, NDArray[Any]]:
        """Return all of it by name: top windows by falling key, random ones in the order given.

        Shapes: `maximum` and `fired` [width], `moments` [4, width]; for each split `top.keys` and
        `top.windows` [width, top], `top.values` [width, top, window], and `sample.values`
        [width, random, window].
        """
        named = {"maximum": self.maximum, "moments": self.moments, "fired": self.fired}
        for split, top in self.tops.items():
            order = top.keys.argsort(dim=1, descending=True, stable=True)
            each = torch.arange(len(order), device=order.device)[:, None]
            named |= {
                f"{split}.top.keys": top.keys[each, order],
                f"{split}.top.windows": top.ids[each, order],
                f"{split}.top.values": top.values[each, order],
                f"{split}.sample.values": self.samples[split][sample_order[split]].permute(2, 0, 1),
            }
        return {name: tensor.cpu().numpy() for name, tensor in named.items()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become what `arrays` says."""
        read = {name: torch.tensor(array) for name, array in arrays.items()}
        self.maximum, self.moments = read["maximum"], read["moments"]
        self.fired = read["fired"]
        for split, top in self.tops.items():
            top.keys, top.ids = read[f"{split}.top.keys"], read[f"{split}.top.windows"]
            top.values, top.floor = read[f"{split}.top.values"], top.keys.amin(1)
            self.samples[split] = read[f"{split}.sample.values"].permute(1, 2, 0).contiguous()

    def _offer_best(
        self, flat: torch.Tensor, peaks: torch.Tensor, split: Split, group: Group, seen: Seen
    ) -> None:
        """Offer each document's window with the highest peak, the first of equal ones."""
        best, which = peaks[group.windows].max(1)
        window = group.windows.gather(1, which).T

        def take(neurons: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
            return seen.windows.gather(flat, window[neurons, columns], neurons)

        self.tops[split].offer(_keys(best.T, group.ties), window + seen.base, take)

    def _sum(self, flat: torch.Tensor, own: torch.Tensor) -> None:
        """Add up powers and firings over the texts' own tokens.

        A product with a row of ones is the quickest sum; its zeros leave out what is not theirs.
        """
        rows = max(1, CHUNK // flat.shape[1]) if flat.device.type == "cpu" else len(flat)
        chunks = torch.split(flat, rows)
        sums = torch.empty((len(chunks), 5, 1, flat.shape[1]), device=flat.device)
        room = torch.empty((len(chunks[0]), flat.shape[1]), device=flat.device)
        for values, ones, out in zip(chunks, torch.split(own, rows, 1), sums, strict=True):
            raw, power = values.float(), room[: len(values)]
            torch.mm(ones, raw, out=out[0])
            torch.mm(ones, torch.mul(raw, raw, out=power), out=out[1])
            torch.mm(ones, power.mul_(raw), out=out[2])
            torch.mm(ones, power.mul_(raw), out=out[3])
            torch.mm(ones, torch.gt(raw, 0, out=power), out=out[4])
        total = sums.double().sum(0)[:, 0]
        self.moments += total[:4]
        self.fired += total[4]


def _keys(peaks: torch.Tensor, ties: torch.Tensor) -> torch.Tensor:
    """Return integers that order (peak, then lower tie) as one: int64, of the shape of `peaks`.

    The bits of a float order as an integer does once those of negative numbers are turned round;
    adding 0 makes -0 a 0.
    """
    bits = (peaks + 0.0).contiguous().view(torch.int32).long()
    ordered = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return ordered * TIES + (TIES - 1 - ties)
