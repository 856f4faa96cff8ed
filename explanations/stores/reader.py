"""A finished capture, read from its files: every neuron's records and statistics. Pure.

A store is a folder. `manifest.json` says of what; `windows.safetensors` holds the text of each
window that some record shows; `layer-NNN.safetensors` holds a layer's values and statistics. Files
are memory-mapped: a neuron's records cost a few pages, whatever the store's size.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from explanations.records import (
    NeuronRef,
    RecordKind,
    Scale,
    Split,
    TokenActivations,
    TokenMean,
)
from explanations.stores.layout import (
    MANIFEST,
    WINDOWS,
    WindowTable,
    histogram_edges,
    layer_file,
    mapped_arrays,
    read_arrays,
    unpacked_texts,
)

FORMAT = 2
QUARTERS = 4
Row: TypeAlias = tuple[int, NDArray[np.float32]]
"""A window's number, and one neuron's values on its tokens; beyond them the last is repeated."""


class StoreError(ValueError):
    """A folder that is not a finished capture this version can read, or a neuron it has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectIdentity:
    """What was captured: enough to load the same subject again and to know its neurons."""

    name: str
    source: str
    revision: str
    hook: str
    dtype: str
    tokenizer: str
    layers: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many windows of one split are kept: `top` for each neuron, `random` for all alike."""

    top: int
    random: int

    def __post_init__(self) -> None:
        if self.top < 1 or self.random < 0:
            raise ValueError(f"cannot keep {self.top} top and {self.random} random windows")

    @property
    def candidates(self) -> int:
        """Top windows held while a capture runs, for some turn out to be near-duplicates."""
        return self.top + max(2, self.top // 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureConfig:
    """What a capture keeps.

    `window` is the most tokens that a record has, a multiple of 8. On the `words` most common
    tokens each neuron's mean is known while the capture runs, and kept where it is high.
    """

    window: int = 64
    words: int = 1024
    explain: Keep = field(default_factory=lambda: Keep(top=20, random=16))
    select: Keep = field(default_factory=lambda: Keep(top=8, random=8))
    score: Keep = field(default_factory=lambda: Keep(top=20, random=16))

    def __post_init__(self) -> None:
        if self.window < 8 or self.window % 8:
            raise ValueError(f"a window is a multiple of 8 tokens, not {self.window}")
        if self.words < 0:
            raise ValueError(f"cannot keep means on {self.words} tokens")

    @classmethod
    def of(cls, said: dict[str, Any]) -> "CaptureConfig":
        """Return the configuration that a file says."""
        keeps = {name: Keep(**said[name]) for name in ("explain", "select", "score")}
        return cls(window=said["window"], words=said["words"], **keeps)

    def keep(self, split: Split) -> Keep:
        """Return the counts of one split."""
        counts = {Split.EXPLAIN: self.explain, Split.SELECT: self.select, Split.SCORE: self.score}
        return counts[split]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a store says about itself. `truncated` documents were longer than the subject reads."""

    subject: SubjectIdentity
    corpus: str
    seed: int
    config: CaptureConfig
    documents: int
    truncated: int
    tokens: int
    seconds: float
    versions: dict[str, str]
    format: int = FORMAT

    def write(self, directory: Path) -> None:
        """Write the manifest into a store's folder."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True)
        (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, directory: Path) -> "Manifest":
        """Read a store's manifest; `StoreError` where there is none that this version knows."""
        try:
            raw = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StoreError(f"{directory} holds no finished capture") from error
        if raw.get("format") != FORMAT:
            raise StoreError(
                f"{directory} is of format {raw.get('format')}; this version reads {FORMAT}: "
                "capture again"
            )
        subject, config = SubjectIdentity(**raw.pop("subject")), raw.pop("config")
        return cls(subject=subject, config=CaptureConfig.of(config), **raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronStatistics:
    """One neuron over all tokens of a capture. `None` where a figure is undefined.

    `variance` is the population's; `skewness` and `kurtosis` (3 for a normal) need some variance.
    """

    tokens: int
    maximum: float
    mean: float
    firing_rate: float
    variance: float
    skewness: float | None
    kurtosis: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """How often a neuron had which raw activation, over the `tokens` that were counted.

    `counts` [bins] of values from `edges[i]` to below `edges[i + 1]`; the outermost bins hold what
    lies beyond too. Bins grow with the distance from 0, four for each doubling; empty ones at both
    ends are left out.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """One window with one neuron's raw activations, and why it was kept."""

    kind: RecordKind
    quantile: int | None
    document: str
    start: int
    excerpt: TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Every neuron at a glance: arrays of shape (layers, width), float32 and float64."""

    maximum: NDArray[np.float32]
    mean: NDArray[np.float64]
    firing_rate: NDArray[np.float64]


class CaptureStore:
    """A finished capture. Neurons that it does not hold raise `StoreError`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifest = Manifest.read(directory)
        self._layers: dict[int, Any] = {}

    @property
    def neurons(self) -> Iterator[NeuronRef]:
        """Every neuron, by layer and index."""
        subject = self.manifest.subject
        return (
            NeuronRef(layer=layer, index=index)
            for layer in range(subject.layers)
            for index in range(subject.width)
        )

    @cached_property
    def overview(self) -> Overview:
        """Return maximum, mean and firing rate of every neuron."""
        layers = range(self.manifest.subject.layers)
        tokens = max(1, self.manifest.tokens)
        return Overview(
            maximum=np.stack([self._array(layer, "maximum") for layer in layers]),
            mean=np.stack([self._array(layer, "moments")[0] / tokens for layer in layers]),
            firing_rate=np.stack([self._array(layer, "fired") / tokens for layer in layers]),
        )

    def statistics(self, neuron: NeuronRef) -> NeuronStatistics:
        """Return what the capture says about one neuron over all tokens."""
        self._check(neuron)
        tokens = max(1, self.manifest.tokens)
        m1, m2, m3, m4 = (self._array(neuron.layer, "moments")[:, neuron.index] / tokens).tolist()
        variance = max(0.0, m2 - m1**2)
        third = m3 - 3 * m1 * m2 + 2 * m1**3
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        varies = variance > 1e-12 * m2
        return NeuronStatistics(
            tokens=self.manifest.tokens,
            maximum=float(self._array(neuron.layer, "maximum")[neuron.index]),
            mean=m1,
            firing_rate=float(self._array(neuron.layer, "fired")[neuron.index]) / tokens,
            variance=variance,
            skewness=third / variance**1.5 if varies else None,
            kurtosis=fourth / variance**2 if varies else None,
        )

    def histogram(self, neuron: NeuronRef) -> Histogram | None:
        """Return how one neuron's activations spread; None where no token was counted."""
        self._check(neuron)
        counts = self._layer(neuron.layer).get_slice("histogram")[neuron.index]
        full = np.flatnonzero(counts)
        if not len(full):
            return None
        first, stop = full[0], full[-1] + 1
        return Histogram(
            edges=histogram_edges()[first : stop + 1],
            counts=counts[first:stop],
            tokens=int(counts.sum()),
        )

    def token_means(self, neuron: NeuronRef) -> tuple[TokenMean, ...]:
        """Return the common tokens on which a neuron's mean is highest, best first."""
        self._check(neuron)
        places = self._layer(neuron.layer).get_slice("words.places")[neuron.index]
        means = self._layer(neuron.layer).get_slice("words.means")[neuron.index]
        counts = self.windows.array("vocabulary.counts")
        return tuple(
            TokenMean(token=self._pieces[place], mean=float(mean), count=int(counts[place]))
            for place, mean in zip(places.tolist(), means, strict=True)
        )

    def records(self, neuron: NeuronRef, split: Split) -> tuple[StoredRecord, ...]:
        """Return a neuron's records of one split: top by peak, then quantile, then random.

        A window appears once: as a top record if it is one; else, for half of each quarter of the
        random windows by the neuron's peak on them, as a quantile record; else as a random one.
        """
        self._check(neuron)
        tops = self._tops(neuron, split)
        drawn = self.windows.array(f"{split}.sample.windows")
        sample = self._rows(neuron, drawn, f"{split}.sample.values")
        records = [self._record(row, RecordKind.TOP, None) for row in tops]
        shown = {number for number, _ in tops}
        dealt = [
            self._record(
                row, RecordKind.RANDOM if quarter is None else RecordKind.QUANTILE, quarter
            )
            for row, quarter in zip(sample, self._quarters(sample), strict=True)
            if row[0] not in shown
        ]
        order = {RecordKind.QUANTILE: 0, RecordKind.RANDOM: 1}
        return (*records, *sorted(dealt, key=lambda r: (order[r.kind], r.quantile or 0)))

    @cached_property
    def _pieces(self) -> list[str]:
        return unpacked_texts("vocabulary.pieces", self.windows.arrays)

    @cached_property
    def windows(self) -> WindowTable:
        """The windows that records show."""
        return WindowTable(mapped_arrays(self.directory / WINDOWS))

    def layer(self, layer: int) -> dict[str, NDArray[Any]]:
        """Return all arrays of a layer's file."""
        return read_arrays(self.directory / layer_file(layer))

    def _array(self, layer: int, name: str) -> NDArray[Any]:
        array: NDArray[Any] = self._layer(layer).get_tensor(name)
        return array

    def _layer(self, layer: int) -> Any:
        if layer not in self._layers:
            path = self.directory / layer_file(layer)
            self._layers[layer] = safe_open(path, framework="np")
        return self._layers[layer]

    def _check(self, neuron: NeuronRef) -> None:
        subject = self.manifest.subject
        if not (0 <= neuron.layer < subject.layers and 0 <= neuron.index < subject.width):
            raise StoreError(
                f"no neuron {neuron}: {subject.name} has {subject.layers} layers of {subject.width}"
            )

    def _tops(self, neuron: NeuronRef, split: Split) -> list[Row]:
        numbers = self._layer(neuron.layer).get_slice(f"{split}.top.windows")[neuron.index]
        return self._rows(neuron, numbers, f"{split}.top.values")

    def _rows(self, neuron: NeuronRef, numbers: NDArray[np.int64], values: str) -> list[Row]:
        block = self._layer(neuron.layer).get_slice(values)[neuron.index]
        return [(int(n), row) for n, row in zip(numbers, block, strict=True) if n >= 0]

    def _quarters(self, sample: list[Row]) -> list[int | None]:
        """Return for each random window its quarter by peak, or None where it stays random.

        The sample comes in random order, so the first half of each quarter is a random half.
        """
        peaks = np.array([row[: len(self.windows[n].tokens)].max() for n, row in sample])
        ranks = np.argsort(np.argsort(peaks, kind="stable"), kind="stable")
        quarters = [int(rank) * QUARTERS // len(sample) for rank in ranks]
        per_quarter = len(sample) // (2 * QUARTERS)
        return [
            quarter if quarters[:place].count(quarter) < per_quarter else None
            for place, quarter in enumerate(quarters)
        ]

    def _record(self, row: Row, kind: RecordKind, quantile: int | None) -> StoredRecord:
        window = self.windows[row[0]]
        excerpt = TokenActivations(
            tokens=window.tokens, activations=row[1][: len(window.tokens)], scale=Scale.RAW
        )
        return StoredRecord(
            kind=kind,
            quantile=quantile,
            document=window.document,
            start=window.start,
            excerpt=excerpt,
        )


def open_store(directory: str | Path) -> CaptureStore:
    """Open a finished capture; `StoreError` where the folder holds none."""
    return CaptureStore(Path(directory))
