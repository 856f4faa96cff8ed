"""Names the words on which a neuron fires most, from the mean activation of each word.

No language model. A word that was seen once is pulled towards the average of all words, so that
luck does not outweigh evidence.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from explanations.dialogue import at_once
from explanations.exchange import Explained, Material, Unusable
from explanations.explainers.base import Config, Explainer
from explanations.explainers.sentences import sentence
from explanations.explainers.silence import silent
from explanations.records import AuthorKind, TokenActivations, words

DEFAULTS: dict[str, Any] = {"words": 10, "prior": 2.0}


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


def explain(material: Material, config: Config, _seed: int) -> Explained | Unusable:
    """Quote up to `words` words by smoothed mean activation, the highest first."""
    settings = {**DEFAULTS, **config}
    if reason := silent(material):
        return Unusable(reason=reason)
    seen = _by_word(material.excerpts)
    everything = [value for word in seen.values() for value in word.activations]
    average = sum(everything) / len(everything)
    ranked = sorted(
        (word for word in seen.values() if max(word.activations) > 0),
        key=lambda word: (-word.smoothed(average, settings["prior"]), word.spelling),
    )
    if not ranked:
        return Unusable(reason="the neuron fires on no word that can be shown")
    return Explained(text=sentence([word.spelling for word in ranked[: settings["words"]]]))


def _by_word(excerpts: Iterable[TokenActivations]) -> dict[str, _Seen]:
    """Group the occurrences of each word; one counts by its highest piece, never below zero."""
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
    explain=at_once(explain),
    default_config=DEFAULTS,
)
