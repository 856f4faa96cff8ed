"""The values that methods work on: material, prompts, answers, outcomes. Pure.

A failure is an outcome: what may give nothing returns `Unusable`, with the reason and with what
came back, and never a sentinel text or a zero.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from explanations.records import NeuronRef, RecordKind, Scale, TokenActivations, TokenMean

SHOWN = "shown"
"""Key of `Explained.details`: texts that the author saw besides the excerpts, each as tokens."""

HELD_OUT_SENTENCES = "held_out"
"""Key of `Explained.details`: sentences written to fit it whose activations the author did not see.

Each is an object of `tokens` and raw `activations`.
"""

_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What an explainer may see of a neuron.

    `excerpts` are records of the explain split on the raw scale, highest peak first; `maximum` is
    the neuron's highest raw activation over its whole capture. The other fields are filled only for
    an explainer that wants them: `others` are explanations of other neurons of the same subject,
    `negatives` texts of the explain split on which similar neurons fire, those most similar to the
    excerpts first, `choosing` records of the select split, highest peak first, `means` the tokens
    with the highest mean activations over the whole capture. `function` says that the neuron is a
    function of numbers or strings, and that each record holds an input and its output.
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
    """A record of the score split that the explanation's author did not see, on the raw scale.

    `simulated` are the values predicted for its tokens (zero_to_ten), for a scorer of simulations.
    Tokens without a value are left out of both, and `left_out` is their number.
    """

    record: int
    kind: RecordKind
    actual: TokenActivations
    simulated: TokenActivations | None = None
    left_out: int = 0

    def __post_init__(self) -> None:
        if self.actual.scale != Scale.RAW:
            raise ValueError(f"actual activations must be raw, not {self.actual.scale}")
        if self.simulated is None:
            return
        if self.simulated.scale != Scale.ZERO_TO_TEN:
            raise ValueError(f"simulated values must be zero_to_ten, not {self.simulated.scale}")
        if self.simulated.tokens != self.actual.tokens:
            raise ValueError("simulation and actual activations have different tokens")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What a scorer may see: an explanation, its neuron, and held-out records.

    `maximum` and `mean` are the neuron's raw activation over its whole capture, the mean None
    where it is not known. A scorer of simulations gets no record that could not be simulated;
    `not_simulated` is their number. `sentences` were written to fit the explanation, and its author
    did not see their activations. `function`: as for `Material`.
    """

    explanation: str
    neuron: NeuronRef
    maximum: float
    mean: float | None
    records: tuple[HeldOut, ...]
    not_simulated: int = 0
    sentences: tuple[TokenActivations, ...] = ()
    function: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """An attempt that gave nothing: the reason, in one readable line, and what came back.

    An answer that cannot be used costs its tokens and seconds too.
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

    `used` are the indices of the material's excerpts that it rests on, ignoring those beyond their
    number; None: all of them. `details` is what else should be kept, such as an agent's transcript:
    anything that JSON holds. What its author saw besides the excerpts is there under `SHOWN`.
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
        """Return those of the material's excerpts, given by their keys, that it rests on."""
        keys = tuple(excerpts)
        if self.used is None:
            return keys
        return tuple(keys[index] for index in self.used if index < len(keys))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulated:
    """Predicted activations of one excerpt: float32, zero_to_ten scale, one for each token.

    A token without a number is nan and left out of every score; not all may be. `details` is how
    the simulation was made: anything that JSON holds.
    """

    values: NDArray[np.float32]
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if np.isinf(self.values).any() or (self.values.size and not self.known.any()):
            raise ValueError("simulated activations are finite, or nan on some of the tokens")

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return which tokens have a value."""
        return ~np.isnan(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score of `n` observations, or the reason why it is undefined.

    `low` and `high` are its 95% interval, None where there is none. `records` are the keys of the
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
    """A conversation to answer; `top_logprobs` is how many alternatives are wanted per token."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    top_logprobs: int = 0

    @classmethod
    def few_shot(
        cls, system: str, examples: Iterable[tuple[str, str]], question: str, **settings: Any
    ) -> Self:
        """Return a prompt of instructions, examples as questions and answers, and a question."""
        messages = [Message(role="system", content=system)]
        for asked, answer in examples:
            messages.append(Message(role="user", content=asked))
            messages.append(Message(role="assistant", content=answer))
        messages.append(Message(role="user", content=question))
        return cls(messages=tuple(messages), **settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedToken:
    """One token of an answer with the log probabilities of its most likely alternatives."""

    text: str
    logprobs: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A backend's answer. `tokens` is empty where the backend gave no log probabilities."""

    text: str
    tokens: tuple[GeneratedToken, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0

    @property
    def start(self) -> int:
        """Return where the answer starts, after what the model thought aloud."""
        thought = _THINKING.match(self.text)
        return thought.end() if thought else 0
