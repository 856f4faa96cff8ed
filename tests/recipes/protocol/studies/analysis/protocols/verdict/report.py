"""Verdicts in words and figures."""

from collections.abc import Iterator

from studies.analysis.protocols.verdict.analyse import Verdicts

from studies.analysis.protocols import agreement
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.report.conditions import condition_means
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import quoted, share


def key_figures(found: Verdicts) -> tuple[KeyFigure, ...]:
    """Return each condition's share of yes."""
    return tuple(
        KeyFigure(f"Yes, {each.condition}", "share", each.estimate)
        for each in found.means.conditions
    )


def headline(found: Verdicts) -> str:
    """Say which condition fits most often."""
    best = found.means.conditions[0]
    return f"Explanations of {quoted(best.condition)} fit most often: {share(best.estimate)}."


def warnings(_found: Verdicts) -> Iterator[str]:
    """Say nothing: what weakens every study is said of every study."""
    yield from ()


def figures(found: Verdicts) -> dict[str, Figure]:
    """Return the shares and the agreement of raters."""
    return {
        "means": condition_means(
            found.means,
            title="How often an explanation fits, by condition",
            axis="Share of yes",
            kind="share",
            caption="Mean over answers.",
        ),
        "agreement": agreement.as_table(
            found.agreement, title="Do raters agree?", caption="Two raters on one item: yes or no."
        ),
    }


def sections(_found: Verdicts) -> tuple[Section, ...]:
    """Order the figures."""
    return (
        Section(title="Do explanations fit?", figures=("means",)),
        Section(title="Do raters agree?", figures=("agreement",)),
    )


def methods_text(found: Verdicts) -> str:
    """Return what a methods paragraph says about verdicts."""
    shares = (f"{each.condition} {share(each.estimate)}" for each in found.means.conditions)
    return f"Explanations fitted in these shares of the answers: {'; '.join(shares)}."
