"""Explanations put in order, or the best and the worst of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotation.protocols.rank import RankPayload
from studies.analysis.data.answers import ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.rank import analyse, report
from studies.analysis.protocols.synthetic import Known, Synthetic


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield places from 1, the best; of best and worst, all others share the middle."""
    last = len(context.options)
    ends = {answer.get("best"): 1.0, answer.get("worst"): float(last)}
    for option in context.options:
        place = answer.get("place", ends).get(option.key, (1 + last) / 2)
        yield option.row(float(place))


def synthetic(payload: RankPayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Put explanations in the order in which they please."""
    liked = by.liking(known, order)
    best_first = sorted(order, key=lambda key: -liked[key])
    if payload.best_worst:
        return {"best": best_first[0], "worst": best_first[-1]}
    return {"place": {key: place for place, key in enumerate(best_first, start=1)}}


ANALYSIS = ProtocolAnalysis(
    name="rank",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    declarable=(
        ("board", "Leaderboard"),
        ("tops", "Shares put first"),
        ("counts", "Best and worst"),
        ("wins", "Conditions against each other"),
        ("agreement", "Agreement of raters"),
        ("gap", "Pairs by score gap"),
        ("pair-scores", "Pairs by scorer"),
        ("links", "Places and scores"),
        ("places", "Places on the screen"),
    ),
    synthetic=synthetic,
    design="had people put {conditions} in order",
    plans_pairs=True,
)
