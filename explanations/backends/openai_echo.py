"""The OpenAI completions protocol with `echo`: what a model foresaw within a text it was sent.

vLLM and others that speak it give log probabilities for the text's own tokens, as completion models
of the first years did. The text is sent whole each time; such a server shares prefixes by itself.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import isfinite
from typing import Any

from explanations.backends.openai_chat import NoAnswer, spent
from explanations.methods.requests import Foreseen, Given, Passage, Weighed

# As many as vLLM gives unless it is started with more; the eleven numbers are nearly always there.
TOP = 20


def echo_call(model: str, passage: Passage) -> dict[str, Any]:
    """Write the call."""
    return _call(model, passage.text, TOP)


def weigh_call(model: str, given: Given) -> dict[str, Any]:
    """Write the call for a text's own tokens."""
    return _call(model, given.prefix + given.text, 1)


def _call(model: str, text: str, top: int) -> dict[str, Any]:
    """Write a call. One token is asked for, since not every server takes none."""
    return {
        "model": model,
        "prompt": text,
        "echo": True,
        "logprobs": top,
        "max_tokens": 1,
        "temperature": 0,
    }


def echo_foreseen(completion: Any, passage: Passage, seconds: float) -> Foreseen:
    """Read what was foreseen at each place; raises `NoAnswer`.

    A place inside a token of the server's has no log probabilities: an empty mapping.
    """
    pieces, tops = _told(completion, "top_logprobs")
    starts = _starts(pieces, passage.text)
    by_start = {
        at: top or {} for at, top, piece in zip(starts, tops, pieces, strict=False) if piece
    }
    return Foreseen(
        logprobs=tuple(dict(by_start.get(at, {})) for at in passage.places),
        tokens_in=spent(completion)[0],
        seconds=seconds,
    )


def echo_weighed(completion: Any, given: Given, seconds: float) -> Weighed:
    """Add up the text's own tokens; raises `NoAnswer`.

    A token that begins in the prefix and ends in the text counts with the text.
    """
    pieces, logprobs = _told(completion, "token_logprobs")
    starts = _starts(pieces, given.prefix + given.text)
    first, end = len(given.prefix), len(given.prefix + given.text)
    own = [
        logprob
        for at, piece, logprob in zip(starts, pieces, logprobs, strict=False)
        if at < end and at + len(piece) > first
    ]
    if not own or None in own or not isfinite(sum(own)):
        raise NoAnswer("the server gives no log probability for each of the text's tokens")
    return Weighed(
        logprob=sum(own), tokens=len(own), tokens_in=spent(completion)[0], seconds=seconds
    )


def _told(completion: Any, about: str) -> tuple[list[str], list[Any]]:
    """Return a completion's tokens, and what it tells about each."""
    try:
        logprobs = completion.choices[0].logprobs
        return [str(piece) for piece in logprobs.tokens], list(getattr(logprobs, about))
    except (AttributeError, IndexError, TypeError):
        raise NoAnswer("the server gives no log probabilities for a text's own tokens") from None


def _starts(pieces: Sequence[str], text: str) -> list[int]:
    """Return where in the text that was sent each token begins; one before it, below 0."""
    begins = "".join(pieces).find(text)
    if begins < 0:
        raise NoAnswer("the server's tokens do not add up to the text that it was sent")
    return list(accumulate(map(len, pieces), initial=-begins))
