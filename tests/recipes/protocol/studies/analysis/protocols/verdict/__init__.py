"""Whether an explanation fits: yes or no."""

from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

from annotation.protocols.verdict import VerdictPayload
from studies.analysis.protocols.verdict import analyse, report

from studies.analysis.data.answers import NONE, ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.synthetic import ABOUT, Known, Synthetic


def read(answer: Mapping[str, Any], _context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield 1 for yes and 0 for no."""
    yield ResponseRow(
        option=0, dimension=0, screen_position=NONE, explanation=NONE, condition=NONE,
        record=NONE, value=float(answer["fits"]), truth=nan,
    )  # fmt: skip


def synthetic(
    _payload: VerdictPayload, _order: Sequence[str], known: Known, by: Synthetic
) -> Answer:
    """Say yes as often as the explanation is good."""
    return {"fits": bool(by.random.random() < known.of(ABOUT))}


ANALYSIS = ProtocolAnalysis(
    name="verdict",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    declarable=(("means", "Share of yes"),),
    synthetic=synthetic,
    design="had people say whether an explanation fits, from {conditions},",
)
