"""Activations painted on texts, from an explanation alone."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from annotation.protocols.excerpt import LEVELS
from annotation.protocols.simulate import SimulatePayload
from studies.analysis.data.answers import NONE, ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.simulate import analyse, report
from studies.analysis.protocols.synthetic import ABOUT, Known, Synthetic


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield what was painted on each token, 0 to 10; the truth is the raw activation."""
    for at, row in enumerate(answer["values"]):
        record = context.records[at] if at < len(context.records) else NONE
        actual = context.actual[at] if at < len(context.actual) else ()
        for token, value in enumerate(row):
            truth = actual[token] if token < len(actual) else None
            yield ResponseRow(
                option=token, dimension=at, screen_position=NONE, explanation=NONE, condition=NONE,
                record=record, value=float(value), truth=nan if truth is None else truth,
            )  # fmt: skip


def synthetic(
    payload: SimulatePayload, _order: Sequence[str], known: Known, by: Synthetic
) -> Answer:
    """Paint what the neuron did, more faithfully from a better explanation, and some of the rest.

    A rater who knows nothing of the texts paints at random.
    """
    top = max((x for row in known.actual for x in row), default=0.0)
    faith = by.behaviour.accuracy * (0.5 + 0.5 * known.of(ABOUT))
    values = []
    for at, tokens in enumerate(payload.texts):
        row = list(known.actual[at]) if at < len(known.actual) else []
        seen = [max(x, 0.0) / top if top > 0 else 0.0 for x in row[: len(tokens)]]
        seen += [0.0] * (len(tokens) - len(seen))
        values.append([_painted(x, faith, by) for x in seen])
    return {"values": values}


def _painted(actual: float, faith: float, by: Synthetic) -> int:
    strong = actual if by.random.random() < faith else 0.0
    stray = float(by.random.random()) if by.random.random() < 0.1 * (1 - faith) else 0.0
    wobble = float(by.random.normal(0, 0.1)) if strong or stray else 0.0
    return round(LEVELS * min(max(strong + stray + wobble, 0.0), 1.0))


ANALYSIS = ProtocolAnalysis(
    name="simulate",
    read=read,
    analyse=analyse.analyse,
    report=report,
    declarable=(
        ("means", "Scores of people's simulations"),
        ("leads", "Conditions on the same neurons"),
        ("models", "People and models on the same tokens"),
        ("ahead", "How far people are ahead of models"),
        ("stand-in", "The model as a stand-in for people"),
        ("scatter", "People and the model, by explanation"),
        ("agreement", "Agreement of raters"),
        ("links", "People's scores and others"),
    ),
    synthetic=synthetic,
    design="had people simulate activations from {conditions}",
    adopts="simulation",
    reads_activations=True,
)
