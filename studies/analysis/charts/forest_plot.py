"""Named estimates with their intervals, one a row, as SVG text."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from studies.analysis.charts import axes, svg
from studies.analysis.charts.axes import LINE, Axis
from studies.analysis.data.estimate import Estimate

_NAME_LINE, _NAME_BESIDE = 56, 32
"""Characters of a row's name that fit on a line, and on one with the row's numbers."""


def forest_plot(
    rows: Sequence[tuple[str, Estimate]],
    *,
    axis: str,
    reference: float | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
) -> svg.Drawing:
    """Draw one named estimate per row with its 95% interval, over one axis.

    `axis` names the axis with its unit; at `reference` there is a dashed line. What reaches beyond
    `limits` ends in an arrow; a row without a value says why. ValueError when `limits` do not
    increase.
    """
    layout = _Layout(axis=Axis(name="limits", low=limits[0], high=limits[1]))
    if not any(estimate.defined for _, estimate in rows):
        return svg.placeholder("It fills as judgments come in.")
    marks: list[str] = []
    y = 0.0
    for name, estimate in rows:
        lines = wrap(name, _NAME_LINE)
        marks += [svg.text(line, 0, y + 15 + LINE * i, weight=600) for i, line in enumerate(lines)]
        # The numbers of a row with a long name go on a line of their own.
        y += LINE * (len(lines) if len(name) > _NAME_BESIDE else 0)
        row, y = layout.row(estimate, reference, y)
        marks += row
    ticks = [(layout.x(x), axes.number(x)) for x in axes.round_ticks(*limits)]
    marks += axes.bottom_axis(axis, ticks, y=y, left=layout.left, right=layout.right)
    return svg.Drawing(marks=marks, height=y + 44, alt_text=axes.all_in_words(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    axis: Axis
    left: float = 16
    right: float = svg.WIDTH - 16

    def x(self, value: float) -> float:
        low, high = self.axis.low, self.axis.high
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def inside(self, value: float) -> bool:
        return self.axis.low <= value <= self.axis.high

    def row(self, estimate: Estimate, reference: float | None, y: float) -> tuple[list[str], float]:
        """Return the marks of a row that begins at `y`, and where the next begins."""
        if not estimate.defined:
            reason = wrap(f"Undefined: {estimate.reason}", 58)
            lines = [
                svg.text(part, 0, y + 15 + LINE * i, colour=svg.MUTED)
                for i, part in enumerate(reason, start=1)
            ]
            return lines, y + LINE * (len(reason) + 1) + 10
        middle = y + 30
        marks = [svg.text(axes.with_interval(estimate), svg.WIDTH, y + 15, anchor="end")]
        if reference is not None and self.inside(reference):
            x = self.x(reference)
            marks.append(svg.line(x, middle - 10, x, middle + 10, dashed=True))
        if estimate.has_interval:
            ends = self.x(estimate.low), self.x(estimate.high)
            marks.append(svg.interval(*ends, middle, left=self.left, right=self.right))
        if self.inside(estimate.value):
            marks.append(svg.dot(self.x(estimate.value), middle))
        return marks, y + 46
