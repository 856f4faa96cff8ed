"""The base of explainers: dialogues that begin with a neuron's material and end with a text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from explanations.methods.base import BuiltInMethod
from explanations.methods.requests import Dialogue
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind


class Want(StrEnum):
    """What of the material is filled only on request; see `Material`."""

    OTHERS = "others"
    NEGATIVES = "negatives"
    CHOOSING = "choosing"
    MEANS = "means"


@dataclass(frozen=True, kw_only=True)
class Explainer(BuiltInMethod):
    """Explains a neuron. The same material, configuration and replies give the same outcome.

    `run` is given the material and an instance of `settings`.
    """

    author: AuthorKind
    run: Callable[[Material, Any], Dialogue[Explained | Unusable]]
    wants: frozenset[Want] = frozenset()

    def explain(
        self, material: Material, config: Mapping[str, Any]
    ) -> Dialogue[Explained | Unusable]:
        """Return the dialogue that explains a neuron under a stored configuration."""
        return self.run(material, self.settings.of(config))
