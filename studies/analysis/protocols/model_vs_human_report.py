"""Whether a model is a fair stand-in for people, in words and as a table."""

from collections.abc import Sequence

from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import number
from studies.analysis.statistics.model_vs_human import HumanModelGap


def fair(gap: HumanModelGap) -> str:
    """Say whether a model is a fair stand-in for another person."""
    with_person, short = gap.model_with_person, gap.gap
    if not with_person.defined:
        return f"cannot be set beside people yet: {with_person.reason}"
    said = f"correlates with a person by {number(with_person)}"
    if not short.defined:
        return said
    other = f"two people with each other by {number(gap.person_with_person)}"
    if not short.has_interval:
        return f"{said}, {other}"
    if short.low > 0:
        return f"{said}, {other}: it falls short of another person"
    if short.high < 0:
        return f"{said}, {other}: it does better than another person"
    return f"{said}, {other}: no difference from another person is shown"


def models(rows: Sequence[tuple[str, HumanModelGap, int]], *, empty: str) -> Figure:
    """Show whether models are fair stand-ins for people, as a table."""
    return Figure(
        title="Is the model a fair stand-in for people?",
        caption=(
            "Correlations over explanations that two people answered. A model that falls short of "
            "another person by nothing is as good as one; more than that is not shown by few "
            "explanations. Bias is the model's mean score less people's."
        ),
        columns=(
            ("Model", "text"),
            ("With a person", "number"),
            ("Two people", "number"),
            ("Falls short by", "number"),
            ("Bias", "number"),
            ("Explanations", "count"),
        ),
        rows=[
            (name, s.model_with_person, s.person_with_person, s.gap, s.bias, n)
            for name, s, n in rows
        ],
        empty=empty,
    )
