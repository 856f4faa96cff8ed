"""Explanations rated on the scales of a rubric."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotation.protocols.rate import RatePayload
from annotation.protocols.rate.rubric import Dimension
from studies.analysis.data.answers import ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.rate import analyse, report
from studies.analysis.protocols.synthetic import Known, Synthetic


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield the points given, by option and dimension."""
    for option in context.options:
        given = answer["rating"][option.key]
        for at, dimension in enumerate(context.dimensions):
            yield option.row(given[dimension.key], dimension=at)


def synthetic(payload: RatePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Rate each explanation by how it pleases."""
    liked = by.liking(known, order)
    return {
        "rating": {
            key: {each.key: _point(each, liked[key], by) for each in payload.dimensions}
            for key in order
        }
    }


def _point(dimension: Dimension, liked: float, by: Synthetic) -> int:
    """Return the point of a scale nearest to a liking from 0 to 1."""
    values = [point.value for point in dimension.points]
    if dimension.is_slider:
        values = list(range(values[0], values[-1] + 1))
    seen = liked + float(by.random.normal(0, 0.08))
    return values[round(min(max(seen, 0.0), 1.0) * (len(values) - 1))]


ANALYSIS = ProtocolAnalysis(
    name="rate",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    declarable=(
        ("likert", "How often each point is given"),
        ("means", "Mean ratings"),
        ("leads", "Conditions on the same neurons"),
        ("agreement", "Agreement of raters"),
        ("links", "Ratings and scores"),
    ),
    synthetic=synthetic,
    design="had people rate {conditions}",
)
