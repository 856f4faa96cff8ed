"""All that is kept while a capture runs, whatever the text's length."""

from array import array
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np
import torch

from explanations.capture.layer_accumulator import TIES, Group, LayerAccumulator, Seen
from explanations.capture.moments import Counted
from explanations.capture.streams import Streams
from explanations.capture.top_k import SPLITS
from explanations.capture.vocabulary import Vocabulary
from explanations.capture.windows import BatchWindows, windows
from explanations.records import Split, seeded_hash
from explanations.stores.layout import Window
from explanations.stores.reader import CaptureConfig, StoreError, SubjectIdentity
from explanations.subjects import Batch
from explanations.subjects.base import Consume

NEVER = 2**63 - 1
"""The hash of an empty place in a sample: above every hash."""

COUNTED_ONE_IN = 16
"""The histogram counts the tokens of one document in so many, chosen by a seeded hash."""

_PURGE = 2**12

Drawn: TypeAlias = tuple[tuple[Split, int, int], ...]
Known: TypeAlias = Sequence[tuple[str, Split]]


@dataclass(slots=True)
class Extent:
    """How much a pass has read. `truncated` documents were longer than the subject reads."""

    blocks: int = 0
    documents: int = 0
    truncated: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def add(self, other: "Extent") -> None:
        """Add what another pass has read."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class PackedWindow:
    """A window's text while a pass runs, in a tenth of the room that its tokens take as objects."""

    document: str
    start: int
    text: str
    lengths: bytes

    @classmethod
    def of(cls, window: Window) -> "PackedWindow":
        """Pack a window."""
        lengths = array("H", map(len, window.tokens)).tobytes()
        return cls(window.document, window.start, "".join(window.tokens), lengths)

    @property
    def window(self) -> Window:
        """The window again."""
        ends = [0, *accumulate(array("H", self.lengths))]
        tokens = tuple(self.text[begin:end] for begin, end in pairwise(ends))
        return Window(document=self.document, start=self.start, tokens=tokens)


