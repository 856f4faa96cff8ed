"""Which of several windows say the same. Pure."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

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
    near: defaultdict[Key, set[Key]] = defaultdict(set)
    sizes: dict[Key, int] = {}
    holders: defaultdict[tuple[str, ...], list[Key]] = defaultdict(list)
    for key, tokens in windows.items():
        runs = _runs(tokens)
        shared = Counter(other for run in runs for other in holders.get(run, ()))
        for other, count in shared.items():
            if count >= SHARE * min(len(runs), sizes[other]):
                near[key].add(other)
                near[other].add(key)
        sizes[key] = len(runs)
        for run in runs:
            if len(holders[run]) < _HOLDERS:
                holders[run].append(key)
    return dict(near)


def _runs(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    """Return every run of five consecutive words and marks; a shorter text is one run."""
    words = word_texts("".join(tokens).lower())
    return {tuple(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1))}
