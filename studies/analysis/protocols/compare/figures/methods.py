"""What is shown about conditions."""

from studies.analysis.charts import axes, grids
from studies.analysis.charts.axes import in_words
from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols.compare.analyse import Results
from studies.analysis.report.figure import Figure
from studies.analysis.statistics.leaderboard import Leaderboard
from studies.analysis.statistics.wins import WinMatrix


def figures(results: Results) -> dict[str, Figure]:
    """Return win rates, the leaderboard and every two conditions beside each other."""
    synthetic = results.n_synthetic > 0
    return {
        "methods": _rates(results, synthetic=synthetic),
        "leaderboard": _leaderboard(results.method_details.leaderboard, synthetic=synthetic),
        "wins": _wins(results, synthetic=synthetic),
    }


def _rates(results: Results, *, synthetic: bool) -> Figure:
    title = "Win rate of each condition against the others"
    alike = results.methods.n_neurons_alike
    if alike == results.n_neurons:
        met = "All conditions were compared on the same neurons."
    else:
        plural = "" if results.n_neurons == 1 else "s"
        met = (
            f"Every two conditions met on {alike:,} of {results.n_neurons:,} neuron{plural}, so "
            "the rates rest on partly different ones."
        )
    return Figure(
        title=title,
        caption=f"A tie counts half. {met}",
        columns=(
            ("Condition", "text"),
            ("Win rate", "share"),
            ("Won", "count"),
            ("Tied", "count"),
            ("Lost", "count"),
        ),
        rows=[(r.condition, r.rate, r.wins, r.ties, r.losses) for r in results.methods.rates],
        svg=forest_plot(
            [(row.condition, row.rate) for row in results.methods.rates],
            title=title,
            axis="Win rate, a tie as half",
            reference=0.5,
            synthetic=synthetic,
            ident="methods",
        ),
    )


def _leaderboard(board: Leaderboard, *, synthetic: bool) -> Figure:
    return standings(
        board,
        note=f"Side bias, log-odds of the left: {in_words(board.side_bias)}.",
        ident="leaderboard",
        synthetic=synthetic,
    )


def standings(board: Leaderboard, *, note: str, ident: str, synthetic: bool) -> Figure:
    """Show a leaderboard; `note` ends its caption."""
    title = "Leaderboard: ability of each condition"
    rows = [
        (f"{ranks(s.rank_low, s.rank_high)} {s.condition}", s.estimate) for s in board.conditions
    ]
    axis = axes.reaching("", [ability for _, ability in rows], least=0.5)
    return Figure(
        title=title,
        caption=(
            f"{board.model}. Abilities in log-odds from the mean of all conditions; before each "
            "name the ranks that it may have, all together with 95% confidence. "
            f"{note}"
        ),
        columns=(("Condition", "text"), ("Ranks", "text"), ("Ability, log-odds", "number")),
        rows=[
            (s.condition, ranks(s.rank_low, s.rank_high).rstrip(":"), s.estimate)
            for s in board.conditions
        ],
        svg=forest_plot(
            rows,
            title=title,
            axis="Ability, log-odds from the mean",
            reference=0.0,
            limits=(axis.low, axis.high),
            synthetic=synthetic,
            ident=ident,
        ),
        empty=board.reason,
    )


def ranks(low: int, high: int) -> str:
    """Return the ranks that a condition may have, in few letters."""
    if not low:
        return "no rank:"
    return f"{low}:" if low == high else f"{low}\N{EN DASH}{high}:"


def _wins(results: Results, *, synthetic: bool) -> Figure:
    return against_each_other(
        results.method_details.win_matrix,
        title="How often the row was preferred to the column",
        caption=(
            "In percent of the votes between the two, a tie as half; the table has the intervals. "
            "Three conditions may beat each other in a circle, which no ranking shows."
        ),
        names=("Preferred", "To", "Share of votes won"),
        legend="share of votes won, a tie as half",
        synthetic=synthetic,
    )


def against_each_other(
    matrix: WinMatrix,
    *,
    title: str,
    caption: str,
    names: tuple[str, str, str],
    legend: str,
    synthetic: bool,
) -> Figure:
    """Show every two conditions; `names` are of who won, over whom, and of the share."""
    conditions = [str(name) for name in matrix.conditions]
    pairs = [
        (conditions[i], conditions[j], cell)
        for i, row in enumerate(matrix.cells)
        for j, cell in enumerate(row)
        if i != j
    ]
    first, second, share = names
    grid = grids.Grid(
        title=title,
        names=[f"{i} {name}" for i, name in enumerate(conditions, start=1)],
        short=[str(i) for i in range(1, len(conditions) + 1)],
        cells=[[_value(cell) for cell in row] for row in matrix.cells],
        row=first.lower(),
        column=second.lower(),
        legend=legend,
        hint="It fills as people compare conditions.",
    )
    told = "; ".join(f"{one} {second.lower()} {other}: {in_words(e)}" for one, other, e in pairs)
    return Figure(
        title=title,
        caption=caption,
        columns=((first, "text"), (second, "text"), (share, "share")),
        rows=pairs,
        svg=grids.render(grid, alt_text=f"{told}.", ident="wins", synthetic=synthetic),
        empty="No two conditions were compared.",
    )


def _value(cell: Estimate) -> float | None:
    return cell.value if cell.defined else None
