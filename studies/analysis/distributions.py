"""Distributions as SVG text: how often which activation, in full and as a line in a table."""

from collections.abc import Sequence
from math import floor, log10

from studies.analysis import svg
from studies.analysis.charts import round_ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, svg.WIDTH - 6.0, 30.0, 170.0
_SPARK_HEIGHT, _SPARK_STEP = 28, 5


def histogram(edges: Sequence[float], counts: Sequence[int], *, ident: str = "histogram") -> str:
    """Draw counts of tokens between consecutive edges as bars of logarithmic height.

    Most tokens do next to nothing to most neurons: on a plain axis only that would be seen.
    ValueError where there is not one edge more than counts, or the edges do not increase.
    """
    if len(edges) != len(counts) + 1 or not edges[0] < edges[-1]:
        raise ValueError(f"{len(edges)} increasing edges do not enclose {len(counts)} counts")
    title = "How often the neuron has which activation"
    decades = max(1, floor(log10(max(max(counts), 1))) + 1)

    def x(value: float) -> float:
        return _LEFT + (value - edges[0]) / (edges[-1] - edges[0]) * (_RIGHT - _LEFT)

    def y(count: float) -> float:
        """Place 1 one step above the axis, so that a single token is seen."""
        return _BOTTOM - (log10(count) + 0.25) / (decades + 0.25) * (_BOTTOM - _TOP)

    bars = [
        _bar(x(low), y(n), max(x(high) - x(low) - 0.5, 0.8), _BOTTOM - y(n))
        for low, high, n in zip(edges, edges[1:], counts, strict=False)
        if n
    ]
    powers = range(0, decades + 1, 1 + decades // 5)
    axes = [
        svg.text("Tokens", 0, 12, weight=600),
        *(svg.text(f"{10**p:,}", _LEFT - 6, y(10**p) + 4, anchor="end") for p in powers),
        *(svg.line(_LEFT - 3, y(10**p), _LEFT, y(10**p)) for p in powers),
        svg.line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM),
        *(
            svg.text(_plain(t), x(t), _BOTTOM + 17, anchor="middle")
            for t in round_ticks(edges[0], edges[-1])
        ),
        svg.text("Activation", _RIGHT, _BOTTOM + 36, anchor="end", weight=600),
    ]
    commonest = max(range(len(counts)), key=lambda i: counts[i])
    told = (
        f"{sum(counts):,} tokens from {edges[0]:.3g} to {edges[-1]:.3g}; most often from "
        f"{edges[commonest]:.3g} to {edges[commonest + 1]:.3g}."
    )
    return svg.figure([*bars, *axes], height=_BOTTOM + 42, title=title, told=told, ident=ident)


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
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
