"""A transformer's MLP neurons, through the transformers library."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import torch
from torch import nn

from explanations.stores.reader import SubjectIdentity
from explanations.subjects.base import Batch, Consume, check_layer, enough_memory
from explanations.subjects.tokenization import TextTokenizer

BUDGET, MOST = 2048, 8192
"""Tokens in a batch, from wide layers to narrow ones: enough work for the processor at each step,
little enough for its cache."""

VALUES = 3 * 2**20
"""Activations of one layer that a batch may have beyond the smallest budget."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransformersMLP:
    """The neurons of every layer of one loaded model.

    `model` is the whole model, with its head where it has one; `base` is the part below the head;
    `projections` are the output projections of the MLPs, a layer each.
    """

    identity: SubjectIdentity
    model: Any
    base: nn.Module
    projections: tuple[nn.Module, ...]
    tokenizer: TextTokenizer

    @property
    def layers(self) -> int:
        """How many layers of neurons there are."""
        return self.identity.layers

    @property
    def width(self) -> int:
        """How many neurons each layer has."""
        return self.identity.width

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return next(self.base.parameters()).device

    def encode(self, texts: Sequence[str], *, budget: int | None = None) -> Iterator[Batch]:
        """Cut texts into batches of at most `budget` tokens, shortest texts first."""
        best = min(MOST, max(BUDGET, VALUES // self.width))
        return self.tokenizer.batches(texts, budget=budget or best, device=self.device)

    def forward(self, batch: Batch) -> None:
        """Do the bare forward pass that capture is measured against: no hook, no head."""
        extra = {"use_cache": False} if self.model is not self.base else {}
        with torch.inference_mode():
            self.base(input_ids=batch.ids, attention_mask=batch.mask, **extra)

    def run(self, batch: Batch, consume: Consume) -> None:
        """Do one forward pass; give each layer's activations [rows, tokens, width] to `consume`.

        The tensor is the model's own: read it, never write to it.
        """
        with ExitStack() as hooks:
            for layer, projection in enumerate(self.projections):
                hook = projection.register_forward_pre_hook(_giving(layer, consume))
                hooks.callback(hook.remove)
            with enough_memory(
                f"run {self.identity.name} on {batch.ids.numel()} tokens",
                "use a smaller budget of tokens in a batch",
            ):
                self.forward(batch)

    def run_layer(self, batch: Batch, layer: int) -> torch.Tensor:
        """Return one layer's activations [rows, tokens, width], float32."""
        check_layer(self.identity, layer)
        kept: dict[int, torch.Tensor] = {}
        self.run(batch, lambda at, values: kept.update({layer: values}) if at == layer else None)
        return kept[layer].float()


def _giving(layer: int, consume: Consume) -> Any:
    """Return a forward pre-hook that hands over the module's input.

    A process loads a subject once, and several threads may run it: each reads its own pass only.
    """
    mine = get_ident()

    def hook(_module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if get_ident() != mine:
            return
        values = inputs[0]
        consume(layer, values if values.dim() == 3 else values[None])

    return hook
