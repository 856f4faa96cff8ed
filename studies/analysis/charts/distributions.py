"""Distributions as SVG text: how often which activation, in full and as a line in a table."""

from collections.abc import Sequence
from math import ceil, floor, log10

from studies.analysis.charts import svg

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, svg.WIDTH - 6.0, 30.0, 170.0
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
    step = (_RIGHT - _LEFT) / len(counts)

    def y(count: float) -> float:
        """Place 1 above the axis, so that a single token is seen."""
        return _BOTTOM - (log10(count) + 0.25) / (decades + 0.25) * (_BOTTOM - _TOP)

    bars = [
        _bar(_LEFT + i * step, y(n), max(step - 0.6, 0.8), _BOTTOM - y(n))
        for i, n in enumerate(counts)
        if n
    ]
    powers = range(0, decades + 1, 1 + decades // 5)
    axes = [
        svg.text("Tokens", 0, 12, weight=600),
        *(svg.text(f"{10**p:,}", _LEFT - 6, y(10**p) + 4, anchor="end") for p in powers),
        *(svg.line(_LEFT - 3, y(10**p), _LEFT, y(10**p)) for p in powers),
        svg.line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM),
        *_edge_names(edges, step),
        svg.text("Activation", _RIGHT, _BOTTOM + 36, anchor="end", weight=600),
    ]
    title = "How often the neuron has which activation"
    alt_text = _alt_text(edges, counts)
    return svg.figure(
        [*bars, *axes], height=_BOTTOM + 42, title=title, alt_text=alt_text, ident=ident
    )


def _edge_names(edges: Sequence[float], step: float) -> list[str]:
    """Return ticks with the values of a few edges, 0 among them where the bins reach over it."""
    every = max(1, ceil(len(edges) / _TICKS))
    nearest_0 = min(range(len(edges)), key=lambda i: abs(edges[i]))
    marks = []
    for i in range(nearest_0 % every, len(edges), every):
        x = _LEFT + i * step
        marks.append(svg.line(x, _BOTTOM, x, _BOTTOM + 4))
        marks.append(svg.text(_plain(edges[i]), x, _BOTTOM + 17, anchor="middle"))
    return marks


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
        _bar(_SPARK_STEP * i, _SPARK_HEIGHT - height, _SPARK_STEP - 1, height)
        for i, n in enumerate(counts)
        if (height := max(1.5, n / highest * _SPARK_HEIGHT) if n else 0)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="spark" aria-hidden="true" '
        f'width="{width}" height="{_SPARK_HEIGHT}" viewBox="0 0 {width} {_SPARK_HEIGHT}">'
        f"{''.join(bars)}</svg>"
    )


def _bar(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
        f'fill="{svg.ACCENT}"/>'
    )


def _plain(value: float) -> str:
    """Return two significant figures; what is next to nothing is 0."""
    return f"{value:.2g}".replace("-", "\N{MINUS SIGN}") if abs(value) > 0.001 else "0"
