"""Points with intervals over two axes, and lines through them, as SVG text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from studies.analysis.charts import axes, svg
from studies.analysis.charts.axes import Axis
from studies.analysis.data.estimate import Estimate

_HEIGHT = 200
_SYMBOLS = {"dot": svg.dot, "ring": svg.ring}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Estimates at places on the x axis; dots and rings differ without colour."""

    name: str
    points: Sequence[tuple[float, Estimate]]
    mark: Literal["dot", "ring"] = "dot"
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line without intervals, such as a fitted one."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A shaded range of the y axis."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Two axes and what is drawn over them. `reference` is where a dashed line runs across."""

    x: Axis
    y: Axis
    series: Sequence[Series]
    hint: str
    curve: Curve | None = None
    reference: tuple[float, str] | None = None
    band: Band | None = None
    scatter: Sequence[tuple[float, float]] = ()


def render(plot: Plot, *, alt_text: str) -> svg.Drawing:
    """Draw a plot; where nothing is defined, its `hint` says what will fill it."""
    defined = any(e.defined for series in plot.series for _, e in series.points)
    if not defined and not plot.scatter:
        return svg.placeholder(plot.hint)
    legend = axes.legend(_legend(plot))
    layout = _Layout(plot=plot, top=len(legend) * axes.LINE + 42)
    marks = [
        *layout.band(),
        *legend,
        *layout.axes(),
        *(svg.speck(*layout.at(x, y)) for x, y in plot.scatter),
        *layout.curve(),
        *(mark for series in plot.series for mark in layout.of(series)),
    ]
    return svg.Drawing(marks=marks, height=layout.bottom + layout.name_y + 8, alt_text=alt_text)


def _legend(plot: Plot) -> list[tuple[str, str]]:
    entries = [(_SYMBOLS[series.mark](8, 10), series.name) for series in plot.series]
    if plot.band is not None:
        entries.append((svg.band(1, 4, 14, 12), plot.band.name))
    if plot.curve is not None:
        entries.append((svg.line(0, 10, 16, 10, colour=svg.INK, width=1.5), plot.curve.name))
    if plot.reference is not None:
        entries.append((svg.line(0, 10, 16, 10, dashed=True), plot.reference[1]))
    return entries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """The positions of everything below `top`."""

    plot: Plot
    top: float
    left: float = 46
    right: float = svg.WIDTH - 14

    @property
    def bottom(self) -> float:
        return self.top + _HEIGHT

    @property
    def name_y(self) -> float:
        """How far the x axis' name is below the axis."""
        return 54 if self.plot.x.notes else 38

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (
            round(self.left + self.plot.x.share(x) * (self.right - self.left), 2),
            round(self.bottom - self.plot.y.share(y) * _HEIGHT, 2),
        )

    def band(self) -> list[str]:
        if self.plot.band is None:
            return []
        bottom, top = (self.at(0, y)[1] for y in (self.plot.band.low, self.plot.band.high))
        return [svg.band(self.left, top, self.right - self.left, max(bottom - top, 2))]

    def axes(self) -> list[str]:
        x, y = self.plot.x, self.plot.y
        down = [(self.at(x.low, tick)[1], label) for tick, label in y.marked()]
        along = [(self.at(tick, y.low)[0], label) for tick, label in x.marked()]
        return [
            *axes.left_axis(y.name, down, x=self.left, top=self.top),
            *axes.bottom_axis(
                x.name,
                along,
                y=self.bottom,
                left=self.left,
                right=self.right,
                name_y=self.name_y,
            ),
            *(
                svg.text(note, at, self.bottom + 34, anchor="middle", colour=svg.MUTED)
                for (at, _), note in zip(along, x.notes, strict=False)
            ),
            svg.text(x.notes_name, 0, self.bottom + 34, colour=svg.MUTED),
            svg.line(self.left, self.top, self.left, self.bottom),
            *self._reference(),
        ]

    def _reference(self) -> list[str]:
        if self.plot.reference is None:
            return []
        _, y = self.at(self.plot.x.low, self.plot.reference[0])
        return [svg.line(self.left, y, self.right, y, dashed=True)]

    def curve(self) -> list[str]:
        places = [self.at(*point) for point in self.plot.curve.points] if self.plot.curve else []
        return [svg.line(*a, *b, colour=svg.INK, width=1.5) for a, b in pairwise(places)]

    def of(self, series: Series) -> list[str]:
        there = [(x, e) for x, e in series.points if e.defined]
        marks = [
            svg.line(*self.at(x, e.low), *self.at(x, e.high), colour=svg.ACCENT, width=2)
            for x, e in there
            if e.has_interval
        ]
        places = [self.at(x, e.value) for x, e in there]
        if series.joined:
            marks += [svg.line(*a, *b, colour=svg.ACCENT) for a, b in pairwise(places)]
        return marks + [_SYMBOLS[series.mark](*place) for place in places]
