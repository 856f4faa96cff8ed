"""What the engine's parts hand each other: material, prompts, answers, outcomes. Pure.

A failure is an outcome: whatever may give nothing returns `Unusable`, with the reason and with what
came back, and never a sentinel text or a zero.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explanations.records import NeuronRef, TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What an explainer may see of a neuron.

    `excerpts` are records of the explain split on the raw scale, highest peak first; `maximum` is
    the neuron's highest raw activation over its whole capture. `others` are explanations of other
    neurons of the same subject, filled only for an explainer that asks for them.
    """

    neuron: NeuronRef
    maximum: float
    excerpts: tuple[TokenActivations, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An attempt that gave nothing: why, in one line a person can read, and what came back."""

    reason: str
    raw: str = ""

    def __post_init__(self) -> None:
        if not self.reason:
            raise ValueError("an unusable outcome needs a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An explanation's text: stripped, not empty.

    `used` is how many of the material's excerpts, from the first, it rests on; None: all of them.
    """

    text: str
    used: int | None = None

    def __post_init__(self) -> None:
        if not self.text or self.text != self.text.strip():
            raise ValueError("an explanation is stripped and not empty")
        if self.used is not None and self.used < 0:
            raise ValueError(f"an explanation cannot rest on {self.used} excerpts")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulated:
    """Predicted activations of one excerpt: float32, zero_to_ten scale, one for each token."""

    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if not np.isfinite(self.values).all():
            raise ValueError("simulated activations must be finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score, or the reason why there is none; `n` observations stand behind it."""

    value: float | None
    n: int
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError("a score has a value or a reason, never both and never neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation with a language model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a backend is asked. `top_logprobs` > 0 asks for that many alternatives per token."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_logprobs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedToken:
    """One token of an answer with the log probabilities of its most likely alternatives."""

    text: str
    logprobs: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a backend answered. `tokens` is empty where the backend gave no log probabilities."""

    text: str
    tokens: tuple[GeneratedToken, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
