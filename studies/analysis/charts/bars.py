"""Counts as bars side by side, as SVG text."""

from collections.abc import Sequence

from studies.analysis.charts import svg

_LEFT, _TOP, _HEIGHT = 46.0, 30.0, 150.0


def render(
    counts: Sequence[tuple[str, int]],
    *,
    title: str,
    axis: str,
    ident: str,
    synthetic: bool = False,
) -> str:
    """Draw one bar for each named count, from zero, and where it begins below."""
    most = max((n for _, n in counts), default=0)
    if not most:
        hint = "It fills as people answer."
        return svg.not_yet(title=title, hint=hint, ident=ident, synthetic=synthetic)
    step = (svg.WIDTH - _LEFT - 8) / len(counts)
    bottom = _TOP + _HEIGHT
    marks = [
        svg.text("Texts", 0, 12, weight=600),
        svg.text(f"{most:,}", _LEFT - 6, _TOP + 4, anchor="end"),
        svg.text("0", _LEFT - 6, bottom + 4, anchor="end"),
        svg.line(_LEFT, bottom, svg.WIDTH, bottom),
        svg.line(_LEFT - 3, _TOP, _LEFT, _TOP),
    ]
    for at, (name, n) in enumerate(counts):
        x, height = _LEFT + at * step, n / most * _HEIGHT
        marks.append(
            f'<rect x="{x + 2:.2f}" y="{bottom - height:.2f}" width="{step - 4:.2f}" '
            f'height="{height:.2f}" fill="{svg.ACCENT}"/>'
        )
        marks.append(svg.text(name.partition(" to ")[0], x, bottom + 17, anchor="middle"))
    marks.append(svg.text(axis, svg.WIDTH, bottom + 38, anchor="end", weight=600))
    alt_text = "; ".join(f"{name}: {n}" for name, n in counts)
    return svg.figure(
        marks,
        height=bottom + 46,
        title=title,
        alt_text=f"{alt_text}.",
        ident=ident,
        synthetic=synthetic,
    )
