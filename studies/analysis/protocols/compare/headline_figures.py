"""Figures about the headline's scorer: by gap, within neurons, by part, and how robust."""

from collections.abc import Sequence
from itertools import chain
from math import exp

from studies.analysis.charts import axes, plots
from studies.analysis.charts.axes import in_words
from studies.analysis.charts.gap_chart import gap_chart
from studies.analysis.protocols.compare.analyse import Comparisons, ScorerResult
from studies.analysis.protocols.compare.scorer_details import ScorerDetails
from studies.analysis.protocols.compare.scorer_figures import (
    GAP,
    GAP_COLUMNS,
    PUBLISHED,
    WON,
    gap_cells,
    gap_name,
    published_shares,
)
from studies.analysis.report.figure import Cell, Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.wording import counted, percent
from studies.analysis.statistics.calibration_curves import Curves
from studies.analysis.statistics.missing import Bounds


def figures(found: Comparisons) -> dict[str, Figure]:
    """Return the figures of the headline's scorer; none without one."""
    details = found.scorer_details
    curves = details.curves
    if found.primary is None or curves is None:
        return {}
    primary = found.scorers[found.primary]
    drawn = {
        "gap": _gap(primary, found),
        "calibration": _calibration(primary, curves),
        "sides": _sides(primary, curves),
        "scatter": _scatter(primary, curves),
        "levels": _levels(curves, found),
        "strata": _strata(details),
        "sensitivity": _sensitivity(details),
        "missing": _missing(details),
        "precision": _precision(details),
    }
    if found.by_strength:
        drawn["strength"] = _strength(found)
    return drawn


def _gap(primary: ScorerResult, found: Comparisons) -> Figure:
    published = published_shares(primary)
    rows = [gap_cells(each) for each in primary.by_gap]
    columns = GAP_COLUMNS
    if published:
        columns = (*columns, PUBLISHED)
        rows = [(*row, share) for row, share in zip(rows, published, strict=True)]
    return Figure(
        title="How often the higher score won the vote, by score gap",
        caption=(
            f"The further apart two {primary.scorer} scores are, the more often the higher one "
            "should win. Bars are 95% intervals over neurons and raters."
        ),
        columns=columns,
        rows=rows,
        drawing=gap_chart(primary.by_gap, ceiling=found.ceiling, published=published),
    )


def _calibration(primary: ScorerResult, curves: Curves) -> Figure:
    points = [(each.gap, each.left) for each in curves.calibration]
    reach = _reach([gap for gap, _ in points])
    plot = plots.Plot(
        x=axes.Axis(name="Score of the left minus score of the right", low=-reach, high=reach),
        y=axes.shares("Decided votes for the left"),
        series=[plots.Series(name="an eighth of the votes, 95% interval", points=points)],
        hint="It fills as people decide between explanations with different scores.",
        curve=_fitted(primary, reach),
        reference=(0.5, "no preference, 50%"),
    )
    named = [(f"gap {gap:.2f}", estimate) for gap, estimate in points]
    return Figure(
        title=f"How votes follow the gap of {primary.scorer}",
        caption=(
            "Signed gaps, cut into parts of equally many votes, and the logistic curve fitted to "
            "all votes. Where the curve crosses a gap of 0, it shows the position bias."
        ),
        columns=(("Mean gap", "number"), ("Decided votes for the left", "share")),
        rows=points,
        drawing=plots.render(plot, alt_text=axes.all_in_words(named)),
        empty="No vote between scored explanations was decided.",
    )


def _strength(found: Comparisons) -> Figure:
    return forest(
        [
            (_STRENGTHS[each.strength], each.agreement, each.agreement.n_ratings)
            for each in found.by_strength
        ],
        title="How often the higher score won the vote, by strength of preference",
        caption="A good score should predict strong preferences more often than slight ones.",
        axis=WON,
        columns=(("Fits better", "text"), (WON, "share"), ("Decided", "count")),
        reference=0.5,
    )


_STRENGTHS = {1: "slightly", 2: "clearly", 3: "by far"}


