"""The marks that figures are made of: SVG text without script, coloured by the page.

A figure scales to the width it is given: put it in a `<figure>` no wider than 36rem, its title in
the caption, its table behind it. Colours come from the CSS variables `--chart-ink`,
`--chart-muted`, `--chart-accent` and `--chart-band`, with fallbacks for a light page. All text is
escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

INK = "var(--chart-ink, #1a1a1a)"
MUTED = "var(--chart-muted, #5f6670)"
ACCENT = "var(--chart-accent, #0b5cad)"
BAND = "var(--chart-band, #dbe6f2)"
WIDTH = 400
"""Width of every figure in its own units: 360 px on a phone shows text at 11 px."""
_SYNTHETIC = "Includes synthetic judgments."


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The marks of a figure, `height` units high; `alt_text` says what it shows."""

    marks: Sequence[str]
    height: float
    alt_text: str

    def svg(self, *, title: str, ident: str, synthetic: bool = False) -> str:
        """Return the whole figure, which scales to its place.

        `ident` makes its ids unique on the page. A `synthetic` figure says below and in words that
        it includes synthetic judgments.
        """
        name, marks, height, alt_text = escape(ident), self.marks, self.height, self.alt_text
        if synthetic:
            marks = [*marks, text(_SYNTHETIC, 0, height + 14, weight=600)]
            height, alt_text = height + 20, f"{_SYNTHETIC} {alt_text}"
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="100%" '
            f'viewBox="0 0 {WIDTH} {height:g}" aria-labelledby="{name}-title {name}-desc" '
            f'font-family="system-ui, sans-serif" font-size="12.5">'
            f'<title id="{name}-title">{escape(title)}</title>'
            f'<desc id="{name}-desc">{escape(alt_text)}</desc>'
            f"{''.join(marks)}</svg>"
        )


def placeholder(hint: str) -> Drawing:
    """Return the figure where there is too little to draw; `hint` says what will fill it."""
    marks = [
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="138" rx="6" fill="none" '
        f'stroke="{MUTED}" stroke-dasharray="4 4"/>',
        f'<circle cx="{WIDTH / 2:g}" cy="38" r="5" fill="none" stroke="{MUTED}" stroke-width="2"/>',
        text("Not enough judgments yet", WIDTH / 2, 72, weight=600, anchor="middle"),
        *(
            text(line, WIDTH / 2, 94 + 17 * i, colour=MUTED, anchor="middle")
            for i, line in enumerate(wrap(hint, 52))
        ),
    ]
    return Drawing(marks=marks, height=140, alt_text=f"Not enough judgments yet. {hint}")


def text(
    content: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    colour: str = INK,
    weight: int = 400,
) -> str:
    """Return one line of text with its baseline at `y`."""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    colour: str = MUTED,
    width: float = 1,
    dashed: bool = False,
) -> str:
    """Return a straight line."""
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dash}/>'
    )


def dot(x: float, y: float) -> str:
    """Return the mark of an estimate of this study."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{ACCENT}"/>'


def ring(x: float, y: float) -> str:
    """Return the mark of a published figure."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="3.2" fill="none" stroke="{INK}" stroke-width="1.3"/>'


def speck(x: float, y: float) -> str:
    """Return the mark of one of many."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{ACCENT}" fill-opacity="0.4"/>'


def cell(x: float, y: float, width: float, height: float, opacity: float) -> str:
    """Return a cell of a grid, darker with `opacity` from 0 to 1."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{ACCENT}" '
        f'fill-opacity="{opacity:.3g}" stroke="{MUTED}" stroke-opacity="0.4" stroke-width="0.5"/>'
    )


def bar(x: float, y: float, width: float, height: float) -> str:
    """Return a bar of a histogram."""
    return (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" fill="{ACCENT}"/>'
    )


def band(x: float, y: float, width: float, height: float) -> str:
    """Return a shaded region."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{BAND}"/>'


def interval(x1: float, x2: float, y: float, *, left: float, right: float) -> str:
    """Return a horizontal interval bar, an arrow where it leaves the room from left to right."""
    ends = [
        _arrow(edge, y, way)
        for edge, way, beyond in ((left, 1, x1 < left), (right, -1, x2 > right))
        if beyond
    ]
    bar = line(max(x1, left), y, min(x2, right), y, colour=ACCENT, width=2)
    return bar + "".join(ends)


def _arrow(x: float, y: float, way: int) -> str:
    points = f"{x:g},{y:g} {x + 7 * way:g},{y - 4.5:g} {x + 7 * way:g},{y + 4.5:g}"
    return f'<polygon points="{points}" fill="{ACCENT}"/>'
