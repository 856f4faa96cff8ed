"""Figures about conditions: win rates, the leaderboard, every two conditions."""

from studies.analysis.charts.axes import in_words
from studies.analysis.protocols.compare.analyse import Comparisons
from studies.analysis.report.conditions import leaderboard, win_matrix
from studies.analysis.report.figure import Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.wording import counted


def figures(found: Comparisons) -> dict[str, Figure]:
    """Return win rates, the leaderboard and every two conditions."""
    board = found.methods.leaderboard
    return {
        "methods": _rates(found),
        "leaderboard": leaderboard(
            board, note=f"Position bias, log-odds of the left: {in_words(board.side_bias)}."
        ),
        "wins": win_matrix(
            found.methods.win_matrix,
            title="How often the row was preferred to the column",
            caption=(
                "In percent of the votes between the two, a tie counting half; the table has the "
                "intervals. Three conditions may beat each other in a circle, which no ranking "
                "shows."
            ),
            names=("Preferred", "To", "Share of votes won"),
            legend="share of votes won, a tie as half",
        ),
    }


def _rates(found: Comparisons) -> Figure:
    methods = found.methods
    met = "All conditions were compared on the same neurons."
    if methods.n_neurons_alike != found.n_neurons:
        met = (
            f"Every two conditions met on {methods.n_neurons_alike:,} of "
            f"{counted(found.n_neurons, 'neuron')}, so the rates are based on partly different "
            "neurons."
        )
    return forest(
        [(row.condition, row.rate, row.wins, row.ties, row.losses) for row in methods.rates],
        title="Win rate of each condition against the others",
        caption=f"A tie counts half. {met}",
        axis="Win rate, a tie as half",
        columns=(
            ("Condition", "text"),
            ("Win rate", "share"),
            ("Won", "count"),
            ("Tied", "count"),
            ("Lost", "count"),
        ),
        reference=0.5,
    )
