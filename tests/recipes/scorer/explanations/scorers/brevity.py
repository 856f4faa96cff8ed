"""Short explanations score high: one tenth less for each word after the first.

An example of how a scorer is added: it says nothing about whether an explanation is true.
"""

from explanations.methods.requests import as_dialogue
from explanations.methods.values import Evidence, Scored
from explanations.scorers.base import Config, RestsOn, Scorer


def score(evidence: Evidence, _config: Config, _seed: int) -> Scored:
    """Count words; nobody is asked anything."""
    words = len(evidence.explanation.split())
    return Scored(value=max(0.0, 1.0 - (words - 1) / 10), n=words)


SCORER = Scorer(name="brevity", version=1, rests_on=RestsOn.EXPLANATION, score=as_dialogue(score))
