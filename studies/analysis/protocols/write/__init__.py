"""Explanations that people write."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from annotation.protocols.excerpt import Excerpt
from annotation.protocols.write import WritePayload
from studies.analysis.data.answers import NONE, ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.synthetic import Known, Synthetic
from studies.analysis.protocols.write import analyse, report


def read(answer: Mapping[str, Any], _context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield the number of characters, and that of words as the second dimension."""
    text = answer["text"]
    for dimension, n in enumerate((len(text), len(text.split()))):
        yield ResponseRow(
            option=0, dimension=dimension, screen_position=NONE, explanation=NONE, condition=NONE,
            record=NONE, value=float(n), truth=nan,
        )  # fmt: skip


def synthetic(payload: WritePayload, _order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Name the words that are marked most; a rater who is not attentive names one, if any."""
    marked = Counter[str]()
    for shown in payload.stimuli:
        if isinstance(shown, Excerpt):
            for token, level in zip(shown.tokens, shown.levels, strict=True):
                marked[token.strip()] += level
    words = [word for word, level in marked.most_common(4) if word and level]
    named = words[: 3 if by.knows(known) else 1] or ["words of many kinds"]
    text = f"synthetic: it responds to {', '.join(named)}"[: payload.longest]
    return {"text": text.ljust(payload.shortest, ".")}


ANALYSIS = ProtocolAnalysis(
    name="write",
    read=read,
    analyse=analyse.analyse,
    report=report,
    declarable=(
        ("lengths", "Lengths"),
        ("texts", "Length, time and likeness"),
        ("scores", "Scores by who wrote"),
        ("leads", "Who wrote, on the same neurons"),
    ),
    synthetic=synthetic,
    design="had people write explanations, showing {conditions},",
    adopts="explanation",
    reads_rivals=True,
)
