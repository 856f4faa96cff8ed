"""Excerpts on which a neuron fires should mean more of what its explanation says than silent ones.

The score is the chance that a firing excerpt is nearer to the explanation than a silent one, by the
cosine of a sentence encoder: .5 says nothing. No language model is asked. Its known failure: an
encoder reads topics, so an explanation by form (a word, a position, punctuation) scores low however
true it is. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of
features in large language models".
"""

from typing import Any

from explanations.methods.requests import Dialogue, Embed, Need, send
from explanations.methods.values import Evidence, Scored
from explanations.scorers.activating import one_line, separated, sides
from explanations.scorers.base import Config, RestsOn, Scorer

DEFAULTS: dict[str, Any] = {"examples": 50, "seed": 0}


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored]:
    """Compare up to `examples` excerpts of each side with the explanation."""
    both = sides(evidence, seed).most({**DEFAULTS, **config}["examples"])
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    records = (*both.firing, *both.silent)
    texts = [evidence.explanation.strip(), *(one_line(each.actual.text) for each in records)]
    vectors = yield from send(Embed(texts))
    cosines = (vectors[1:] @ vectors[0]).tolist()
    return separated({each.record: c for each, c in zip(records, cosines, strict=True)}, both)


SCORER = Scorer(
    name="embedding",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.ENCODER}),
    default_config=DEFAULTS,
)
