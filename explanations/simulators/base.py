"""What a simulator is: a function of an explanation, or a prompt and the reading of its answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.exchange import Answer, Prompt, Simulated, Unusable

Config = Mapping[str, Any]
Excerpts = Sequence[tuple[str, ...]]
# Texts to unit vectors, float32 of shape (texts, dimensions).
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class LocalSimulator:
    """Predicts by itself: one `Simulated` for each excerpt, in order, on the zero_to_ten scale.

    `simulate` reads `default_config` for what its configuration leaves out. It is given a sentence
    encoder exactly when `needs_encoder` is set.
    """

    name: str
    version: int
    simulate: Callable[[str, Excerpts, Config, Encode | None], list[Simulated]]
    needs_encoder: bool = False
    default_config: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptedSimulator:
    """Predicts through a language model, one excerpt a prompt.

    `parse` is given the tokens that were asked about; an answer that does not give one value for
    each of them is `Unusable`.
    """

    name: str
    version: int
    prompt: Callable[[str, tuple[str, ...], Config], Prompt]
    parse: Callable[[Answer, tuple[str, ...]], Simulated | Unusable]
    default_config: dict[str, Any] = field(default_factory=dict)


Simulator = LocalSimulator | PromptedSimulator
