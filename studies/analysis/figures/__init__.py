"""The figures and tables of the results page, by name."""

from studies.analysis.figures import agreed, choices, methods, raters, scorers
from studies.analysis.results import Results
from studies.analysis.shown import Shown


def figures(results: Results) -> dict[str, Shown]:
    """Return everything that is drawn or listed; what needs a score is left out without one.

    A figure says so when judgments are synthetic, since it may be copied without the page's notice.
    """
    parts = (scorers, methods, agreed, raters, choices)
    return {name: shown for part in parts for name, shown in part.figures(results).items()}
