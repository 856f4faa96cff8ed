"""A control: another neuron's explanation, in its own words."""

import random
from dataclasses import dataclass

from explanations.explainers.base import Explainer, Want
from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomOtherSettings(Settings):
    """The seed of the draw."""

    seed: int = 0


def explain(material: Material, settings: RandomOtherSettings) -> Explained | Unusable:
    """Return one of `material.others`, drawn by the seed and the neuron, whatever their order."""
    others = sorted({other.strip() for other in material.others} - {""})
    if not others:
        return Unusable(reason="no other neuron of this subject has an explanation yet")
    drawn = random.Random(f"{settings.seed}:{material.neuron}").choice(others)  # noqa: S311
    return Explained(text=drawn, used=())


EXPLAINER = Explainer(
    name="random_other",
    version=1,
    author=AuthorKind.CONTROL,
    run=as_dialogue(explain),
    settings=RandomOtherSettings,
    wants=frozenset({Want.OTHERS}),
)
