"""What the analyses of all forms of a question have in common: their shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from studies.analysis.data.answers import Answers, AnswerTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.protocols.rater_agreement import AgreementInput
from studies.analysis.report.figure import Figure

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigure:
    """One of the few figures that a study's answer rests on; a share runs from 0 to 1."""

    name: str
    kind: Literal["number", "share"]
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the results page: a heading that asks, a sentence, and figures by name."""

    title: str
    lead: str
    figures: tuple[str, ...]


def no_values(_tables: AnswerTables, _answers: Answers) -> AgreementInput | None:
    """Return nothing: two answers are never the same."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAnalysis(Generic[D]):
    """How the answers of one protocol are analysed and reported.

    `analyse` computes what only this protocol has. `key_figures` are what the headline rests on;
    they are given with and without exclusions. `headline` is one sentence with numbers, `warnings`
    name what weakens it. `figures` draws, `sections` orders what is drawn. `methods_text` is a
    sentence or two for a methods paragraph. `declarable` are the figures that a plan may declare,
    with a title; a name stands for all that begin with it. `agreement_input` returns the values on
    which raters can agree, if there are any.
    """

    analyse: Callable[[AnswerTables, Answers, Plan], D]
    key_figures: Callable[[D], tuple[KeyFigure, ...]]
    headline: Callable[[D], str]
    warnings: Callable[[D], Iterator[str]]
    figures: Callable[[D, bool], dict[str, Figure]]
    sections: Callable[[D], tuple[Section, ...]]
    methods_text: Callable[[D], str]
    declarable: tuple[tuple[str, str], ...]
    agreement_input: Callable[[AnswerTables, Answers], AgreementInput | None] = no_values
