"""Reading a chat model's answer: which of its lines give back which tokens, and their numbers.

A token that was dropped, joined with another or changed has no number, and neither has one of two
that look alike where it cannot be told which of them was given back.
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

# A text of which less is given back was not played but written about.
LEAST = 0.5

_LINE = re.compile(r"(?P<token>.*?)[ \t]+(?P<number>10|\d)[ \t]*")
_HEADING = re.compile(r"[*#\s]*Text (?P<number>\d+):[*\s]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an answer: its token, and the number with its place in the whole answer."""

    token: str
    number: str
    at: int


Lines = list[Line | None]  # None for a line that is no token with a number behind it


def parse(
    answer: Answer, texts: Sequence[tuple[str, ...]], *, top: int
) -> list[Simulated | Unusable]:
    """Read what an answer gives for each text, from 0 to `top`, and put it on zero_to_ten.

    With log probabilities a value is the expectation where the number stands, else the number.
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
    """Split an answer into the lines of each text; a single one needs no heading."""
    sections: dict[int, Lines] = {}
    lines: Lines = sections.setdefault(1, []) if texts == 1 else []
    at = 0
    for line in text.split("\n"):
        match, above = _LINE.fullmatch(line.rstrip("\r")), _HEADING.fullmatch(line)
        if above and (texts > 1 or not lines):
            lines = sections.setdefault(int(above["number"]), [])
        elif match:
            number = at + match.start("number")
            lines.append(Line(token=match["token"], number=match["number"], at=number))
        elif line.strip() and not line.startswith("```"):
            lines.append(None)
        at += len(line) + 1
    return sections


def _simulated(lines: Lines, tokens: tuple[str, ...], numbers: "_Numbers") -> Simulated | Unusable:
    values = np.full(len(tokens), np.nan, dtype=np.float32)
    unread = ""
    for place, line in faithful(lines, tokens).items():
        try:
            values[place] = numbers.value(line)
        except ValueError as error:
            unread = unread or str(error)
    if np.isfinite(values).sum() < max(1, LEAST * len(tokens)):
        return Unusable(reason=unread or _unfaithful(lines, tokens), raw=numbers.answer.text)
    return Simulated(values=values)


def faithful(lines: Lines, tokens: tuple[str, ...]) -> dict[int, Line]:
    """Return the line of each token, by its place, that is surely given back.

    Lines are laid beside the tokens so that as many as can be are the same, in order. Where that
    can be done in several ways, what is not the same in the first and the last of them is left out.
    """
    said = [line.token if line else None for line in lines]
    asked = [shown(token) for token in tokens]
    if said == asked:
        return {place: line for place, line in enumerate(lines) if line}
    backwards = _matches(said[::-1], asked[::-1])
    last = {len(asked) - 1 - b: len(said) - 1 - a for b, a in backwards.items()}
    return {
        place: line
        for place, at in _matches(said, asked).items()
        if last.get(place) == at and (line := lines[at])
    }


def _matches(said: Sequence[str | None], asked: Sequence[str]) -> dict[int, int]:
    """Return the longest common subsequence that begins earliest: place in `asked` to in `said`."""
    lengths = [[0] * (len(asked) + 1) for _ in range(len(said) + 1)]
    for a in range(len(said) - 1, -1, -1):
        for b in range(len(asked) - 1, -1, -1):
            same = said[a] == asked[b]
            best = max(lengths[a + 1][b], lengths[a][b + 1])
            lengths[a][b] = max(best, lengths[a + 1][b + 1] + 1) if same else best
    found: dict[int, int] = {}
    a = b = 0
    while a < len(said) and b < len(asked):
        if said[a] == asked[b] and lengths[a][b] == lengths[a + 1][b + 1] + 1:
            found[b] = a
            a, b = a + 1, b + 1
        elif lengths[a + 1][b] >= lengths[a][b + 1]:
            a += 1
        else:
            b += 1
    return found


def _unfaithful(lines: Lines, tokens: tuple[str, ...]) -> str:
    """Say where an answer first differs from the tokens."""
    for number, (line, token) in enumerate(zip(lines, tokens, strict=False), 1):
        if line is None:
            return f"line {number} of the answer is no token with a number behind it"
        if line.token != shown(token):
            return f"line {number} gives back {line.token!r} for {shown(token)!r}"
    return f"the answer has {len(lines)} lines for {len(tokens)} tokens"


class _Numbers:
    """The values behind an answer's lines; `ValueError` for an answer that has none that count."""

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
            raise ValueError(f"a number is {line.number}, and the highest is {self._top}")
        if not self.answer.tokens:
            return int(line.number) * 10 / self._top
        generated = self._generated(line)
        if generated.text.strip() != line.number:
            raise ValueError(
                'the tokenizer joins a number with what stands beside it: set `way` to "written"'
            )
        return expectation(generated.logprobs, self._top)

    def _split(self, line: Line) -> bool:
        generated = self._generated(line) if self.answer.tokens else None
        return bool(generated and line.number == "10" and generated.text.strip() == "1")

    def _generated(self, line: Line) -> GeneratedToken:
        return self.answer.tokens[bisect_right(self._starts, line.at) - 1]


def expectation(logprobs: dict[str, float], top: int) -> float:
    """Return the expected number from 0 to `top`, as zero_to_ten; `ValueError` without a number."""
    known: dict[str, float] = {}
    for text, logprob in logprobs.items():
        number = text.strip()
        if number != str(top + 1):  # what counts from 0 to 9 has no 10
            known[number] = float(np.logaddexp(known.get(number, -np.inf), logprob))
    return expected_value(known) * 10 / top


def _numbered(text: str) -> Iterator[Line]:
    return (line for lines in _sections(text, 1).values() for line in lines if line)
