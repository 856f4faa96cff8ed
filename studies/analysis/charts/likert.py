"""Distributions over the points of a scale as diverging stacked bars, as SVG text."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten

from studies.analysis.charts import axes, svg

_HEIGHT, _STEP = 24, 52
_DARKEST = 0.5
"""Opacity at which ink still reads on the colours, on light and on dark pages."""
_WRITTEN_FROM = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How often each point was given, lowest first."""

    name: str
    counts: tuple[int, ...]


def render(bars: Sequence[Bar], points: Sequence[str]) -> svg.Drawing:
    """Draw one bar per row, its lower points left of the middle line and its upper ones right.

    A middle point lies across the line. All bars have one scale, so that lengths compare.
    """
    rows = [bar for bar in bars if sum(bar.counts)]
    if not rows:
        return svg.placeholder("It fills as people rate.")
    layout = _Layout(points=points, bars=rows)
    legend, top = layout.legend()
    bottom = top + len(rows) * _STEP
    marks = [
        *legend,
        *(mark for i, bar in enumerate(rows) for mark in layout.bar(bar, top + i * _STEP)),
        *axes.bottom_axis("Percent of ratings", layout.ticks(), y=bottom, left=0, right=svg.WIDTH),
    ]
    return svg.Drawing(marks=marks, height=bottom + 44, alt_text=_alt_text(rows, points))


def _alt_text(bars: Sequence[Bar], points: Sequence[str]) -> str:
    alt_text = []
    for bar in bars:
        total = sum(bar.counts)
        shares = ", ".join(
            f"{point} {axes.percent(n / total)}"
            for point, n in zip(points, bar.counts, strict=True)
        )
        alt_text.append(f"{bar.name}: {shares}, n = {total}")
    return f"{'; '.join(alt_text)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    points: Sequence[str]
    bars: Sequence[Bar]

    @property
    def reach(self) -> tuple[float, float]:
        """The longest way from the middle line to the left and to the right, in shares."""
        ends = [self._ends(bar) for bar in self.bars]
        left, right = (max(side) for side in zip(*ends, strict=True))
        return max(left, 0.1), max(right, 0.1)

    @property
    def scale(self) -> float:
        return svg.WIDTH / sum(self.reach)

    @property
    def middle(self) -> float:
        return self.reach[0] * self.scale

    def _ends(self, bar: Bar) -> tuple[float, float]:
        total = sum(bar.counts)
        k = len(bar.counts)
        below = sum(bar.counts[: k // 2]) / total
        if k % 2:
            below += bar.counts[k // 2] / total / 2
        return below, 1 - below

    def look(self, at: int) -> tuple[str, float]:
        """Return a point's colour and opacity: the further from the middle the darker."""
        k = len(self.points)
        away = at - (k - 1) / 2
        opacity = _DARKEST * max(abs(away), 0.35) / ((k - 1) / 2 or 1)
        return (svg.ACCENT if away > 0 else svg.MUTED), min(opacity, _DARKEST)

    def legend(self) -> tuple[list[str], float]:
        """Return the points with their colours, two in a line, and where they end."""
        marks = []
        for at, point in enumerate(self.points):
            x, y = (at % 2) * svg.WIDTH / 2, at // 2 * axes.LINE
            marks.append(self._cell(x, y + 2, 16, 12, at))
            marks.append(svg.text(shorten(point, 28, placeholder="…"), x + 22, y + 13))
        return marks, -(-len(self.points) // 2) * axes.LINE + 8

    def _cell(self, x: float, y: float, width: float, height: float, at: int) -> str:
        colour, opacity = self.look(at)
        return (
            f'<rect x="{x:.2f}" y="{y:g}" width="{width:.2f}" height="{height:g}" '
            f'fill="{colour}" fill-opacity="{opacity:.3g}" stroke="{svg.MUTED}" '
            f'stroke-opacity="0.6" stroke-width="0.7"/>'
        )

    def bar(self, bar: Bar, y: float) -> list[str]:
        total = sum(bar.counts)
        x = self.middle - self._ends(bar)[0] * self.scale
        marks = [
            svg.text(shorten(bar.name, 40, placeholder="…"), 0, y + 15, weight=600),
            svg.text(f"n = {total:,}", svg.WIDTH, y + 15, anchor="end", colour=svg.MUTED),
            svg.line(self.middle, y + 16, self.middle, y + 21, colour=svg.INK),
            svg.line(self.middle, y + 45, self.middle, y + _STEP, colour=svg.INK),
        ]
        for at, n in enumerate(bar.counts):
            width = n / total * self.scale
            if n:
                marks.append(self._cell(x, y + 21, width, _HEIGHT, at))
            if width >= _WRITTEN_FROM:
                written = f"{100 * n / total:.0f}"
                marks.append(svg.text(written, x + width / 2, y + 37.5, anchor="middle"))
            x += width
        return marks

    def ticks(self) -> list[axes.Tick]:
        """Return ticks every quarter away from the middle line, in percent of the ratings."""
        left, right = self.reach
        return [
            (self.middle + at / 4 * self.scale, f"{25 * abs(at)}")
            for at in range(-4, 5)
            if -left <= at / 4 <= right
        ]
