"""Finding out what a server's model can do, by asking it something short."""

from explanations.backends.base import Backend
from explanations.methods.requests import (
    Capabilities,
    Generate,
    NumberLogprobs,
    NumberPrompt,
    PredictNumbers,
)
from explanations.methods.values import Answer, Message, Prompt, Unusable

NUMBERS = tuple(str(number) for number in range(11))

_TEN = Prompt(
    messages=(Message(role="user", content="Answer with this number and nothing else: 10"),),
    max_tokens=200,
    top_logprobs=5,
)
_NUMBER_PROMPT = NumberPrompt(prefix="one\t1\n", parts=("two\t", "three\t"), filler="?\n")
# Temporary failures, and those of a missing key, say nothing about the model.
_TEMPORARY = (
    "no answer within",
    "the server could not be asked",
    *(f"the server answered {status}" for status in ("401", "403", "408", "409", "429", "5")),
)


def probe(backend: Backend, *, may_echo: bool) -> Capabilities:
    """Ask for a number with log probabilities, and, where it may echo, for a number prompt.

    Raises `LookupError` where the server could not be asked.
    """
    echoes = False
    if may_echo:
        (found,) = backend.answer(PredictNumbers([_NUMBER_PROMPT]))
        echoes = not _failed(found) and isinstance(found, NumberLogprobs) and any(found.logprobs)
    (answer,) = backend.answer(Generate([_TEN]))
    return Capabilities(
        number_logprobs=echoes,
        log_likelihoods=echoes,
        logprobs=not _failed(answer),
        numbers=_numbers(answer) if isinstance(answer, Answer) else NUMBERS,
    )


def _failed(outcome: object) -> bool:
    """Return whether a model could not do what was asked; `LookupError` if that is not known."""
    if isinstance(outcome, Unusable) and outcome.reason.startswith(_TEMPORARY):
        raise LookupError(f"what the language model can do is not known: {outcome.reason}")
    return isinstance(outcome, Unusable)


def _numbers(answer: Answer) -> tuple[str, ...]:
    """Return the numbers that are one token; all where the model did not write 10."""
    pieces = [token.text.strip() for token in answer.tokens]
    return NUMBERS[:10] if answer.text.strip() == "10" and "10" not in pieces else NUMBERS
