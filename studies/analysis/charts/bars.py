"""Counts as bars side by side, as SVG text."""

from collections.abc import Sequence

from studies.analysis.charts import axes, svg

_LEFT, _TOP, _HEIGHT = 46.0, 30.0, 150.0


def render(counts: Sequence[tuple[str, int]], *, axis: str) -> svg.Drawing:
    """Draw one bar for each named count, from zero, with the start of its range below."""
    most = max((n for _, n in counts), default=0)
    if not most:
        return svg.placeholder("It fills as people answer.")
    step = (svg.WIDTH - _LEFT - 8) / len(counts)
    bottom = _TOP + _HEIGHT
    names = [(_LEFT + at * step, name.partition(" to ")[0]) for at, (name, _) in enumerate(counts)]
    heights = [n / most * _HEIGHT for _, n in counts]
    marks = [
        *axes.left_axis("Texts", [(_TOP, f"{most:,}"), (bottom, "0")], x=_LEFT, top=_TOP),
        *axes.bottom_axis(axis, names, y=bottom, left=_LEFT, right=svg.WIDTH),
        *(
            svg.bar(x + 2, bottom - height, step - 4, height)
            for (x, _), height in zip(names, heights, strict=True)
        ),
    ]
    alt_text = "; ".join(f"{name}: {n}" for name, n in counts)
    return svg.Drawing(marks=marks, height=bottom + 46, alt_text=f"{alt_text}.")
