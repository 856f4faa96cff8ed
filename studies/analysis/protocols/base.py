"""What the analyses of all forms of a question have in common: their shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from studies.analysis.data.answers import Answers, AnswerTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.protocols.rater_agreement import Answered
from studies.analysis.report.figure import Shown

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
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


def no_values(_tables: AnswerTables, _answers: Answers) -> Answered | None:
    """Return nothing: two answers are never the same."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[D]):
    """How the answers of one form are analysed and shown.

    `details` computes everything that is this form's own. `key` names what the headline rests on,
    which is given with and without exclusions. `headline` is one sentence with numbers, `warnings`
    say what weakens them. `figures` draws, `sections` orders what is drawn; `said` is a sentence or
    two for a methods paragraph. `declarable` are the figures that a plan may declare, each with
    what it shows; a name stands for all that begin with it. `answered` returns
    the values in which raters can be alike, if there are any.
    """

    details: Callable[[AnswerTables, Answers, Plan], D]
    key: Callable[[D], tuple[Key, ...]]
    headline: Callable[[D], str]
    warnings: Callable[[D], Iterator[str]]
    figures: Callable[[D, bool], dict[str, Shown]]
    sections: Callable[[D], tuple[Section, ...]]
    said: Callable[[D], str]
    declarable: tuple[tuple[str, str], ...]
    answered: Callable[[AnswerTables, Answers], Answered | None] = no_values
