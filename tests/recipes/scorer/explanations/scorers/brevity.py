"""Short explanations score high: `cost` less for each word after the first.

An example of how a scorer is added: it says nothing about whether an explanation is true.
"""

from dataclasses import dataclass

from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Evidence, Scored
from explanations.scorers.base import RestsOn, Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class BrevitySettings(Settings):
    """What a word costs."""

    cost: float = 0.1


def score(evidence: Evidence, settings: BrevitySettings) -> Scored:
    """Count words; nobody is asked anything."""
    words = len(evidence.explanation.split())
    return Scored(value=max(0.0, 1.0 - settings.cost * (words - 1)), n=words)


SCORER = Scorer(
    name="brevity",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    run=as_dialogue(score),
    settings=BrevitySettings,
)
