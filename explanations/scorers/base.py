"""The base of scorers: dialogues that begin with held-out evidence and end with a number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from explanations.methods.base import BuiltInMethod
from explanations.methods.requests import Dialogue
from explanations.methods.values import Evidence, Scored, Unusable


class RestsOn(StrEnum):
    """What a scorer is run on: simulations, or explanations without one."""

    SIMULATION = "simulation"
    EXPLANATION = "explanation"


@dataclass(frozen=True, kw_only=True)
class Scorer(BuiltInMethod):
    """Scores an explanation, or its simulation, on records that its author did not see.

    `run` is given the evidence and an instance of `settings`. An undefined score has a reason and
    is never zero instead; where nothing came back that could be scored, the attempt has failed and
    is `Unusable`.
    """

    rests_on: RestsOn
    run: Callable[[Evidence, Any], Dialogue[Scored | Unusable]]

    def score(self, evidence: Evidence, config: Mapping[str, Any]) -> Dialogue[Scored | Unusable]:
        """Return the dialogue that scores evidence under a stored configuration."""
        return self.run(evidence, self.settings.of(config))
