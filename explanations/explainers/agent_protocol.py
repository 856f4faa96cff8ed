"""The plain text in which an agent and its tool take turns, and the parser of its turns.

Each line begins with a word in capitals and a colon: BELIEF, PROBE or ANSWER.
"""

import re
from dataclasses import dataclass

from explanations.explainers.parse_explanation import bare

_LINE = re.compile(r"(BELIEF|PROBE|ANSWER):(.*)", re.DOTALL)

RULES = """\
You work in turns. In each turn, write either your current hypothesis and the inputs to try next, \
or your answer. Every line begins with one of three words:

BELIEF: your current hypothesis
PROBE: an input to try
ANSWER: {answer}

A turn is one BELIEF line and 1 to {probes} PROBE lines, or one ANSWER line. Write nothing else. \
Write one input per line; do not write the results yourself, you will get them. In a PROBE, write \
a line break as \\n. You have {steps} turns with probes. Choose inputs that could prove you \
wrong: near misses, other contexts, each part of an idea by itself. Answer as soon as you are \
sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A turn of an agent: probes and a belief, or an answer, stripped and not empty."""

    belief: str = ""
    probes: tuple[str, ...] = ()
    answer: str = ""


def parse(text: str, probes: int) -> Turn | str:
    """Return a turn with at most so many probes, or in one sentence what is wrong with it."""
    found: dict[str, list[str]] = {"BELIEF": [], "PROBE": [], "ANSWER": []}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _LINE.fullmatch(line)
        if match is None:
            return f"The line {line[:60]!r} begins with none of BELIEF:, PROBE: and ANSWER:."
        word, rest = match[1], match[2].strip()
        value = bare(rest) if word == "ANSWER" else rest
        if not value:
            return f"There is nothing after {word}:."
        found[word].append(value)
    if problem := _problem(len(found["BELIEF"]), len(found["PROBE"]), len(found["ANSWER"]), probes):
        return problem
    return Turn(
        belief="".join(found["BELIEF"]),
        probes=tuple(probe.replace("\\n", "\n") for probe in found["PROBE"]),
        answer="".join(found["ANSWER"]),
    )


def _problem(beliefs: int, probes: int, answers: int, most: int) -> str:
    """Return what is wrong with the numbers of lines; empty where nothing is."""
    if answers and probes:
        return "A turn has PROBE lines or an ANSWER line, not both."
    if answers > 1 or beliefs > 1:
        return f"There is more than one {'ANSWER' if answers > 1 else 'BELIEF'} line."
    if answers:
        return ""
    if not most:
        return "No probes are left: write one ANSWER line."
    if not probes:
        return "There is no PROBE line and no ANSWER line."
    if probes > most:
        return f"There are {probes} PROBE lines, but a turn has at most {most}."
    return "" if beliefs else "There is no BELIEF line before the PROBE lines."
