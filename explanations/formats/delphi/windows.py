"""Which windows of delphi's contexts become records, and how they are dealt into splits.

A context is cut into windows of at most 64 tokens; each is a document of its own. For every split a
latent keeps its highest windows, some from each quarter of the other windows that it fires on, and
a few windows that all latents have alike. Choosing again among what was chosen changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explanations.formats.tokens import Pieces
from explanations.formats.windows import window_key
from explanations.records import RecordKind, Split, deal, seeded_hash, slices
from explanations.stores.reader import QUARTERS, CaptureConfig

WINDOW = 64
_SPLITS: tuple[Split, ...] = tuple(Split)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A window that a latent keeps; `values` is float32 of shape (tokens,)."""

    window: int
    kind: RecordKind
    quantile: int | None
    values: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Contexts:
    """The windows of `tokens` [contexts, length], of which `lengths` [contexts] count."""

    tokens: NDArray[np.integer]
    lengths: NDArray[np.int64]
    pieces: Pieces
    seed: int

    @cached_property
    def bounds(self) -> list[tuple[int, int]]:
        """Where the windows of a context begin and end, if it is full."""
        return slices(self.tokens.shape[1], WINDOW)

    @cached_property
    def _place(self) -> NDArray[np.int64]:
        """The window of each position of a context."""
        sizes = [stop - start for start, stop in self.bounds]
        return np.repeat(np.arange(len(sizes)), sizes)

    def window_of(self, rows: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the window that holds each token."""
        numbers: NDArray[np.int64] = rows * len(self.bounds) + self._place[positions]
        return numbers

    def ids(self, window: int) -> list[int]:
        """Return a window's token numbers; none where its context ends before it."""
        row, place = divmod(window, len(self.bounds))
        start, stop = self.bounds[place]
        ids: list[int] = self.tokens[row, start : min(stop, int(self.lengths[row]))].tolist()
        return ids

    def key(self, window: int) -> str:
        """Return the key of the document that a window is."""
        return window_key(b"".join(self.pieces.raw(self.ids(window))))

    @cached_property
    def _dealt(self) -> tuple[NDArray[np.int8], NDArray[np.uint64]]:
        """The split and the place in the draw of every window; split -1 where it has no tokens.

        Nine bytes a window. The same text has the same place and split.
        """
        count = self.tokens.shape[0] * len(self.bounds)
        splits, draws = np.full(count, -1, np.int8), np.zeros(count, np.uint64)
        for window in range(count):
            if self.ids(window):
                key = self.key(window)
                splits[window] = _SPLITS.index(deal(key, self.seed))
                draws[window] = seeded_hash(self.seed, key)
        return splits, draws

    @property
    def splits(self) -> NDArray[np.int8]:
        """The split of each window, by its place in `Split`; -1 for none."""
        return self._dealt[0]

    def split(self, window: int) -> Split:
        """Return the split of a window that has tokens."""
        return _SPLITS[int(self.splits[window])]

    @property
    def draws(self) -> NDArray[np.uint64]:
        """Where each window comes in a random order."""
        return self._dealt[1]

    @cached_property
    def samples(self) -> dict[Split, NDArray[np.int64]]:
        """The windows of each split that every latent keeps, each text once."""
        found = {}
        for number, split in enumerate(_SPLITS):
            inside = np.flatnonzero(self.splits == number)
            _, first = np.unique(self.draws[inside], return_index=True)
            found[split] = inside[first[: CaptureConfig().keep(split).random]]
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Firing:
    """Where one latent fires: contexts, positions in them, activations (float32), all [n]."""

    rows: NDArray[np.int64]
    positions: NDArray[np.int64]
    values: NDArray[np.float32]


def choose(contexts: Contexts, firing: Firing) -> Iterator[Chosen]:
    """Yield a latent's records: for each split top, then by quarter, then random."""
    numbers = contexts.window_of(firing.rows, firing.positions)
    order = np.argsort(numbers, kind="stable")
    windows, first = np.unique(numbers[order], return_index=True)
    peaks = np.maximum.reduceat(firing.values[order], first) if len(first) else firing.values
    ends = np.append(first[1:], len(order))
    for split in _SPLITS:
        for window, kind, quantile in _picked(contexts, split, windows, peaks):
            values = np.zeros(len(contexts.ids(window)), np.float32)
            at = int(np.searchsorted(windows, window))
            if at < len(windows) and windows[at] == window:
                inside = order[first[at] : ends[at]]
                start, _ = contexts.bounds[window % len(contexts.bounds)]
                values[firing.positions[inside] - start] = firing.values[inside]
            yield Chosen(window=window, kind=kind, quantile=quantile, values=values)


def _picked(
    contexts: Contexts, split: Split, windows: NDArray[np.int64], peaks: NDArray[np.float32]
) -> Iterator[tuple[int, RecordKind, int | None]]:
    keep, sample = CaptureConfig().keep(split), contexts.samples[split]
    ranked = _ranked(contexts, split, windows, peaks)
    tops, others = ranked[: keep.top], ranked[keep.top :]
    left = others[~np.isin(contexts.draws[others], contexts.draws[sample])]
    yield from ((window, RecordKind.TOP, None) for window in tops.tolist())
    for quarter, inside in enumerate(np.array_split(left[::-1], QUARTERS)):
        drawn = inside[np.argsort(contexts.draws[inside], kind="stable")]
        for window in drawn[: keep.random // QUARTERS].tolist():
            yield window, RecordKind.QUANTILE, quarter
    shown = np.isin(contexts.draws[sample], contexts.draws[tops])
    for window in sample[~shown].tolist():
        yield window, RecordKind.RANDOM, None


def _ranked(
    contexts: Contexts, split: Split, windows: NDArray[np.int64], peaks: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Return the windows of a split that fire, highest peak first, each text once."""
    inside = contexts.splits[windows] == _SPLITS.index(split)
    inside &= peaks > 0
    order = np.lexsort((contexts.draws[windows[inside]], -peaks[inside]))
    ranked = windows[inside][order]
    _, first = np.unique(contexts.draws[ranked], return_index=True)
    result: NDArray[np.int64] = ranked[np.sort(first)]
    return result
