"""One streaming pass over a text that keeps, for every neuron, the windows that show what it does.

Kept for each neuron and split: the windows with the highest peaks, one for a document, and a
uniform random sample of windows that all neurons share; over all tokens the maximum, how often it
fires, and the sums of four powers. What is kept has the same size for any length of text.

Every choice is a seeded order: ties between peaks, and the random sample, follow hashes of the
document's key. So shards of a corpus, captured apart and merged, keep what one pass keeps.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from explanations.captured import (
    WINDOWS,
    CaptureConfig,
    CaptureStore,
    Manifest,
    StoreError,
    SubjectIdentity,
    Window,
    WindowTable,
    layer_file,
    open_store,
    write_arrays,
)
from explanations.records import Split, document_bytes, seeded_hash
from explanations.subjects import Batch, Subject
from explanations.subjects.keeping import TIES, Group, LayerKeep, Seen
from explanations.subjects.windows import Windows, windows

Document: TypeAlias = tuple[str, Split, str]
"""Key, split, text. Keys are unique in a corpus."""

READ_AHEAD = 512
"""Documents read at once and sorted by length; a shard that holds a multiple is read alike."""

NEVER = 2**63 - 1
"""The hash of an empty place in a sample: above every hash."""

Drawn: TypeAlias = tuple[tuple[Split, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a capture is. `truncated` documents were longer than the subject reads."""

    documents: int
    truncated: int
    tokens: int
    seconds: float


