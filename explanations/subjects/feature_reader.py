"""Features computed from a model's vectors: SAE latents, projections on directions."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from threading import get_ident
from typing import TypeAlias

import torch

from explanations.stores.reader import SubjectIdentity
from explanations.subjects.base import (
    Batch,
    Consume,
    SubjectError,
    Vectors,
    check_layer,
    enough_memory,
)
from explanations.subjects.hook_points import HookPoint, find_hook_point
from explanations.subjects.transformers_mlp import BUDGET, TransformersMLP

Read: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Turns vectors [rows, tokens, d] into activations [rows, tokens, width], float32."""

HOOK_LENGTH = 200
"""The longest name of hook points that a record of a subject holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureReader:
    """How one layer's features are computed: hook point, function, and the sizes of both.

    `vectors` reads from its file what each neuron reads and writes there. `module_input`: where the
    hook point is a module's path, read what it takes in.
    """

    hook: str
    inputs: int
    width: int
    read: Read
    vectors: Callable[[], Vectors]
    module_input: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelFeatures:
    """Features computed from a model's vectors, with one layer per hook point."""

    identity: SubjectIdentity
    host: TransformersMLP
    points: tuple[HookPoint, ...]
    readers: tuple[FeatureReader, ...]

    @property
    def layers(self) -> int:
        """How many hook points are read."""
        return self.identity.layers

    @property
    def width(self) -> int:
        """How many neurons are read at each hook point."""
        return self.identity.width

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.host.device

    def encode(self, texts: Sequence[str], *, budget: int = BUDGET) -> Iterator[Batch]:
        """Cut texts into batches of at most `budget` tokens, shortest texts first."""
        return self.host.encode(texts, budget=budget)

    def forward(self, batch: Batch) -> None:
        """Do the model's bare forward pass: nothing is read off."""
        self.host.forward(batch)

    def run(self, batch: Batch, consume: Consume) -> None:
        """Do one forward pass; give each layer's activations, float32, to `consume`."""
        self._run(batch, range(self.layers), consume)

    def run_layer(self, batch: Batch, layer: int) -> torch.Tensor:
        """Return one layer's activations [rows, tokens, width], float32."""
        check_layer(self.identity, layer)
        kept: dict[int, torch.Tensor] = {}
        self._run(batch, [layer], kept.__setitem__)
        return kept[layer]

    def _run(self, batch: Batch, layers: Sequence[int], consume: Consume) -> None:
        with ExitStack() as hooks:
            for layer in layers:
                hook = self.points[layer].watch(_reading(layer, self.readers[layer].read, consume))
                hooks.callback(hook.remove)
            with enough_memory(
                f"run {self.identity.name} on {batch.ids.numel()} tokens",
                "use a smaller budget of tokens in a batch, or fewer hook points at once",
            ):
                self.forward(batch)


def model_features(
    source: str, name: str, host: TransformersMLP, readers: Sequence[FeatureReader]
) -> ModelFeatures:
    """Return a model's features as a subject. Layers are in the order of the readers.

    Raises `SubjectError` where a hook point is unknown, a vector is of another size than the
    model's there, or readers differ in width.
    """
    points = tuple(
        find_hook_point(host, each.hook, module_input=each.module_input) for each in readers
    )
    widths = {each.width for each in readers}
    if len(widths) != 1:
        sizes = ", ".join(f"{each.hook}: {each.width}" for each in readers)
        raise SubjectError(f"the layers of {name} differ in width ({sizes}): load them one by one")
    for each, size in zip(readers, _sizes(host, points), strict=True):
        if each.inputs != size:
            raise SubjectError(
                f"{name} reads vectors of {each.inputs} values, but {host.identity.name} has "
                f"{size} at {each.hook}: load it with the model that it was made for"
            )
    identity = replace(
        host.identity,
        name=f"{name}@{host.identity.name}",
        source=source,
        hook=_joined([each.hook for each in readers]),
        layers=len(readers),
        width=widths.pop(),
    )
    return ModelFeatures(identity=identity, host=host, points=points, readers=tuple(readers))


def _reading(layer: int, read: Read, consume: Consume) -> Callable[[torch.Tensor], None]:
    """Return what reads this thread's vectors: other threads may run the same model."""
    mine = get_ident()

    def use(vectors: torch.Tensor) -> None:
        if get_ident() == mine:
            consume(layer, read(vectors))

    return use


def _sizes(host: TransformersMLP, points: Sequence[HookPoint]) -> list[int]:
    """Return how many values the vectors at each point have, found by running one token."""
    sizes: dict[int, int] = {}
    batch = Batch(
        texts=(0,),
        ids=torch.zeros((1, 1), dtype=torch.int64, device=host.device),
        mask=torch.ones((1, 1), dtype=torch.int64, device=host.device),
        first=0,
        lengths=(1,),
        pieces=(("",),),
        truncated=(False,),
    )
    with ExitStack() as hooks:
        for number, each in enumerate(points):
            hook = each.watch(_sizing(number, sizes))
            hooks.callback(hook.remove)
        host.forward(batch)
    return [sizes[number] for number in range(len(points))]


def _sizing(number: int, sizes: dict[int, int]) -> Callable[[torch.Tensor], None]:
    def use(vectors: torch.Tensor) -> None:
        sizes[number] = vectors.shape[-1]

    return use


def _joined(hooks: Sequence[str]) -> str:
    """Name hook points in one line: those that differ in a number only are one, as in `h.{0,1}`."""
    numbers: dict[str, list[str]] = {}
    for hook in hooks:
        found = re.search(r"\d+", hook)
        pattern = hook if found is None else re.sub(r"\d+", "{}", hook, count=1)
        numbers.setdefault(pattern, []).append("" if found is None else found[0])
    said = [
        pattern.replace("{}", each[0] if len(each) == 1 else "{" + ",".join(each) + "}")
        for pattern, each in numbers.items()
    ]
    joined = ", ".join(said)
    if len(joined) > HOOK_LENGTH:
        raise SubjectError(f"{len(hooks)} hook points are too many for one subject: load fewer")
    return joined
