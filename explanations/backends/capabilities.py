"""Finding out what a server's model can do, by asking it something short."""

import threading

from explanations.backends.base import Backend
from explanations.methods.requests import Abilities, Foreseen, Passage
from explanations.methods.values import Answer, Message, Prompt, Unusable

NUMBERS = tuple(str(number) for number in range(11))

_TEN = Prompt(
    messages=(Message(role="user", content="Answer with this number and nothing else: 10"),),
    max_tokens=200,
    top_logprobs=5,
)
_PASSAGE = Passage(prefix="one\t1\n", parts=("two\t", "three\t"), filler="?\n")
# What fails for now, or for want of a key, says nothing about the model.
_FOR_NOW = (
    "no answer within",
    "the server could not be asked",
    *(f"the server answered {status}" for status in ("401", "403", "408", "409", "429", "5")),
)


class Probing:
    """What one backend's model was found to be able to do; asked once, whoever asks first."""

    def __init__(self) -> None:
        self._found: Abilities | None = None
        self._lock = threading.Lock()

    def abilities(self, backend: Backend, *, echoes: bool) -> Abilities:
        """Ask for a number with log probabilities, and, where it may echo, to read a passage.

        Raises `LookupError` where the server could not be asked.
        """
        with self._lock:
            if self._found is None:
                self._found = _asked(backend, echoes=echoes)
            return self._found


def _asked(backend: Backend, *, echoes: bool) -> Abilities:
    reads = False
    if echoes:
        (reading,) = backend.read([_PASSAGE])
        reads = not _cannot(reading) and isinstance(reading, Foreseen) and any(reading.logprobs)
    (answer,) = backend.complete([_TEN])
    if isinstance(answer, Unusable):
        return Abilities(reads=reads, weighs=reads, logprobs=not _cannot(answer))
    return Abilities(reads=reads, weighs=reads, logprobs=True, numbers=_numbers(answer))


def _cannot(outcome: object) -> bool:
    """Whether a model did not do it; raises `LookupError` where that is not known."""
    if isinstance(outcome, Unusable) and outcome.reason.startswith(_FOR_NOW):
        raise LookupError(f"what the language model can do is not known: {outcome.reason}")
    return isinstance(outcome, Unusable)


def _numbers(answer: Answer) -> tuple[str, ...]:
    """Return the numbers that are one token; a model that did not write 10 is not doubted."""
    pieces = [token.text.strip() for token in answer.tokens]
    return NUMBERS[:10] if answer.text.strip() == "10" and "10" not in pieces else NUMBERS
