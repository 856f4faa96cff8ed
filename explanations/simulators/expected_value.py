"""The expected activation, from a language model's log probabilities for a number.

Source: Bills et al. (2023), "Language models can explain neurons in language models".
"""

import math
from collections.abc import Mapping

NUMBERS = tuple(str(number) for number in range(11))


def expected_value(logprobs: Mapping[str, float]) -> float:
    """Return the mean of 0 to 10 under the probabilities of "0" to "10", renormalised.

    Whatever else is in `logprobs` is ignored. Raises `ValueError` where no number is among them:
    there is no expectation then, and it is not 0.0.
    """
    known = {int(text): logprobs[text] for text in NUMBERS if text in logprobs}
    highest = max(known.values(), default=-math.inf)
    if not math.isfinite(highest):
        raise ValueError("none of the numbers 0 to 10 has a probability")
    weights = {number: math.exp(logprob - highest) for number, logprob in known.items()}
    return sum(number * weight for number, weight in weights.items()) / sum(weights.values())
