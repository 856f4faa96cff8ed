"""The OpenAI completions protocol with `echo`: log probabilities of a text that was sent.

vLLM and other servers give log probabilities for the text's own tokens, as the first completion
models did. The text is sent whole each time; such a server caches shared prefixes itself.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import isfinite
from typing import Any

from explanations.backends.openai_chat import NoAnswer, spent
from explanations.methods.requests import Conditional, LogLikelihood, NumberLogprobs, NumberPrompt

# As many as vLLM gives by default; the eleven numbers are nearly always among them.
TOP = 20


def number_call(model: str, prompt: NumberPrompt) -> dict[str, Any]:
    """Return the arguments of the call for a number prompt."""
    return _call(model, prompt.text, TOP)


def log_likelihood_call(model: str, asked: Conditional) -> dict[str, Any]:
    """Return the arguments of the call for a text's own log probability."""
    return _call(model, asked.prefix + asked.text, 1)


def _call(model: str, text: str, top: int) -> dict[str, Any]:
    return {
        "model": model,
        "prompt": text,
        "echo": True,
        "logprobs": top,
        "max_tokens": 1,  # some servers refuse 0
        "temperature": 0,
    }


def number_logprobs(prompt: NumberPrompt, completion: Any, seconds: float) -> NumberLogprobs:
    """Return what was predicted at each position; raises `NoAnswer`.

    A position inside one of the server's tokens has no log probabilities: an empty mapping.
    """
    pieces, tops = _tokens(completion, "top_logprobs")
    starts = _starts(pieces, prompt.text)
    by_start = {
        start: top or {} for start, top, piece in zip(starts, tops, pieces, strict=False) if piece
    }
    return NumberLogprobs(
        logprobs=tuple(dict(by_start.get(position, {})) for position in prompt.positions),
        tokens_in=spent(completion)[0],
        seconds=seconds,
    )


def log_likelihood(asked: Conditional, completion: Any, seconds: float) -> LogLikelihood:
    """Return the sum over the text's own tokens; raises `NoAnswer`.

    A token that begins in the prefix and ends in the text counts with the text.
    """
    pieces, logprobs = _tokens(completion, "token_logprobs")
    starts = _starts(pieces, asked.prefix + asked.text)
    first, end = len(asked.prefix), len(asked.prefix + asked.text)
    own = [
        logprob
        for start, piece, logprob in zip(starts, pieces, logprobs, strict=False)
        if start < end and start + len(piece) > first
    ]
    if not own or None in own or not isfinite(sum(own)):
        raise NoAnswer("the server gives no log probability for each of the text's tokens")
    return LogLikelihood(
        logprob=sum(own), tokens=len(own), tokens_in=spent(completion)[0], seconds=seconds
    )


def _tokens(completion: Any, field: str) -> tuple[list[str], list[Any]]:
    """Return a completion's tokens, and the log probabilities in this field for each."""
    try:
        logprobs = completion.choices[0].logprobs
        return [str(piece) for piece in logprobs.tokens], list(getattr(logprobs, field))
    except (AttributeError, IndexError, TypeError):
        raise NoAnswer("the server gives no log probabilities for a text's own tokens") from None


def _starts(pieces: Sequence[str], text: str) -> list[int]:
    """Return the character of the text at which each token begins; below 0 for those before it."""
    begins = "".join(pieces).find(text)
    if begins < 0:
        raise NoAnswer("the server's tokens do not add up to the text that was sent")
    return list(accumulate(map(len, pieces), initial=-begins))
