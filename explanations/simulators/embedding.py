"""Predicts firing where the text means what the explanation says, by a sentence encoder.

A word's similarity is the highest cosine between it and what the explanation names (see
`keywords.named`), plus `context` times the cosine between the word with `radius` neighbours on each
side and the explanation as a whole. Up to `silent` the activation is 0, from `full` on it is 10,
and in between it is linear. Defaults: the best held-out correlation and R² on neurons of
all-MiniLM-L6-v2. Known failure: function words, punctuation and position carry little meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.methods.requests import Dialogue, Embed, Need, send
from explanations.methods.values import Simulated
from explanations.records import Word, words
from explanations.simulators.base import Excerpts, Outcomes, Simulator, SimulatorSettings
from explanations.simulators.calibration import KINDS
from explanations.simulators.keywords import Phrase, named

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings(SimulatorSettings):
    """How much context counts, and the similarities of the lowest and the highest activation."""

    radius: int = 1
    context: float = 0.3
    silent: float = 0.5
    full: float = 2.4


def simulate(
    explanation: str, excerpts: Excerpts, settings: EmbeddingSettings
) -> Dialogue[Outcomes]:
    """Predict from similarity; every text is encoded once, and all in one call."""
    excerpt_words = [words(tokens) for tokens in excerpts]
    texts = [[word.text for word in excerpt] for excerpt in excerpt_words]
    weighed = settings.context != 0
    contexts = [_contexts(excerpt, settings.radius) if weighed else excerpt for excerpt in texts]
    whole, phrases = explanation.strip(), named(explanation)
    named_texts = [phrase.text for phrase in phrases]
    distinct = list(dict.fromkeys([whole, *named_texts, *_flat(texts), *_flat(contexts)]))
    vectors = _Vectors(distinct, (yield from send(Embed(distinct))))
    levels = [
        _named(phrases, alone, vectors)
        + settings.context * (vectors.of(around) @ vectors.of([whole])[0])
        for alone, around in zip(texts, contexts, strict=True)
    ]
    return [
        _on(tokens, excerpt, _scaled(level, settings.silent, settings.full))
        for tokens, excerpt, level in zip(excerpts, excerpt_words, levels, strict=True)
    ]


class _Vectors:
    """The unit vectors of distinct texts."""

    def __init__(self, texts: Sequence[str], vectors: Values) -> None:
        self._rows = {text: row for row, text in enumerate(texts)}
        self._vectors = vectors

    def of(self, texts: Sequence[str]) -> Values:
        """Return the vectors of texts, one a row."""
        rows: Values = self._vectors[[self._rows[text] for text in texts]]
        return rows


def _named(phrases: Sequence[Phrase], texts: Sequence[str], vectors: _Vectors) -> Values:
    """Return each word's highest cosine with a named phrase; a phrase's `after` looks one back."""
    best = np.zeros(len(texts), dtype=np.float32)
    if not phrases or not texts:
        return best
    similar = vectors.of(texts) @ vectors.of([phrase.text for phrase in phrases]).T
    for column, phrase in zip(similar.T, phrases, strict=True):
        best = np.maximum(best, np.append(0.0, column[:-1]) if phrase.after else column)
    return best


def _contexts(texts: Sequence[str], radius: int) -> list[str]:
    return [" ".join(texts[max(0, i - radius) : i + radius + 1]) for i in range(len(texts))]


def _flat(excerpts: Sequence[Sequence[str]]) -> list[str]:
    return [text for excerpt in excerpts for text in excerpt]


def _scaled(similarity: Values, silent: float, full: float) -> Values:
    values: Values = np.clip(10 * (similarity - silent) / (full - silent), 0, 10)
    return values.astype(np.float32)


def _on(tokens: tuple[str, ...], own: Sequence[Word], levels: Values) -> Simulated:
    values = np.zeros(len(tokens), dtype=np.float32)
    for word, level in zip(own, levels, strict=True):
        values[word.start : word.stop] = level
    return Simulated(values=values)


SIMULATOR = Simulator(
    name="embedding",
    version=1,
    run=simulate,
    settings=EmbeddingSettings,
    needs=frozenset({Need.ENCODER}),
    choices={"calibration": KINDS},
)
