"""Figures about conditions: their means, differences, ranks, and wins over each other."""

from collections.abc import Sequence

from studies.analysis.charts import grids
from studies.analysis.charts.axes import all_in_words
from studies.analysis.data.estimate import Estimate
from studies.analysis.report.figure import Figure, Kind
from studies.analysis.report.forest import forest
from studies.analysis.statistics.condition_means import ConditionMeans
from studies.analysis.statistics.leaderboard import Leaderboard
from studies.analysis.statistics.ranking import Contrast
from studies.analysis.statistics.wins import WinMatrix

_RANKS = "The possible ranks come before each name, with 95% confidence for all ranks together."


def possible_ranks(low: int, high: int) -> str:
    """Return the ranks that a condition may have: `2`, or the first and the last."""
    if not low:
        return "none"
    return f"{low}" if low == high else f"{low}\N{EN DASH}{high}"


def condition_means(
    means: ConditionMeans,
    *,
    title: str,
    axis: str,
    kind: Kind,
    caption: str,
    limits: tuple[float, float] | None = (0.0, 1.0),
    reference: float | None = None,
) -> Figure:
    """Return the conditions' means, highest first, with the ranks that they may have."""
    ranked = [(possible_ranks(p.rank_low, p.rank_high), p) for p in means.conditions]
    return forest(
        [(str(p.condition), ranks, p.estimate, p.median) for ranks, p in ranked],
        title=title,
        caption=f"{caption} {_RANKS}",
        axis=axis,
        columns=(("Condition", "text"), ("Ranks", "text"), ("Mean", kind), ("Median", kind)),
        estimates=[(f"{ranks}: {p.condition}", p.estimate) for ranks, p in ranked],
        limits=limits,
        reference=reference,
        empty="No condition was judged.",
    )


def condition_contrasts(leads: Sequence[Contrast], *, axis: str, kind: Kind) -> Figure:
    """Return every two conditions' difference within neurons."""
    return forest(
        [(f"{each.first} minus {each.second}", each.lead, each.p, each.p_holm) for each in leads],
        title="Every two conditions on the same neurons",
        caption=(
            "Mean over neurons of the difference between two conditions; every neuron counts "
            "equally. p-values are Holm-adjusted over all pairs."
        ),
        axis=axis,
        columns=(
            ("Conditions", "text"),
            ("Difference", kind),
            ("p", "number"),
            ("p, adjusted", "number"),
        ),
        limits=None,
        reference=0.0,
        empty="There is only one condition, so there is nothing to compare it with.",
    )


def leaderboard(board: Leaderboard, *, note: str) -> Figure:
    """Return a leaderboard; `note` ends its caption."""
    ranked = [(possible_ranks(s.rank_low, s.rank_high), s) for s in board.conditions]
    return forest(
        [(s.condition, ranks, s.estimate) for ranks, s in ranked],
        title="Leaderboard: ability of each condition",
        caption=(
            f"{board.model}. Abilities are log-odds relative to the mean of all conditions. "
            f"{_RANKS} {note}"
        ),
        axis="Ability, log-odds from the mean",
        columns=(("Condition", "text"), ("Ranks", "text"), ("Ability, log-odds", "number")),
        estimates=[(f"{ranks}: {s.condition}", s.estimate) for ranks, s in ranked],
        limits=None,
        least=0.5,
        reference=0.0,
        empty=board.reason,
    )


def win_matrix(
    matrix: WinMatrix, *, title: str, caption: str, names: tuple[str, str, str], legend: str
) -> Figure:
    """Return every two conditions as a grid; `names` head the winner, the loser and the share."""
    conditions = [str(name) for name in matrix.conditions]
    pairs = [
        (conditions[i], conditions[j], cell)
        for i, row in enumerate(matrix.cells)
        for j, cell in enumerate(row)
        if i != j
    ]
    first, second, share = names
    grid = grids.Grid(
        names=[f"{i} {name}" for i, name in enumerate(conditions, start=1)],
        short=[str(i) for i in range(1, len(conditions) + 1)],
        cells=[[_value(cell) for cell in row] for row in matrix.cells],
        row=first.lower(),
        column=second.lower(),
        legend=legend,
        hint="It fills as people compare conditions.",
    )
    text = all_in_words((f"{one} {second.lower()} {other}", share) for one, other, share in pairs)
    return Figure(
        title=title,
        caption=caption,
        columns=((first, "text"), (second, "text"), (share, "share")),
        rows=pairs,
        drawing=grids.render(grid, alt_text=text),
        empty="No two conditions were compared.",
    )


def _value(cell: Estimate) -> float | None:
    return cell.value if cell.defined else None
