"""Setting neurons to given values inside a forward pass."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import torch

from explanations.records import NeuronRef
from explanations.subjects.base import Batch, Subject, SubjectError
from explanations.subjects.transformers_mlp import TransformersMLP


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Values that a neuron is set to on the own tokens of one row of a batch, float [tokens]."""

    row: int
    ref: NeuronRef
    values: torch.Tensor


def predicting(subject: Subject) -> TransformersMLP:
    """Return a subject whose neurons can be set; `SubjectError` where it predicts no next token."""
    if not isinstance(subject, TransformersMLP) or subject.model is subject.base:
        raise SubjectError(
            f"{subject.identity.name} predicts no next token: only the MLP neurons of a causal "
            "language model can be ablated or clamped here"
        )
    return subject


def check_neuron(subject: Subject, ref: NeuronRef) -> None:
    """Raise `SubjectError` for a neuron that a subject does not have."""
    identity = subject.identity
    if not (0 <= ref.layer < identity.layers and 0 <= ref.index < identity.width):
        raise SubjectError(
            f"{identity.name} has no neuron {ref}: layers are 0 to {identity.layers - 1}, "
            f"neurons 0 to {identity.width - 1}"
        )


@contextmanager
def holding(subject: TransformersMLP, batch: Batch, held: Sequence[Held]) -> Iterator[None]:
    """Set neurons in this thread's forward passes of one batch. Special tokens keep their value."""
    by_layer: dict[int, list[Held]] = defaultdict(list)
    for each in held:
        by_layer[each.ref.layer].append(each)
    with ExitStack() as hooks:
        for layer, few in by_layer.items():
            hook = subject.projections[layer].register_forward_pre_hook(_setting(batch, few))
            hooks.callback(hook.remove)
        yield


def _setting(batch: Batch, held: Sequence[Held]) -> Any:
    mine = get_ident()

    def hook(_module: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
        if get_ident() != mine:
            return None
        values = inputs[0].clone()
        rows = values.view(*batch.ids.shape, -1)
        for each in held:
            own = slice(batch.first, batch.first + len(each.values))
            rows[each.row, own, each.ref.index] = each.values.to(values)
        return (values, *inputs[1:])

    return hook
