"""The OpenAI completions protocol with `echo`: what a model foresaw within a text it was sent.

vLLM and others that speak it give log probabilities for the text's own tokens, as completion models
of the first years did. The text is sent whole each time; such a server shares prefixes by itself.
"""

from itertools import accumulate
from typing import Any

from explanations.backends.openai_chat import NoAnswer, spent
from explanations.dialogue import Foreseen, Passage

# As many as vLLM gives unless it is started with more; the eleven numbers are nearly always there.
TOP = 20


def echo_call(model: str, passage: Passage) -> dict[str, Any]:
    """Write the call. One token is asked for, since not every server takes none."""
    return {
        "model": model,
        "prompt": passage.text,
        "echo": True,
        "logprobs": TOP,
        "max_tokens": 1,
        "temperature": 0,
    }


def echo_foreseen(completion: Any, passage: Passage, seconds: float) -> Foreseen:
    """Read what was foreseen at each place; raises `NoAnswer`.

    A place inside a token of the server's has no log probabilities: an empty mapping.
    """
    try:
        logprobs = completion.choices[0].logprobs
        pieces = [str(piece) for piece in logprobs.tokens]
        tops = [top or {} for top in logprobs.top_logprobs]
    except (AttributeError, IndexError, TypeError):
        raise NoAnswer("the server gives no log probabilities for a text's own tokens") from None
    begins = "".join(pieces).find(passage.text)
    if begins < 0:
        raise NoAnswer("the server's tokens do not add up to the text that it was sent")
    starts = accumulate(map(len, pieces), initial=-begins)
    by_start = {at: top for at, top, piece in zip(starts, tops, pieces, strict=False) if piece}
    tokens_in, _ = spent(completion)
    return Foreseen(
        logprobs=tuple(dict(by_start.get(at, {})) for at in passage.places),
        tokens_in=tokens_in,
        seconds=seconds,
    )
