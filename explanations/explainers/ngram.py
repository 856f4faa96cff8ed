"""Names the phrases and contexts that set a neuron's firing apart.

No language model. A greedy fit: again and again the phrase, ending at a word or standing before it,
that explains most of what is left of the activation, among those where the mean activation is
`lift` times the overall mean or more. Its known failure: what one word alone decides comes out as
that word, and meaning shared by many words does not come out at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.explainers.base import Config, Explainer
from explanations.explainers.sentences import listed, sentence
from explanations.explainers.silence import silent
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind, TokenActivations, words

DEFAULTS: dict[str, Any] = {"phrases": 6, "longest": 3, "seen": 2, "prior": 2.0, "lift": 2.0}


@dataclass(frozen=True, slots=True, order=True)
class Context:
    """Words that end at a word, or (`before`) right in front of it."""

    before: bool
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Every word of the excerpts: its activation, where each context is, how it is spelled."""

    activations: NDArray[np.float64]
    of: dict[Context, NDArray[np.int64]]
    spelled: dict[Context, Counter[str]]


def explain(material: Material, config: Config, _seed: int) -> Explained | Unusable:
    """Quote up to `phrases` contexts of up to `longest` words, each seen `seen` times or more."""
    settings = {**DEFAULTS, **config}
    if reason := silent(material):
        return Unusable(reason=reason)
    places = _places(material.excerpts, settings["longest"], settings["seen"])
    chosen = _fit(places, settings["phrases"], settings["prior"], settings["lift"])
    if not chosen:
        return Unusable(reason="no word or phrase comes back where the neuron fires")
    return Explained(text=_sentence(chosen, places.spelled))


def _places(excerpts: Iterable[TokenActivations], longest: int, seen: int) -> _Places:
    found: dict[Context, list[int]] = defaultdict(list)
    spelled: dict[Context, Counter[str]] = defaultdict(Counter)
    activations: list[float] = []
    for excerpt in excerpts:
        spoken = words(excerpt.tokens)
        texts = [word.text for word in spoken]
        for at, word in enumerate(spoken):
            for written in _contexts(texts, at, longest):
                context = Context(before=written.before, texts=_folded(written))
                found[context].append(len(activations))
                spelled[context][" ".join(written.texts)] += 1
            activations.append(max(0.0, float(excerpt.activations[word.start : word.stop].max())))
    return _Places(
        activations=np.array(activations),
        of={context: np.array(at) for context, at in found.items() if len(at) >= seen},
        spelled=spelled,
    )


def _folded(written: Context) -> tuple[str, ...]:
    return tuple(text.casefold() for text in written.texts)


def _contexts(texts: list[str], at: int, longest: int) -> Iterable[Context]:
    """Give the word, the phrases ending at it, and those right before it; none with marks."""
    yield Context(before=False, texts=(texts[at],))
    for size in range(1, longest + 1):
        if size > 1:
            yield from _context(texts[max(0, at - size + 1) : at + 1], size, before=False)
        yield from _context(texts[max(0, at - size) : at], size, before=True)


def _context(texts: list[str], size: int, *, before: bool) -> Iterable[Context]:
    if len(texts) == size and all(text[0].isalnum() for text in texts):
        yield Context(before=before, texts=tuple(texts))


def _fit(places: _Places, most: int, prior: float, lift: float) -> list[Context]:
    """Choose contexts by how much squared error each takes off, until none is left above average.

    A context's level is its mean residual, shrunk as if `prior` more occurrences had been average.
    """
    average = places.activations.mean()
    apart = {
        context: at
        for context, at in places.of.items()
        if _level(places.activations[at] - average, prior) >= (lift - 1) * average
    }
    left = places.activations - average
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
    """Return the squared error that the level takes off, weighing a rare phrase as a common one."""
    return max(0.0, _level(left, prior)) ** 2 * float(np.sqrt(len(left)))


def _sentence(chosen: list[Context], spelled: dict[Context, Counter[str]]) -> str:
    """Write words, then ends of phrases, then what comes after: each as one list of quotations."""
    texts = {context: _commonest(spelled[context]) for context in chosen}
    alone = [texts[c] for c in chosen if not c.before and len(c.texts) == 1]
    ends = [texts[c] for c in chosen if not c.before and len(c.texts) > 1]
    after = [texts[c] for c in chosen if c.before]
    parts = [sentence(alone)] if alone else []
    parts += [f"the last word of {listed(ends)}"] if ends else []
    parts += [f"the word after {listed(after)}"] if after else []
    return ", and ".join(parts)


def _commonest(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda text: (-spellings[text], text))


EXPLAINER = Explainer(
    name="ngram",
    version=1,
    author=AuthorKind.BASELINE,
    explain=as_dialogue(explain),
    default_config=DEFAULTS,
)
