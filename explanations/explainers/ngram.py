"""Names the phrases and contexts that set a neuron's firing apart.

No language model. A greedy fit: in each step it takes the phrase, ending at a word or right before
it, that explains most of the remaining activation, among those with a mean activation of at least
`lift` times the overall mean. Known failure: what one word alone decides comes out as that word,
and meaning shared by many words does not come out at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.explainers.base import Explainer
from explanations.explainers.helpers import quoted, why_silent, word_list
from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind, TokenActivations, words


@dataclass(frozen=True, slots=True, kw_only=True)
class NgramSettings(Settings):
    """How many phrases of how many words, how often seen, and how far above the average."""

    phrases: int = 6
    longest: int = 3
    seen: int = 2
    prior: float = 2.0
    lift: float = 2.0


@dataclass(frozen=True, slots=True, order=True)
class Context:
    """Words that end at a word, or (`before`) right in front of it."""

    before: bool
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Occurrences:
    """Every word of the excerpts: its activation, where each context occurs, and its spellings."""

    activations: NDArray[np.float64]
    of: dict[Context, NDArray[np.int64]]
    spelled: dict[Context, Counter[str]]


def explain(material: Material, settings: NgramSettings) -> Explained | Unusable:
    """Return up to `phrases` contexts of up to `longest` words, each seen `seen` times or more."""
    if reason := why_silent(material):
        return Unusable(reason=reason)
    occurrences = _occurrences(material.excerpts, settings.longest, settings.seen)
    chosen = _fit(occurrences, settings.phrases, settings.prior, settings.lift)
    if not chosen:
        return Unusable(reason="no word or phrase recurs where the neuron fires")
    return Explained(text=_sentence(chosen, occurrences.spelled))


def _occurrences(excerpts: Iterable[TokenActivations], longest: int, seen: int) -> _Occurrences:
    found: dict[Context, list[int]] = defaultdict(list)
    spelled: dict[Context, Counter[str]] = defaultdict(Counter)
    activations: list[float] = []
    for excerpt in excerpts:
        own = words(excerpt.tokens)
        texts = [word.text for word in own]
        for index, word in enumerate(own):
            for written in _contexts(texts, index, longest):
                context = Context(before=written.before, texts=_folded(written))
                found[context].append(len(activations))
                spelled[context][" ".join(written.texts)] += 1
            activations.append(max(0.0, float(excerpt.activations[word.start : word.stop].max())))
    return _Occurrences(
        activations=np.array(activations),
        of={each: np.array(indices) for each, indices in found.items() if len(indices) >= seen},
        spelled=spelled,
    )


def _folded(written: Context) -> tuple[str, ...]:
    return tuple(text.casefold() for text in written.texts)


def _contexts(texts: list[str], index: int, longest: int) -> Iterable[Context]:
    """Yield the word, the phrases ending at it, and those right before it; none with marks."""
    yield Context(before=False, texts=(texts[index],))
    for size in range(1, longest + 1):
        if size > 1:
            yield from _context(texts[max(0, index - size + 1) : index + 1], size, before=False)
        yield from _context(texts[max(0, index - size) : index], size, before=True)


def _context(texts: list[str], size: int, *, before: bool) -> Iterable[Context]:
    if len(texts) == size and all(text[0].isalnum() for text in texts):
        yield Context(before=before, texts=tuple(texts))


def _fit(occurrences: _Occurrences, most: int, prior: float, lift: float) -> list[Context]:
    """Return contexts by how much squared error each removes, until none is above average.

    A context's level is its mean residual, shrunk as if `prior` more occurrences had been average.
    """
    average = occurrences.activations.mean()
    apart = {
        context: indices
        for context, indices in occurrences.of.items()
        if _level(occurrences.activations[indices] - average, prior) >= (lift - 1) * average
    }
    left = occurrences.activations - average
    chosen: list[Context] = []
    while len(chosen) < most and len(chosen) < len(apart):
        gains = {c: _gain(left[at], prior) for c, at in apart.items() if c not in chosen}
        best = min(gains, key=lambda context: (-gains[context], len(context.texts), context))
        if gains[best] <= 0:
            break
        left[apart[best]] -= _level(left[apart[best]], prior)
        chosen.append(best)
    return chosen


def _level(left: NDArray[np.float64], prior: float) -> float:
    return float(left.sum()) / (len(left) + prior)


def _gain(left: NDArray[np.float64], prior: float) -> float:
    """Return the squared error that the level removes, weighing rare phrases as common ones."""
    return max(0.0, _level(left, prior)) ** 2 * float(np.sqrt(len(left)))


def _sentence(chosen: list[Context], spelled: dict[Context, Counter[str]]) -> str:
    """Return words, then last words of phrases, then words after phrases, each as one list."""
    texts = {context: _commonest(spelled[context]) for context in chosen}
    alone = [texts[c] for c in chosen if not c.before and len(c.texts) == 1]
    ends = [texts[c] for c in chosen if not c.before and len(c.texts) > 1]
    after = [texts[c] for c in chosen if c.before]
    parts = [word_list(alone)] if alone else []
    parts += [f"the last word of {quoted(ends)}"] if ends else []
    parts += [f"the word after {quoted(after)}"] if after else []
    return ", and ".join(parts)


def _commonest(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda text: (-spellings[text], text))


EXPLAINER = Explainer(
    name="ngram",
    version=1,
    author=AuthorKind.BASELINE,
    run=as_dialogue(explain),
    settings=NgramSettings,
)
