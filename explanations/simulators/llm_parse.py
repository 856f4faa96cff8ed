"""Parsing a chat model's answer: which of its lines repeat which tokens, and their numbers.

A token that was dropped, joined with another or changed has no number. Neither has one of two equal
tokens if it is ambiguous which of them was repeated.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from explanations.methods.values import Answer, GeneratedToken, Simulated, Unusable
from explanations.simulators.expected_value import expected_value
from explanations.simulators.llm_prompt import shown

# If less of a text is repeated, the answer is not a simulation.
LEAST = 0.5

_LINE = re.compile(r"(?P<token>.*?)[ \t]+(?P<number>10|\d)[ \t]*")
_HEADING = re.compile(r"[*#\s]*Text (?P<number>\d+):[*\s]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an answer: its token, its number, and the character where the number starts."""

    token: str
    number: str
    start: int


Lines = list[Line | None]  # None for a line that is not a token and a number


def parse(
    answer: Answer, texts: Sequence[tuple[str, ...]], *, top: int
) -> list[Simulated | Unusable]:
    """Return the values for each text, from 0 to `top` in the answer, as zero_to_ten.

    With log probabilities a value is the expectation of the number, else the number itself.
    """
    sections = _sections(answer.text, len(texts))
    try:
        numbers = _Numbers(answer, top)
    except ValueError as error:
        return [Unusable(reason=str(error), raw=answer.text) for _ in texts]
    return [
        _simulated(sections.get(number, []), tokens, numbers)
        for number, tokens in enumerate(texts, 1)
    ]


def _sections(text: str, texts: int) -> dict[int, Lines]:
    """Return the lines of each text in an answer; a single text needs no heading."""
    sections: dict[int, Lines] = {}
    lines: Lines = sections.setdefault(1, []) if texts == 1 else []
    start = 0
    for line in text.split("\n"):
        match, above = _LINE.fullmatch(line.rstrip("\r")), _HEADING.fullmatch(line)
        if above and (texts > 1 or not lines):
            lines = sections.setdefault(int(above["number"]), [])
        elif match:
            number = start + match.start("number")
            lines.append(Line(token=match["token"], number=match["number"], start=number))
        elif line.strip() and not line.startswith("```"):
            lines.append(None)
        start += len(line) + 1
    return sections


def _simulated(lines: Lines, tokens: tuple[str, ...], numbers: "_Numbers") -> Simulated | Unusable:
    values = np.full(len(tokens), np.nan, dtype=np.float32)
    unread = ""
    for index, line in repeated(lines, tokens).items():
        try:
            values[index] = numbers.value(line)
        except ValueError as error:
            unread = unread or str(error)
    if np.isfinite(values).sum() < max(1, LEAST * len(tokens)):
        return Unusable(reason=unread or _difference(lines, tokens), raw=numbers.answer.text)
    return Simulated(values=values)


def repeated(lines: Lines, tokens: tuple[str, ...]) -> dict[int, Line]:
    """Return the line of each token, by its index, that certainly repeats it.

    Lines are aligned with the tokens so that as many as possible match, in order. Where there are
    several such alignments, what differs between the first and the last of them is left out.
    """
    written = [line.token if line else None for line in lines]
    asked = [shown(token) for token in tokens]
    if written == asked:
        return {index: line for index, line in enumerate(lines) if line}
    backwards = _matches(written[::-1], asked[::-1])
    last = {len(asked) - 1 - b: len(written) - 1 - a for b, a in backwards.items()}
    return {
        index: line
        for index, number in _matches(written, asked).items()
        if last.get(index) == number and (line := lines[number])
    }


def _matches(written: Sequence[str | None], asked: Sequence[str]) -> dict[int, int]:
    """Return the earliest longest common subsequence: indices in `asked` to those in `written`."""
    lengths = [[0] * (len(asked) + 1) for _ in range(len(written) + 1)]
    for a in range(len(written) - 1, -1, -1):
        for b in range(len(asked) - 1, -1, -1):
            same = written[a] == asked[b]
            best = max(lengths[a + 1][b], lengths[a][b + 1])
            lengths[a][b] = max(best, lengths[a + 1][b + 1] + 1) if same else best
    found: dict[int, int] = {}
    a = b = 0
    while a < len(written) and b < len(asked):
        if written[a] == asked[b] and lengths[a][b] == lengths[a + 1][b + 1] + 1:
            found[b] = a
            a, b = a + 1, b + 1
        elif lengths[a + 1][b] >= lengths[a][b + 1]:
            a += 1
        else:
            b += 1
    return found


def _difference(lines: Lines, tokens: tuple[str, ...]) -> str:
    """Return where an answer first differs from the tokens."""
    for number, (line, token) in enumerate(zip(lines, tokens, strict=False), 1):
        if line is None:
            return f"line {number} of the answer is not a token and a number"
        if line.token != shown(token):
            return f"line {number} has {line.token!r} instead of {shown(token)!r}"
    return f"the answer has {len(lines)} lines for {len(tokens)} tokens"


class _Numbers:
    """The values of an answer's lines; `ValueError` for an answer without usable ones."""

    def __init__(self, answer: Answer, top: int) -> None:
        self.answer = answer
        self._top = top
        texts = [token.text for token in answer.tokens]
        if texts and not "".join(texts).startswith(answer.text):
            raise ValueError("the log probabilities are of another text than the answer")
        self._starts = list(accumulate(map(len, texts), initial=0))
        if top == 10 and any(self._split(line) for line in _numbered(answer.text)):
            raise ValueError('the tokenizer splits the number 10: set `way` to "written"')

    def value(self, line: Line) -> float:
        """Return a line's value, zero_to_ten; raises `ValueError` where it has none."""
        if int(line.number) > self._top:
            raise ValueError(f"a number is {line.number}, but the highest is {self._top}")
        if not self.answer.tokens:
            return int(line.number) * 10 / self._top
        generated = self._generated(line)
        if generated.text.strip() != line.number:
            raise ValueError(
                'the tokenizer joins a number with its surroundings: set `way` to "written"'
            )
        return expectation(generated.logprobs, self._top)

    def _split(self, line: Line) -> bool:
        generated = self._generated(line) if self.answer.tokens else None
        return bool(generated and line.number == "10" and generated.text.strip() == "1")

    def _generated(self, line: Line) -> GeneratedToken:
        return self.answer.tokens[bisect_right(self._starts, line.start) - 1]


def expectation(logprobs: dict[str, float], top: int) -> float:
    """Return the expected number from 0 to `top`, as zero_to_ten; `ValueError` without a number."""
    known: dict[str, float] = {}
    for text, logprob in logprobs.items():
        number = text.strip()
        if number != str(top + 1):  # a scale from 0 to 9 has no 10
            known[number] = float(np.logaddexp(known.get(number, -np.inf), logprob))
    return expected_value(known) * 10 / top


def _numbered(text: str) -> Iterator[Line]:
    return (line for lines in _sections(text, 1).values() for line in lines if line)
