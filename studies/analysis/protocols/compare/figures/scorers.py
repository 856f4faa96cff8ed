"""What is shown about preference and scores."""

from collections.abc import Sequence
from itertools import chain
from math import exp, inf

from studies.analysis.charts import axes, plots
from studies.analysis.charts.axes import in_words
from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.charts.gap_chart import gap_chart
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.published import published_beside
from studies.analysis.protocols.compare.analyse import Results, ScorerResult
from studies.analysis.report.figure import Cell, Figure, Kind
from studies.analysis.statistics.calibration_curves import Curves
from studies.analysis.statistics.scorers import JointModel

_GAP = "Score gap"


def figures(results: Results) -> dict[str, Figure]:
    """Return what compares scorers, and what shows the headline's scorer alone."""
    shown = {"scorers": _scorers(results), "contrasts": _contrasts(results)}
    if len(results.scorer_details.joint.coefficients) > 1:
        shown["joint"] = _joint(results)
    look = results.scorer_details.curves
    if results.primary is None or look is None:
        return shown
    primary = results.scorers[results.primary]
    return shown | {
        "gap": _gap(primary, results),
        "calibration": _calibration(primary, look, results),
        "sides": _sides(primary, look, results),
        "scatter": _scatter(primary, look, results),
        "strata": _strata(results),
    }


def _synthetic(results: Results) -> bool:
    return results.n_synthetic > 0


def _scorers(results: Results) -> Figure:
    rows = [(each.scorer, each.agreement.strict) for each in results.scorers]
    title = "How often the higher score won the vote, by scorer"
    return Figure(
        title=title,
        caption="Each scorer on the decided votes that it covers: these may be different votes.",
        columns=(("Scorer", "text"), ("Decided votes won by the higher score", "share")),
        rows=rows,
        svg=forest_plot(
            rows,
            title=title,
            axis="Decided votes won by the higher score",
            reference=0.5,
            synthetic=_synthetic(results),
            ident="scorers",
        ),
    )


def _contrasts(results: Results) -> Figure:
    comparison = results.scorer_details.comparison
    title = "Scorers against each other, on the same votes"
    rows = [(f"{each.first} less {each.second}", each.difference) for each in comparison.contrasts]
    reach = max((abs(x) for _, e in rows if e.defined for x in (e.low, e.high, e.value)
                 if x == x), default=0.1)  # fmt: skip
    limit = min(max(round(reach + 0.05, 1), 0.1), 1.0)
    return Figure(
        title=title,
        caption=(
            "Paired differences between shares of decided votes won by the higher score, equal "
            f"scores as half, over the {comparison.n_votes:,} votes that all scorers score "
            f"({comparison.n_left_out:,} are left out). Declared contrasts are adjusted after "
            "Holm, the others after Benjamini and Hochberg."
        ),
        columns=(
            ("Contrast", "text"),
            ("Difference", "number"),
            ("p", "number"),
            ("p, adjusted", "number"),
            ("Declared", "text"),
        ),
        rows=[
            (name, difference, each.p, each.p_adjusted, "yes" if each.declared else "no")
            for (name, difference), each in zip(rows, comparison.contrasts, strict=True)
        ],
        svg=forest_plot(
            rows,
            title=title,
            axis="Difference of shares",
            reference=0.0,
            limits=(-limit, limit),
            synthetic=_synthetic(results),
            ident="contrasts",
        )
        if rows
        else "",
        empty="Fewer than two scorers have scores, so there is nothing to compare.",
    )


def _joint(results: Results) -> Figure:
    joint = results.scorer_details.joint
    return Figure(
        title="What each scorer adds to the others",
        caption=(
            "One logistic model of all gaps at once, over "
            f"{joint.n_votes:,} decided votes. A coefficient is what a scorer adds when the "
            "others are held equal, the length of the texts being one of them; bits are what "
            "the prediction of a vote loses without it."
            f"{_set_aside(joint)}"
        ),
        columns=(
            ("Predictor", "text"),
            ("Log-odds per usual gap", "number"),
            ("p", "number"),
            ("Bits", "number"),
        ),
        rows=[(each.name, each.per_spread, each.p, each.bits) for each in joint.coefficients],
        empty="No scorer covers the votes.",
    )