def _reach(places: Sequence[float]) -> float:
    """Return how far an axis around zero goes, with some room beyond the last place."""
    return 1.06 * max((abs(x) for x in places), default=0.0) or 1.0


def _fitted(primary: ScorerResult, reach: float) -> plots.Curve | None:
    side, slope = primary.calibration.side_bias, primary.calibration.slope
    if not (side.defined and slope.defined):
        return None
    places = [reach * i / 20 for i in range(-20, 21)]
    return plots.Curve(
        name="logistic curve with position bias",
        points=[(x, _expit(side.value + slope.value * x / 0.1)) for x in places],
    )


def _expit(x: float) -> float:
    return 1 / (1 + exp(-min(max(x, -50.0), 50.0)))


def _sides(primary: ScorerResult, curves: Curves) -> Figure:
    names = [gap_name(each.low, each.high) for each in curves.sides]
    plot = plots.Plot(
        x=axes.categories(GAP, [_tick(name) for name in names]),
        y=axes.shares("Share of votes"),
        series=[
            plots.Series(
                name="left, of decided votes, 95% interval",
                points=[(i - 0.12, each.left) for i, each in enumerate(curves.sides)],
            ),
            plots.Series(
                name="ties, of all votes, 95% interval",
                points=[(i + 0.12, each.ties) for i, each in enumerate(curves.sides)],
                mark="ring",
            ),
        ],
        hint="It fills as people judge explanations with scores.",
        reference=(0.5, "no position bias, 50%"),
    )
    named = list(zip(names, curves.sides, strict=True))
    text = [(f"left at gap {name}", each.left) for name, each in named]
    text += [(f"ties at gap {name}", each.ties) for name, each in named]
    return Figure(
        title="Position bias and ties, by score gap",
        caption=(
            f"Ties should become rare as the gap of {primary.scorer} grows; the left should win "
            "half of the decided votes at any gap."
        ),
        columns=((GAP, "text"), ("Left, of decided", "share"), ("Ties, of all", "share")),
        rows=[(name, each.left, each.ties) for name, each in named],
        drawing=plots.render(plot, alt_text=axes.all_in_words(text)),
    )


def _tick(name: str) -> str:
    low, _, high = name.partition(" to ")
    if high:
        return f"{low.removeprefix('0') or '0'}\N{EN DASH}{high.removeprefix('0')}"
    return name.replace("more than 0", "> ").replace("more than", ">")


def _scatter(primary: ScorerResult, curves: Curves) -> Figure:
    cloud = [(point.score, point.preferred) for point in curves.points]
    reach = _reach([x for x, _ in cloud])
    part = "" if len(cloud) == curves.n_points else f" {len(cloud):,} of {curves.n_points:,} drawn."
    plot = plots.Plot(
        x=axes.Axis(name="Score minus the neuron's mean score", low=-reach, high=reach),
        y=axes.shares("Votes won, a tie as half"),
        series=(),
        scatter=cloud,
        hint="It fills as people judge explanations with scores.",
        reference=(0.5, "half of the votes"),
    )
    levels = (
        f"Item level, Kendall's tau-b within votes: {in_words(curves.tau_b)}. "
        f"System level, Pearson's correlation over conditions: {in_words(curves.system)}."
    )
    return Figure(
        title="Preference and score within neurons",
        caption=(
            f"Each point is an explanation: its {primary.scorer} score compared with the others of "
            f"its neuron, and the share of its votes that it won.{part} {levels}"
        ),
        columns=(
            ("Score minus the neuron's mean", "number"),
            ("Votes won, a tie as half", "share"),
            ("Votes", "count"),
        ),
        rows=[(point.score, point.preferred, point.n_votes) for point in curves.points],
        drawing=plots.render(plot, alt_text=levels),
        empty="No explanation with a score was judged.",
    )


