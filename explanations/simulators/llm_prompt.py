"""What a language model that plays a neuron is told and shown: for chat, and as one passage."""

from collections.abc import Sequence
from dataclasses import dataclass

from explanations.methods.requests import NumberPrompt
from explanations.methods.values import Message, Prompt

SYSTEM = """\
You play one neuron of a language model. You are told what the neuron responds to and you are \
given short texts, one token on each line. For every token decide how strongly the neuron fires \
on it, in the light of what stands around it: 0 is silence, {top} is its strongest firing. Most \
tokens get 0, and in many texts all do.

Write every text again: its heading, then every token, unchanged, in the same order, one on each \
line. Behind each token write one tab and one whole number from 0 to {top}. Leave no token out, \
join none, and write nothing else."""

OPENING = """\
Neurons of a language model, what each responds to, and how strongly it fires on texts. On each \
line stands one token of a text, then a tab, then the neuron's activation on that token, a whole \
number from 0 to {top}. Most tokens have 0, and in many texts all do. Where the activation is not \
known yet, there is a question mark.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A neuron made up for these prompts: texts by their tokens, and a number for each."""

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

# A line's end and a tab are what lines are made of, so in a token they are spelled out.
_BREAKS = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
UNKNOWN = "?\n"


def shown(token: str) -> str:
    """Return a token as a line can hold it: no space around it, and space alone spelled out."""
    if token.strip():
        return token.strip().translate(_BREAKS)
    return token.translate(_BREAKS | {ord(" "): "\\s"}) or "\\0"


def question(
    explanation: str, texts: Sequence[tuple[str, ...]], *, top: int, top_logprobs: int
) -> Prompt:
    """Ask for numbers from 0 to `top` on each token of several texts."""
    shots = [turn for example in EXAMPLES for turn in _turns(example, top)]
    asked = _asked(explanation, [[shown(token) for token in text] for text in texts])
    return Prompt(
        messages=(Message(role="system", content=SYSTEM.format(top=top)), *shots, asked),
        max_tokens=50 + sum(10 + sum(map(_tokens_at_most, text)) for text in texts),
        top_logprobs=top_logprobs,
    )


def passage(explanation: str, tokens: tuple[str, ...], *, top: int) -> NumberPrompt:
    """Have the numbers of one text foreseen; what stands before the explanation is always the same.

    In the examples the first half of a text is unknown too, so that numbers follow on unknowns.
    """
    parts = [OPENING.format(top=top)]
    for example in EXAMPLES:
        for text, numbers in example.texts:
            pairs = list(zip(text.split(), scaled(numbers, top), strict=True))
            lines = [
                f"{token}\t{number}\n" if at >= len(pairs) // 2 else f"{token}\t{UNKNOWN}"
                for at, (token, number) in enumerate(pairs)
            ]
            parts.append(f"Neuron: {example.about}\n{''.join(lines)}")
    parts.append(f"Neuron: {' '.join(explanation.split())}\n")
    return NumberPrompt(
        prefix="\n".join(parts),
        parts=tuple(f"{shown(token)}\t" for token in tokens),
        filler=UNKNOWN,
    )


def scaled(numbers: str, top: int) -> list[int]:
    """Return an example's numbers, which are from 0 to 10, as whole ones from 0 to `top`."""
    return [round(int(number) * top / 10) for number in numbers.split()]


def heading(number: int) -> str:
    """Return what stands above a text; no line of a token and a number looks like it."""
    return f"Text {number}:"


def _turns(example: Example, top: int) -> tuple[Message, Message]:
    texts = [text.split() for text, _ in example.texts]
    answers = [
        [f"{token}\t{number}" for token, number in zip(text, scaled(numbers, top), strict=True)]
        for text, (_, numbers) in zip(texts, example.texts, strict=True)
    ]
    return _asked(example.about, texts), Message(role="assistant", content=_under_headings(answers))


def _asked(explanation: str, texts: Sequence[Sequence[str]]) -> Message:
    content = f"The neuron responds to: {explanation}\n\n{_under_headings(texts)}"
    return Message(role="user", content=content)


def _under_headings(texts: Sequence[Sequence[str]]) -> str:
    return "\n\n".join(
        "\n".join([heading(number), *lines]) for number, lines in enumerate(texts, 1)
    )


def _tokens_at_most(token: str) -> int:
    """Return how many tokens a model may take for a line: rarely as many, for any language."""
    return 6 + len(shown(token).encode()) // 3
