"""One way in, whatever a study asks: tables in, results, words and figures out."""

from collections.abc import Callable
from typing import Any, overload

from studies.analysis import results_report as of_answers
from studies.analysis.data.answers import AnswerTables
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import StudyTables
from studies.analysis.protocols.compare import analyse as results
from studies.analysis.protocols.compare import figures as of_votes
from studies.analysis.protocols.compare import wording
from studies.analysis.protocols.compare.analyse import Results
from studies.analysis.report.figure import Figure
from studies.analysis.results import Findings, analyse_answers

Tell = Callable[[str, float], object]
_NO_PLAN = Plan()
TOLD = ("synthetic_notice", "headline", "warnings", "departures", "sections", "said")
"""What stands beside stored results and is no part of them."""


def _silent(_stage: str, _share: float) -> None:
    """Tell nobody."""


@overload
def analyse(tables: StudyTables, plan: Plan = ..., *, tell: Tell = ...) -> Results: ...


@overload
def analyse(tables: AnswerTables, plan: Plan = ..., *, tell: Tell = ...) -> Findings: ...


def analyse(
    tables: StudyTables | AnswerTables, plan: Plan = _NO_PLAN, *, tell: Tell = _silent
) -> Results | Findings:
    """Compute all results of a study; the same rows and plan give the same results.

    `tell` hears before each part what comes, and what share of the work is done, from 0 to 1.
    """
    if isinstance(tables, AnswerTables):
        return analyse_answers(tables, plan, tell)
    return results.analyse(tables, plan, tell=tell)


def in_words(found: Results | Findings) -> dict[str, Any]:
    """Return what is said above the figures."""
    return of_answers.told(found) if isinstance(found, Findings) else wording.in_words(found)


def figures(found: Results | Findings) -> dict[str, Figure]:
    """Return the figures and tables of the results page, by name."""
    if isinstance(found, Findings):
        return of_answers.figures(found)
    return of_votes.figures(found)
