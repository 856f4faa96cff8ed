"""What is shown about raters."""

from collections.abc import Sequence
from math import exp, inf, isfinite, isnan, sqrt

import numpy as np

from studies.analysis.charts import axes, grids, plots
from studies.analysis.charts.axes import in_words
from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.protocols.compare.analyse import Results
from studies.analysis.report.figure import Figure
from studies.analysis.statistics.alpha import Level
from studies.analysis.statistics.breakdown import SoFar
from studies.analysis.statistics.drift import Drift
from studies.analysis.statistics.raters import RaterPairs

_Z = 1.959964
_LISTED = 40
_LARGEST_LOG = 700.0


def figures(results: Results) -> dict[str, Figure]:
    """Return raters beside each other, and what changes as judgments come in."""
    synthetic = results.n_synthetic > 0
    return {
        "pairs": pairs(results.rater_details.pairs, synthetic=synthetic),
        "raters": _raters(results),
        "growth": growth(results.rater_details.growth, "ordinal", synthetic=synthetic),
        "learning": learning(results.rater_details.agreement, synthetic=synthetic),
        "pace": pace(results.rater_details.log_seconds, synthetic=synthetic),
    }


def pairs(pairs: RaterPairs, *, synthetic: bool) -> Figure:
    """Show every two raters beside each other."""
    title = "How often every two raters give the same answer"
    names = [f"Rater {name + 1}" for name in pairs.raters]
    cells = [
        [x if isfinite(x) else None for x in row] for row in np.asarray(pairs.agreement).tolist()
    ]
    listed = [
        (names[i], names[j], _wilson(cells[i][j], int(pairs.shared[i, j])))
        for i in range(len(names))
        for j in range(i)
        if pairs.shared[i, j]
    ]
    grid = grids.Grid(
        title=title,
        names=names,
        short=[str(name + 1) for name in pairs.raters],
        cells=cells,
        row="one rater",
        column="another",
        legend="items answered alike",
        hint="It fills as two raters judge the same items.",
    )
    told = "; ".join(f"{a} and {b}: {in_words(share)}" for a, b, share in listed[:20])
    return Figure(
        title=title,
        caption=(
            "Raters in the order in which they began, at most forty. A light row is a rater who "
            "answers otherwise than most: look at the instructions before you look at the rater. "
            "Intervals (Wilson) hold for these two raters alone."
        ),
        columns=(("Rater", "text"), ("Rater ", "text"), ("Same answer", "share")),
        rows=listed,
        svg=grids.render(grid, alt_text=f"{told}.", ident="pairs", synthetic=synthetic),
        empty="No two raters judged the same item.",
    )


def _wilson(share: float | None, n: int) -> Estimate:
    """Wilson's (1927) interval of a share of `n` items, the two raters being fixed."""
    method = "share of items answered alike; Wilson interval"
    if share is None or not n:
        return undefined("no item in common", method=method)
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Estimate(
        value=share,
        low=min(max(middle - reach, 0.0), share),
        high=max(min(middle + reach, 1.0), share),
        se=reach / _Z,
        n_units=n,
        n_raters=2,
        n_ratings=2 * n,
        method=method,
    )


def _raters(results: Results) -> Figure:
    most = sorted(results.rater_details.raters, key=lambda each: -each.n_ratings)[:_LISTED]
    return Figure(
        title="Raters one by one",
        caption=(
            "At most forty, those with most judgments first. Influence is ordinal alpha less alpha "
            "without the rater. It finds misread instructions; nobody is excluded for it."
        ),
        columns=(
            ("Rater", "text"),
            ("Judgments", "count"),
            ("Same answer as the others", "share"),
            ("Influence on alpha", "number"),
        ),
        rows=[
            (f"Rater {each.rater + 1}", each.n_ratings, each.with_others, each.influence)
            for each in most
        ],
        empty="No judgments yet.",
    )