def _levels(curves: Curves, found: Comparisons) -> Figure:
    rows: list[tuple[Cell, ...]] = [
        ("Item level: Kendall's τ-b within votes", curves.tau_b),
    ]
    if noise := found.agreement_details.noise:
        rows += [
            ("Item level: Pearson's r of score gap and vote", noise.correlation),
            ("Reliability of a vote: Krippendorff's α, interval", noise.reliability),
            ("Item level: r corrected for the noise of votes", noise.corrected),
        ]
    return Figure(
        title="Item level and system level",
        caption=(
            "Two questions: does the score tell which explanation of a neuron is better, and do "
            "the means of the conditions go together? The answers may differ widely."
        ),
        columns=(("Measure", "text"), ("Value and 95% interval", "number")),
        rows=[*rows, ("System level: correlation of the conditions' means", curves.system)],
    )


def _strata(details: ScorerDetails) -> Figure:
    rows = chain(
        (("layer", f"layer {each.stratum}", each) for each in details.by_layer),
        (("mean score of the two", str(each.stratum), each) for each in details.by_score),
    )
    return Figure(
        title="By layer, and by quality of the explanations",
        caption=(
            "Where gaps are smaller, agreement is lower for that reason alone: compare the slopes. "
            "One row being significant and another not does not show a difference."
        ),
        columns=(
            ("By", "text"),
            ("Part", "text"),
            (WON, "share"),
            ("Slope, log-odds per 0.1 of gap", "number"),
        ),
        rows=[(by, name, each.agreement.strict, each.slope) for by, name, each in rows],
        empty="No vote between scored explanations.",
    )


# --- Robustness -----------------------------------------------------------------------------------


def _sensitivity(details: ScorerDetails) -> Figure:
    return Figure(
        title="Does the headline depend on analysis choices?",
        caption=(
            "Rows other than two-way show what a narrower interval would have claimed: they are "
            "too narrow where both neurons and raters differ."
        ),
        columns=(
            ("Ties", "text"),
            ("Exclusions", "text"),
            ("Clustering", "text"),
            ("Agreement with the score", "share"),
            ("Slope, log-odds per 0.1", "number"),
        ),
        rows=[
            (
                {"drop": "dropped", "half": "as half"}[each.ties],
                each.exclusions,
                each.clustering,
                each.agreement,
                each.slope,
            )
            for each in details.sensitivity
            if each.exclusions == "none" or details.excludes
        ],
    )


def _missing(details: ScorerDetails) -> Figure:
    return Figure(
        title="Missing scores, by condition",
        caption=(
            "Explanations in votes without the headline's score. Where shares differ, the scored "
            f"votes represent some conditions more than others.{_bounds(details.bounds)}"
        ),
        columns=(
            ("Condition", "text"),
            ("Times shown", "count"),
            ("Without a score", "count"),
            ("Share", "share"),
        ),
        rows=[(str(e.group), e.n, e.n_missing, e.share) for e in details.missing],
    )


def _bounds(bounds: Bounds | None) -> str:
    if bounds is None or bounds.reason or not bounds.n_missing:
        return ""
    return (
        f" Whatever the missing scores of {counted(bounds.n_missing, 'decided vote')} are, strict "
        f"agreement lies between {percent(bounds.low)} and {percent(bounds.high)} (limits, not an "
        "interval)."
    )


def _precision(details: ScorerDetails) -> Figure:
    components = details.components
    reason = components.reason if components is not None else "the study is large enough"
    return Figure(
        title="What more judgments would buy",
        caption=(
            "Simulated from the variance between neurons and raters here: half the width of the "
            "95% interval of strict agreement, and how often it would exclude one half. Based on a "
            "small study, both are rough."
        ),
        columns=(
            ("Plan", "text"),
            ("Neurons", "count"),
            ("Raters", "count"),
            ("Votes", "count"),
            ("Half width", "share"),
            ("Excludes one half", "share"),
            ("Why not", "text"),
        ),
        rows=[
            (
                each.plan.name,
                each.plan.n_neurons,
                each.plan.n_raters,
                each.plan.n_votes,
                each.half_width,
                each.power,
                each.reason,
            )
            for each in details.precision
        ],
        empty=f"Not simulated: {reason or 'no decided vote between different scores'}.",
    )
