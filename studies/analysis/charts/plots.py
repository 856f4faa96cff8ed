"""Points with intervals over two axes, and lines through them, as SVG text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from typing import Literal, TypeAlias

from studies.analysis.charts import svg
from studies.analysis.data.estimate import Estimate

Tick: TypeAlias = tuple[float, str]
_HEIGHT = 200
_LINE = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis from `low` to `high`, named with its unit; without `ticks`, round numbers.

    ValueError when the limits do not increase.
    """

    name: str
    low: float
    high: float
    ticks: tuple[Tick, ...] = ()

    def __post_init__(self) -> None:
        """Check the limits."""
        if not self.low < self.high:
            raise ValueError(f"{self.name}: {self.low} to {self.high} does not increase")

    def marked(self) -> tuple[Tick, ...]:
        """Return where ticks stand and what is written there."""
        return self.ticks or tuple((x, f"{x:,.6g}") for x in _round(self.low, self.high))

    def share(self, value: float) -> float:
        """Return where a value stands, from 0 at `low` to 1 at `high`; kept inside."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def shares(name: str) -> Axis:
    """Return an axis from 0 to 100 %."""
    ticks = tuple((x / 4, f"{25 * x} %") for x in range(5))
    return Axis(name=name, low=0.0, high=1.0, ticks=ticks)


def reaching(name: str, estimates: Sequence[Estimate], *, least: float = 0.0) -> Axis:
    """Return an axis that holds all the estimates with their intervals, and at least ±`least`."""
    ends = [x for e in estimates if e.defined for x in (e.low, e.high, e.value) if x == x]
    low, high = min([*ends, -least]), max([*ends, least])
    step = 10.0 ** floor(log10(max(high - low, 1e-6)))
    low, high = floor(low / step) * step, ceil(high / step) * step
    return Axis(name=name, low=low, high=max(high, low + step))


def _round(low: float, high: float) -> list[float]:
    power = 10.0 ** floor(log10(high - low))
    step = next(s for s in (0.2, 0.5, 1, 2) if (high - low) / (s * power) <= 5) * power
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


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
class Plot:
    """Two axes and what stands on them. `reference` is where a dashed line runs across."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    hint: str
    curve: Curve | None = None
    reference: tuple[float, str] | None = None
    scatter: Sequence[tuple[float, float]] = ()


def render(plot: Plot, *, alt_text: str, ident: str, synthetic: bool = False) -> str:
    """Draw a plot; where nothing is defined, its `hint` says what will fill it."""
    defined = any(e.defined for series in plot.series for _, e in series.points)
    if not defined and not plot.scatter:
        return svg.not_yet(title=plot.title, hint=plot.hint, ident=ident, synthetic=synthetic)
    legend = _legend(plot)
    layout = _Layout(plot=plot, top=len(legend) * _LINE + 42)
    marks = [
        *legend,
        *layout.axes(),
        *layout.cloud(),
        *layout.curve(),
        *(mark for series in plot.series for mark in layout.of(series)),
    ]
    return svg.figure(
        marks,
        height=layout.bottom + 46,
        title=plot.title,
        alt_text=alt_text,
        ident=ident,
        synthetic=synthetic,
    )


def _legend(plot: Plot) -> list[str]:
    entries = [(_SYMBOLS[series.mark](8, 10), series.name) for series in plot.series]
    if plot.curve is not None:
        entries.append((svg.line(0, 10, 16, 10, colour=svg.INK, width=1.5), plot.curve.name))
    if plot.reference is not None:
        entries.append((svg.line(0, 10, 16, 10, dashed=True), plot.reference[1]))
    return [
        f'<g transform="translate(0 {i * _LINE})">{symbol}{svg.text(text, 24, 14.5)}</g>'
        for i, (symbol, text) in enumerate(entries)
    ]


_SYMBOLS = {"dot": svg.dot, "ring": svg.ring}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where things stand below `top`."""

    plot: Plot
    top: float
    left: float = 46
    right: float = svg.WIDTH - 14

    @property
    def bottom(self) -> float:
        return self.top + _HEIGHT

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (
            round(self.left + self.plot.x.share(x) * (self.right - self.left), 2),
            round(self.bottom - self.plot.y.share(y) * _HEIGHT, 2),
        )

    def axes(self) -> list[str]:
        x, y = self.plot.x, self.plot.y
        down = [(self.at(x.low, tick)[1], name) for tick, name in y.marked()]
        along = [(self.at(tick, y.low)[0], name) for tick, name in x.marked()]
        return [
            svg.text(y.name, 0, self.top - 14, weight=600),
            *(svg.text(_signed(name), self.left - 6, at + 4, anchor="end") for at, name in down),
            *(svg.line(self.left - 3, at, self.left, at) for at, _ in down),
            *(svg.text(_signed(name), at, self.bottom + 17, anchor="middle") for at, name in along),
            *(svg.line(at, self.bottom, at, self.bottom + 3) for at, _ in along),
            svg.line(self.left, self.top, self.left, self.bottom),
            svg.line(self.left, self.bottom, self.right, self.bottom),
            *self._reference(),
            svg.text(x.name, self.right, self.bottom + 38, anchor="end", weight=600),
        ]

    def _reference(self) -> list[str]:
        if self.plot.reference is None:
            return []
        _, y = self.at(self.plot.x.low, self.plot.reference[0])
        return [svg.line(self.left, y, self.right, y, dashed=True)]

    def cloud(self) -> list[str]:
        return [svg.speck(*self.at(x, y)) for x, y in self.plot.scatter]

    def curve(self) -> list[str]:
        places = [self.at(*point) for point in self.plot.curve.points] if self.plot.curve else []
        return [svg.line(*a, *b, colour=svg.INK, width=1.5) for a, b in pairwise(places)]

    def of(self, series: Series) -> list[str]:
        there = [(x, e) for x, e in series.points if e.defined]
        marks = [svg.line(*self.at(x, e.low), *self.at(x, e.high), colour=svg.ACCENT, width=2)
                 for x, e in there if e.has_interval]  # fmt: skip
        places = [self.at(x, e.value) for x, e in there]
        if series.joined:
            marks += [svg.line(*a, *b, colour=svg.ACCENT) for a, b in pairwise(places)]
        return marks + [_SYMBOLS[series.mark](*place) for place in places]


def _signed(name: str) -> str:
    return name.replace("-", "\N{MINUS SIGN}")
