"""What is related to a neuron: by its weights, read from a store; by its activations. Pure.

`related.safetensors` in a capture's folder holds, for every neuron, the neurons and tokens nearest
to it by weight; its header says which relations are undefined for the subject, and why.
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from explanations.captured import CaptureStore, StoreError, layer_file
from explanations.records import NeuronRef, Split

FORMAT = 1
FILE = "related.safetensors"
NEURON_RELATIONS = ("upstream", "downstream", "similar_weights")
TOKEN_RELATIONS = ("tokens_in", "tokens_out")
RELATIONS = NEURON_RELATIONS + TOKEN_RELATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedNeuron:
    """A neuron and how near it is: a cosine or a correlation, in -1..1."""

    neuron: NeuronRef
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedToken:
    """A token as text, with its space before it, and its weight."""

    token: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What is related to one neuron by weight, each list by falling value.

    A relation that is undefined for the subject is `None`, and `undefined` says why. An empty list
    is defined: nothing is upstream of the first layer.
    """

    upstream: tuple[RelatedNeuron, ...] | None
    downstream: tuple[RelatedNeuron, ...] | None
    similar_weights: tuple[RelatedNeuron, ...] | None
    tokens_in: tuple[RelatedToken, ...] | None
    tokens_out: tuple[RelatedToken, ...] | None
    undefined: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says about itself: its subject's size, the length of lists, what it lacks."""

    layers: int
    width: int
    keep: int
    undefined: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lists:
    """One relation of every neuron, layer by layer: [neurons, keep] each, by falling value.

    `ids` are tokens, or neurons numbered layer by layer; -1 where a list is shorter.
    """

    ids: NDArray[np.int32]
    values: NDArray[np.float32]


class RelatedStore:
    """The relations by weight of a capture's neurons. Opening reads a header, no lists."""

    def __init__(self, directory: Path) -> None:
        opened: Any = safe_open(directory / FILE, framework="np")
        self._file, raw = opened, opened.metadata() or {}
        if raw.get("format") != str(FORMAT):
            raise StoreError(f"{directory / FILE} is not of format {FORMAT}: relate again")
        self.header = Header(
            layers=int(raw["layers"]),
            width=int(raw["width"]),
            keep=int(raw["keep"]),
            undefined=json.loads(raw["undefined"]),
        )

    def of(self, neuron: NeuronRef) -> Related:
        """Return what is related to one neuron; `StoreError` for one that is not there."""
        size = self.header
        if not (0 <= neuron.layer < size.layers and 0 <= neuron.index < size.width):
            raise StoreError(f"no neuron {neuron}: {size.layers} layers of {size.width}")
        row = neuron.layer * size.width + neuron.index
        return Related(
            upstream=self._neurons("upstream", row),
            downstream=self._neurons("downstream", row),
            similar_weights=self._neurons("similar_weights", row),
            tokens_in=self._tokens("tokens_in", row),
            tokens_out=self._tokens("tokens_out", row),
            undefined=size.undefined,
        )

    def _neurons(self, relation: str, row: int) -> tuple[RelatedNeuron, ...] | None:
        if relation in self.header.undefined:
            return None
        return tuple(
            RelatedNeuron(neuron=_neuron(number, self.header.width), value=value)
            for number, value in self._list(relation, row)
        )

    def _tokens(self, relation: str, row: int) -> tuple[RelatedToken, ...] | None:
        if relation in self.header.undefined:
            return None
        return tuple(
            RelatedToken(token=self._text(number), value=value)
            for number, value in self._list(relation, row)
        )

    def _list(self, relation: str, row: int) -> list[tuple[int, float]]:
        ids = self._file.get_slice(f"{relation}.ids")[row].tolist()
        values = self._file.get_slice(f"{relation}.values")[row].tolist()
        return [pair for pair in zip(ids, values, strict=True) if pair[0] >= 0]

    def _text(self, token: int) -> str:
        begin, end = self._file.get_slice("texts.bounds")[token : token + 2].tolist()
        text: str = self._file.get_slice("texts.bytes")[begin:end].tobytes().decode()
        return text


