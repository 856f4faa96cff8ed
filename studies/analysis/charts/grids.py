"""A square of shaded cells, one for each row and column, as SVG text."""

from collections.abc import Sequence
from dataclasses import dataclass

from studies.analysis.charts import svg

_WRITTEN_FROM = 24
"""Sides of cells that can be written into; the table has the numbers of smaller ones."""
_NAMED_FROM = 15
"""Sides of cells that can have a name each; of smaller ones every fifth is named."""
_DARKEST = 0.45
"""Opacity at which ink still reads on the accent, on light and on dark pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Shares from 0 to 1 of each row with each column, None where there is none.

    `names` are the labels of the rows, `short` ones those of the columns.
    """

    names: Sequence[str]
    short: Sequence[str]
    cells: Sequence[Sequence[float | None]]
    row: str
    column: str
    hint: str
    legend: str


def render(grid: Grid, *, alt_text: str) -> svg.Drawing:
    """Draw a grid, darker for a greater share; its `hint` where no cell has one."""
    if not any(cell is not None for row in grid.cells for cell in row):
        return svg.placeholder(grid.hint)
    n = len(grid.names)
    side = min((svg.WIDTH - 96) / n, 52)
    layout = _Layout(grid=grid, side=side, left=svg.WIDTH - n * side, top=86)
    marks = [*layout.legend(), *layout.names(), *layout.cells()]
    return svg.Drawing(marks=marks, height=layout.top + n * side + 6, alt_text=alt_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    grid: Grid
    side: float
    left: float
    top: float

    def legend(self) -> list[str]:
        return [
            *(svg.cell(i * 22, 2, 22, 14, _DARKEST * i / 4) for i in range(5)),
            svg.text(f"0% to 100%: {self.grid.legend}", 120, 14),
            svg.text(
                f"Rows: {self.grid.row}; columns: {self.grid.column}", 0, 38, colour=svg.MUTED
            ),
        ]

    def names(self) -> list[str]:
        every = 1 if self.side >= _NAMED_FROM else 5
        most = int((self.left - 8) / 6.8)
        marks = []
        for i in range(0, len(self.grid.names), every):
            name, middle = self.grid.names[i], (i + 0.5) * self.side
            cut = name if len(name) <= most else f"{name[: most - 1]}…"
            marks.append(svg.text(cut, self.left - 6, self.top + middle + 4, anchor="end"))
            x, above = self.left + middle, self.grid.short[i]
            marks.append(svg.text(above, x, self.top - 8, anchor="middle"))
        return marks

    def cells(self) -> list[str]:
        few = self.side >= _WRITTEN_FROM
        marks = []
        for i, row in enumerate(self.grid.cells):
            for j, share in enumerate(row):
                x, y = self.left + j * self.side, self.top + i * self.side
                if share is not None:
                    marks.append(svg.cell(x, y, self.side, self.side, _DARKEST * share))
                if few:
                    marks.append(self._written(x, y, share))
        return marks

    def _written(self, x: float, y: float, share: float | None) -> str:
        content = "·" if share is None else f"{100 * share:.0f}"
        return svg.text(content, x + self.side / 2, y + self.side / 2 + 4, anchor="middle")
