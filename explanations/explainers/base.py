"""What an explainer is: a function of the material, or a prompt and the reading of its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from explanations.exchange import Answer, Explained, Material, Prompt, Unusable
from explanations.records import AuthorKind

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LocalExplainer:
    """Explains by itself. The same material, configuration and seed give the same outcome.

    `explain` reads `default_config` for what its configuration leaves out.
    """

    name: str
    version: int
    author: AuthorKind
    explain: Callable[[Material, Config, int], Explained | Unusable]
    wants_others: bool = False
    default_config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptedExplainer:
    """Explains through a language model: writes the prompt, reads the answer.

    `prompt` is `Unusable` where there is nothing to ask about; `parse` where nothing was answered.
    `shows` is how many of the material's excerpts, from the first, a prompt holds at most.
    """

    name: str
    version: int
    author: AuthorKind
    prompt: Callable[[Material, Config], Prompt | Unusable]
    shows: Callable[[Config], int]
    parse: Callable[[Answer], Explained | Unusable]
    default_config: dict[str, Any] = field(default_factory=dict)


Explainer = LocalExplainer | PromptedExplainer
