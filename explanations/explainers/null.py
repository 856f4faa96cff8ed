"""A control: one vague label for every neuron, also for one that never fires."""

from dataclasses import dataclass

from explanations.explainers.base import Explainer
from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NullSettings(Settings):
    """The label."""

    text: str = "words and phrases in ordinary text"


def explain(_material: Material, settings: NullSettings) -> Explained | Unusable:
    """Return the configured label, whatever the material shows."""
    return Explained(text=settings.text, used=())


EXPLAINER = Explainer(
    name="null",
    version=1,
    author=AuthorKind.CONTROL,
    run=as_dialogue(explain),
    settings=NullSettings,
)