def read_related(directory: str | Path) -> RelatedStore | None:
    """Open the relations by weight in a capture's folder; None where none were computed."""
    folder = Path(directory)
    return RelatedStore(folder) if (folder / FILE).exists() else None


def write_related(
    directory: Path, header: Header, lists: Mapping[str, Lists], texts: Sequence[str]
) -> None:
    """Write the relations into a capture's folder: beside their place, then moved there.

    `texts` are the tokens by number. Each relation is in `lists` or has a reason in the header.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for relation, rows in lists.items():
        arrays |= {f"{relation}.ids": rows.ids, f"{relation}.values": rows.values}
    coded = [text.encode() for text in texts]
    arrays["texts.bytes"] = np.frombuffer(b"".join(coded), np.uint8)
    arrays["texts.bounds"] = np.cumsum([0, *map(len, coded)], dtype=np.int64)
    metadata = {name: str(getattr(header, name)) for name in ("layers", "width", "keep")}
    metadata |= {"format": str(FORMAT), "undefined": json.dumps(dict(header.undefined))}
    handle, partial = tempfile.mkstemp(prefix=f".{FILE}.", dir=directory)
    os.close(handle)
    try:
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(whole, partial, metadata=metadata)
        Path(partial).chmod(0o644)
        Path(partial).replace(directory / FILE)
    finally:
        Path(partial).unlink(missing_ok=True)


def similar_by_activation(
    store: CaptureStore, neuron: NeuronRef, *, keep: int = 10
) -> tuple[RelatedNeuron, ...] | None:
    """Return the neurons with the highest Pearson correlation, best first.

    Over the tokens of the random windows of all splits, which are the same for all neurons. A
    neuron that is constant on them has no correlation: it is left out; None where `neuron` is one.
    One layer's values are in memory at a time.
    """
    store.statistics(neuron)  # refuses a neuron that is not there
    shown = {split: _shown(store, split) for split in Split}
    mine, varies = _centred(store.directory, neuron.layer, shown)
    if not varies[neuron.index]:
        return None
    target, width = mine[neuron.index].copy(), store.manifest.subject.width
    found: list[tuple[float, int]] = []
    for layer in range(store.manifest.subject.layers):
        values, varies = _centred(store.directory, layer, shown)
        scores = np.full(width, -np.inf)
        norms = np.sqrt(np.einsum("nt,nt->n", values, values)[varies])
        scores[varies] = (values @ target)[varies] / norms / np.linalg.norm(target)
        if layer == neuron.layer:
            scores[neuron.index] = -np.inf
        best = np.argsort(-scores, kind="stable")[:keep]
        found += [(float(scores[n]), layer * width + int(n)) for n in best]
    found = sorted((pair for pair in found if pair[0] > -np.inf), key=lambda p: (-p[0], p[1]))
    return tuple(
        RelatedNeuron(neuron=_neuron(number, width), value=float(np.clip(value, -1, 1)))
        for value, number in found[:keep]
    )


def _shown(store: CaptureStore, split: Split) -> NDArray[np.bool_]:
    """Say which values of a split's random windows are tokens' own: [random, window].

    Beyond a window's tokens the last value is repeated; a place without a window is number -1.
    """
    numbers = store.windows.array(f"{split}.sample.windows").tolist()
    lengths = [len(store.windows[n].tokens) if n >= 0 else 0 for n in numbers]
    columns = np.arange(store.manifest.config.window)
    return columns[None] < np.array(lengths, int).reshape(-1, 1)


def _centred(
    directory: Path, layer: int, shown: Mapping[Split, NDArray[np.bool_]]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a layer's values less each neuron's mean, [width, tokens], and which neurons vary."""
    with safe_open(directory / layer_file(layer), framework="np") as file:
        parts = [
            file.get_tensor(f"{split}.sample.values")[:, mask].astype(np.float32, copy=False)
            for split, mask in shown.items()
        ]
    values: NDArray[np.float32] = np.concatenate(parts, axis=1)
    if not values.shape[1]:
        return values, np.zeros(len(values), bool)
    varies = values.max(1) > values.min(1)
    values -= values.mean(1, keepdims=True)
    return values, varies


def _neuron(number: int, width: int) -> NeuronRef:
    layer, index = divmod(number, width)
    return NeuronRef(layer=layer, index=index)
