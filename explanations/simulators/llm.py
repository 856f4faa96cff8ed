"""A chat model plays the neuron: it writes each token of a text again, with a number behind it.

With log probabilities (`values` is "expected") the value of a token is the expectation over 0 to 10
where its number stands; without ("written") it is the number itself. An answer that does not give
back exactly the tokens is unusable. Known failure of the expectation: a tokenizer that writes
"10" in two pieces; where that shows, the answer is unusable.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from explanations.dialogue import Dialogue, Need, ask
from explanations.exchange import Answer, GeneratedToken, Message, Prompt, Simulated, Unusable
from explanations.simulators.base import Config, Excerpts, Outcomes, Simulator
from explanations.simulators.expected_value import expected_value

DEFAULTS: dict[str, Any] = {"values": "expected", "top_logprobs": 15}
TOKENS_A_LINE = 12

SYSTEM = """\
You play one neuron of a language model. You are told what the neuron responds to and you are \
given a short text, one token on each line. For every token decide how strongly the neuron fires \
on it, in the light of what stands around it: 0 is silence, 10 is its strongest firing. Most \
tokens get 0.

Write every token again, unchanged, in the same order, one on each line. Behind each token write \
one tab and one whole number from 0 to 10. Leave no token out, join none, and write nothing else."""

# Neurons made up for this prompt: what each responds to, a text's tokens, and their numbers.
EXAMPLES = (
    (
        "containers that hold a drink",
        "She set the chipped mug beside a jug of milk and left .",
        "0 0 0 2 10 0 0 8 1 2 0 0 0",
    ),
    (
        'the word after "because"',
        "We waited , because rain had soft ened the path \\n Nobody",
        "0 0 0 1 9 1 0 0 0 0 0 0",
    ),
)

_LINE = re.compile(r"(?P<token>.*?)[ \t]+(?P<number>10|\d)[ \t]*")
_BREAKS = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of an answer: its token, and the number with its place in the whole answer."""

    token: str
    number: str
    at: int


def simulate(explanation: str, excerpts: Excerpts, config: Config) -> Dialogue[Outcomes]:
    """Ask once an excerpt."""
    answers = yield from ask([prompt(explanation, tokens, config) for tokens in excerpts])
    return [
        answer if isinstance(answer, Unusable) else parse(answer, tokens)
        for answer, tokens in zip(answers, excerpts, strict=True)
    ]


def prompt(explanation: str, tokens: tuple[str, ...], config: Config) -> Prompt:
    """Ask for one line a token; with log probabilities unless `values` is "written"."""
    settings = {**DEFAULTS, **config}
    if settings["values"] not in ("expected", "written"):
        raise ValueError(f'values is "expected" or "written", not {settings["values"]!r}')
    shots = [turn for example in EXAMPLES for turn in _example(*example)]
    asked = Message(role="user", content=_question(explanation, [shown(t) for t in tokens]))
    return Prompt(
        messages=(Message(role="system", content=SYSTEM), *shots, asked),
        max_tokens=TOKENS_A_LINE * len(tokens) + 50,
        top_logprobs=settings["top_logprobs"] if settings["values"] == "expected" else 0,
    )


def parse(answer: Answer, tokens: tuple[str, ...]) -> Simulated | Unusable:
    """Read one value a token, in order; `Unusable` names the first line that is not as asked."""
    try:
        lines = _faithful(_lines(answer.text), tokens)
        values = _expected(lines, answer) if answer.tokens else [int(line.number) for line in lines]
    except ValueError as error:
        return Unusable(reason=str(error), raw=answer.text)
    return Simulated(values=np.array(values, dtype=np.float32))


def shown(token: str) -> str:
    """Return a token as a line can hold it: no space around it, and space alone spelled out."""
    if token.strip():
        return token.strip().translate(_BREAKS)
    return token.translate(_BREAKS | {ord(" "): "\\s"}) or "\\0"


def _example(about: str, tokens: str, values: str) -> tuple[Message, Message]:
    pairs = list(zip(tokens.split(), values.split(), strict=True))
    answer = "\n".join(f"{token}\t{value}" for token, value in pairs)
    question = _question(about, [token for token, _ in pairs])
    return Message(role="user", content=question), Message(role="assistant", content=answer)


def _question(explanation: str, lines: list[str]) -> str:
    return f"The neuron responds to: {explanation}\n\nThe text:\n" + "\n".join(lines)


def _lines(text: str) -> list[_Line | None]:
    """Split an answer into its lines, None for one that is no token and number."""
    lines: list[_Line | None] = []
    at = 0
    for line in text.split("\n"):
        match = _LINE.fullmatch(line.rstrip("\r"))
        if match:
            number = at + match.start("number")
            lines.append(_Line(token=match["token"], number=match["number"], at=number))
        elif line.strip() and not line.startswith("```"):
            lines.append(None)
        at += len(line) + 1
    return lines


def _faithful(lines: Sequence[_Line | None], tokens: tuple[str, ...]) -> list[_Line]:
    """Return the lines if they are exactly the tokens in order; `ValueError` says where not."""
    faithful = []
    for number, (line, token) in enumerate(zip(lines, tokens, strict=False), 1):
        if line is None:
            raise ValueError(f"line {number} of the answer is no token with a number behind it")
        if line.token != shown(token):
            raise ValueError(f"line {number} gives back {line.token!r} for {shown(token)!r}")
        faithful.append(line)
    if len(lines) != len(tokens):
        raise ValueError(f"the answer has {len(lines)} lines for {len(tokens)} tokens")
    return faithful


def _expected(lines: list[_Line], answer: Answer) -> list[float]:
    """Return the expectation where each line's number was generated."""
    texts = [token.text for token in answer.tokens]
    if not "".join(texts).startswith(answer.text):
        raise ValueError("the log probabilities are of another text than the answer")
    starts = list(accumulate(map(len, texts), initial=0))
    return [_value(line, answer.tokens[bisect_right(starts, line.at) - 1]) for line in lines]


def _value(line: _Line, generated: GeneratedToken) -> float:
    if generated.text.strip() != line.number:
        split = line.number == "10" and generated.text.strip() == "1"
        why = "splits the number 10" if split else "joins a number with what stands beside it"
        raise ValueError(f'the tokenizer {why}: set `values` to "written"')
    logprobs: dict[str, float] = {}
    for text, logprob in generated.logprobs.items():
        known = logprobs.get(text.strip(), -np.inf)
        logprobs[text.strip()] = float(np.logaddexp(known, logprob))
    return expected_value(logprobs)


SIMULATOR = Simulator(
    name="llm",
    version=1,
    simulate=simulate,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
