"""Find near-duplicate windows. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from explanations.records import word_texts

WORDS = 5
SHARE = 0.5

# Without a bound, a phrase that every window of a corpus has would make the cost grow with the
# square of the windows.
_HOLDERS = 256

Key = TypeVar("Key", bound=Hashable)


def near_pairs(windows: Mapping[Key, Sequence[str]]) -> dict[Key, set[Key]]:
    """Return for each window that has near-duplicates among the others which these are.

    A window is its tokens, pieces of the text. Two are near-duplicates where they share at least
    half of the runs of five words of the one that has fewer; case and spacing do not count. So a
    copy with a word changed is one, and a copy that begins a third later. A window of fewer than
    five words is one run. Where more than 256 windows share a run, it is looked for in the first
    256 of them.
    """
    keys = list(windows)
    runs = [_runs(tokens) for tokens in windows.values()]
    sizes = np.array([len(each) for each in runs], np.int64)
    holders = _Holders(runs)
    near: defaultdict[Key, set[Key]] = defaultdict(set)
    for place, key in enumerate(keys):
        others, shared = np.unique(holders.before(place), return_counts=True)
        alike = shared >= SHARE * np.minimum(sizes[place], sizes[others])
        for other in others[alike].tolist():
            near[key].add(keys[other])
            near[keys[other]].add(key)
    return dict(near)


class _Holders:
    """Which windows have which runs, as sorted arrays: a tenth of what a dict of lists takes."""

    def __init__(self, runs: Sequence[NDArray[np.int64]]) -> None:
        flat = np.concatenate([*runs, np.zeros(0, np.int64)])
        self._bounds = np.cumsum([0, *map(len, runs)])
        order = flat.argsort(kind="stable")
        first = np.diff(flat[order], prepend=np.int64(0)) != 0
        first[:1] = True
        self._begins = np.flatnonzero(first)
        self._ends = np.append(self._begins[1:], len(flat))
        self._run = np.empty(len(flat), np.int64)
        self._run[order] = np.cumsum(first) - 1
        self._holders = np.repeat(np.arange(len(runs)), np.diff(self._bounds))[order]

    def before(self, place: int) -> NDArray[np.int64]:
        """Return, once for each run that it shares, the windows before this one that have it."""
        run = self._run[self._bounds[place] : self._bounds[place + 1]]
        begins, ends = self._begins[run], self._ends[run]
        shared = ends - begins > 1
        found = [
            self._holders[begin : min(end, begin + _HOLDERS)]
            for begin, end in zip(begins[shared].tolist(), ends[shared].tolist(), strict=True)
        ]
        holders = np.concatenate([*found, np.zeros(0, np.int64)])
        return holders[holders < place]


def _runs(tokens: Sequence[str]) -> NDArray[np.int64]:
    """Return the hash of every run of five consecutive words and marks; a shorter text is one."""
    words = word_texts("".join(tokens).lower())
    count = max(1, len(words) - WORDS + 1)
    return np.array(list({hash(tuple(words[at : at + WORDS])) for at in range(count)}), np.int64)
