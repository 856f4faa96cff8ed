"""Ratings in words and figures."""

from collections.abc import Iterator

from studies.analysis.charts import likert
from studies.analysis.protocols import agreement
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.rate.analyse import Rated, Ratings
from studies.analysis.report.conditions import condition_contrasts, condition_means
from studies.analysis.report.figure import Cell, Figure
from studies.analysis.report.scores import (
    LEVELS,
    score_link_text,
    score_links,
    undefined_scores,
)
from studies.analysis.report.wording import decimal, number, quoted

_LOW_AGREEMENT = 0.4


def key_figures(found: Ratings) -> tuple[KeyFigure, ...]:
    """Return the means, the lead and the agreement of the main dimension."""
    if not found.dimensions:
        return ()
    main = found.dimensions[found.main]
    figures = [
        *((f"Mean rating, {p.condition}", "number", p.estimate) for p in main.means.conditions),
        *((f"{e.first} minus {e.second}", "number", e.lead) for e in main.means.contrasts[:1]),
        *(
            (m.name, m.kind, m.estimate)
            for m in main.agreement
            if ("ordinal" in m.name and "α" in m.name) or m.name == "ICC(A,1)"
        ),
    ]
    return tuple(KeyFigure(*figure) for figure in figures)


def headline(found: Ratings) -> str:
    """Say which condition is rated highest, by how much, and how far raters agree."""
    main = found.dimensions[found.main]
    [*places] = main.means.conditions
    scale = f"on a scale of {main.low:g} to {main.high:g}"
    highest = "rated highest" if len(places) > 1 else "rated"
    text = f"{quoted(places[0].condition)} is {highest}, {number(places[0].estimate)} {scale}"
    lead = main.means.contrasts[0] if main.means.contrasts else None
    if lead is not None and lead.lead.defined:
        text += (
            f", which is {number(lead.lead)} more than {quoted(lead.second)} on the same neurons"
        )
    return f"{text}; agreement of raters, {_alpha(main)}."


def _alpha(main: Rated) -> str:
    measure = next((m for m in main.agreement if "α" in m.name), None)
    return f"{measure.name}: {number(measure.estimate)}" if measure else "unknown"


def warnings(found: Ratings) -> Iterator[str]:
    """Say what is missing, and where raters hardly agree or favor a position."""
    if found.never_rated:
        yield f"No ratings yet of: {', '.join(found.never_rated)}."
    for each in found.dimensions:
        measure = next((m.estimate for m in each.agreement if "α" in m.name), None)
        if measure is not None and measure.defined and measure.value < _LOW_AGREEMENT:
            yield (
                f"Raters hardly agree on “{each.name}”: α is {decimal(measure.value)}, so single "
                "ratings say little and only means over many raters are reliable."
            )
    bonus = found.first_bonus
    if bonus.has_interval and not bonus.low <= 0 <= bonus.high:
        yield (
            f"Position bias: the explanation shown first is rated {number(bonus)} higher. "
            "Positions are balanced, so it adds noise but favors no condition."
        )
    if found.dimensions:
        yield from undefined_scores(found.dimensions[found.main].links)


def methods_text(found: Ratings) -> str:
    """Return what a methods paragraph says about the ratings."""
    if not found.dimensions:
        return ""
    main = found.dimensions[found.main]
    means = "; ".join(f"{p.condition} {number(p.estimate)}" for p in main.means.conditions)
    measures = "; ".join(f"{m.name} {number(m.estimate)}" for m in main.agreement)
    return (
        f"On the scale of {main.low:g} to {main.high:g} (“{main.name}”) mean ratings were {means}. "
        f"Agreement of raters: {measures}."
        f"{score_link_text(main.links, found.primary, 'ratings')}"
    )


def figures(found: Ratings) -> dict[str, Figure]:
    """Return distributions, means and agreement for each dimension, and scores for the main one."""
    drawn: dict[str, Figure] = {}
    for each in found.dimensions:
        drawn |= _of_dimension(each)
    if not found.dimensions:
        return drawn
    main = found.dimensions[found.main]
    drawn["leads"] = condition_contrasts(
        main.means.contrasts, axis="Difference of mean ratings", kind="number"
    )
    return drawn | score_links(main.links, what="rating")


def _of_dimension(each: Rated) -> dict[str, Figure]:
    return {
        f"likert-{each.key}": _likert(each),
        f"means-{each.key}": condition_means(
            each.means,
            title=f"Mean rating by condition: {each.name}",
            axis="Mean rating",
            kind="number",
            limits=(each.low, each.high),
            caption="Intervals are over both neurons and raters.",
        ),
        f"agreement-{each.key}": agreement.as_table(
            each.agreement,
            title=f"Do raters agree? {each.name}",
            caption="Two raters of one explanation; no single number tells the whole story.",
        ),
    }


def _likert(each: Rated) -> Figure:
    order = [place.condition for place in each.means.conditions]
    shares = sorted(each.shares, key=lambda share: order.index(share.condition))
    rows: list[tuple[Cell, ...]] = [
        (s.condition, point, n, n / sum(s.counts) if sum(s.counts) else None)
        for s in shares
        for point, n in zip(each.points, s.counts, strict=True)
    ]
    return Figure(
        title=f"Ratings by condition: {each.name}",
        caption="Percent of ratings; lower points are left of the line, higher points right of it.",
        columns=(
            ("Condition", "text"),
            ("Point", "text"),
            ("Ratings", "count"),
            ("Share", "share"),
        ),
        rows=rows,
        drawing=likert.render(
            [likert.Bar(name=s.condition, counts=s.counts) for s in shares], each.points
        ),
        empty="No ratings yet.",
    )


def sections(found: Ratings) -> tuple[Section, ...]:
    """Order the figures: who is rated highest, agreement, scores, then the other dimensions."""
    if not found.dimensions:
        return ()
    main = found.dimensions[found.main]
    others = tuple(d for d in found.dimensions if d is not main)
    return (
        Section(
            title="Which explanations are rated highest?",
            lead=f"“{main.name}”, from {main.low:g} to {main.high:g}.",
            figures=(f"likert-{main.key}", f"means-{main.key}", "leads"),
        ),
        *(
            Section(
                title=each.name,
                lead=f"One dimension of the rubric, from {each.low:g} to {each.high:g}.",
                figures=(f"likert-{each.key}", f"means-{each.key}", f"agreement-{each.key}"),
            )
            for each in others
        ),
        Section(
            title="Do raters agree?",
            lead="How far two raters agree about the same explanation.",
            figures=(f"agreement-{main.key}",),
        ),
        Section(
            title="Do scores predict ratings?", lead=LEVELS, figures=("links-item", "links-levels")
        ),
    )
