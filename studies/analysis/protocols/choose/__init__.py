"""One of several options chosen: the right one where one is, or the best."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from annotation.protocols.choose import ChoosePayload
from studies.analysis.data.answers import ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.choose import analyse, report
from studies.analysis.protocols.rank import ANALYSIS as RANK
from studies.analysis.protocols.synthetic import Known, Synthetic


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield 1 for what was chosen and 0 for the rest."""
    right = context.known["choice"] if context.known else None
    for option in context.options:
        truth = nan if right is None else float(option.key == right)
        yield option.row(float(option.key == answer["choice"]), truth)


def synthetic(_payload: ChoosePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Choose the right option as often as the rater knows it, or what pleases most."""
    if known.right is None:
        liked = by.liking(known, order)
        return {"choice": max(order, key=lambda key: liked[key])}
    wrong = [key for key in order if key not in known.right]
    if by.knows(known) or not wrong:
        return {"choice": min(known.right)}
    if by.random.random() < by.behaviour.side_bias:
        return {"choice": wrong[0]}
    return {"choice": wrong[int(by.random.integers(len(wrong)))]}


ANALYSIS = ProtocolAnalysis(
    name="choose",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    declarable=(
        ("right", "Share of right choices"),
        ("means", "Right choices by condition"),
        ("confidence", "Right choices by confidence"),
        ("scatter", "Right choices and the score"),
        ("models", "The model as a stand-in for people"),
        *RANK.declarable,
        ("leads", "Conditions on the same neurons"),
    ),
    synthetic=synthetic,
    design="asked people to choose one of several, showing {conditions},",
    plans_pairs=True,
    headline_is_share=True,
)