def growth(found: Sequence[SoFar], level: Level, *, synthetic: bool) -> Figure:
    """Show alpha of ever more of the judgments."""
    title = "Alpha as judgments came in"
    points = [(float(each.n), each.estimate) for each in found]
    y = axes.reaching(f"Krippendorff's α, {level}", [e for _, e in points], least=0.1)
    plot = plots.Plot(
        title=title,
        x=axes.Axis(name="Judgments collected", low=0, high=max([n for n, _ in points], default=1)),
        y=axes.Axis(name=y.name, low=max(y.low, -1.0), high=min(y.high, 1.0)),
        series=[plots.Series(name="all judgments so far, 95 % interval", points=points)],
        hint="It fills as two raters judge the same items.",
        reference=(0.0, "agreement by chance"),
    )
    told = "; ".join(f"{n:,.0f} judgments: {in_words(e)}" for n, e in points)
    return Figure(
        title=title,
        caption=(
            "Whether more judgments still change it. To stop when it looks good makes it too good: "
            "decide the number beforehand."
        ),
        columns=(("Judgments", "count"), (f"Alpha, {level}", "number")),
        rows=[(int(n), e) for n, e in points],
        svg=plots.render(plot, alt_text=f"{told}.", ident="growth", synthetic=synthetic),
        empty="No judgments yet.",
    )


def _stretch(after: float, upto: float) -> str:
    return f"{after + 1:.0f}+" if upto == inf else f"{after + 1:.0f}\N{EN DASH}{upto:.0f}"


def learning(drift: Drift, *, synthetic: bool) -> Figure:
    """Show how often raters answer as others do, as they go on."""
    return _drift(
        drift,
        title="Agreement with the others, as a rater goes on",
        axis="Same answer as the others",
        note="Later stretches hold only who went on so far; the slope does not have that fault",
        ident="learning",
        synthetic=synthetic,
    )


def _drift(
    drift: Drift, *, title: str, axis: str, note: str, ident: str, synthetic: bool
) -> Figure:
    names = [_stretch(each.after, each.upto) for each in drift.stretches]
    points = [(float(i), each.mean) for i, each in enumerate(drift.stretches)]
    plot = plots.Plot(
        title=title,
        x=axes.categories("A rater's own judgments", names),
        y=axes.shares(axis),
        series=[plots.Series(name="mean, 95 % interval", points=points, joined=True)],
        hint="It fills as raters go on.",
    )
    told = "; ".join(f"{n}: {in_words(e)}" for n, (_, e) in zip(names, points, strict=True))
    return Figure(
        title=title,
        caption=f"{note}: {in_words(drift.slope)} per ten judgments.",
        columns=(("A rater's own judgments", "text"), (axis, "share")),
        rows=[(n, e) for n, (_, e) in zip(names, points, strict=True)],
        svg=plots.render(plot, alt_text=f"{told}.", ident=ident, synthetic=synthetic),
    )


def pace(drift: Drift, *, synthetic: bool) -> Figure:
    """Show how long a judgment takes as raters go on."""
    title = "Seconds for a judgment, as a rater goes on"
    names = [_stretch(each.after, each.upto) for each in drift.stretches]
    points = [(float(i), _in_seconds(each.mean)) for i, each in enumerate(drift.stretches)]
    top = axes.reaching("Seconds, geometric mean", [e for _, e in points], least=1)
    plot = plots.Plot(
        title=title,
        x=axes.categories("A rater's own judgments", names),
        y=axes.Axis(name=top.name, low=0.0, high=top.high),
        series=[plots.Series(name="mean, 95 % interval", points=points, joined=True)],
        hint="It fills as raters go on.",
    )
    told = "; ".join(f"{n}: {in_words(e)}" for n, (_, e) in zip(names, points, strict=True))
    return Figure(
        title=title,
        caption=(
            "Quicker with the same agreement is learning; quicker with less is fatigue. Within "
            f"raters the logarithm changes by {in_words(drift.slope)} per ten judgments."
        ),
        columns=(("A rater's own judgments", "text"), ("Seconds", "number")),
        rows=[(n, e) for n, (_, e) in zip(names, points, strict=True)],
        svg=plots.render(plot, alt_text=f"{told}.", ident="pace", synthetic=synthetic),
    )


def _in_seconds(logs: Estimate) -> Estimate:
    """Turn a mean of logarithms with its interval into seconds; the error by the delta method."""
    return Estimate(
        value=_exp(logs.value),
        low=_exp(logs.low),
        high=_exp(logs.high),
        se=logs.se * _exp(logs.value),
        n_units=logs.n_units,
        n_raters=logs.n_raters,
        n_ratings=logs.n_ratings,
        method=f"geometric {logs.method}",
        reason=logs.reason,
        note=logs.note,
    )


def _exp(log: float) -> float:
    """Return the exponential, at most a number that can be written; nan of nan."""
    return exp(log if log < _LARGEST_LOG or isnan(log) else _LARGEST_LOG)