class Sample:
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
    """A pass over a text, or over some blocks of it. Windows are numbered as they are seen."""

    def __init__(
        self,
        subject: SubjectIdentity,
        seed: int,
        config: CaptureConfig,
        vocabulary: Vocabulary,
        device: torch.device,
    ) -> None:
        self.subject, self.seed, self.config = subject, seed, config
        self.vocabulary = vocabulary
        self.word_counts = np.zeros(len(vocabulary), np.int64)
        self.layers = [
            LayerAccumulator(subject.width, config, len(vocabulary), device)
            for _ in range(subject.layers)
        ]
        self.samples = {split: Sample(config.keep(split).random) for split in Split}
        self.windows: dict[int, PackedWindow] = {}
        self.texts: set[int] = set()
        self.extent, self.seen = Extent(), 0
        self._purge_at = _PURGE

    def observe(
        self, streams: Streams, batches: Iterable[tuple[Batch, Known]]
    ) -> Generator[Batch, None, None]:
        """Run batches, each with the key and split of its rows; give each that is taken in."""
        passes = ((batch, self._meet_batch(batch, documents)) for batch, documents in batches)
        with closing(streams.run_all(passes)) as through:
            for batch in through:
                self.extent.tokens += sum(batch.lengths)
                self.extent.truncated += sum(batch.truncated)
                yield batch

    def end_block(self, documents: int) -> None:
        """Close a block of so many documents: what was counted in it can now be added exactly."""
        for layer in self.layers:
            layer.statistics.fold()
        self.extent.documents += documents
        self.extent.blocks += 1
        self.purge()

    def absorb(self, other: "CaptureState") -> None:
        """Take in what another pass over other blocks kept."""
        mine, theirs = (
            (state.subject, state.seed, state.config, state.vocabulary.ids)
            for state in (self, other)
        )
        if mine != theirs:
            raise StoreError("parts of different subjects, seeds, texts or settings cannot merge")
        drawn = tuple(
            (split, place, there)
            for split, sample in other.samples.items()
            for place, there in self.samples[split]
            .draw(zip(sample.hashes, sample.ids + self.seen, strict=True))
            .items()
        )
        for layer, taken in zip(self.layers, other.layers, strict=True):
            layer.absorb(taken, drawn, self.seen)
        self.windows |= {self.seen + number: window for number, window in other.windows.items()}
        self.word_counts += other.word_counts
        self.seen += other.seen
        self.extent.add(other.extent)
        self.purge(at_once=True)

    def used(self) -> list[int]:
        """Return the numbers of the windows that are kept, in order."""
        tops = [layer.tops.used() for layer in self.layers]
        ids = tops + [sample.ids for sample in self.samples.values()]
        return [int(number) for number in np.unique(np.concatenate(ids)) if number >= 0]

    def purge(self, *, at_once: bool = False) -> None:
        """Drop the text of windows that are no longer kept: once enough are, or at once."""
        if at_once or len(self.windows) > self._purge_at:
            self.windows = {number: self.windows[number] for number in self.used()}
            self.texts = {_sign(held.text) for held in self.windows.values()}
            self._purge_at = 2 * len(self.windows) + _PURGE

    def _meet_batch(self, batch: Batch, documents: Known) -> Consume:
        """Count a batch in; return what takes its activations in, a layer at a time."""
        found = windows(batch, self.config.window)
        signs = [self._meet(number, found, batch, documents) for number in range(len(found.spans))]
        seen = Seen(
            windows=found,
            counted=self._counted(found, batch, documents),
            signs=torch.tensor(signs, device=batch.ids.device),
            base=self.seen,
            group=_group(found, documents, self.seed, self._copies(found, signs)),
            drawn=self._draw(found, documents),
        )
        self.seen += len(found.spans)
        return lambda layer, values: self.layers[layer].observe(values, seen)

    def _meet(self, number: int, found: BatchWindows, batch: Batch, documents: Known) -> int:
        """Keep a window's text for now; return the sign that equal texts share."""
        span = found.spans[number]
        tokens = batch.pieces[span.row][span.start : span.stop]
        window = Window(document=documents[span.row][0], start=span.start, tokens=tokens)
        held = self.windows[self.seen + number] = PackedWindow.of(window)
        return _sign(held.text)

    def _copies(self, found: BatchWindows, signs: Sequence[int]) -> set[int]:
        """Return the rows of the batch of which a window may be kept already, as another's text."""
        rows: dict[int, set[int]] = {}
        for span, sign in zip(found.spans, signs, strict=True):
            rows.setdefault(span.row, set()).add(sign)
        copies = set()
        for row, mine in rows.items():
            if not mine.isdisjoint(self.texts):
                copies.add(row)
            self.texts |= mine
        return copies

    def _counted(self, found: BatchWindows, batch: Batch, documents: Known) -> Counted:
        own = found.own > 0
        places = self.vocabulary.places(batch.ids).flatten()
        words = torch.where(own[0], places, len(self.vocabulary))
        counts = torch.bincount(words, minlength=len(self.vocabulary) + 1)
        self.word_counts += counts[: len(self.vocabulary)].cpu().numpy()
        chosen = [
            seeded_hash(self.seed, "histogram", key) % COUNTED_ONE_IN == 0 for key, _ in documents
        ]
        rows = torch.tensor(chosen, device=own.device).repeat_interleave(found.width)
        return Counted(own=found.own, words=words, sampled=(own[0] & rows).nonzero()[:, 0])

    def _draw(self, found: BatchWindows, documents: Known) -> Drawn:
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


def _group(found: BatchWindows, documents: Known, seed: int, copies: set[int]) -> Group:
    """Sort a batch's windows by document; documents that may be copies come last."""
    rows: dict[int, list[int]] = {}
    for number, span in enumerate(found.spans):
        rows.setdefault(span.row, []).append(number)
    most = max(map(len, rows.values()))
    order = sorted(rows, key=lambda row: (row in copies, row))
    device = found.tokens.device
    padded = [rows[row] + [rows[row][-1]] * (most - len(rows[row])) for row in order]
    ties = [seeded_hash(seed, "tie", documents[row][0]) % TIES for row in order]
    splits = [SPLITS.index(documents[row][1]) for row in order]
    return Group(
        windows=torch.tensor(padded, device=device),
        splits=torch.tensor(splits, device=device),
        ties=torch.tensor(ties, device=device),
        fresh=len(order) - len(copies),
    )


def _hash(seed: int, document: str, start: int) -> int:
    """Return what orders a window in the random sample, in [0, 2**63)."""
    return seeded_hash(seed, "sample", document, start) >> 1


def _sign(text: str) -> int:
    """Return what windows share that read the same but for case and white space."""
    return seeded_hash(0, *text.lower().split()) >> 1
