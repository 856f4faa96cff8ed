"""A figure or table of the results page: what is drawn, and the rows behind it."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal, TypeAlias

from studies.analysis.charts.svg import Drawing
from studies.analysis.data.estimate import Estimate
from studies.analysis.report.spreadsheet import escaped

Kind: TypeAlias = Literal["text", "count", "number", "share"]
Cell: TypeAlias = Estimate | float | int | str | None

_PARTS = ("value", "low", "high", "n_units", "n_raters", "n_ratings", "reason", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure with its table, or a table alone without a `drawing`.

    `columns` are pairs of name and kind, each row one cell per column: text, a number, None where
    there is none, or an `Estimate`. A `share` runs from 0 to 1. `empty` says what is missing where
    there are no rows. ValueError when a row has another number of cells.
    """

    title: str
    caption: str
    columns: tuple[tuple[str, Kind], ...]
    rows: Sequence[tuple[Cell, ...]]
    drawing: Drawing | None = None
    empty: str = ""

    def __post_init__(self) -> None:
        """Check the rows."""
        for i, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(f"row {i}: {len(row)} cells for {len(self.columns)} columns")

    def as_dict(self, ident: str, *, synthetic: bool) -> dict[str, Any]:
        """Return the figure as it is stored, drawn as `svg`; see `Drawing.svg`."""
        drawn = self.drawing and self.drawing.svg(
            title=self.title, ident=ident, synthetic=synthetic
        )
        return {
            "title": self.title,
            "caption": self.caption,
            "columns": self.columns,
            "rows": self.rows,
            "svg": drawn or "",
            "empty": self.empty,
        }


def figure_to_csv(figure: Mapping[str, Any]) -> str:
    """Return the rows of a stored `Figure` as CSV; an estimate takes a column for each part."""
    rows, names = figure["rows"], [name for name, _ in figure["columns"]]
    wide = {i for row in rows for i, cell in enumerate(row) if isinstance(cell, Mapping)}
    header = [part for i, name in enumerate(names) for part in _headed(name, i in wide)]
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(
        [x for i, cell in enumerate(row) for x in _cells(cell, i in wide)] for row in rows
    )
    return text.getvalue()


def _headed(name: str, wide: bool) -> list[str]:
    parts = [name, *(f"{name}: {part}" for part in _PARTS[1:])] if wide else [name]
    return [escaped(part) for part in parts]


def _cells(cell: Any, wide: bool) -> list[Any]:
    if isinstance(cell, Mapping):
        cells = [cell[part] for part in _PARTS]
    else:
        cells = [cell, *[""] * (len(_PARTS) - 1)] if wide else [cell]
    return [escaped(each) if isinstance(each, str) else each for each in cells]
