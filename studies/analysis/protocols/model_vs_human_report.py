"""Whether a model is a fair stand-in for people, in words and as a table."""

from collections.abc import Sequence

from studies.analysis.charts import axes, plots
from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols.model_vs_human import ExplanationPoint
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import number
from studies.analysis.statistics.model_vs_human import HumanModelGap


def fair(gap: HumanModelGap) -> str:
    """Say whether a model is a fair stand-in for another person."""
    with_person, shortfall = gap.model_with_person, gap.gap
    if not with_person.defined:
        return f"cannot be compared with people yet: {with_person.reason}"
    text = f"correlates with a person by {number(with_person)}"
    if not shortfall.defined:
        return text
    other = f"two people with each other by {number(gap.person_with_person)}"
    if not shortfall.has_interval:
        return f"{text}, {other}"
    if shortfall.low > 0:
        return f"{text}, {other}: it falls short of another person"
    if shortfall.high < 0:
        return f"{text}, {other}: it does better than another person"
    return f"{text}, {other}: no difference from another person is shown"


def models(rows: Sequence[tuple[str, HumanModelGap, int]], *, empty: str) -> Figure:
    """Return whether models are fair stand-ins for people, as a table."""
    return Figure(
        title="Is the model a fair stand-in for people?",
        caption=(
            "Correlations over explanations that two people answered. A model whose shortfall is 0 "
            "agrees with a person as much as another person does; few explanations leave that "
            "open. Bias is the model's mean score minus people's."
        ),
        columns=(
            ("Model", "text"),
            ("With a person", "number"),
            ("Two people", "number"),
            ("Shortfall", "number"),
            ("Bias", "number"),
            ("Explanations", "count"),
        ),
        rows=[
            (name, s.model_with_person, s.person_with_person, s.gap, s.bias, n)
            for name, s, n in rows
        ],
        empty=empty,
    )


_POINTS = 400
"""Points drawn in a scatter at most."""


def scatter(
    points: Sequence[ExplanationPoint],
    *,
    title: str,
    x: str,
    y: str,
    caption: str,
    estimates: Sequence[tuple[str, Estimate]],
) -> Figure:
    """Return people's scores of explanations over a model's."""
    drawn = points[:: max(1, -(-len(points) // _POINTS))]
    words = axes.all_in_words(estimates)
    plot = plots.Plot(
        x=_span(x, [point.model for point in points]),
        y=_span(y, [point.people for point in points]),
        series=(),
        scatter=[(point.model, point.people) for point in drawn],
        hint="It fills as people answer about explanations that a model scored.",
    )
    return Figure(
        title=title,
        caption=f"{caption} {words}",
        columns=((x, "number"), (y, "number"), ("Raters", "count")),
        rows=[(point.model, point.people, point.n) for point in points],
        drawing=plots.render(plot, alt_text=words),
        empty="No explanation was scored by both.",
    )


def _span(name: str, values: Sequence[float]) -> axes.Axis:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * (high - low) or 0.1
    return axes.Axis(name=name, low=low - room, high=high + room)
