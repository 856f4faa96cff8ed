"""How likely texts are after their prefixes, in one forward pass each."""

import time
from collections.abc import Sequence

import torch

from explanations.backends.base import Callbacks
from explanations.backends.local.batches import Answerer, Encoded, padded
from explanations.methods.requests import Conditional, LogLikelihood
from explanations.methods.values import Unusable

# Log probabilities that are held at once: all of the vocabulary for each token of a batch.
BATCH_VALUES = 10**8


class LogLikelihoods(Answerer[Conditional, LogLikelihood]):
    """Computes log likelihoods of texts."""

    def encode(self, part: Conditional) -> Encoded[Conditional] | Unusable:
        """Return the tokens of the prefix and of the text; each needs at least one."""
        prefix, own = self._loaded.begun(part.prefix), self._loaded.coded(part.text)
        if not prefix or not own:
            return Unusable(reason="the text or its prefix has no token")
        # `ids` holds the prefix too, so that texts with different prefixes share a batch.
        return Encoded(part=part, ids=(*prefix, *own), first=len(prefix))

    def budget(self) -> int:
        """Return how many tokens have their log probabilities in memory at once."""
        return BATCH_VALUES // int(self._loaded.model.config.get_text_config().vocab_size)

    @torch.inference_mode()
    def run(
        self, batch: Sequence[Encoded[Conditional]], callbacks: Callbacks
    ) -> list[LogLikelihood]:
        """Return the log likelihood of each text."""
        start = time.perf_counter()
        ids, mask = padded([each.ids for each in batch])
        device = self._loaded.device
        with self._lock:
            logits = self._loaded.model(
                input_ids=ids.to(device), attention_mask=mask.to(device)
            ).logits
            logprobs = torch.log_softmax(logits[:, :-1].float(), dim=-1)
            own = logprobs.gather(-1, ids[:, 1:, None].to(device))[..., 0].cpu().double()
        seconds = (time.perf_counter() - start) / len(batch)
        return [
            LogLikelihood(
                logprob=float(row[each.first - 1 : len(each.ids) - 1].sum()),
                tokens=len(each.ids) - each.first,
                tokens_in=len(each.ids),
                seconds=seconds,
            )
            for each, row in zip(batch, own, strict=True)
        ]
