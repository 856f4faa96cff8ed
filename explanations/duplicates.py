"""Which of several windows say the same. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from explanations.records import word_texts

WORDS = 5
SHARE = 0.5


def distinct(windows: Sequence[Sequence[str]]) -> list[int]:
    """Return the places of windows that are no near-duplicate of one kept before, in order.

    A window is its tokens, pieces of the text; the best comes first, and it is always kept. Two
    windows are near-duplicates where they share at least half of the runs of five words of the one
    that has fewer; case does not count. So a copy with a word changed goes, and one that begins a
    third later. A window of fewer than five words is one run.
    """
    kept: list[int] = []
    sizes: dict[int, int] = {}
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, tokens in enumerate(windows):
        runs = _runs(tokens)
        shared = Counter(holder for run in runs for holder in holders.get(run, ()))
        if any(n >= SHARE * min(len(runs), sizes[other]) for other, n in shared.items()):
            continue
        kept.append(place)
        sizes[place] = len(runs)
        for run in runs:
            holders[run].append(place)
    return kept


def _runs(tokens: Sequence[str]) -> set[tuple[str, ...]]:
    """Return every run of five consecutive words and marks; a shorter text is one run."""
    words = word_texts("".join(tokens).lower())
    return {tuple(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1))}
