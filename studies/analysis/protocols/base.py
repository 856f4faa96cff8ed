"""What the analyses of all protocols have in common: their shape."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from studies.analysis.data.answers import Answers, ResponseRow, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.protocols.synthetic import Known, Synthetic
from studies.analysis.report.figure import Figure

D = TypeVar("D")
Found = TypeVar("Found", contravariant=True)
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the few figures that a study's answer rests on; a share runs from 0 to 1."""

    name: str
    kind: str
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the results page: a heading that asks, a sentence, and figures by name.

    `collapsed` are the figures that a reader opens.
    """

    title: str
    figures: tuple[str, ...]
    lead: str = ""
    collapsed: tuple[str, ...] = ()


def no_agreement(_tables: StudyTables, _answers: Answers) -> AgreementInput | None:
    """Return None: two answers are never the same."""
    return None


class Report(Protocol[Found]):
    """The module that puts a protocol's results into words and figures.

    `key_figures` are what the headline rests on; they are given with and without exclusions.
    `headline` is one sentence with numbers, `warnings` name what weakens it. `figures` draws,
    `sections` orders what is drawn. `methods_text` says in a methods paragraph what came out.
    """

    def key_figures(self, _found: Found, /) -> tuple[KeyFigure, ...]: ...
    def headline(self, _found: Found, /) -> str: ...
    def warnings(self, _found: Found, /) -> Iterator[str]: ...
    def figures(self, _found: Found, /) -> dict[str, Figure]: ...
    def sections(self, _found: Found, /) -> tuple[Section, ...]: ...
    def methods_text(self, _found: Found, /) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAnalysis(Generic[D]):
    """How the answers of one protocol are read, analysed, reported and made up.

    `read` yields the responses in a stored answer. `analyse` computes what only this protocol has.
    `agreement_input` returns the values on which raters can agree, if there are any. `design` is
    for a methods paragraph: what was done with {conditions}. `declarable` are the figures that a
    plan may declare, with a title; a name stands for all that begin with it.

    `synthetic` returns what a synthetic rater answers to a payload, without confidence or reason.

    `adopts` names what an answer can become. `plans_pairs` says that a plan cuts score gaps into
    bins, `plans_contrasts` that it names a primary scorer and contrasts. `headline_is_share` says
    that the precision of a share tells how many judgments are enough. `reads_activations` says that
    the analysis needs the activations behind what was shown, and simulators' predictions;
    `reads_rivals`, that it needs all explanations of the study's neurons.
    """

    name: str
    read: Callable[[Mapping[str, Any], AnswerContext], Iterator[ResponseRow]]
    analyse: Callable[[StudyTables, Answers, Plan], D]
    report: Report[D]
    design: str
    declarable: tuple[tuple[str, str], ...]
    synthetic: Callable[[Any, Sequence[str], Known, Synthetic], Answer]
    agreement_input: Callable[[StudyTables, Answers], AgreementInput | None] = no_agreement
    adopts: Literal["", "explanation", "simulation"] = ""
    plans_pairs: bool = False
    plans_contrasts: bool = False
    headline_is_share: bool = False
    reads_activations: bool = False
    reads_rivals: bool = False
