"""The figures and tables of the results page, by name."""

from studies.analysis.protocols.compare.analyse import Results
from studies.analysis.protocols.compare.figures import agreement, choices, methods, raters, scorers
from studies.analysis.report.figure import Figure


def figures(results: Results) -> dict[str, Figure]:
    """Return everything that is drawn or listed; what needs a score is left out without one.

    A figure says so when judgments are synthetic, since it may be copied without the page's notice.
    """
    parts = (scorers, methods, agreement, raters, choices)
    return {name: shown for part in parts for name, shown in part.figures(results).items()}
