"""What a method asks for while it works. Pure.

A method that needs more than its material is a generator: it yields requests, is sent the replies
and returns its outcome. It does no input or output itself, so the requests of many methods are
answered at once, and a method that was interrupted is replayed from the stored replies.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, chain
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from explanations.methods.values import Answer, Prompt, Unusable
from explanations.records import TokenActivations

T = TypeVar("T")
P = ParamSpec("P")
Part = TypeVar("Part")
Result = TypeVar("Result")


# The prefix of the name of a language model that a worker loads itself; a folder or hub id follows.
LOCAL = "local:"


class Need(StrEnum):
    """What it takes to answer a method's requests; it decides which workers can run the method."""

    MODEL = "model"
    SUBJECT = "subject"
    ENCODER = "encoder"


class Request(Generic[T]):
    """Something that a method asks for; `T` is the type of the reply."""


Dialogue: TypeAlias = Generator[Request[Any], Any, T]


@dataclass(frozen=True, init=False)
class BatchRequest(Request[T], Generic[Part, T]):
    """A request of parts that are answered one by one; the reply has an entry for each, in order.

    Requests of one type can be joined into one.
    """

    parts: tuple[Part, ...]

    def __init__(self, parts: Iterable[Part]) -> None:
        object.__setattr__(self, "parts", tuple(parts))


class LanguageModelRequest(
    BatchRequest[Part, tuple[Result | Unusable, ...]], Generic[Part, Result]
):
    """A request to the language model that the method names; each part's outcome is stored."""


class SubjectRequest(BatchRequest[Part, tuple[Result | Unusable, ...]], Generic[Part, Result]):
    """A request to the subject of the neuron that the method is about."""


# --- Requests to a language model -----------------------------------------------------------------


class Generate(LanguageModelRequest[Prompt, Answer]):
    """Write an answer to each prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPrompt:
    """A text in which a number is to be predicted at several positions, in one forward pass.

    The text is `prefix`, then each of `parts` followed by `filler`; a number is predicted where
    each filler begins. Prompts that share a `prefix` cost it only once.
    """

    prefix: str
    parts: tuple[str, ...]
    filler: str

    @property
    def text(self) -> str:
        """Return the whole text."""
        return self.prefix + "".join(part + self.filler for part in self.parts)

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the character at which each filler begins."""
        ends = accumulate((len(part) + len(self.filler) for part in self.parts), initial=0)
        first = len(self.prefix)
        return tuple(first + end + len(part) for end, part in zip(ends, self.parts, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLogprobs:
    """Log probabilities by text, for each position of a number prompt in order.

    They may be renormalised over the numbers. A position that could not be read has none.
    """

    logprobs: tuple[dict[str, float], ...]
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


class PredictNumbers(LanguageModelRequest[NumberPrompt, NumberLogprobs]):
    """Predict the number at each position of each number prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """A text that follows a prefix; the model reads both as one text."""

    prefix: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLikelihood:
    """The log probability of a text after its prefix, in nats, summed over `tokens` tokens."""

    logprob: float
    tokens: int
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0


class ComputeLogLikelihoods(LanguageModelRequest[Conditional, LogLikelihood]):
    """Compute how likely each text is after its prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a language model can do.

    `numbers` are the numbers that are one token each: "0" to "10", or to "9" where 10 is split.
    """

    number_logprobs: bool
    logprobs: bool
    log_likelihoods: bool = False
    numbers: tuple[str, ...] = field(default=tuple(str(number) for number in range(11)))


@dataclass(frozen=True)
class GetCapabilities(Request[Capabilities]):
    """Find out what the language model can do."""


# --- Requests to the sentence encoder and to the subject ------------------------------------------


class Embed(BatchRequest[str, NDArray[np.float32]]):
    """Encode texts as unit vectors: float32 of shape (texts, dimensions)."""


class ComputeActivations(SubjectRequest[str, TokenActivations]):
    """Compute the neuron's raw activations on texts."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replacement:
    """An excerpt's tokens with the raw values that the neuron is set to: [variants, tokens]."""

    tokens: tuple[str, ...]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.tokens):
            raise ValueError(f"{len(self.tokens)} tokens but values of shape {self.values.shape}")


class Intervene(SubjectRequest[Replacement, NDArray[np.float64]]):
    """Replace the neuron's activations and compare the subject's next-token distributions.

    The reply has an array of the shape of each replacement's `values`: the Jensen-Shannon
    divergence, in nats, between the distributions after each token without and with it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """A text to continue by up to `tokens` tokens, with the neuron clamped to a raw value or not.

    The neuron is clamped on the text's tokens and on the new ones. `seed` and the text decide the
    draws, so that with and without a clamp the same draws are made. None takes the likeliest token.
    """

    text: str
    clamp: float | None
    tokens: int
    seed: int | None

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ValueError(f"a continuation has at least one token, not {self.tokens}")


class ContinueTexts(SubjectRequest[Continuation, str]):
    """Let the subject continue texts; the reply has what follows each."""


# --- Dialogues ------------------------------------------------------------------------------------


def send(request: Request[T]) -> Dialogue[T]:
    """Send a request and return its reply."""
    reply: T = yield request
    return reply


def as_dialogue(work: Callable[P, T]) -> Callable[P, Dialogue[T]]:
    """Return a function that sends no request as a dialogue."""

    def dialogue(*args: P.args, **kwargs: P.kwargs) -> Dialogue[T]:
        yield from ()
        return work(*args, **kwargs)

    return dialogue


def gather(dialogues: Sequence[Dialogue[T]]) -> Dialogue[list[T]]:
    """Run dialogues side by side and return their results in order.

    Requests of one type that wait at the same time are sent as one.
    """
    results: dict[int, T] = {}
    replies: dict[int, Any] = dict.fromkeys(range(len(dialogues)))
    while replies:
        waiting: dict[type[Any], list[tuple[int, Any]]] = {}
        for number, reply in replies.items():
            try:
                request = dialogues[number].send(reply)
                waiting.setdefault(type(request), []).append((number, request))
            except StopIteration as stop:
                results[number] = stop.value
        replies = {}
        for requests in waiting.values():
            replies |= yield from _joined(requests)
        replies = dict(sorted(replies.items()))
    return [results[number] for number in range(len(dialogues))]


def _joined(requests: Sequence[tuple[int, Any]]) -> Dialogue[dict[int, Any]]:
    """Send requests of one type, as one where they have parts; return the reply to each."""
    replies: dict[int, Any] = {}
    kind = type(requests[0][1])
    if not issubclass(kind, BatchRequest):
        for number, request in requests:
            replies[number] = yield request
        return replies
    reply: Any = yield kind(chain.from_iterable(request.parts for _, request in requests))
    start = 0
    for number, request in requests:
        replies[number] = reply[start : start + len(request.parts)]
        start += len(request.parts)
    return replies
