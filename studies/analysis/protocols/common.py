"""Figures that several forms show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studies.analysis.charts import axes, plots
from studies.analysis.charts.axes import in_words
from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, codes, group_sums
from studies.analysis.protocols.base import Section
from studies.analysis.report.figure import Cell, Figure, Kind
from studies.analysis.report.wording import number
from studies.analysis.statistics.against_scores import ScoreLink
from studies.analysis.statistics.condition_means import ConditionMeans
from studies.analysis.statistics.ranking import Contrast

POINTS = 400
"""Points drawn in a scatter at most."""


def ranked(low: int, high: int) -> str:
    """Return the ranks that a condition may have, in few letters."""
    if not low:
        return "none"
    return f"{low}" if low == high else f"{low}\N{EN DASH}{high}"


def means(
    found: ConditionMeans,
    *,
    title: str,
    axis: str,
    kind: Kind,
    limits: tuple[float, float],
    caption: str,
    ident: str,
    synthetic: bool,
    reference: float | None = None,
) -> Figure:
    """Show the conditions' means, highest first, with the ranks that they may have."""
    rows = [
        (f"{ranked(p.rank_low, p.rank_high)}: {p.condition}", p.estimate) for p in found.conditions
    ]
    return Figure(
        title=title,
        caption=f"{caption} Before each name the ranks that it may have, all together with "
        "95% confidence.",
        columns=(
            ("Condition", "text"),
            ("Ranks", "text"),
            ("Mean", kind),
            ("Median", kind),
        ),
        rows=[
            (str(p.condition), ranked(p.rank_low, p.rank_high), p.estimate, p.median)
            for p in found.conditions
        ],
        svg=forest_plot(
            rows,
            title=title,
            axis=axis,
            limits=limits,
            reference=reference,
            synthetic=synthetic,
            ident=ident,
        ),
        empty="No condition was judged.",
    )


def leads(
    found: Sequence[Contrast], *, axis: str, kind: Kind, ident: str, synthetic: bool
) -> Figure:
    """Show every two conditions' difference within neurons."""
    title = "Every two conditions on the same neurons"
    rows = [(f"{each.first} less {each.second}", each.lead) for each in found]
    reach = axes.reaching("", [lead for _, lead in rows], least=0.1)
    return Figure(
        title=title,
        caption=(
            "Mean over neurons of the difference of two conditions there; neurons weigh the same. "
            "p-values are adjusted after Holm over all pairs."
        ),
        columns=(
            ("Conditions", "text"),
            ("Difference", kind),
            ("p", "number"),
            ("p, adjusted", "number"),
        ),
        rows=[
            (name, lead, each.p, each.p_holm)
            for (name, lead), each in zip(rows, found, strict=True)
        ],
        svg=forest_plot(
            rows,
            title=title,
            axis=axis,
            reference=0.0,
            limits=(reach.low, reach.high),
            synthetic=synthetic,
            ident=ident,
        )
        if rows
        else "",
        empty="There is one condition only, so there is nothing to compare it with.",
    )


def links(
    found: Sequence[ScoreLink], *, what: str, ident: str, synthetic: bool
) -> dict[str, Figure]:
    """Show how values go with scores, item level and system level apart."""
    rows: list[tuple[Cell, ...]] = [
        (e.scorer, e.tau_b, e.spearman, e.within, e.system, e.system_ranks, e.n_unscored)
        for e in found
    ]
    title = f"Item level: {what} and score within neurons"
    drawn = [(each.scorer, each.within) for each in found]
    left_out = "; ".join(
        f"{each.scorer}: {sum(r.n for r in each.undefined):,} explanations without a defined score"
        for each in found
        if each.undefined
    )
    return {
        f"{ident}-item": Figure(
            title=title,
            caption=(
                "Does the score know which explanation of a neuron is better? Pearson's "
                f"correlation around each neuron's means, {what} by all its raters."
            ),
            columns=(("Scorer", "text"), ("Correlation", "number")),
            rows=drawn,
            svg=forest_plot(
                drawn,
                title=title,
                axis="Correlation within neurons",
                reference=0.0,
                limits=(-1.0, 1.0),
                synthetic=synthetic,
                ident=f"{ident}-item",
            )
            if drawn
            else "",
            empty="No explanation has a score: simulate and score them.",
        ),
        f"{ident}-levels": Figure(
            title=f"Item level and system level, by scorer: {what}",
            caption=(
                "τ-b and Spearman's ρ compare what one rater gave on one neuron. System level is "
                "over the conditions' means: another question, whose answer may differ widely. "
                "The length of the text stands beside the scorers: a score is worth what it "
                f"knows beyond that. {left_out}"
            ).strip(),
            columns=(
                ("Scorer", "text"),
                ("τ-b, item", "number"),
                ("ρ, item", "number"),
                ("r within neurons, item", "number"),
                ("r, system", "number"),
                ("ρ, system", "number"),
                ("Values without a score", "count"),
            ),
            rows=rows,
            empty="No explanation has a score: simulate and score them.",
        ),
    }