def capture(
    subject: Subject,
    documents: Iterable[Document],
    directory: str | Path,
    *,
    seed: int,
    config: CaptureConfig | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Manifest:
    """Run a subject over documents and write a store, which appears only when it is complete.

    `progress` is called after each batch. A document without tokens counts as a document and gives
    no record; one beyond the subject's limit is cut, and counted as truncated. `StoreError` where
    the folder is there already.
    """
    _refuse_existing(Path(directory))
    state = CaptureState(subject.identity, seed, config or CaptureConfig(), subject.device)
    began, digest, read = time.monotonic(), sha256(), 0
    for block in _blocks(documents):
        for key, _, text in block:
            digest.update(document_bytes(key, text))
        for batch in subject.encode([text for _, _, text in block]):
            state.observe(subject, batch, [block[place][:2] for place in batch.texts])
            state.seconds = time.monotonic() - began
            if progress:
                progress(state.progress())
        state.documents = read = read + len(block)
    return state.save(Path(directory), corpus=digest.hexdigest())


def merge(stores: Sequence[str | Path], directory: str | Path, *, corpus: str) -> Manifest:
    """Merge the stores of a corpus's shards into one; `corpus` is the whole corpus's digest."""
    _refuse_existing(Path(directory))
    first, *rest = map(open_store, stores)
    state = CaptureState.load(first)
    for other in rest:
        state.absorb(CaptureState.load(other))
    return state.save(Path(directory), corpus=corpus)


class _Sample:
    """A uniform random sample of windows: those with the lowest hashes, each in a fixed place."""

    def __init__(self, keep: int) -> None:
        self.hashes = np.full(keep, NEVER)
        self.ids = np.full(keep, -1)

    def draw(self, offers: Iterable[tuple[int, int]]) -> dict[int, int]:
        """Take (hash, id) offers in; return for each place that changed which offer it holds."""
        taken: dict[int, int] = {}
        for offer, (number, window) in enumerate(offers):
            if len(self.hashes) and number < self.hashes.max():
                place = int(self.hashes.argmax())
                self.hashes[place], self.ids[place] = number, window
                taken[place] = offer
        return taken


class CaptureState:
    """All that is kept while a capture runs. Windows are numbered in the order they are seen."""

    def __init__(
        self, subject: SubjectIdentity, seed: int, config: CaptureConfig, device: torch.device
    ) -> None:
        self.subject, self.seed, self.config = subject, seed, config
        self.layers = [LayerKeep(subject.width, config, device) for _ in range(subject.layers)]
        self.samples = {split: _Sample(config.keep(split).random) for split in Split}
        self.windows: dict[int, Window] = {}
        self.seen = self.documents = self.truncated = self.tokens = 0
        self.seconds, self._purge_at = 0.0, 2**15

    def observe(
        self, subject: Subject, batch: Batch, documents: Sequence[tuple[str, Split]]
    ) -> None:
        """Run one batch; `documents` are the key and split of each of its rows."""
        found = windows(batch, self.config.window)
        for number, span in enumerate(found.spans, self.seen):
            tokens = batch.pieces[span.row][span.start : span.stop]
            self.windows[number] = Window(
                document=documents[span.row][0], start=span.start, tokens=tokens
            )
        seen = Seen(
            windows=found,
            base=self.seen,
            groups=_groups(found, documents, self.seed),
            drawn=self._draw(found, documents),
        )
        subject.run(batch, lambda layer, values: self.layers[layer].observe(values, seen))
        self.seen += len(found.spans)
        self.documents += len(documents)
        self.tokens += sum(batch.lengths)
        self.truncated += sum(batch.truncated)
        self._purge()

    def absorb(self, other: "CaptureState") -> None:
        """Take in what another pass over other documents kept."""
        if (self.subject, self.seed, self.config) != (other.subject, other.seed, other.config):
            raise StoreError("stores of different subjects, seeds or settings cannot be merged")
        drawn = tuple(
            (split, place, there)
            for split, sample in other.samples.items()
            for place, there in self.samples[split]
            .draw(zip(sample.hashes, sample.ids + self.seen, strict=True))
            .items()
        )
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            mine.absorb(theirs, drawn, self.seen)
        self.windows |= {self.seen + number: window for number, window in other.windows.items()}
        for name in ("seen", "documents", "truncated", "tokens", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._purge()

    def progress(self) -> Progress:
        """Return how far the pass is."""
        return Progress(
            documents=self.documents,
            truncated=self.truncated,
            tokens=self.tokens,
            seconds=self.seconds,
        )

    def save(self, directory: Path, *, corpus: str) -> Manifest:
        """Write the store beside its place, and move it there when it is complete."""
        self._check()
        manifest = self._manifest(corpus)
        directory.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        try:
            self._write(partial)
            manifest.write(partial)
            partial.chmod(0o755)
            partial.rename(directory)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return manifest

    @classmethod
    def load(cls, store: CaptureStore) -> "CaptureState":
        """Return the pass that wrote a store."""
        manifest = store.manifest
        state = cls(manifest.subject, manifest.seed, manifest.config, torch.device("cpu"))
        state.windows = dict(enumerate(store.windows))
        state.seen = len(store.windows)
        for name in ("documents", "truncated", "tokens", "seconds"):
            setattr(state, name, getattr(manifest, name))
        for split, sample in state.samples.items():
            sample.hashes = store.windows.array(f"{split}.sample.hashes")
            sample.ids = store.windows.array(f"{split}.sample.windows")
        for number, layer in enumerate(state.layers):
            layer.restore(store.layer(number))
        return state

    def _write(self, directory: Path) -> None:
        """Write all files but the manifest. Windows are numbered anew, by document and start."""
        ids = self._used()
        used = sorted(ids, key=lambda number: _place(self.windows[number]))
        numbers = np.full(self.seen + 1, -1)  # the last, for id -1, stays -1
        numbers[used] = np.arange(len(used))
        orders = {split: sample.hashes.argsort() for split, sample in self.samples.items()}
        samples = {
            f"{split}.sample.{name}": array
            for split, sample in self.samples.items()
            for name, array in (
                ("hashes", sample.hashes[orders[split]]),
                ("windows", numbers[sample.ids[orders[split]]]),
            )
        }
        table = WindowTable.pack([self.windows[number] for number in used])
        write_arrays(directory / WINDOWS, table | samples)
        for number, layer in enumerate(self.layers):
            arrays = layer.arrays(orders)
            for name in arrays:
                if name.endswith(".top.windows"):
                    arrays[name] = numbers[arrays[name]]
            write_arrays(directory / layer_file(number), arrays)

    def _manifest(self, corpus: str) -> Manifest:
        return Manifest(
            subject=self.subject,
            corpus=corpus,
            seed=self.seed,
            config=self.config,
            documents=self.documents,
            truncated=self.truncated,
            tokens=self.tokens,
            seconds=self.seconds,
            versions={name: version(name) for name in ("torch", "transformers", "tokenizers")},
        )

    def _check(self) -> None:
        if not self.tokens:
            raise StoreError("no document of this corpus has a token: there is nothing to keep")
        if not all(layer.maximum.isfinite().all() for layer in self.layers):
            raise StoreError(
                f"{self.subject.name} gave activations that are not finite: try float32"
            )

    def _draw(self, found: Windows, documents: Sequence[tuple[str, Split]]) -> Drawn:
        """Offer a batch's windows to the random samples."""
        drawn: list[tuple[Split, int, int]] = []
        for split, sample in self.samples.items():
            mine = [n for n, span in enumerate(found.spans) if documents[span.row][1] == split]
            offers = [
                (_hash(self.seed, documents[found.spans[n].row][0], found.spans[n].start), n)
                for n in mine
            ]
            taken = sample.draw((number, self.seen + n) for number, n in offers)
            drawn += [(split, place, mine[offer]) for place, offer in taken.items()]
        return tuple(drawn)

    def _used(self) -> list[int]:
        """Return the windows that some record shows."""
        tops = [top.ids.cpu().numpy() for layer in self.layers for top in layer.tops.values()]
        ids = [np.unique(kept) for kept in tops] + [s.ids for s in self.samples.values()]
        return [int(number) for number in np.unique(np.concatenate(ids)) if number >= 0]

    def _purge(self) -> None:
        """Forget the text of windows that no record shows any more, now and then."""
        if len(self.windows) > self._purge_at:
            self.windows = {number: self.windows[number] for number in self._used()}
            self._purge_at = 2 * len(self.windows) + 2**15


def _groups(
    found: Windows, documents: Sequence[tuple[str, Split]], seed: int
) -> dict[Split, Group]:
    """Sort a batch's documents and their windows by split."""
    rows: dict[int, list[int]] = {}
    for number, span in enumerate(found.spans):
        rows.setdefault(span.row, []).append(number)
    most = max(map(len, rows.values()))
    groups = {}
    for split in {documents[row][1] for row in rows}:
        mine = [row for row in rows if documents[row][1] == split]
        padded = [rows[row] + [rows[row][-1]] * (most - len(rows[row])) for row in mine]
        ties = [seeded_hash(seed, "tie", documents[row][0]) % TIES for row in mine]
        device = found.tokens.device
        groups[split] = Group(
            windows=torch.tensor(padded, device=device), ties=torch.tensor(ties, device=device)
        )
    return groups


def _hash(seed: int, document: str, start: int) -> int:
    """Return what orders a window in the random sample, in [0, 2**63)."""
    return seeded_hash(seed, "sample", document, start) >> 1


def _place(window: Window) -> tuple[str, int]:
    return window.document, window.start


def _blocks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Read documents a block at a time."""
    source = iter(documents)
    while block := list(islice(source, READ_AHEAD)):
        yield block


def _refuse_existing(directory: Path) -> None:
    if directory.exists():
        raise StoreError(f"{directory} is there already: remove it, or capture to another folder")
