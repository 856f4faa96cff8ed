"""Taking an explanation out of what a language model wrote around it."""

import re

from explanations.methods.requests import Dialogue, Generate, send
from explanations.methods.values import Answer, Explained, Prompt, Unusable

_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
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


def asked(prompt: Prompt) -> Dialogue[Explained | Unusable]:
    """Ask for a phrase."""
    (answer,) = yield from send(Generate([prompt]))
    return answer if isinstance(answer, Unusable) else parse(answer)


def parse(answer: Answer) -> Explained | Unusable:
    """Take the phrase out of an answer, without what leads up to it and the quotes around it."""
    text = spoken(answer)
    if isinstance(text, Unusable):
        return text
    found = (bare(line) for line in text.splitlines())
    phrase = next((line for line in found if line), "")
    if not phrase:
        return Unusable(reason="the answer holds no explanation", raw=answer.text)
    return Explained(text=phrase)


def spoken(answer: Answer) -> str | Unusable:
    """Return what an answer says after thinking aloud; `Unusable` where it declines to say it."""
    text = _THINKING.sub("", answer.text).strip()
    if _STILL_THINKING.match(text):
        return Unusable(reason="the answer ends while the model still thinks", raw=answer.text)
    if _REFUSALS.match(text):
        return Unusable(reason="the model declined to explain", raw=answer.text)
    return text


def bare(line: str) -> str:
    """Peel leading phrases and surrounding quotes off, as long as there are any."""
    before, line = "", line.strip()
    while line != before:
        before = line
        line = unquoted(_LEADS.sub("", line, count=1) if _LEADS.match(line) else line).strip()
    return line


def unquoted(text: str) -> str:
    """Take quotation marks off that stand around a text as a whole."""
    for left, right in _PAIRS.items():
        inner = text[len(left) : -len(right)]
        whole = len(text) >= len(left + right) and text.startswith(left) and text.endswith(right)
        if whole and left not in inner and right not in inner:
            return inner
    return text
