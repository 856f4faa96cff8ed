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
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from explanations.records import NeuronRef, Split
from explanations.stores.layout import layer_file
from explanations.stores.reader import CaptureStore, StoreError

FORMAT = 1
FILE = "related.safetensors"
NEURON_RELATIONS = ("upstream", "downstream", "similar_weights")
TOKEN_RELATIONS = ("tokens_in", "tokens_out")
RELATIONS = NEURON_RELATIONS + TOKEN_RELATIONS
"""Those by weight."""

SIMILAR_ACTIVATION = "similar_activation"


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
        try:
            opened: Any = safe_open(directory / FILE, framework="np")
        except SafetensorError as error:
            raise StoreError(f"{directory / FILE} is broken or cut off: relate again") from error
        self._file, self._names, raw = opened, frozenset(opened.keys()), opened.metadata() or {}
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
        row = self._row(neuron)
        return Related(
            upstream=self._neurons("upstream", row),
            downstream=self._neurons("downstream", row),
            similar_weights=self._neurons("similar_weights", row),
            tokens_in=self._tokens("tokens_in", row),
            tokens_out=self._tokens("tokens_out", row),
            undefined=self.header.undefined,
        )

    def similar_by_activation(self, neuron: NeuronRef) -> tuple[RelatedNeuron, ...] | None:
        """Return the neurons that correlate most; None where that was not computed."""
        row = self._row(neuron)
        if f"{SIMILAR_ACTIVATION}.ids" not in self._names:
            return None
        return self._neurons(SIMILAR_ACTIVATION, row)

    def _row(self, neuron: NeuronRef) -> int:
        size = self.header
        if not (0 <= neuron.layer < size.layers and 0 <= neuron.index < size.width):
            raise StoreError(f"no neuron {neuron}: {size.layers} layers of {size.width}")
        return neuron.layer * size.width + neuron.index

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
    values, lengths = _centred(store, neuron.layer)
    target = values[neuron.index] / lengths[neuron.index]
    if np.isnan(lengths[neuron.index]):
        return None
    found: list[tuple[float, NeuronRef]] = []
    for layer in range(store.manifest.subject.layers):
        values, lengths = _centred(store, layer)
        scores = np.nan_to_num(values @ target / lengths, nan=-np.inf)
        if layer == neuron.layer:
            scores[neuron.index] = -np.inf
        best = np.argsort(-scores, kind="stable")[:keep].tolist()
        refs = [NeuronRef(layer=layer, index=index) for index in best]
        found += [(float(scores[ref.index]), ref) for ref in refs if scores[ref.index] > -np.inf]
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(RelatedNeuron(neuron=ref, value=min(1.0, value)) for value, ref in found[:keep])


def unit_sample(store: CaptureStore, layer: int) -> NDArray[np.float32]:
    """Return a layer's values on the tokens of the random windows: [width, tokens].

    Each neuron's are less their mean and of length 1, so that products are correlations; a constant
    neuron's are not a number.
    """
    values, lengths = _centred(store, layer)
    values /= lengths[:, None]
    return values


def _centred(store: CaptureStore, layer: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a layer's values on the random windows' tokens less each neuron's mean, and lengths.

    The length of a constant neuron's values is not a number.
    """
    with safe_open(store.directory / layer_file(layer), framework="np") as file:
        parts = [
            file.get_tensor(f"{split}.sample.values")[:, _shown(store, split)] for split in Split
        ]
    values: NDArray[np.float32] = np.concatenate(parts, axis=1, dtype=np.float32)
    if not values.shape[1]:
        return values, np.full(len(values), np.nan, np.float32)
    constant = values.max(1) == values.min(1)
    values -= values.mean(1, keepdims=True)
    lengths = np.sqrt(np.einsum("nt,nt->n", values, values))
    return values, np.where(constant | (lengths == 0), np.float32(np.nan), lengths)


def _shown(store: CaptureStore, split: Split) -> NDArray[np.bool_]:
    """Say which values of a split's random windows are tokens' own: [random, window].

    Beyond a window's tokens the last value is repeated; a place without a window is number -1.
    """
    numbers = store.windows.array(f"{split}.sample.windows").tolist()
    lengths = [len(store.windows[n].tokens) if n >= 0 else 0 for n in numbers]
    columns = np.arange(store.manifest.config.window)
    return columns[None] < np.array(lengths, int).reshape(-1, 1)


def _neuron(number: int, width: int) -> NeuronRef:
    layer, index = divmod(number, width)
    return NeuronRef(layer=layer, index=index)
