"""The prompts of a language model that simulates a neuron: for chat, and as a number prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

from explanations.methods.requests import NumberPrompt
from explanations.methods.values import Prompt

SYSTEM = """\
Simulate one neuron of a language model. You are given an explanation of what the neuron responds \
to and short texts, one token per line. For every token, predict how strongly the neuron fires on \
it in its context: 0 is silent, {top} is the neuron's highest activation. Most tokens get 0, and \
in many texts all of them do.

Write every text again: its heading, then every token, unchanged and in the same order, one token \
per line. After each token, write a tab and a whole number from 0 to {top}. Do not leave out or \
join any tokens, and write nothing else."""

OPENING = """\
Neurons of a language model, what each responds to, and how strongly it fires on texts. Each line \
has one token of a text, then a tab, then the neuron's activation on that token, a whole number \
from 0 to {top}. Most tokens have 0, and in many texts all of them do. A question mark stands for \
an activation that is not known yet.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A made-up neuron: texts as tokens, and a number for each token."""

    about: str
    texts: tuple[tuple[str, str], ...]


EXAMPLES = (
    Example(
        about="containers that hold a drink",
        texts=(
            (
                "She set the chipped mug beside a jug of milk and left .",
                "0 0 0 2 10 0 0 8 1 2 0 0 0",
            ),
            ("The road was long and a cold wind blew .", "0 0 0 0 0 0 0 0 0 0"),
        ),
    ),
    Example(
        about='the word after "because"',
        texts=(
            (
                "We waited , because rain had soft ened the path \\n Nobody",
                "0 0 0 1 9 1 0 0 0 0 0 0",
            ),
            ("It broke because nobody asked .", "0 0 1 9 1 0"),
        ),
    ),
    Example(
        about="illness and what is taken against it",
        texts=(
            ("Rain fell on the town all week .", "0 0 0 0 0 0 0 0"),
            (
                "The doctor gave him anti bio tics for the infect ion in his lung .",
                "0 3 0 0 4 6 8 0 0 8 9 0 0 2 0",
            ),
        ),
    ),
)

# Line breaks and tabs separate tokens and numbers, so they are spelled out within a token.
_BREAKS = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
UNKNOWN = "?\n"


def shown(token: str) -> str:
    """Return a token as a line shows it: without spaces around it, and a lone space spelled out."""
    if token.strip():
        return token.strip().translate(_BREAKS)
    return token.translate(_BREAKS | {ord(" "): "\\s"}) or "\\0"


def question(
    explanation: str, texts: Sequence[tuple[str, ...]], *, top: int, top_logprobs: int
) -> Prompt:
    """Return the prompt for numbers from 0 to `top` on each token of several texts."""
    return Prompt.few_shot(
        SYSTEM.format(top=top),
        [_shot(example, top) for example in EXAMPLES],
        _asked(explanation, [[shown(token) for token in text] for text in texts]),
        max_tokens=50 + sum(10 + sum(map(_tokens_at_most, text)) for text in texts),
        top_logprobs=top_logprobs,
    )


def number_prompt(explanation: str, tokens: tuple[str, ...], *, top: int) -> NumberPrompt:
    """Return the number prompt for one text; what comes before the explanation is always the same.

    In the examples the first half of a text is unknown too, so that numbers follow unknown ones.
    """
    parts = [OPENING.format(top=top)]
    for example in EXAMPLES:
        for text, numbers in example.texts:
            pairs = list(zip(text.split(), scaled(numbers, top), strict=True))
            lines = [
                f"{token}\t{number}\n" if index >= len(pairs) // 2 else f"{token}\t{UNKNOWN}"
                for index, (token, number) in enumerate(pairs)
            ]
            parts.append(f"Neuron: {example.about}\n{''.join(lines)}")
    parts.append(f"Neuron: {' '.join(explanation.split())}\n")
    return NumberPrompt(
        prefix="\n".join(parts),
        parts=tuple(f"{shown(token)}\t" for token in tokens),
        filler=UNKNOWN,
    )


def scaled(numbers: str, top: int) -> list[int]:
    """Return an example's numbers, 0 to 10, scaled to whole numbers from 0 to `top`."""
    return [round(int(number) * top / 10) for number in numbers.split()]


def heading(number: int) -> str:
    """Return the heading of a text; no line of a token and a number looks like it."""
    return f"Text {number}:"


def _shot(example: Example, top: int) -> tuple[str, str]:
    texts = [text.split() for text, _ in example.texts]
    answers = [
        [f"{token}\t{number}" for token, number in zip(text, scaled(numbers, top), strict=True)]
        for text, (_, numbers) in zip(texts, example.texts, strict=True)
    ]
    return _asked(example.about, texts), _under_headings(answers)


def _asked(explanation: str, texts: Sequence[Sequence[str]]) -> str:
    return f"The neuron responds to: {explanation}\n\n{_under_headings(texts)}"


def _under_headings(texts: Sequence[Sequence[str]]) -> str:
    return "\n\n".join(
        "\n".join([heading(number), *lines]) for number, lines in enumerate(texts, 1)
    )


def _tokens_at_most(token: str) -> int:
    """Return a bound on the tokens that a model uses for a line, in any language."""
    return 6 + len(shown(token).encode()) // 3
