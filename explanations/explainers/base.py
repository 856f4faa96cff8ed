"""What an explainer is: a dialogue that begins from a neuron's material and ends with a text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import AuthorKind

Config = Mapping[str, Any]


class Want(StrEnum):
    """What of the material is filled only on request; see `Material`."""

    OTHERS = "others"
    NEGATIVES = "negatives"
    CHOOSING = "choosing"
    MEANS = "means"


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains a neuron. The same material, configuration, seed and replies give the same outcome.

    `explain` reads `default_config` for what its configuration leaves out; `choices` are the values
    of settings that have only a few.
    """

    name: str
    version: int
    author: AuthorKind
    explain: Callable[[Material, Config, int], Dialogue[Explained | Unusable]]
    needs: frozenset[Need] = frozenset()
    wants: frozenset[Want] = frozenset()
    default_config: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
