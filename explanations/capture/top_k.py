"""For each neuron of a layer and each split the windows with the highest keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.records import Split
from explanations.stores.reader import CaptureConfig

Take: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

NOBODY = torch.iinfo(torch.int64).min
"""The key of what is not offered: below every slot's."""

EMPTY = NOBODY + 1
"""The key of a slot that holds no window: below every window's."""

CLOSED = torch.iinfo(torch.int64).max
"""The key of a slot that a split does not have: above every key, so nothing takes its place."""

SPLITS = tuple(Split)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offers:
    """Candidate windows, one per document and neuron.

    `keys`, `ids` and `signs` are int64 [documents, width]; equal texts have equal signs. `splits`
    is int64 [documents]: each one's index in `SPLITS`.
    """

    keys: torch.Tensor
    ids: torch.Tensor
    signs: torch.Tensor
    splits: torch.Tensor


class TopWindows:
    """The best windows of each neuron and split, no text twice, in no order.

    All splits lie in one table, so that a batch is offered at once; values are kept
    only for slots that are not closed.
    """

    def __init__(self, width: int, config: CaptureConfig, device: torch.device) -> None:
        self.keeps = {split: config.keep(split).candidates for split in SPLITS}
        keeps = [self.keeps[split] for split in SPLITS]
        shape = (len(SPLITS), width, max(keeps))
        self.keys = torch.full(shape, EMPTY, device=device)
        for number, keep in enumerate(keeps):
            self.keys[number, :, keep:] = CLOSED
        self.ids = torch.full(shape, -1, device=device)
        self.signs = torch.zeros(shape, dtype=torch.int64, device=device)
        self.floor = self.keys.amin(2)
        self._keep = torch.tensor(keeps, device=device)
        self._first = torch.tensor([0, *keeps[:-1]], device=device).cumsum(0) * width
        self._values = torch.zeros((sum(keeps) * width, config.window), device=device)

    def offer(self, offers: Offers, take: Take) -> None:
        """Keep the best of what is kept and what is offered, where no text is there twice.

        `take(documents, neurons)` gathers the values of those offers that are kept:
        [kept, window].
        """
        width = self.keys.shape[1]
        document, neuron = (offers.keys > self.floor[offers.splits]).nonzero(as_tuple=True)
        if not len(document):
            return
        row = offers.splits[document] * width + neuron
        counts = torch.bincount(row, minlength=len(SPLITS) * width)
        # Once the text is long, nearly every row gets at most one offer per batch, and replacing
        # its lowest slot is much cheaper than sorting. Only rows with several offers are sorted.
        one = (counts[row] == 1).nonzero()[:, 0]
        if len(one):
            slots = self._rows(self.keys)[row[one]].argmin(1)
            self._put(row[one], slots, document[one], offers, take)
        several = (counts > 1).nonzero()[:, 0]
        if len(several):
            self._offer_several(several, offers, take)

    def offer_copy(self, offers: Offers, take: Take) -> None:
        """Keep the windows of one document whose text may be kept already: the better one stays."""
        width, split = self.keys.shape[1], int(offers.splits[0])
        held = (self.signs[split] == offers.signs[0, :, None]) & (self.ids[split] >= 0)
        slots = torch.where(held.any(1), held.int().argmax(1), self.keys[split].argmin(1))
        kept = self.keys[split].gather(1, slots[:, None])[:, 0]
        neurons = (offers.keys[0] > kept).nonzero()[:, 0]
        if len(neurons):
            first = torch.zeros_like(neurons)
            self._put(split * width + neurons, slots[neurons], first, offers, take)

    def absorb(self, other: "TopWindows", base: int) -> None:
        """Keep the best of both; the other's windows are numbered from `base`."""
        width = self.keys.shape[1]
        neurons = torch.arange(width)
        for number, split in enumerate(SPLITS):
            splits = torch.tensor([number])
            for slot in range(self.keeps[split]):
                ids = other.ids[number, None, :, slot]
                offers = Offers(
                    keys=other.keys[number, None, :, slot],
                    ids=torch.where(ids >= 0, ids + base, ids),
                    signs=other.signs[number, None, :, slot],
                    splits=splits,
                )
                places = other.places(number * width + neurons, torch.full((width,), slot))
                values = other.values_at(places)

                # Both passes may have kept the same text, so each slot is offered as a possible
                # copy: one slot of every neuron at a time.
                def take(
                    _: torch.Tensor, wanted: torch.Tensor, values: torch.Tensor = values
                ) -> torch.Tensor:
                    return values[wanted]

                self.offer_copy(offers, take)

    def used(self) -> NDArray[np.int64]:
        """Return the numbers of the kept windows, without duplicates; -1 if a slot is empty."""
        return np.unique(self.ids.cpu().numpy())

    def places(self, rows: torch.Tensor, slots: torch.Tensor) -> torch.Tensor:
        """Return where the values of some slots lie; `rows` count the neurons split by split."""
        width = self.keys.shape[1]
        split, neuron = rows // width, rows % width
        return self._first[split] + neuron * self._keep[split] + slots

    def values_at(self, places: torch.Tensor) -> torch.Tensor:
        """Return the values at some places: [places, window]."""
        return self._values[places]

    def arrays(self) -> dict[str, torch.Tensor]:
        """Return all of it by name, windows by falling key: [width, kept(, window)]."""
        named = {}
        width = self.keys.shape[1]
        for number, split in enumerate(SPLITS):
            keep = self.keeps[split]
            order = self.keys[number, :, :keep].argsort(dim=1, descending=True, stable=True)
            for name in ("keys", "ids", "signs"):
                named[f"{split}.top.{name}"] = getattr(self, name)[number].gather(1, order)
            rows = number * width + torch.arange(width, device=order.device)
            places = self.places(rows[:, None], order)
            named[f"{split}.top.values"] = self._values[places]
        return named

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Restore the state that `arrays` returned."""
        width = self.keys.shape[1]
        for number, split in enumerate(SPLITS):
            keep = self.keeps[split]
            for name in ("keys", "ids", "signs"):
                stored = torch.as_tensor(arrays[f"{split}.top.{name}"])
                getattr(self, name)[number, :, :keep] = stored.to(self.keys.device)
            first = int(self._first[number])
            values = torch.as_tensor(arrays[f"{split}.top.values"])
            self._values[first : first + width * keep] = values.flatten(0, 1).to(self.keys.device)
        self.floor = self.keys.amin(2)

    def _offer_several(self, rows: torch.Tensor, offers: Offers, take: Take) -> None:
        """Keep the best in rows that several offers want to enter; sorting costs more than one."""
        width, slots = self.keys.shape[1:]
        split, neuron = rows // width, rows % width
        keys = offers.keys[:, neuron].T
        keys = torch.where(offers.splits == split[:, None], keys, NOBODY)
        both = torch.cat([self._rows(self.keys)[rows], keys], 1)
        best = torch.zeros_like(both, dtype=torch.bool)
        best.scatter_(1, both.topk(slots, 1, sorted=False).indices, True)
        # In each row as many slots are freed as offers come in, and both lists go row by row.
        row, slot = (~best[:, :slots]).nonzero(as_tuple=True)
        document = best[:, slots:].nonzero(as_tuple=True)[1]
        self._put(rows[row], slot, document, offers, take)

    def _put(
        self,
        rows: torch.Tensor,
        slots: torch.Tensor,
        documents: torch.Tensor,
        offers: Offers,
        take: Take,
    ) -> None:
        width, count = self.keys.shape[1:]
        neurons = rows % width
        at, taken = rows * count + slots, documents * width + neurons
        self.keys.view(-1)[at] = offers.keys.flatten()[taken]
        self.ids.view(-1)[at] = offers.ids.flatten()[taken]
        self.signs.view(-1)[at] = offers.signs.flatten()[taken]
        self._values.index_copy_(0, self.places(rows, slots), take(documents, neurons))
        self.floor.view(-1)[rows] = self._rows(self.keys)[rows].amin(1)

    def _rows(self, table: torch.Tensor) -> torch.Tensor:
        return table.view(-1, table.shape[2])
