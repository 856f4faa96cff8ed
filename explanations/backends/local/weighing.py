"""How likely texts are after their prefixes, in one forward pass each."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import torch

from explanations.backends.base import Weighing
from explanations.backends.local.loading import Loaded
from explanations.methods.requests import Given, Weighed
from explanations.methods.values import Unusable

# Log probabilities that are held at once: all of the vocabulary for each token of a batch.
BATCH_VALUES = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A text's tokens behind its prefix's; `begins` is the place of the first of its own."""

    at: int
    ids: tuple[int, ...]
    begins: int


class Weigher:
    """Weighs texts with one model. May be used from several threads; batches take turns."""

    def __init__(self, loaded: Loaded, lock: Lock) -> None:
        self._loaded = loaded
        self._lock = lock

    def weigh(
        self,
        texts: Sequence[Given],
        tell: Callable[[int, Weighing], None],
        check: Callable[[], None],
    ) -> list[Weighing]:
        """Return how likely each text is; see `Backend.weigh`."""
        found: dict[int, Weighing] = {}
        coded = [self._coded(at, each) for at, each in enumerate(texts)]
        for at, each in enumerate(coded):
            if isinstance(each, Unusable):
                found[at] = each
                tell(at, each)
        for batch in self._batches([each for each in coded if isinstance(each, Coded)]):
            check()
            for one, weighed in zip(batch, self._weighed(batch), strict=True):
                found[one.at] = weighed
                tell(one.at, weighed)
        return [found[at] for at in range(len(texts))]

    def _coded(self, at: int, given: Given) -> Coded | Unusable:
        prefix, own = self._loaded.begun(given.prefix), self._loaded.coded(given.text)
        if not prefix or not own:
            return Unusable(reason="a text and what stands before it take a token each")
        if len(prefix) + len(own) > self._loaded.limit:
            return Unusable(
                reason=f"the text has {len(prefix) + len(own)} tokens, and the model takes "
                f"{self._loaded.limit}"
            )
        return Coded(at=at, ids=(*prefix, *own), begins=len(prefix))

    def _batches(self, coded: list[Coded]) -> Iterator[list[Coded]]:
        budget = BATCH_VALUES // int(self._loaded.model.config.get_text_config().vocab_size)
        batch: list[Coded] = []
        for each in sorted(coded, key=lambda one: len(one.ids)):
            if batch and (len(batch) + 1) * len(each.ids) > budget:
                yield batch
                batch = []
            batch.append(each)
        if batch:
            yield batch

    @torch.inference_mode()
    def _weighed(self, batch: list[Coded]) -> list[Weighed]:
        start = time.perf_counter()
        longest = max(len(each.ids) for each in batch)
        ids = torch.tensor([each.ids + (0,) * (longest - len(each.ids)) for each in batch])
        lengths = torch.tensor([len(each.ids) for each in batch])
        mask = (torch.arange(longest) < lengths[:, None]).to(torch.int64)
        device = self._loaded.device
        with self._lock:
            logits = self._loaded.model(
                input_ids=ids.to(device), attention_mask=mask.to(device)
            ).logits
            logprobs = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            own = logprobs.gather(-1, ids[:, 1:, None].to(device))[..., 0].cpu().double()
        seconds = (time.perf_counter() - start) / len(batch)
        return [
            Weighed(
                logprob=float(row[each.begins - 1 : len(each.ids) - 1].sum()),
                tokens=len(each.ids) - each.begins,
                tokens_in=len(each.ids),
                seconds=seconds,
            )
            for each, row in zip(batch, own, strict=True)
        ]