def _set_aside(joint: JointModel) -> str:
    """Name what the model could not tell from the rest."""
    names = [
        each.name for each in joint.coefficients if each.per_spread.reason.startswith("set aside")
    ]
    if not names:
        return ""
    return (
        f" Left out of the model: {', '.join(names)}, which it cannot tell from what stands above. "
        "What both tell counts for the one above."
    )


def _gap(primary: ScorerResult, results: Results) -> Figure:
    ends = tuple(each.high for each in primary.by_gap)
    beside = published_beside(primary.scorer) if ends == _PUBLISHED_ENDS else ()
    columns: tuple[tuple[str, Kind], ...] = (
        (_GAP, "text"),
        ("Won by the higher score", "share"),
        ("Decided", "count"),
        ("Ties", "count"),
    )
    rows: list[tuple[Cell, ...]] = [
        (gap_name(b.low, b.high), b.agreement, b.agreement.n_ratings, b.n_ties)
        for b in primary.by_gap
    ]
    if beside:
        columns = (*columns, ("GPT-2 XL, Bills et al. (2023)", "share"))
        rows = [(*row, share) for row, share in zip(rows, beside, strict=True)]
    return Figure(
        title="How often the higher score won the vote, by score gap",
        caption=(
            f"The further two scores of {primary.scorer} are apart, the more often the higher one "
            "should win. Bars are 95% intervals over neurons and raters."
        ),
        columns=columns,
        rows=rows,
        svg=gap_chart(
            primary.by_gap,
            ceiling=results.ceiling,
            published=beside,
            synthetic=_synthetic(results),
            ident="gap",
        ),
    )


_PUBLISHED_ENDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, inf)


def gap_name(low: float, high: float) -> str:
    """Return the name of a bin of score gaps."""
    if high == 0:
        return "0"
    return f"more than {low:g}" if high == inf else f"{low:g} to {high:g}"


def _told(points: list[tuple[str, Estimate]]) -> str:
    return "; ".join(f"{name}: {in_words(estimate)}" for name, estimate in points) + "."


def _calibration(primary: ScorerResult, look: Curves, results: Results) -> Figure:
    title = f"How the vote follows the gap of {primary.scorer}"
    points = [(each.gap, each.left) for each in look.calibration]
    reach = _reach([gap for gap, _ in points])
    x = axes.Axis(name="Score of the left less score of the right", low=-reach, high=reach)
    plot = plots.Plot(
        title=title,
        x=x,
        y=axes.shares("Decided votes for the left"),
        series=[plots.Series(name="an eighth of the votes, 95 % interval", points=points)],
        hint="It fills as people decide between explanations with different scores.",
        curve=_fitted(primary, reach),
        reference=(0.5, "no preference, 50 %"),
    )
    named = [(f"gap {gap:.2f}", estimate) for gap, estimate in points]
    return Figure(
        title=title,
        caption=(
            "Signed gaps, cut into parts of equally many votes, and the logistic curve fitted to "
            "all. Where the curve crosses a gap of 0 it shows the side bias."
        ),
        columns=(("Mean gap", "number"), ("Decided votes for the left", "share")),
        rows=points,
        svg=plots.render(
            plot, alt_text=_told(named), ident="calibration", synthetic=_synthetic(results)
        ),
        empty="No vote between scored explanations was decided.",
    )


def _reach(places: Sequence[float]) -> float:
    """Return how far an axis around zero goes, with some room beyond the last place."""
    return 1.06 * max((abs(x) for x in places), default=0.0) or 1.0


def _fitted(primary: ScorerResult, reach: float) -> plots.Curve | None:
    side, slope = primary.calibration.side_bias, primary.calibration.slope
    if not (side.defined and slope.defined):
        return None
    places = [reach * i / 20 for i in range(-20, 21)]
    return plots.Curve(
        name="logistic curve with side bias",
        points=[(x, _expit(side.value + slope.value * x / 0.1)) for x in places],
    )


def _expit(x: float) -> float:
    return 1 / (1 + exp(-min(max(x, -50.0), 50.0)))


