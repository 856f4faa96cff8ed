"""Passages in one forward pass each, what they have in common computed once.

The keys and values of the last few prefixes are kept. A new prefix goes on from the one that it
shares most tokens with, so the instructions that all begin with are computed once in a process, and
an explanation once for all its excerpts. These are then read in batches behind it, padded on the
right, where nothing looks at the padding, and only the numbers' rows of the output are computed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from explanations.backends.base import Reading
from explanations.backends.local.loading import Loaded, NumberHead
from explanations.methods.requests import Foreseen, Passage
from explanations.methods.values import Unusable

Ids = tuple[int, ...]
States = tuple[
    tuple[torch.Tensor, torch.Tensor], ...
]  # by layer: keys and values, [1, H, tokens, D]

# Prefixes that are kept: explanations of a chunk come one after the other.
KEPT = 4
# The padded tokens of a batch, with the prefix of each row, whose states are in memory too. A
# processor is as fast with few; a graphics card wants many.
BATCH_TOKENS = {"cpu": 8192, "cuda": 32768}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A passage's tokens behind its prefix; a number is foreseen at each of `places`."""

    at: int
    prefix: Ids
    ids: Ids
    places: tuple[int, ...]


class Reader:
    """Reads passages with one model. May be used from several threads; batches take turns."""

    def __init__(self, loaded: Loaded, head: NumberHead, lock: Lock) -> None:
        self._loaded = loaded
        self._head = head
        self._lock = lock
        self._kept: OrderedDict[Ids, States] = OrderedDict()
        # The same few tokens, and the same prefix, are coded over and over.
        self._coded_part = lru_cache(maxsize=50_000)(loaded.coded)
        self._coded_prefix = lru_cache(maxsize=64)(loaded.begun)

    def read(
        self,
        passages: Sequence[Passage],
        tell: Callable[[int, Reading], None],
        check: Callable[[], None],
    ) -> list[Reading]:
        """Return what is foreseen in each passage; see `Backend.read`."""
        found: dict[int, Reading] = {}
        groups: dict[Ids, list[Coded]] = {}
        for at, passage in enumerate(passages):
            coded = self._coded(at, passage)
            if isinstance(coded, Unusable):
                found[at] = coded
                tell(at, coded)
            else:
                groups.setdefault(coded.prefix, []).append(coded)
        for prefix, group in groups.items():
            for batch in self._batches(group):
                check()
                for coded, reading in zip(batch, self._foreseen(prefix, batch), strict=True):
                    found[coded.at] = reading
                    tell(coded.at, reading)
        return [found[at] for at in range(len(passages))]

    def _coded(self, at: int, passage: Passage) -> Coded | Unusable:
        prefix = tuple(self._coded_prefix(passage.prefix))
        filler = self._coded_part(passage.filler) if passage.filler else []
        ids: list[int] = []
        places: list[int] = []
        for part in passage.parts:
            ids += self._coded_part(part)
            places.append(len(ids) - 1)
            ids += filler
        if places and places[0] < 0:
            return Unusable(reason="a passage's first part has no token")
        if len(prefix) + len(ids) > self._loaded.limit:
            return Unusable(
                reason=f"the text has {len(prefix) + len(ids)} tokens, and the model takes "
                f"{self._loaded.limit}"
            )
        return Coded(at=at, prefix=prefix, ids=tuple(ids), places=tuple(places))

    def _batches(self, group: list[Coded]) -> Iterator[list[Coded]]:
        budget = BATCH_TOKENS[self._loaded.device.type]
        batch: list[Coded] = []
        for coded in sorted(group, key=lambda each: len(each.ids)):
            if batch and (len(batch) + 1) * (len(coded.prefix) + len(coded.ids)) > budget:
                yield batch
                batch = []
            batch.append(coded)
        yield batch

    @torch.inference_mode()
    def _foreseen(self, prefix: Ids, batch: list[Coded]) -> list[Foreseen]:
        start = time.perf_counter()
        with self._lock:
            states, computed = self._states(prefix)
            longest = max(len(coded.ids) for coded in batch)
            ids = torch.tensor([coded.ids + (0,) * (longest - len(coded.ids)) for coded in batch])
            lengths = torch.tensor([len(coded.ids) for coded in batch])
            real = torch.arange(longest) < lengths[:, None]
            mask = torch.cat([torch.ones(len(batch), len(prefix), dtype=torch.bool), real], dim=1)
            hidden = self._run(ids, mask, cached(states, len(batch)))
            rows = [row for row, coded in enumerate(batch) for _ in coded.places]
            columns = [place for coded in batch for place in coded.places]
            logprobs = self._head.logprobs(hidden[rows, columns]).tolist()
        seconds = (time.perf_counter() - start) / len(batch)
        values = iter(dict(zip(self._head.ids, each, strict=True)) for each in logprobs)
        return [
            Foreseen(
                logprobs=tuple(next(values) for _ in coded.places),
                tokens_in=len(coded.ids) + (computed if number == 0 else 0),
                seconds=seconds,
            )
            for number, coded in enumerate(batch)
        ]

    def _run(self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        device = self._loaded.device
        output = self._loaded.model.base_model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device, torch.int64),
            past_key_values=cache,
            use_cache=True,
        )
        hidden: torch.Tensor = output.last_hidden_state
        return hidden

    def _states(self, prefix: Ids) -> tuple[States, int]:
        """Return a prefix's keys and values, and how many of its tokens had to be computed."""
        like = max(self._kept, key=lambda kept: _common(kept, prefix), default=())
        common = _common(like, prefix)
        states = tuple(
            (keys[..., :common, :], values[..., :common, :])
            for keys, values in self._kept.get(like, ())
        )
        if common < len(prefix):
            cache = cached(states, 1)
            mask = torch.ones(1, len(prefix), dtype=torch.bool)
            self._run(torch.tensor([prefix[common:]]), mask, cache)
            layers: list[Any] = cache.layers
            states = tuple((layer.keys, layer.values) for layer in layers)
        self._keep(prefix, states)
        return states, len(prefix) - common

    def _keep(self, prefix: Ids, states: States) -> None:
        self._kept[prefix] = states
        self._kept.move_to_end(prefix)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def cached(states: States, rows: int) -> DynamicCache:
    """Return a cache that holds the states for each of so many rows, without copying them.

    Its layers keep all tokens, also of a model that looks at a window of them: the mask sees to it.
    """
    cache = DynamicCache()
    for keys, values in states:
        layer: Any = DynamicLayer()  # type: ignore[no-untyped-call]
        layer.lazy_initialization(keys, values)
        layer.keys = keys.expand(rows, -1, -1, -1)
        layer.values = values.expand(rows, -1, -1, -1)
        cache.layers.append(layer)
    return cache


def _common(one: Ids, other: Ids) -> int:
    """Return how many tokens two prefixes begin with in common."""
    shortest = min(len(one), len(other))
    differs = (at for at in range(shortest) if one[at] != other[at])
    return next(differs, shortest)
