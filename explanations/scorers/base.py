"""What a scorer is: a dialogue that begins from held-out evidence and ends with a number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, Scored, Unusable

Config = Mapping[str, Any]


class RestsOn(StrEnum):
    """What a scorer is run over: simulations, or explanations with nothing between."""

    SIMULATION = "simulation"
    EXPLANATION = "explanation"


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores an explanation, or its simulation, on records that its author did not see.

    `score` reads `default_config` for what its configuration leaves out. A score that is undefined
    has a reason, and never a zero instead; where nothing came back that could be scored, the
    attempt has failed and is `Unusable`. A setting of `options` is stored only where it differs
    from the value here, so that methods stored before there was such a setting stay the same.
    `choices` are the values of settings that have only a few.
    """

    name: str
    version: int
    rests_on: RestsOn
    score: Callable[[Evidence, Config, int], Dialogue[Scored | Unusable]]
    needs: frozenset[Need] = frozenset()
    default_config: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
