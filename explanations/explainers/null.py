"""A control: one vague label for every neuron, also for one that never fires."""

from typing import Any

from explanations.explainers.base import Config, Explainer
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind

DEFAULTS: dict[str, Any] = {"text": "words and phrases in ordinary text"}


def explain(_material: Material, config: Config, _seed: int) -> Explained | Unusable:
    """Give the configured label, whatever the material shows."""
    return Explained(text={**DEFAULTS, **config}["text"], used=())


EXPLAINER = Explainer(
    name="null",
    version=1,
    author=AuthorKind.CONTROL,
    explain=as_dialogue(explain),
    default_config=DEFAULTS,
)