def _sides(primary: ScorerResult, look: Curves, results: Results) -> Figure:
    title = "Sides and ties, by score gap"
    names = [gap_name(each.low, each.high) for each in look.sides]
    plot = plots.Plot(
        title=title,
        x=axes.categories(_GAP, [_tick(name) for name in names]),
        y=axes.shares("Share of votes"),
        series=[
            plots.Series(
                name="left, of decided votes, 95 % interval",
                points=[(i - 0.12, each.left) for i, each in enumerate(look.sides)],
            ),
            plots.Series(
                name="ties, of all votes, 95 % interval",
                points=[(i + 0.12, each.ties) for i, each in enumerate(look.sides)],
                mark="ring",
            ),
        ],
        hint="It fills as people judge explanations with scores.",
        reference=(0.5, "no side bias, 50 %"),
    )
    told = [(f"left at gap {n}", each.left) for n, each in zip(names, look.sides, strict=True)]
    told += [(f"ties at gap {n}", each.ties) for n, each in zip(names, look.sides, strict=True)]
    return Figure(
        title=title,
        caption=(
            f"Ties should grow rare as the gap of {primary.scorer} grows; the left should win half "
            "of the decided votes at any gap."
        ),
        columns=((_GAP, "text"), ("Left, of decided", "share"), ("Ties, of all", "share")),
        rows=[(n, each.left, each.ties) for n, each in zip(names, look.sides, strict=True)],
        svg=plots.render(plot, alt_text=_told(told), ident="sides", synthetic=_synthetic(results)),
    )


def _tick(name: str) -> str:
    low, _, high = name.partition(" to ")
    if high:
        return f"{low.removeprefix('0') or '0'}\N{EN DASH}{high.removeprefix('0')}"
    return name.replace("more than 0", "> ").replace("more than", ">")


def _scatter(primary: ScorerResult, look: Curves, results: Results) -> Figure:
    title = "Preference and score within neurons"
    cloud = [(point.score, point.preferred) for point in look.points]
    reach = _reach([x for x, _ in cloud])
    shown = "" if len(cloud) == look.n_points else f" {len(cloud):,} of {look.n_points:,} drawn."
    plot = plots.Plot(
        title=title,
        x=axes.Axis(name="Score less the neuron's mean score", low=-reach, high=reach),
        y=axes.shares("Votes won, a tie as half"),
        series=(),
        scatter=cloud,
        hint="It fills as people judge explanations with scores.",
        reference=(0.5, "half of the votes"),
    )
    levels = (
        f"Item level, Kendall's tau-b within votes: {in_words(look.tau_b)}. "
        f"System level, Pearson's correlation over conditions: {in_words(look.system)}."
    )
    return Figure(
        title=title,
        caption=(
            f"Each point is an explanation: its {primary.scorer} score beside the others of its "
            f"neuron, and how many of its votes it won.{shown} {levels}"
        ),
        columns=(
            ("Score less the neuron's mean", "number"),
            ("Votes won, a tie as half", "share"),
            ("Votes", "count"),
        ),
        rows=[(point.score, point.preferred, point.n_votes) for point in look.points],
        svg=plots.render(plot, alt_text=levels, ident="scatter", synthetic=_synthetic(results)),
        empty="No explanation with a score was judged.",
    )


def _strata(results: Results) -> Figure:
    details = results.scorer_details
    rows = chain(
        (("layer", f"layer {each.stratum}", each) for each in details.by_layer),
        (("mean score of the two", str(each.stratum), each) for each in details.by_score),
    )
    return Figure(
        title="By layer, and by how good the explanations are",
        caption=(
            "Where gaps are smaller, agreement is lower for that alone: compare the slopes. That "
            "one row is significant and another is not says nothing of a difference."
        ),
        columns=(
            ("By", "text"),
            ("Part", "text"),
            ("Decided votes won by the higher score", "share"),
            ("Slope, log-odds per 0.1 of gap", "number"),
        ),
        rows=[(by, name, each.agreement.strict, each.slope) for by, name, each in rows],
        empty="No vote between scored explanations.",
    )
