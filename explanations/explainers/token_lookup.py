"""Names the words on which a neuron fires most, from the mean activation of each word.

No language model. The mean of a rare word is shrunk towards the average of all words, so that luck
does not outweigh evidence. With `means` "records", the default, a word's mean is over the
records of the explain split. With "capture" it is over the whole capture, for the common tokens on
which that is known and highest: those means rest on the documents of all splits, held-out ones too.
On 200 neurons each of all-MiniLM-L6-v2 and of a small story model, the held-out correlation was
.410 against .405, and .420 against .430.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from explanations.explainers.base import Explainer, Want
from explanations.explainers.helpers import why_silent, word_list
from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind, TokenActivations, TokenMean, word_texts, words


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLookupSettings(Settings):
    """How many words, how strongly rare ones are shrunk, and what their means are taken over."""

    words: int = 10
    prior: float = 2.0
    means: str = "records"


@dataclass(slots=True)
class _Seen:
    """One word's spellings and the activations on its occurrences."""

    spellings: Counter[str] = field(default_factory=Counter)
    activations: list[float] = field(default_factory=list)

    def smoothed(self, average: float, prior: float) -> float:
        """Return the mean activation as if `prior` more occurrences had been average."""
        return (sum(self.activations) + prior * average) / (len(self.activations) + prior)

    @property
    def spelling(self) -> str:
        return min(self.spellings, key=lambda text: (-self.spellings[text], text))


def explain(material: Material, settings: TokenLookupSettings) -> Explained | Unusable:
    """Return up to `words` words in order of mean activation, the highest first."""
    if settings.means not in ("records", "capture"):
        return Unusable(reason=f'means is "records" or "capture", not {settings.means!r}')
    if reason := why_silent(material):
        return Unusable(reason=reason)
    levels = _levels(material.excerpts, settings.prior)
    if settings.means == "capture":
        levels |= _over_capture(material.means, material.excerpts)
    ranked = sorted(levels.values(), key=lambda level: (-level[1], level[0]))
    if not ranked:
        return Unusable(reason="the neuron fires on no word that can be shown")
    return Explained(text=word_list([spelling for spelling, _ in ranked[: settings.words]]))


def _levels(excerpts: Iterable[TokenActivations], prior: float) -> dict[str, tuple[str, float]]:
    """Return the spelling and the smoothed mean of each word that fires, by its folded text."""
    seen = _by_word(excerpts)
    everything = [value for word in seen.values() for value in word.activations]
    average = sum(everything) / max(1, len(everything))
    return {
        folded: (word.spelling, word.smoothed(average, prior))
        for folded, word in seen.items()
        if max(word.activations) > 0
    }


def _over_capture(
    means: Iterable[TokenMean], excerpts: Iterable[TokenActivations]
) -> dict[str, tuple[str, float]]:
    """Return the spelling and the mean of each token that is a word, by its folded text.

    A token is a word that begins with a space, or that makes up a word in an excerpt; of a word's
    tokens the most frequent counts.
    """
    whole = {
        excerpt.tokens[word.start]
        for excerpt in excerpts
        for word in words(excerpt.tokens)
        if word.stop == word.start + 1
    }
    common = sorted((mean for mean in means if mean.mean > 0), key=lambda mean: mean.count)
    found: dict[str, tuple[str, float]] = {}
    for mean in common:
        texts = word_texts(mean.token)
        if len(texts) == 1 and (mean.token in whole or mean.token[0].isspace()):
            found[texts[0].casefold()] = (texts[0], mean.mean)
    return found


def _by_word(excerpts: Iterable[TokenActivations]) -> dict[str, _Seen]:
    """Return the occurrences of each word; one counts by its highest token, never below zero."""
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for excerpt in excerpts:
        for word in words(excerpt.tokens):
            entry = seen[word.text.casefold()]
            entry.spellings[word.text] += 1
            peak = excerpt.activations[word.start : word.stop].max()
            entry.activations.append(max(0.0, float(peak)))
    return dict(seen)


EXPLAINER = Explainer(
    name="token_lookup",
    version=1,
    author=AuthorKind.BASELINE,
    run=as_dialogue(explain),
    settings=TokenLookupSettings,
    wants=frozenset({Want.MEANS}),
    choices={"means": ("records", "capture")},
)
