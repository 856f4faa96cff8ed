"""The marks that figures are made of: escaped SVG text, coloured by CSS variables."""

from collections.abc import Iterable
from html import escape
from textwrap import wrap

INK = "var(--chart-ink, #1a1a1a)"
MUTED = "var(--chart-muted, #5f6670)"
ACCENT = "var(--chart-accent, #0b5cad)"
BAND = "var(--chart-band, #dbe6f2)"
WIDTH = 400
"""Width of every figure in its own units: 360 px on a phone shows text at 11 px."""
_SYNTHETIC = "Includes synthetic judgments."


def figure(
    marks: Iterable[str],
    *,
    height: float,
    title: str,
    alt_text: str,
    ident: str,
    synthetic: bool = False,
) -> str:
    """Return a whole figure that scales to its place; `alt_text` says in words what it shows.

    A `synthetic` one says below and in words that it includes synthetic judgments.
    """
    name = escape(ident)
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


def not_yet(*, title: str, hint: str, ident: str, synthetic: bool = False) -> str:
    """Return what stands where there is too little to draw; `hint` says what will fill it."""
    lines = wrap(hint, 52)
    marks = [
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="138" rx="6" fill="none" '
        f'stroke="{MUTED}" stroke-dasharray="4 4"/>',
        f'<circle cx="{WIDTH / 2:g}" cy="38" r="5" fill="none" stroke="{MUTED}" stroke-width="2"/>',
        text("Not enough judgments yet", WIDTH / 2, 72, anchor="middle", weight=600),
        *(
            text(line, WIDTH / 2, 94 + 17 * i, anchor="middle", colour=MUTED)
            for i, line in enumerate(lines)
        ),
    ]
    alt_text = f"Not enough judgments yet. {hint}"
    return figure(
        marks, height=140, title=title, alt_text=alt_text, ident=ident, synthetic=synthetic
    )


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
