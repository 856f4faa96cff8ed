"""Excerpts marked that an explanation fits."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from annotation.protocols.mark import MarkPayload
from studies.analysis.data.answers import ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.mark import analyse, report
from studies.analysis.protocols.synthetic import Known, Synthetic


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield 1 for what was marked and 0 for the rest."""
    right = None if context.known is None else set(context.known["marked"])
    for option in context.options:
        truth = nan if right is None else float(option.key in right)
        yield option.row(float(option.key in answer["marked"]), truth)


def synthetic(_payload: MarkPayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Mark what fits as often as the rater knows it."""
    right = known.right or frozenset()
    return {"marked": sorted(key for key in order if by.knows(known) == (key in right))}


ANALYSIS = ProtocolAnalysis(
    name="mark",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    declarable=(
        ("means", "Balanced accuracy"),
        ("leads", "Conditions on the same neurons"),
        ("telling", "Hits, rejections, F1, Matthews"),
        ("agreement", "Agreement of raters"),
        ("models", "The model as a stand-in for people"),
        ("scatter", "People and the model, by explanation"),
        ("links", "Accuracy and scores"),
    ),
    synthetic=synthetic,
    design="had people mark the excerpts that fit, from {conditions},",
)
