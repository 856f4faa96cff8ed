"""Distributions as SVG text: how often which activation, in full and as a line in a table."""

from collections.abc import Sequence
from math import ceil, floor, log10

from studies.analysis.charts import axes, svg

_RIGHT, _TOP, _BOTTOM = svg.WIDTH - 6.0, 30.0, 170.0
_DIGIT = 7.2
"""Width of a digit or comma, at most."""
_TICKS = 7
_SPARK_HEIGHT, _SPARK_STEP = 28, 5


def histogram(edges: Sequence[float], counts: Sequence[int], *, ident: str = "histogram") -> str:
    """Draw counts of tokens between consecutive edges, each bin as wide as any other.

    Heights are logarithmic: most tokens do next to nothing to most neurons, and on a plain axis
    only that would be seen. ValueError where there is not one edge more than counts, or no count.
    """
    if len(edges) != len(counts) + 1 or not counts:
        raise ValueError(f"{len(edges)} edges do not enclose {len(counts)} counts")
    decades = max(1, floor(log10(max(*counts, 1))) + 1)
    left = 12 + _DIGIT * len(f"{10**decades:,}")
    step = (_RIGHT - left) / len(counts)

    def y(count: float) -> float:
        """Place 1 above the axis, so that a single token is seen."""
        return _BOTTOM - (log10(count) + 0.25) / (decades + 0.25) * (_BOTTOM - _TOP)

    bars = [
        svg.bar(left + i * step, y(n), max(step - 0.6, 0.8), _BOTTOM - y(n))
        for i, n in enumerate(counts)
        if n
    ]
    powers = [(y(10**p), f"{10**p:,}") for p in range(0, decades + 1, 1 + decades // 5)]
    marks = [
        *bars,
        *axes.left_axis("Tokens", powers, x=left, top=_TOP),
        *axes.bottom_axis(
            "Activation", _ticks(edges, left, step), y=_BOTTOM, left=left, right=_RIGHT
        ),
    ]
    drawing = svg.Drawing(marks=marks, height=_BOTTOM + 44, alt_text=_alt_text(edges, counts))
    return drawing.svg(title="How often the neuron has which activation", ident=ident)


def _ticks(edges: Sequence[float], left: float, step: float) -> list[axes.Tick]:
    """Return a few edges with their labels, 0 among them where the bins reach over it."""
    every = max(1, ceil(len(edges) / _TICKS))
    nearest_0 = min(range(len(edges)), key=lambda i: abs(edges[i]))
    return [
        (left + i * step, _label(edges[i])) for i in range(nearest_0 % every, len(edges), every)
    ]


def _alt_text(edges: Sequence[float], counts: Sequence[int]) -> str:
    commonest = max(range(len(counts)), key=lambda i: counts[i])
    return (
        f"{sum(counts):,} tokens from {edges[0]:.3g} to {edges[-1]:.3g}; most often from "
        f"{edges[commonest]:.3g} to {edges[commonest + 1]:.3g}."
    )


def sparkline(counts: Sequence[int]) -> str:
    """Draw counts as bars as high as their share of the highest, without axes or words."""
    width, highest = _SPARK_STEP * len(counts), max(counts, default=0)
    bars = [
        svg.bar(_SPARK_STEP * i, _SPARK_HEIGHT - height, _SPARK_STEP - 1, height)
        for i, n in enumerate(counts)
        if (height := max(1.5, n / highest * _SPARK_HEIGHT) if n else 0)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="spark" aria-hidden="true" '
        f'width="{width}" height="{_SPARK_HEIGHT}" viewBox="0 0 {width} {_SPARK_HEIGHT}">'
        f"{''.join(bars)}</svg>"
    )


def _label(value: float) -> str:
    """Return two significant figures; 0 for what rounds to it."""
    return f"{value:.2g}".replace("-", "\N{MINUS SIGN}") if abs(value) > 0.001 else "0"
