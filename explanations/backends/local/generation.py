"""Generating tokens with a transformers model, each step decided by the caller."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)


def generate(
    model: Any,
    ids: torch.Tensor,
    mask: torch.Tensor,
    *,
    new: int,
    pick: Callable[[torch.Tensor], torch.Tensor],
    ended: Callable[[], Sequence[bool]],
) -> None:
    """Generate up to `new` tokens after each row of `ids`, which are padded on the left.

    `pick` is given the logits of each step, float32 [rows, vocabulary], and returns each row's next
    token, int64 [rows]; after that `ended` says which rows are finished. It may be called for rows
    that are: on a GPU the end is noticed some steps late.
    """
    model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        # The model's own settings would fill in what is left out here.
        generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=new,
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,
            no_repeat_ngram_size=0,
            pad_token_id=0,
        ),
        logits_processor=LogitsProcessorList([_Pick(pick)]),
        stopping_criteria=StoppingCriteriaList([_Stop(ended)]),
    )


class _Pick(LogitsProcessor):
    """Makes the token that `pick` returns the only possible one."""

    def __init__(self, pick: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._pick = pick

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        chosen = self._pick(scores).to(scores.device)
        return torch.full_like(scores, -torch.inf).scatter(1, chosen[:, None], 0.0)


class _Stop(StoppingCriteria):
    """Ends each row as `ended` says."""

    def __init__(self, ended: Callable[[], Sequence[bool]]) -> None:
        self._ended = ended

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        return torch.tensor(self._ended(), device=input_ids.device)
