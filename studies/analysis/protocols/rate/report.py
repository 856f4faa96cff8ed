"""Ratings in words and figures."""

from collections.abc import Iterator

from studies.analysis.charts import likert
from studies.analysis.protocols import agreement, common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.rate.analyse import Rated, Ratings, agreement_input, analyse
from studies.analysis.report.figure import Cell, Figure
from studies.analysis.report.wording import decimal, number, quoted

_LOW_AGREEMENT = 0.4


def key_figures(found: Ratings) -> tuple[KeyFigure, ...]:
    """Name the means, the lead and the agreement of the main dimension."""
    if not found.dimensions:
        return ()
    main = found.dimensions[found.main]
    means = [
        KeyFigure(name=f"Mean rating, {p.condition}", kind="number", estimate=p.estimate)
        for p in main.means.conditions
    ]
    leads = [
        KeyFigure(name=f"{e.first} less {e.second}", kind="number", estimate=e.lead)
        for e in main.means.contrasts[:1]
    ]
    agreement = [
        KeyFigure(name=m.name, kind=m.kind, estimate=m.estimate)
        for m in main.agreement
        if ("ordinal" in m.name and "α" in m.name) or m.name == "ICC(A,1)"
    ]
    return (*means, *leads, *agreement)


def headline(found: Ratings) -> str:
    """Say which condition is rated highest, by how much, and how far raters agree."""
    main = found.dimensions[found.main]
    [*places] = main.means.conditions
    scale = f"on a scale of {main.low:g} to {main.high:g}"
    highest = "rated highest" if len(places) > 1 else "rated"
    said = f"{quoted(places[0].condition)} is {highest}, {number(places[0].estimate)} {scale}"
    lead = main.means.contrasts[0] if main.means.contrasts else None
    if lead is not None and lead.lead.defined:
        said += (
            f", which is {number(lead.lead)} more than {quoted(lead.second)} on the same neurons"
        )
    return f"{said}; agreement of raters, {_alpha(main)}."


def _alpha(main: Rated) -> str:
    measure = next((m for m in main.agreement if "α" in m.name), None)
    return f"{measure.name}: {number(measure.estimate)}" if measure else "unknown"


def warnings(found: Ratings) -> Iterator[str]:
    """Say what is missing, and where raters hardly agree or lean to a place."""
    if found.never_rated:
        yield f"No ratings yet of: {', '.join(found.never_rated)}."
    for each in found.dimensions:
        measure = next((m.estimate for m in each.agreement if "α" in m.name), None)
        if measure is not None and measure.defined and measure.value < _LOW_AGREEMENT:
            yield (
                f"Raters hardly agree on “{each.name}”: α is {decimal(measure.value)}, so single "
                "ratings say little and only means over many raters hold."
            )
    bonus = found.first_bonus
    if bonus.has_interval and not bonus.low <= 0 <= bonus.high:
        yield (
            f"Place bias: what is shown first is rated {number(bonus)} higher. Places are "
            "balanced, so it blurs the results without favouring a condition."
        )
    main = found.dimensions[found.main] if found.dimensions else None
    for link in main.links if main else ():
        if n := sum(reason.n for reason in link.undefined):
            yield f"{link.scorer}: {n:,} explanations without a defined score left out."


def methods_text(found: Ratings) -> str:
    """Return what a methods paragraph says of the ratings."""
    if not found.dimensions:
        return ""
    main = found.dimensions[found.main]
    means = "; ".join(f"{p.condition} {number(p.estimate)}" for p in main.means.conditions)
    agreement = "; ".join(f"{m.name} {number(m.estimate)}" for m in main.agreement)
    return (
        f"On the scale of {main.low:g} to {main.high:g} (“{main.name}”) mean ratings were {means}. "
        f"Agreement of raters: {agreement}."
        f"{common.link_said(main.links, found.primary, 'ratings')}"
    )


def figures(found: Ratings, synthetic: bool) -> dict[str, Figure]:
    """Return distributions, means and agreement for each dimension, and scores for the main one."""
    shown: dict[str, Figure] = {}
    for at, each in enumerate(found.dimensions):
        shown |= _of_dimension(each, at == found.main, synthetic=synthetic)
    if found.dimensions:
        main = found.dimensions[found.main]
        shown |= common.links(main.links, what="rating", ident="links", synthetic=synthetic)
    return shown


def _of_dimension(each: Rated, is_main: bool, *, synthetic: bool) -> dict[str, Figure]:
    shown = {
        f"likert-{each.key}": _likert(each, synthetic=synthetic),
        f"means-{each.key}": common.means(
            each.means,
            title=f"Mean rating by condition: {each.name}",
            axis="Mean rating",
            kind="number",
            limits=(each.low, each.high),
            caption="Intervals are over neurons and raters both.",
            ident=f"means-{each.key}",
            synthetic=synthetic,
        ),
        f"agreement-{each.key}": agreement.as_table(
            each.agreement,
            title=f"Do raters agree? {each.name}",
            caption="Two raters of one explanation; no number tells the story alone.",
        ),
    }
    if is_main:
        shown["leads"] = common.leads(
            each.means.contrasts,
            axis="Difference of mean ratings",
            kind="number",
            ident="leads",
            synthetic=synthetic,
        )
    return shown


def _likert(each: Rated, *, synthetic: bool) -> Figure:
    title = f"Ratings by condition: {each.name}"
    order = [place.condition for place in each.means.conditions]
    shares = sorted(each.shares, key=lambda share: order.index(share.condition))
    rows: list[tuple[Cell, ...]] = [
        (s.condition, point, n, n / sum(s.counts) if sum(s.counts) else None)
        for s in shares
        for point, n in zip(each.points, s.counts, strict=True)
    ]
    return Figure(
        title=title,
        caption="Lower points lie left of the line and higher ones right; percent of ratings.",
        columns=(
            ("Condition", "text"),
            ("Point", "text"),
            ("Ratings", "count"),
            ("Share", "share"),
        ),
        rows=rows,
        svg=likert.render(
            [likert.Bar(name=s.condition, counts=s.counts) for s in shares],
            each.points,
            title=title,
            ident=f"likert-{each.key}",
            synthetic=synthetic,
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
            lead="On each explanation, two raters beside each other.",
            figures=(f"agreement-{main.key}",),
        ),
        common.scores_section("Do ratings go with scores?"),
    )


ANALYSIS = ProtocolAnalysis(
    analyse=analyse,
    key_figures=key_figures,
    headline=headline,
    warnings=warnings,
    figures=figures,
    sections=sections,
    methods_text=methods_text,
    agreement_input=agreement_input,
    declarable=(
        ("likert", "How often each point is given"),
        ("means", "Mean ratings"),
        ("leads", "Conditions on the same neurons"),
        ("agreement", "Agreement of raters"),
        ("links", "Ratings and scores"),
    ),
)
