"""Figures about raters: every two of them, and what changes as judgments come in."""

from collections.abc import Sequence
from dataclasses import replace
from math import exp, inf, isfinite, isnan, sqrt

import numpy as np

from studies.analysis.charts import axes, grids, plots
from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.report.figure import Figure, Kind
from studies.analysis.report.wording import decimal
from studies.analysis.statistics.alpha import Level
from studies.analysis.statistics.breakdown import SoFar
from studies.analysis.statistics.drift import Drift
from studies.analysis.statistics.raters import RaterPairs

_Z = 1.959964
_LARGEST_LOG = 700.0


def pairs(found: RaterPairs) -> Figure:
    """Return how often every two raters give the same answer."""
    names = [f"Rater {name + 1}" for name in found.raters]
    cells = [
        [x if isfinite(x) else None for x in row] for row in np.asarray(found.agreement).tolist()
    ]
    listed = [
        (names[i], names[j], _wilson(cells[i][j], int(found.shared[i, j])))
        for i in range(len(names))
        for j in range(i)
        if found.shared[i, j]
    ]
    grid = grids.Grid(
        names=names,
        short=[str(name + 1) for name in found.raters],
        cells=cells,
        row="one rater",
        column="another",
        legend="same answer, share of items",
        hint="It fills as two raters judge the same items.",
    )
    text = axes.all_in_words((f"{a} and {b}", share) for a, b, share in listed[:20])
    return Figure(
        title="How often every two raters give the same answer",
        caption=(
            "Raters in the order in which they started, at most forty. A light row is a rater who "
            "answers differently from most: check the instructions before you suspect the rater. "
            "Intervals (Wilson) are for these two raters only."
        ),
        columns=(("Rater", "text"), ("Other rater", "text"), ("Same answer", "share")),
        rows=listed,
        drawing=grids.render(grid, alt_text=text),
        empty="No two raters judged the same item.",
    )


def _wilson(share: float | None, n: int) -> Estimate:
    """Wilson's (1927) interval of a share of `n` items, the two raters being fixed."""
    method = "share of items with the same answer; Wilson interval"
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


def growth(found: Sequence[SoFar], level: Level) -> Figure:
    """Return alpha of ever more of the judgments."""
    points = [(float(each.n), each.estimate) for each in found]
    y = axes.reaching(f"Krippendorff's α, {level}", [e for _, e in points], least=0.1)
    plot = plots.Plot(
        x=axes.Axis(name="Judgments collected", low=0, high=max([n for n, _ in points], default=1)),
        y=axes.Axis(name=y.name, low=max(y.low, -1.0), high=min(y.high, 1.0)),
        series=[plots.Series(name="all judgments so far, 95% interval", points=points)],
        hint="It fills as two raters judge the same items.",
        reference=(0.0, "agreement by chance"),
    )
    text = axes.all_in_words((f"{n:,.0f} judgments", e) for n, e in points)
    return Figure(
        title="Alpha as judgments came in",
        caption=(
            "Whether more judgments still change alpha. Stopping when it looks good makes it look "
            "better than it is: decide the number in advance."
        ),
        columns=(("Judgments", "count"), (f"Alpha, {level}", "number")),
        rows=[(int(n), e) for n, e in points],
        drawing=plots.render(plot, alt_text=text),
        empty="No judgments yet.",
    )


def learning(drift: Drift) -> Figure:
    """Return how often raters give the same answer as others, as they go on."""
    return _over_time(
        drift,
        [each.mean for each in drift.stretches],
        title="Agreement with the others over a rater's judgments",
        y=axes.shares("Same answer as the others"),
        kind="share",
        caption=(
            "Later parts include only raters who went on so far; the slope, which compares each "
            f"rater with themselves, is {_slope(drift)}."
        ),
    )


def pace(drift: Drift) -> Figure:
    """Return how long a judgment takes as raters go on."""
    means = [_in_seconds(each.mean) for each in drift.stretches]
    top = axes.reaching("Seconds, geometric mean", means, least=1)
    return _over_time(
        drift,
        means,
        title="Seconds per judgment over a rater's judgments",
        y=axes.Axis(name=top.name, low=0.0, high=top.high),
        kind="number",
        caption=(
            "Faster with the same agreement is learning; faster with less is fatigue. Within "
            f"raters, the logarithm of seconds changes by {_slope(drift)}."
        ),
    )


def _over_time(
    drift: Drift, means: Sequence[Estimate], *, title: str, y: axes.Axis, kind: Kind, caption: str
) -> Figure:
    names = [_stretch(each.after, each.upto) for each in drift.stretches]
    plot = plots.Plot(
        x=axes.categories("A rater's own judgments", names),
        y=y,
        series=[
            plots.Series(
                name="mean, 95% interval",
                points=[(float(i), mean) for i, mean in enumerate(means)],
                joined=True,
            )
        ],
        hint="It fills as raters go on.",
    )
    rows = list(zip(names, means, strict=True))
    return Figure(
        title=title,
        caption=caption,
        columns=(("A rater's own judgments", "text"), (y.name, kind)),
        rows=rows,
        drawing=plots.render(plot, alt_text=axes.all_in_words(rows)),
    )


def _stretch(after: float, upto: float) -> str:
    return f"{after + 1:.0f}+" if upto == inf else f"{after + 1:.0f}\N{EN DASH}{upto:.0f}"


def _slope(drift: Drift) -> str:
    slope = drift.slope
    if not slope.defined:
        return f"not computed ({slope.reason})"
    interval = ""
    if slope.has_interval:
        interval = f" [{decimal(slope.low)}, {decimal(slope.high)}]"
    return f"{decimal(slope.value)} per ten judgments{interval} (n = {slope.n_ratings:,})"


def _in_seconds(logs: Estimate) -> Estimate:
    """Turn a mean of logarithms with its interval into seconds; the error by the delta method."""
    value = _exp(logs.value)
    return replace(
        logs,
        value=value,
        low=_exp(logs.low),
        high=_exp(logs.high),
        se=logs.se * value,
        method=f"geometric {logs.method}",
    )


def _exp(log: float) -> float:
    """Return the exponential, at most a number that can be written; nan of nan."""
    return exp(log if log < _LARGEST_LOG or isnan(log) else _LARGEST_LOG)
