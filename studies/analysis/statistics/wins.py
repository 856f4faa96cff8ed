"""Win rates of conditions, and the bias towards a side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, factorize, same_length
from studies.analysis.statistics.votes import Votes, mean_share


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRate:
    """One condition's votes against all others; `rate` counts a tie as half a win."""

    condition: Any
    wins: int
    ties: int
    losses: int
    rate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class WinRates:
    """The win rates of all conditions, sorted by name, and how they met.

    `wins[i, j]` is how often condition i was preferred to condition j, `ties[i, j]` how often they
    tied (symmetric). Votes between a condition and itself are counted nowhere.
    """

    rows: tuple[WinRate, ...]
    wins: npt.NDArray[np.intp]
    ties: npt.NDArray[np.intp]


def win_rates(left: Labels, right: Labels, votes: Votes) -> WinRates:
    """Count wins, ties and losses of each condition, with two-way intervals for the rates.

    `left` and `right` name the conditions on either side of each vote. A rate depends on the
    opponents: compare rates only where all conditions met each other equally often. ValueError when
    lengths differ.
    """
    names, sides = _conditions(left, right, votes)
    return WinRates(
        rows=tuple(_win_rate(name, i, sides, votes) for i, name in enumerate(names.tolist())),
        wins=_met(sides, votes.outcome > 0, len(names))
        + _met(sides[::-1], votes.outcome < 0, len(names)),
        ties=_met(sides, votes.outcome == 0, len(names))
        + _met(sides[::-1], votes.outcome == 0, len(names)),
    )


def _conditions(left: Labels, right: Labels, votes: Votes) -> tuple[npt.NDArray[Any], Codes]:
    """Return the distinct conditions and the codes (2, votes) of those on the two sides."""
    columns = same_length(outcome=votes.outcome, left=left, right=right)
    code, names = factorize(np.concatenate([columns["left"], columns["right"]]))
    return names, code.reshape(2, -1)


def _met(sides: Codes, rows: npt.NDArray[np.bool_], n: int) -> npt.NDArray[np.intp]:
    """Count the rows by first condition (row) and second (column), self-comparisons left out."""
    first, second = sides[:, rows & (sides[0] != sides[1])]
    return np.bincount(first * n + second, minlength=n * n).reshape(n, n)


def _win_rate(name: Any, code: int, sides: Codes, votes: Votes) -> WinRate:
    sign = (sides[0] == code).astype(np.float64) - (sides[1] == code)
    own = votes.only(sign != 0)
    won: Array = own.outcome * sign[sign != 0]
    reason = "never compared with another condition"
    return WinRate(
        condition=name,
        wins=int((won > 0).sum()),
        ties=int((won == 0).sum()),
        losses=int((won < 0).sum()),
        rate=mean_share(own, (1 + won) / 2, "win rate, ties as half", reason),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WinMatrix:
    """`cells[i][j]`: how often condition i was preferred to condition j, a tie as half, 0 to 1.

    Conditions are sorted by name. Undefined on the diagonal and where two never met.
    """

    conditions: tuple[Any, ...]
    cells: tuple[tuple[Estimate, ...], ...]


def win_matrix(left: Labels, right: Labels, votes: Votes) -> WinMatrix:
    """Compare every two conditions by the votes between them alone, with two-way intervals.

    It shows where three conditions beat each other in a circle, which no ranking does. Arguments
    and ValueError as in `win_rates`.
    """
    names, sides = _conditions(left, right, votes)
    k = range(len(names))
    return WinMatrix(
        conditions=tuple(names.tolist()),
        cells=tuple(tuple(_cell(i, j, sides, votes) for j in k) for i in k),
    )


def _cell(first: int, second: int, sides: Codes, votes: Votes) -> Estimate:
    ahead = (sides[0] == first) & (sides[1] == second) & (first != second)
    behind = (sides[0] == second) & (sides[1] == first) & (first != second)
    sign = ahead.astype(np.float64) - behind
    met = ahead | behind
    won: Array = (1 + (votes.outcome * sign)[met]) / 2
    method = "share of the votes between two conditions, ties as half"
    return mean_share(votes.only(met), won, method, "the two were never compared")


def side_bias(votes: Votes) -> Estimate:
    """Return the share of decided votes that went to the left, from 0 to 1; one half is no bias.

    Undefined when no vote was decided.
    """
    votes = votes.only(votes.outcome != 0)
    left = (votes.outcome > 0).astype(np.float64)
    return mean_share(votes, left, "share of decided votes for the left", "no vote was decided")