def scores_section(title: str, *before: str) -> Section:
    """Return the part of a page on answers and scores; other figures may stand before its own."""
    return Section(
        title=title,
        lead="Item level and system level are two questions with two answers.",
        figures=(*before, "links-item", "links-levels"),
    )


def link_said(found: Sequence[ScoreLink], primary: int | None, what: str) -> str:
    """Say in a sentence how values go with the headline's score; nothing without one."""
    if primary is None:
        return ""
    link = found[primary]
    return (
        f" Within neurons (item level) {what} correlated with the {link.scorer} score by "
        f"{number(link.within)}, over the conditions' means (system level) by "
        f"{number(link.system)}."
    )


def listed(
    rows: Sequence[tuple[str, Estimate]],
    *,
    title: str,
    caption: str,
    name: str,
    axis: str,
    kind: Kind,
    ident: str,
    synthetic: bool,
    limits: tuple[float, float] = (0.0, 1.0),
    reference: float | None = None,
    empty: str = "No judgments yet.",
) -> Figure:
    """Show named estimates over one axis."""
    return Figure(
        title=title,
        caption=caption,
        columns=((name, "text"), (axis, kind)),
        rows=list(rows),
        svg=forest_plot(
            rows,
            title=title,
            axis=axis,
            limits=limits,
            reference=reference,
            synthetic=synthetic,
            ident=ident,
        )
        if rows
        else "",
        empty=empty,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """An explanation's two scores: by people, mean over `n` raters, and by a model."""

    people: float
    model: float
    n: int


def beside(explanations: Codes, people: Array, model: Array) -> tuple[Beside, ...]:
    """Return each explanation's mean by people beside its score by a model, in order of ids."""
    if not len(people):
        return ()
    code = codes(explanations)
    sums = group_sums(code, np.column_stack([people, model, np.ones_like(people)]))
    return tuple(
        Beside(people=float(p / n), model=float(m / n), n=int(n)) for p, m, n in sums.tolist()
    )


def scatter(
    points: Sequence[Beside],
    *,
    title: str,
    x: str,
    y: str,
    caption: str,
    ident: str,
    synthetic: bool,
    told: Sequence[tuple[str, Estimate]],
) -> Figure:
    """Show people's scores of explanations over a model's."""
    drawn = points[:: max(1, -(-len(points) // POINTS))]
    words = "; ".join(f"{name}: {in_words(estimate)}" for name, estimate in told)
    plot = plots.Plot(
        title=title,
        x=_span(x, [point.model for point in points]),
        y=_span(y, [point.people for point in points]),
        series=(),
        scatter=[(point.model, point.people) for point in drawn],
        hint="It fills as people answer about explanations that a model scored.",
    )
    return Figure(
        title=title,
        caption=f"{caption} {words}.",
        columns=((x, "number"), (y, "number"), ("Raters", "count")),
        rows=[(point.model, point.people, point.n) for point in points],
        svg=plots.render(plot, alt_text=f"{words}.", ident=ident, synthetic=synthetic),
        empty="No explanation was scored by both.",
    )


def _span(name: str, values: Sequence[float]) -> axes.Axis:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.05 * (high - low) or 0.1
    return axes.Axis(name=name, low=low - room, high=high + room)
