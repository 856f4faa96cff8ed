"""Numbers predicted within texts, in one forward pass each, with shared prefixes computed once.

The keys and values of the last few prefixes are kept. A new prefix continues the one that it shares
most tokens with, so the instructions at the beginning of all are computed once in a process, and an
explanation once for all its excerpts. The excerpts are then read in batches after it, padded on the
right, where nothing attends to the padding, and of the output only the rows of the numbers are
computed.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property, lru_cache
from threading import Lock
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from explanations.backends.base import Callbacks
from explanations.backends.local.batches import Answerer, Encoded, Ids, padded
from explanations.backends.local.loading import Loaded, NumberHead, number_head
from explanations.methods.requests import NumberLogprobs, NumberPrompt
from explanations.methods.values import Unusable

States = tuple[
    tuple[torch.Tensor, torch.Tensor], ...
]  # by layer: keys and values, [1, H, tokens, D]

# Prefixes that are kept: the explanations of a chunk come one after the other.
KEPT = 4
# The padded tokens of a batch, including the prefix of each row, whose states are in memory too.
# Small batches are as fast on a processor; a GPU needs large ones.
BATCH_TOKENS = {"cpu": 8192, "cuda": 32768}


class Numbers(Answerer[NumberPrompt, NumberLogprobs]):
    """Predicts numbers, and keeps the last prefixes."""

    def __init__(self, loaded: Loaded, lock: Lock) -> None:
        super().__init__(loaded, lock)
        self._kept: OrderedDict[Ids, States] = OrderedDict()
        # The same few tokens, and the same prefix, are encoded over and over.
        self._coded_part = lru_cache(maxsize=50_000)(loaded.coded)
        self._coded_prefix = lru_cache(maxsize=64)(loaded.begun)

    @cached_property
    def head(self) -> NumberHead:
        """Return the output rows of the numbers; raises `LocalModelError` where there are none."""
        return number_head(self._loaded)

    def encode(self, part: NumberPrompt) -> Encoded[NumberPrompt] | Unusable:
        """Return the tokens after the prefix, and the position before each filler."""
        filler = self._coded_part(part.filler) if part.filler else []
        ids: list[int] = []
        positions: list[int] = []
        for each in part.parts:
            ids += self._coded_part(each)
            positions.append(len(ids) - 1)
            ids += filler
        if positions and positions[0] < 0:
            return Unusable(reason="the first part of a number prompt has no token")
        prefix = tuple(self._coded_prefix(part.prefix))
        return Encoded(part=part, prefix=prefix, ids=tuple(ids), positions=tuple(positions))

    def budget(self) -> int:
        """Return how many padded tokens fit into memory with their states."""
        return BATCH_TOKENS[self._loaded.device.type]

    @torch.inference_mode()
    def run(
        self, batch: Sequence[Encoded[NumberPrompt]], callbacks: Callbacks
    ) -> list[NumberLogprobs]:
        """Return the log probabilities of a batch with one prefix."""
        start, prefix, head = time.perf_counter(), batch[0].prefix, self.head
        with self._lock:
            states, computed = self._states(prefix)
            ids, real = padded([each.ids for each in batch])
            mask = torch.cat([torch.ones(len(batch), len(prefix), dtype=torch.int64), real], dim=1)
            hidden = self._run(ids, mask, cached(states, len(batch)))
            rows = [row for row, each in enumerate(batch) for _ in each.positions]
            columns = [position for each in batch for position in each.positions]
            logprobs = head.logprobs(hidden[rows, columns]).tolist()
        seconds = (time.perf_counter() - start) / len(batch)
        values = iter(dict(zip(head.ids, each, strict=True)) for each in logprobs)
        return [
            NumberLogprobs(
                logprobs=tuple(next(values) for _ in each.positions),
                tokens_in=len(each.ids) + (computed if number == 0 else 0),
                seconds=seconds,
            )
            for number, each in enumerate(batch)
        ]

    def _run(self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        device = self._loaded.device
        output = self._loaded.model.base_model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
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
            mask = torch.ones(1, len(prefix), dtype=torch.int64)
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

    Its layers keep all tokens, also for a model with sliding windows: the mask applies the window.
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
    """Return how many first tokens two prefixes share."""
    shortest = min(len(one), len(other))
    differs = (index for index in range(shortest) if one[index] != other[index])
    return next(differs, shortest)
