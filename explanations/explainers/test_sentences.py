"""Sentences that a language model writes to fit an explanation."""

import re

from explanations.explainers.parse_explanation import unquoted, without_thinking
from explanations.methods.values import Answer, Prompt, Unusable

SYSTEM = """\
You write test sentences for a claim about a neuron of a language model. If the claim is right, \
the neuron fires strongly somewhere in each of your sentences. Vary the topic, the length, the \
style and the words that should make the neuron fire, so that a claim that is only nearly right \
fails. Write one sentence per line, without numbering, and nothing else."""

_LETTER = re.compile(r"\w")
_BULLET = re.compile(r"\s*(?:[-*\u2022]|\(?\d{1,3}[.):])\s+")


def prompt(explanation: str, count: int, *, temperature: float) -> Prompt:
    """Return the prompt for so many sentences."""
    asked = f"The claim: the neuron responds to {explanation}\n\nWrite {count} sentences."
    return Prompt.few_shot(SYSTEM, [], asked, max_tokens=60 * count, temperature=temperature)


def parse(answer: Answer, count: int) -> list[str] | Unusable:
    """Return up to so many different sentences, stripped, none empty; `Unusable` without any."""
    text = without_thinking(answer)
    if isinstance(text, Unusable):
        return text
    lines = (_BULLET.sub("", line, count=1).strip() for line in text.splitlines())
    sentences = [unquoted(line).strip() for line in lines if _LETTER.search(line)]
    if len(sentences) > 1 and sentences[0].endswith(":"):  # an introduction
        del sentences[0]
    different: dict[str, str] = {}
    for sentence in sentences:
        different.setdefault(sentence.casefold(), sentence)
    if not different:
        return Unusable(reason="the model wrote no sentences", raw=answer.text)
    return list(different.values())[:count]
