"""Excerpts on which a neuron fires should be closer to its explanation in meaning than silent ones.

The score is the chance that a firing excerpt is closer to the explanation than a silent one, by the
cosine of a sentence encoder: .5 is chance. No language model is asked. Known failure: an encoder
reads topics, so an explanation by form (a word, a position, punctuation) scores low however true it
is. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of
features in large language models".
"""

from dataclasses import dataclass

from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Embed, Need, send
from explanations.methods.values import Evidence, Scored
from explanations.scorers.activating import auc_score, firing_and_silent, one_line
from explanations.scorers.base import RestsOn, Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSettings(Settings):
    """How many excerpts of each kind are compared."""

    examples: int = 50
    seed: int = 0


def score(evidence: Evidence, settings: EmbeddingSettings) -> Dialogue[Scored]:
    """Compare up to `examples` excerpts of each kind with the explanation."""
    both = firing_and_silent(evidence, settings.seed).most(settings.examples)
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    records = (*both.firing, *both.silent)
    texts = [evidence.explanation.strip(), *(one_line(each.actual.text) for each in records)]
    vectors = yield from send(Embed(texts))
    cosines = (vectors[1:] @ vectors[0]).tolist()
    return auc_score({each.record: c for each, c in zip(records, cosines, strict=True)}, both)


SCORER = Scorer(
    name="embedding",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=EmbeddingSettings,
    needs=frozenset({Need.ENCODER}),
)
