"""Setting neurons to given values inside a forward pass."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import torch

from explanations.records import NeuronRef
from explanations.subjects.base import Subject, SubjectError
from explanations.subjects.transformers_mlp import TransformersMLP


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clamp:
    """What a neuron is set to in one row of a batch, from the position `start` on.

    `values` is float [tokens], or a single value for all tokens from there on, generated ones too.
    """

    row: int
    ref: NeuronRef
    start: int
    values: torch.Tensor


def causal_subject(subject: Subject) -> TransformersMLP:
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
def clamped(subject: TransformersMLP, clamps: Sequence[Clamp], *, rows: int) -> Iterator[None]:
    """Clamp neurons in this thread's forward passes of batches of so many rows."""
    by_layer: dict[int, list[Clamp]] = defaultdict(list)
    for clamp in clamps:
        by_layer[clamp.ref.layer].append(clamp)
    with ExitStack() as hooks:
        for layer, own in by_layer.items():
            hook = subject.projections[layer].register_forward_pre_hook(_setting(own, rows))
            hooks.callback(hook.remove)
        yield


def _setting(clamps: Sequence[Clamp], rows: int) -> Any:
    mine = get_ident()

    def hook(_module: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
        if get_ident() != mine:
            return None
        values = inputs[0].clone()
        by_row = values.view(rows, -1, values.shape[-1])
        for clamp in clamps:
            # A pass that generates with a cache reads the new token alone: it is the last one.
            start = min(clamp.start, by_row.shape[1] - 1)
            stop = start + len(clamp.values) if clamp.values.dim() else None
            by_row[clamp.row, start:stop, clamp.ref.index] = clamp.values.to(values)
        return (values, *inputs[1:])

    return hook
