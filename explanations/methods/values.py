"""What the engine's parts hand each other: material, prompts, answers, outcomes. Pure.

A failure is an outcome: whatever may give nothing returns `Unusable`, with the reason and with what
came back, and never a sentinel text or a zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from explanations.records import NeuronRef, RecordKind, Scale, TokenActivations, TokenMean

SHOWN = "shown"
"""In `Explained.details`: the texts that its author saw beside the excerpts, each as its tokens."""

WRITTEN = "held_out"
"""In `Explained.details`: sentences written to fit it that its author did not see the values of.

Each is an object of `tokens` and raw `activations`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What an explainer may see of a neuron.

    `excerpts` are records of the explain split on the raw scale, highest peak first; `maximum` is
    the neuron's highest raw activation over its whole capture. The others are filled only for an
    explainer that wants them: `others` are explanations of other neurons of the same subject,
    `negatives` texts of the explain split on which neurons like this one fire, those most like the
    excerpts first, `choosing` records of the select split, highest peak first, `means` the tokens
    on which its mean over the whole capture is highest. `function`: the neuron is a function of
    numbers or strings, and each record holds an input and its output.
    """

    neuron: NeuronRef
    maximum: float
    excerpts: tuple[TokenActivations, ...]
    others: tuple[str, ...] = ()
    negatives: tuple[tuple[str, ...], ...] = ()
    choosing: tuple[TokenActivations, ...] = ()
    means: tuple[TokenMean, ...] = ()
    function: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """A record of the score split that nobody who wrote the explanation saw, on the raw scale.

    `simulated` are the values predicted for its tokens (zero_to_ten), for a scorer of simulations.
    Tokens that got no value are left out of both, and `left_out` says how many those are.
    """

    record: int
    kind: RecordKind
    actual: TokenActivations
    simulated: TokenActivations | None = None
    left_out: int = 0

    def __post_init__(self) -> None:
        if self.actual.scale != Scale.RAW:
            raise ValueError(f"actual activations are raw, and these are {self.actual.scale}")
        if self.simulated is None:
            return
        if self.simulated.scale != Scale.ZERO_TO_TEN:
            raise ValueError(f"simulated values are zero_to_ten: these are {self.simulated.scale}")
        if self.simulated.tokens != self.actual.tokens:
            raise ValueError("the simulation is of other tokens than the actual activations")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What a scorer may see: an explanation, its neuron, and held-out records.

    `maximum` and `mean` are the neuron's raw activation over its whole capture, the mean None
    where that is not known. A record that could not be simulated is not among `records` of a
    scorer of simulations; `not_simulated` is how many there are of those. `written` are sentences
    that were written to fit the explanation and that its author did not see the activations of.
    `function`: as for `Material`.
    """

    explanation: str
    neuron: NeuronRef
    maximum: float
    mean: float | None
    records: tuple[HeldOut, ...]
    not_simulated: int = 0
    written: tuple[TokenActivations, ...] = ()
    function: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An attempt that gave nothing: why, in one line a person can read, and what came back.

    An answer that is of no use has cost its tokens and seconds all the same.
    """

    reason: str
    raw: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if not self.reason:
            raise ValueError("an unusable outcome needs a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An explanation's text: stripped, not empty.

    `used` are the places of the material's excerpts that it rests on, as far as there are as many;
    None: all of them. `details` is what else should be kept, such as an agent's transcript:
    anything that JSON holds. What its author saw beside the excerpts is there under `SHOWN`.
    """

    text: str
    used: Sequence[int] | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text or self.text != self.text.strip():
            raise ValueError("an explanation is stripped and not empty")
        if self.used is not None and min(self.used, default=0) < 0:
            raise ValueError("excerpts are counted from 0")

    def rests_on(self, excerpts: Iterable[int]) -> tuple[int, ...]:
        """Return which of the material's excerpts, given by what stands for each, it rests on."""
        given = tuple(excerpts)
        if self.used is None:
            return given
        return tuple(given[place] for place in self.used if place < len(given))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulated:
    """Predicted activations of one excerpt: float32, zero_to_ten scale, one for each token.

    nan where a token got no number, which not all may be: such tokens are left out of every score.
    `details` is how it was made: anything that JSON holds.
    """

    values: NDArray[np.float32]
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if np.isinf(self.values).any() or (self.values.size and not self.known.any()):
            raise ValueError("simulated activations are finite, or nan on some of the tokens")

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which tokens have a value."""
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score, or the reason why there is none; `n` observations stand behind it.

    `low` and `high` are its 95 % interval, None where there is none. `records` are the keys of the
    records that it rests on, `details` what else should be kept: anything that JSON holds.
    """

    value: float | None
    n: int
    reason: str = ""
    low: float | None = None
    high: float | None = None
    records: tuple[int, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.reason):
            raise ValueError("a score has a value or a reason, never both and never neither")
        if (self.low is None) != (self.high is None) or (self.value is None and self.low):
            raise ValueError("an interval has two ends, and a value between them")


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
