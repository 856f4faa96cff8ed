"""Figures as SVG text: no script, no dependency, legible on a phone, coloured by the page.

A figure scales to the width it is given: put it in a `<figure>` no wider than 36rem, its title in
the caption, its table behind it. `ident` makes its ids unique on the page; `synthetic` makes it say
that it includes synthetic judgments. Colours come from the
CSS variables `--chart-ink`, `--chart-muted`, `--chart-accent` and `--chart-band`, with fallbacks
for a light page. All text is escaped.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isinf, log10
from textwrap import wrap

from studies.analysis.charts import svg
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import GAP_EDGES
from studies.analysis.statistics.preference import GapBin, NoiseCeiling

_LINE = 18
_NAME_LINE, _NAME_BESIDE = 56, 32
"""Characters of a row's name that fit on a line, and beside the row's numbers."""


def gap_chart(
    bins: Sequence[GapBin],
    *,
    ceiling: NoiseCeiling | None = None,
    published: Sequence[float] = (),
    synthetic: bool = False,
    ident: str = "gap-chart",
) -> str:
    """Draw the agreement of votes with scores by score gap, each bin with its 95 % interval.

    `ceiling` is shaded when both its bounds are defined. `published` shares, one a bin, stand
    beside the study's own. ValueError when there are some and the bins are not `GAP_EDGES`.
    """
    if published and not _are_published(bins):
        raise ValueError("published: they are for the bins of GAP_EDGES")
    title = "How often the higher score won the vote, by score gap"
    if not any(b.agreement.defined for b in bins):
        hint = "It fills as people decide between explanations with different scores."
        return svg.not_yet(title=title, hint=hint, ident=ident, synthetic=synthetic)
    shaded = ceiling if ceiling is not None and ceiling.upper.defined else None
    legend, top = _legend(shaded, published=bool(published))
    plot = _GapPlot(top=top + _LINE + 12, n=len(bins))
    marks = [
        *plot.shade(shaded),
        *plot.axes(),
        *legend,
        *(mark for i, b in enumerate(bins) for mark in plot.column(i, b)),
        *(plot.published(i, share) for i, share in enumerate(published)),
    ]
    alt_text = "; ".join(f"gap {_bin_name(b)}: {in_words(b.agreement)}" for b in bins)
    if ceiling is not None:
        alt_text += f"; noise ceiling: {in_words(ceiling.lower)} to {in_words(ceiling.upper)}"
    return svg.figure(
        marks,
        height=plot.bottom + 60,
        title=title,
        alt_text=f"{alt_text}.",
        ident=ident,
        synthetic=synthetic,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _GapPlot:
    """Where things stand in the gap chart: `n` columns below `top`."""

    top: float
    n: int
    left: float = 48
    right: float = svg.WIDTH - 4

    @property
    def bottom(self) -> float:
        return self.top + 200

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.n

    def x(self, i: int) -> float:
        return self.left + (i + 0.5) * self.step

    def y(self, share: float) -> float:
        return self.bottom - share * (self.bottom - self.top)

    def shade(self, ceiling: NoiseCeiling | None) -> list[str]:
        if ceiling is None:
            return []
        top, bottom = self.y(ceiling.upper.value), self.y(ceiling.lower.value)
        return [svg.band(self.left, top, self.right - self.left, max(bottom - top, 2))]

    def axes(self) -> list[str]:
        ticks = [(share, self.y(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
        return [
            svg.text("Votes won by the higher score", 0, self.top - 14, weight=600),
            *(svg.text(_percent(s), self.left - 6, y + 4, anchor="end") for s, y in ticks),
            *(svg.line(self.left - 3, y, self.left, y) for _, y in ticks),
            svg.line(self.left, self.top, self.left, self.bottom),
            svg.line(self.left, self.bottom, self.right, self.bottom),
            svg.line(self.left, self.y(0.5), self.right, self.y(0.5), dashed=True),
            svg.text("decided", 0, self.bottom + 34, colour=svg.MUTED),
            svg.text(
                "Score gap (difference of the two scores)",
                self.right,
                self.bottom + 54,
                anchor="end",
                weight=600,
            ),
        ]

    def column(self, i: int, b: GapBin) -> list[str]:
        x, estimate = self.x(i), b.agreement
        n = str(estimate.n_ratings)
        marks = [
            svg.text(_bin_name(b), x, self.bottom + 17, anchor="middle"),
            svg.text(n, x, self.bottom + 34, anchor="middle", colour=svg.MUTED),
        ]
        if estimate.has_interval:
            low, high = self.y(estimate.low), self.y(estimate.high)
            marks.append(svg.line(x, low, x, high, colour=svg.ACCENT, width=2))
        if estimate.defined:
            marks.append(svg.dot(x, self.y(estimate.value)))
        return marks

    def published(self, i: int, share: float) -> str:
        return svg.ring(self.x(i) + 12, self.y(share))


def _are_published(bins: Sequence[GapBin]) -> bool:
    return [(b.low, b.high) for b in bins] == list(itertools.pairwise(GAP_EDGES))


def _legend(ceiling: NoiseCeiling | None, *, published: bool) -> tuple[list[str], float]:
    """Return the marks of the legend and where it ends."""
    entries = [(svg.dot(8, 10), "this study, with 95 % interval where there is one")]
    if published:
        entries.append((svg.ring(8, 10), "GPT-2 XL, Bills et al. (2023)"))
    if ceiling is not None:
        share = f"{_percent(ceiling.lower.value)} to {_percent(ceiling.upper.value)}"
        entries.append((svg.band(1, 4, 14, 12), f"noise ceiling, {share}: as far as people agree"))
    entries.append((svg.line(0, 10, 16, 10, dashed=True), "chance, 50 %"))
    marks = [
        f'<g transform="translate(0 {i * _LINE})">{symbol}{svg.text(text, 24, 14.5)}</g>'
        for i, (symbol, text) in enumerate(entries)
    ]
    return marks, len(entries) * _LINE + 12


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _bin_name(b: GapBin) -> str:
    low, high = (f"{edge:g}".removeprefix("0") or "0" for edge in (b.low, b.high))
    return f"> {low}" if isinf(b.high) else f"{low}\N{EN DASH}{high}"


def forest_plot(
    rows: Sequence[tuple[str, Estimate]],
    *,
    title: str,
    axis: str,
    reference: float | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    synthetic: bool = False,
    ident: str = "forest-plot",
) -> str:
    """Draw one named estimate per row with its 95 % interval, over one axis.

    `axis` names the axis with its unit; `reference` is where a dashed line stands. What reaches
    beyond `limits` ends in an arrow; a row without a value says why. ValueError when `limits` do
    not increase.
    """
    if not limits[0] < limits[1]:
        raise ValueError(f"limits: {limits} do not increase")
    if not any(estimate.defined for _, estimate in rows):
        hint = "It fills as judgments come in."
        return svg.not_yet(title=title, hint=hint, ident=ident, synthetic=synthetic)
    plot = _Forest(low=limits[0], high=limits[1])
    marks: list[str] = []
    y = 0.0
    for name, estimate in rows:
        lines = wrap(name, _NAME_LINE)
        marks += [svg.text(line, 0, y + 15 + _LINE * i, weight=600) for i, line in enumerate(lines)]
        # A name that leaves no room beside it for the numbers has these on a line of their own.
        y += _LINE * (len(lines) if len(name) > _NAME_BESIDE else 0)
        drawn, y = plot.row(estimate, reference, y)
        marks += drawn
    marks += plot.axis(axis, y)
    alt_text = "; ".join(f"{name}: {in_words(estimate)}" for name, estimate in rows)
    return svg.figure(
        marks, height=y + 44, title=title, alt_text=f"{alt_text}.", ident=ident, synthetic=synthetic
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forest:
    """Where things stand in the forest plot, on an axis from `low` to `high`."""

    low: float
    high: float
    left: float = 16
    right: float = svg.WIDTH - 16

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def row(self, estimate: Estimate, reference: float | None, y: float) -> tuple[list[str], float]:
        """Return the marks of a row that begins at `y`, and where the next begins."""
        if not estimate.defined:
            reason = wrap(f"Undefined: {estimate.reason}", 58)
            lines = [
                svg.text(part, 0, y + 15 + _LINE * i, colour=svg.MUTED)
                for i, part in enumerate(reason, start=1)
            ]
            return lines, y + _LINE * (len(reason) + 1) + 10
        middle = y + 30
        marks = [svg.text(_numbers(estimate), svg.WIDTH, y + 15, anchor="end")]
        if reference is not None and self.low <= reference <= self.high:
            x = self.x(reference)
            marks.append(svg.line(x, middle - 10, x, middle + 10, dashed=True))
        if estimate.has_interval:
            ends = self.x(estimate.low), self.x(estimate.high)
            marks.append(svg.interval(*ends, middle, left=self.left, right=self.right))
        if self.low <= estimate.value <= self.high:
            marks.append(svg.dot(self.x(estimate.value), middle))
        return marks, y + 46

    def axis(self, name: str, y: float) -> list[str]:
        """Return the axis below the last row, which ends at `y`."""
        ticks = _ticks(self.low, self.high)
        return [
            svg.line(self.left, y, self.right, y),
            *(svg.line(self.x(tick), y, self.x(tick), y + 4) for tick in ticks),
            *(svg.text(_number(tick), self.x(tick), y + 18, anchor="middle") for tick in ticks),
            svg.text(name, svg.WIDTH, y + 38, anchor="end", weight=600),
        ]


def _ticks(low: float, high: float) -> list[float]:
    """Return three to six round numbers from `low` to `high`."""
    power = 10.0 ** floor(log10(high - low))
    step = next(s for s in (0.2, 0.5, 1, 2) if (high - low) / (s * power) <= 5) * power
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _numbers(estimate: Estimate) -> str:
    if not estimate.has_interval:
        return f"{_number(estimate.value)}, no interval"
    return f"{_number(estimate.value)} [{_number(estimate.low)}, {_number(estimate.high)}]"


def _number(value: float) -> str:
    """Return two decimals, with a minus sign and without a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def in_words(estimate: Estimate) -> str:
    """Return a value with its interval and n, or why it is undefined."""
    if not estimate.defined:
        return f"undefined, {estimate.reason}"
    return f"{_numbers(estimate)}, n = {estimate.n_ratings}"
