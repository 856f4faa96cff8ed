"""Extracting an explanation from what a language model wrote."""

import re

from explanations.methods.requests import Dialogue, Generate, send
from explanations.methods.values import Answer, Explained, Prompt, Unusable

_STILL_THINKING = re.compile(r"\A\s*<think(?:ing)?>")
_LEADS = re.compile(
    r"(?:explanation\s*:|(?:the|this)\s+neuron(?:\s+\d+)?\s+(?:mainly\s+|mostly\s+|strongly\s+)?"
    r"(?:(?:responds?|is\s+sensitive)\s+to|(?:fires?|activates?|is\s+active)\s+(?:on|for|at)"
    r"|detects|(?:looks|is\s+looking)\s+for)\s*:?)\s*",
    re.IGNORECASE,
)
_REFUSALS = re.compile(
    r"(?:i['\u2019]?m\s+sorry|i\s+am\s+sorry|sorry,|i\s+(?:cannot|can['\u2019]?t|can\s+not|am\s+unable)"
    r"|i['\u2019]?m\s+(?:unable|not\s+able)|as\s+an\s+ai\b|unfortunately,\s+i\b)",
    re.IGNORECASE,
)
_PAIRS = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "`": "`", "**": "**"}


def ask(prompt: Prompt) -> Dialogue[Explained | Unusable]:
    """Ask for an explanation and return it."""
    (answer,) = yield from send(Generate([prompt]))
    return answer if isinstance(answer, Unusable) else parse(answer)


def parse(answer: Answer) -> Explained | Unusable:
    """Return the phrase in an answer, without what leads up to it and the quotes around it."""
    text = without_thinking(answer)
    if isinstance(text, Unusable):
        return text
    found = (bare(line) for line in text.splitlines())
    phrase = next((line for line in found if line), "")
    if not phrase:
        return Unusable(reason="the answer contains no explanation", raw=answer.text)
    return Explained(text=phrase)


def without_thinking(answer: Answer) -> str | Unusable:
    """Return what an answer says after thinking aloud; `Unusable` where the model declines."""
    text = answer.text[answer.start :].strip()
    if _STILL_THINKING.match(text):
        return Unusable(reason="the answer ends while the model is still thinking", raw=answer.text)
    if _REFUSALS.match(text):
        return Unusable(reason="the model declined to explain", raw=answer.text)
    return text


def bare(line: str) -> str:
    """Return a line without leading phrases and surrounding quotes, however many there are."""
    before, line = "", line.strip()
    while line != before:
        before = line
        line = unquoted(_LEADS.sub("", line, count=1) if _LEADS.match(line) else line).strip()
    return line


def unquoted(text: str) -> str:
    """Return a text without quotation marks that surround all of it."""
    for left, right in _PAIRS.items():
        inner = text[len(left) : -len(right)]
        whole = len(text) >= len(left + right) and text.startswith(left) and text.endswith(right)
        if whole and left not in inner and right not in inner:
            return inner
    return text
