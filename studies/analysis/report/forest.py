"""Named estimates over one axis, with the table behind them."""

from collections.abc import Sequence

from studies.analysis.charts.axes import reaching
from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.data.estimate import Estimate
from studies.analysis.report.figure import Cell, Figure, Kind


def forest(
    rows: Sequence[tuple[Cell, ...]],
    *,
    title: str,
    caption: str,
    axis: str,
    name: str = "",
    kind: Kind = "share",
    columns: tuple[tuple[str, Kind], ...] | None = None,
    estimates: Sequence[tuple[str, Estimate]] | None = None,
    limits: tuple[float, float] | None = (0.0, 1.0),
    least: float = 0.1,
    reference: float | None = None,
    empty: str = "No judgments yet.",
) -> Figure:
    """Return a forest plot of named `estimates`, by default each row's name and first estimate.

    The table has a column `name` and one of `axis`, unless `columns` are given. Without `limits`
    the axis goes as far as the intervals, and `least` to each side.
    """
    if estimates is None:
        estimates = [(str(row[0]), _first_estimate(row)) for row in rows]
    if limits is None:
        reach = reaching("", [estimate for _, estimate in estimates], least=least)
        limits = reach.low, reach.high
    return Figure(
        title=title,
        caption=caption,
        columns=columns or ((name, "text"), (axis, kind)),
        rows=rows,
        drawing=forest_plot(estimates, axis=axis, limits=limits, reference=reference)
        if estimates
        else None,
        empty=empty,
    )


def _first_estimate(row: tuple[Cell, ...]) -> Estimate:
    return next(cell for cell in row if isinstance(cell, Estimate))
