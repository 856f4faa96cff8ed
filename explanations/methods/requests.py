"""What a method asks for while it works. Pure.

A method that needs more than its material is a generator: it yields requests, is sent what they
gave, and returns its outcome. So it does no work of its own beyond thinking, many are served at
once, and one that was cut off is played again from the replies that were stored.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, chain
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from explanations.methods.values import Answer, Prompt, Unusable
from explanations.records import TokenActivations

T = TypeVar("T")
P = ParamSpec("P")


# How the name of a language model begins that a worker loads itself; a folder or hub id follows.
LOCAL = "local:"


class Need(StrEnum):
    """What a method's requests take to be answered; it decides which workers can do it."""

    MODEL = "model"
    SUBJECT = "subject"
    ENCODER = "encoder"


# --- Requests, and what each is answered with -----------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Questions to the language model: a tuple of `Answer | Unusable`, in order."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text in which a number is to be foreseen at several places, read in one pass.

    The text is `prefix`, then each of `parts` followed by `filler`; a number is foreseen after each
    part, where its filler begins. Passages that share a `prefix` are read for the price of one.
    """

    prefix: str
    parts: tuple[str, ...]
    filler: str

    @property
    def text(self) -> str:
        """The whole text."""
        return self.prefix + "".join(part + self.filler for part in self.parts)

    @property
    def places(self) -> tuple[int, ...]:
        """Where in the text each filler begins."""
        ends = accumulate((len(part) + len(self.filler) for part in self.parts), initial=0)
        first = len(self.prefix)
        return tuple(first + end + len(part) for end, part in zip(ends, self.parts, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """Log probabilities by text, for each of a passage's places in order.

    They may be renormalised over the numbers. A place that could not be read has none.
    """

    logprobs: tuple[dict[str, float], ...]
    tokens_in: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Passages for the language model to read: a tuple of `Foreseen | Unusable`, in order."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A text as it may follow a prefix; a text with its prefix is read as one."""

    prefix: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """How likely a text is after its prefix: a log probability in nats, over so many tokens."""

    logprob: float
    tokens: int
    tokens_in: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weigh:
    """Texts for the language model to weigh: a tuple of `Weighed | Unusable`, in order."""

    texts: tuple[Given, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What the language model can do: read passages, weigh texts, give log probabilities.

    `numbers` are the texts that are one token each: "0" to "10", or to "9" where 10 is split.
    """

    reads: bool
    logprobs: bool
    weighs: bool = False
    numbers: tuple[str, ...] = field(default=tuple(str(number) for number in range(11)))


@dataclass(frozen=True, slots=True)
class AskAbilities:
    """What the language model can do: `Abilities`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encode:
    """Texts for the sentence encoder: unit vectors, float32 of shape (texts, dimensions)."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """Texts for the subject: a tuple of `TokenActivations | Unusable`, the neuron's raw values."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replace:
    """Excerpts in which the neuron's raw activation is replaced, one row of values a variant.

    Each entry of `values` has shape (variants, tokens). Answered with a tuple of arrays of that
    shape, or `Unusable`: the Jensen-Shannon divergence, in nats, between what the model says after
    each token untouched and with the replacement.
    """

    excerpts: tuple[tuple[str, ...], ...]
    values: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Texts for the subject to go on with, `clamp` the neuron's raw activation or None untouched.

    Answered with a tuple of `str | Unusable`: what follows each text.
    """

    texts: tuple[str, ...]
    clamp: float | None
    tokens: int
    seed: int


Request = Ask | Read | Weigh | AskAbilities | Encode | Observe | Replace | Continue
Dialogue: TypeAlias = Generator[Request, Any, T]


# --- Asking, with the types of the replies --------------------------------------------------------


def ask(prompts: Sequence[Prompt]) -> Dialogue[tuple[Answer | Unusable, ...]]:
    """Ask the language model."""
    replies: tuple[Answer | Unusable, ...] = yield Ask(prompts=tuple(prompts))
    return replies


def read(passages: Sequence[Passage]) -> Dialogue[tuple[Foreseen | Unusable, ...]]:
    """Have the language model read passages."""
    replies: tuple[Foreseen | Unusable, ...] = yield Read(passages=tuple(passages))
    return replies


def weigh(texts: Sequence[Given]) -> Dialogue[tuple[Weighed | Unusable, ...]]:
    """Have the language model weigh texts."""
    replies: tuple[Weighed | Unusable, ...] = yield Weigh(texts=tuple(texts))
    return replies


def abilities() -> Dialogue[Abilities]:
    """Ask what the language model can do."""
    reply: Abilities = yield AskAbilities()
    return reply


def encode(texts: Sequence[str]) -> Dialogue[NDArray[np.float32]]:
    """Encode texts."""
    vectors: NDArray[np.float32] = yield Encode(texts=tuple(texts))
    return vectors


def observe(texts: Sequence[str]) -> Dialogue[tuple[TokenActivations | Unusable, ...]]:
    """See what the neuron does on texts."""
    replies: tuple[TokenActivations | Unusable, ...] = yield Observe(texts=tuple(texts))
    return replies


def replace(
    excerpts: Sequence[tuple[str, ...]], values: Sequence[NDArray[np.float32]]
) -> Dialogue[tuple[NDArray[np.float64] | Unusable, ...]]:
    """See what the model says otherwise when the neuron's activations are replaced."""
    replies: tuple[NDArray[np.float64] | Unusable, ...] = yield Replace(
        excerpts=tuple(excerpts), values=tuple(values)
    )
    return replies


def continue_(
    texts: Sequence[str], *, clamp: float | None, tokens: int, seed: int
) -> Dialogue[tuple[str | Unusable, ...]]:
    """Have the subject go on with texts, the neuron held fixed or not."""
    replies: tuple[str | Unusable, ...] = yield Continue(
        texts=tuple(texts), clamp=clamp, tokens=tokens, seed=seed
    )
    return replies


def at_once(work: Callable[P, T]) -> Callable[P, Dialogue[T]]:
    """Return a function that asks for nothing as a dialogue."""

    def dialogue(*args: P.args, **kwargs: P.kwargs) -> Dialogue[T]:
        yield from ()
        return work(*args, **kwargs)

    return dialogue


# --- Several dialogues as one ---------------------------------------------------------------------

# Requests whose parts are answered one by one, and where those are: such requests can be joined.
_PARTS: dict[type[Any], str] = {
    Ask: "prompts",
    Read: "passages",
    Weigh: "texts",
    Encode: "texts",
    Observe: "texts",
}


def together(dialogues: Sequence[Dialogue[T]]) -> Dialogue[list[T]]:
    """Carry on dialogues side by side; what they ask of one kind at a time is asked at once.

    Returns what each comes to, in order.
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
    """Ask requests of one kind, as one where they can be joined; return each one's reply."""
    replies: dict[int, Any] = {}
    kind = type(requests[0][1])
    if kind not in _PARTS:
        for number, request in requests:
            replies[number] = yield request
        return replies
    parts = {number: getattr(request, _PARTS[kind]) for number, request in requests}
    reply: Any = yield kind(**{_PARTS[kind]: tuple(chain.from_iterable(parts.values()))})
    start = 0
    for number, few in parts.items():
        replies[number] = reply[start : start + len(few)]
        start += len(few)
    return replies
