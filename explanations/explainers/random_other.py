"""A control: another neuron's explanation, in its own words."""

import random
from typing import Any

from explanations.explainers.base import Config, Explainer, Want
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind

DEFAULTS: dict[str, Any] = {"seed": 0}


def explain(material: Material, _config: Config, seed: int) -> Explained | Unusable:
    """Draw one of `material.others`; the seed and the neuron decide which, whatever their order."""
    others = sorted({other.strip() for other in material.others} - {""})
    if not others:
        return Unusable(reason="no other neuron of this subject has an explanation yet")
    drawn = random.Random(f"{seed}:{material.neuron}").choice(others)  # noqa: S311
    return Explained(text=drawn, used=())


EXPLAINER = Explainer(
    name="random_other",
    version=1,
    author=AuthorKind.CONTROL,
    explain=as_dialogue(explain),
    wants=frozenset({Want.OTHERS}),
    default_config=DEFAULTS,
)
