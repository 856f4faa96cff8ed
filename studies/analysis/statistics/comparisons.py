"""Who met whom, with what outcome; and whether that can tell their abilities apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.ratings import Array, Codes, Labels, distinct, same_length, sum_by
from studies.analysis.statistics.separation import longest_lead

_NAMED = 5
"""Items named in a reason; how many more there are is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meetings:
    """Comparisons counted by ordered pair of left and right item: won, lost, tied by the left."""

    items: npt.NDArray[Any]
    left: Codes
    right: Codes
    won: Array
    lost: Array
    tied: Array

    @property
    def n(self) -> Array:
        """Comparisons of each pair."""
        return self.won + self.lost + self.tied

    def beaten(self) -> "scipy.sparse.csr_array":
        """Mark whom the row beat in the columns; a tie counts for both."""
        won, lost = self.won + self.tied > 0, self.lost + self.tied > 0
        rows = np.concatenate([self.left[won], self.right[lost]])
        columns = np.concatenate([self.right[won], self.left[lost]])
        k = len(self.items)
        order = np.argsort(rows.astype(np.uint16 if k <= 2**16 else np.intp), kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=k))])
        beaten = scipy.sparse.csr_array((np.ones(len(rows)), columns[order], starts), shape=(k, k))
        # A search for what is connected does not end where an entry stands twice.
        beaten.sum_duplicates()
        return beaten


def each_meeting(left: Labels, right: Labels, outcome: npt.NDArray[Any]) -> Meetings:
    """Check comparisons and keep each, in order; ValueError as in `read_meetings`."""
    columns = same_length(left=left, right=right, outcome=outcome)
    items, first, second = _sides(columns["left"], columns["right"])
    won, lost, tied = ((columns["outcome"] == o).astype(np.float64) for o in (1, -1, 0))
    return Meetings(items=items, left=first, right=second, won=won, lost=lost, tied=tied)


def read_meetings(left: Labels, right: Labels, outcome: npt.NDArray[Any]) -> Meetings:
    """Count comparisons, one per row; ValueError: lengths differ, an item meets itself.

    Among so many items that hardly a pair meets twice, pairs are left as they are.
    """
    columns = same_length(left=left, right=right, outcome=outcome)
    items, first, second = _sides(columns["left"], columns["right"])
    k, result = len(items), columns["outcome"]
    if k * k > len(result):
        won, lost, tied = ((result == o).astype(np.float64) for o in (1, -1, 0))
        return Meetings(items=items, left=first, right=second, won=won, lost=lost, tied=tied)
    cell = 3 * (first * k + second) + result.astype(np.intp) + 1
    table = np.bincount(cell, minlength=3 * k * k).reshape(-1, 3).astype(np.float64)
    pairs = np.flatnonzero(table.any(axis=1))
    left_item, right_item = np.divmod(pairs, max(k, 1))
    lost, tied, won = table[pairs].T
    return Meetings(items=items, left=left_item, right=right_item, won=won, lost=lost, tied=tied)


def _sides(
    left: npt.NDArray[Any], right: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], Codes, Codes]:
    items, codes = distinct(np.concatenate([left, right]))
    first, second = codes.reshape(2, -1)
    if (first == second).any():
        raise ValueError("right: an item is compared with itself")
    return items, first, second


def counted(meetings: Meetings) -> Meetings:
    """Return the same meetings with one row per ordered pair."""
    k = max(len(meetings.items), 1)
    pairs, pair = distinct(meetings.left * k + meetings.right)
    left, right = np.divmod(pairs, k)
    won, lost, tied = (
        sum_by(pair, each, len(pairs)) for each in (meetings.won, meetings.lost, meetings.tied)
    )
    return Meetings(items=meetings.items, left=left, right=right, won=won, lost=lost, tied=tied)


def components(
    items: npt.NDArray[Any], beaten: "scipy.sparse.csr_array"
) -> tuple[tuple[Any, ...], ...]:
    """Return the sets of items that met, directly or through others."""
    n, part = scipy.sparse.csgraph.connected_components(beaten, directed=False)
    order = np.argsort(part, kind="stable")
    ends = np.cumsum(np.bincount(part, minlength=n))[:-1]
    return tuple(tuple(items[rows].tolist()) for rows in np.split(order, ends)) if n else ()


def why_no_maximum(items: npt.NDArray[Any], beaten: "scipy.sparse.csr_array") -> str:
    """Say why abilities have no highest likelihood; empty when every item reaches every other.

    Names the sets that never met, or the one that never lost to the rest. Source: Ford (1957).
    """
    if not len(items):
        return "no comparisons"
    strong, sets = scipy.sparse.csgraph.connected_components(beaten, connection="strong")
    if strong == 1:
        return ""
    n, part = scipy.sparse.csgraph.connected_components(beaten, directed=False)
    if n > 1:
        first, second = (_named(items[part == i]) for i in (0, 1))
        more = f", nor have {n - 2:,} more sets" if n > 2 else ""
        return f"not all items met, even through others: {first} and {second} never did{more}"
    winner, loser = beaten.nonzero()
    lost = sets[loser[sets[winner] != sets[loser]]]
    ahead = _named(items[sets == np.setdiff1d(sets, lost)[0]])
    return f"some items never lost to any of the rest, so that their lead is infinite: {ahead}"


def _named(items: npt.NDArray[Any]) -> str:
    shown = ", ".join(str(item) for item in items[:_NAMED].tolist())
    left = len(items) - _NAMED
    return f"{{{shown}}}" if left <= 0 else f"{{{shown} and {left:,} more}}"


def side_is_ability(meetings: Meetings) -> bool:
    """Tell whether some abilities would do all that a side bias does.

    So it is when items always met on the same sides: there are abilities whose difference is 1
    for every pair.
    """
    ones, k = np.ones(len(meetings.left)), len(meetings.items)
    design = differences(meetings)
    abilities = scipy.sparse.linalg.lsqr(design, ones, atol=1e-12, btol=1e-12, iter_lim=20 * k)[0]
    return bool(np.abs(design @ abilities - ones).max(initial=0.0) < 1e-6)


def differences(meetings: Meetings) -> "scipy.sparse.csr_array":
    """Return the matrix (pairs, items) that takes abilities to their differences."""
    n, k = len(meetings.left), len(meetings.items)
    rows = np.tile(np.arange(n), 2)
    columns = np.concatenate([meetings.left, meetings.right])
    return scipy.sparse.csr_array((np.repeat([1.0, -1.0], n), (rows, columns)), shape=(n, k))


def why_one_sided(meetings: Meetings, *, side_bias: bool, ties: bool) -> str:
    """Say why side bias or ties cannot be told from these outcomes; empty when they can."""
    won, lost, tied = (x.sum() for x in (meetings.won, meetings.lost, meetings.tied))
    if ties and not tied:
        return "no comparison was tied: fit a model without ties"
    if ties and not won + lost:
        return "no comparison was decided"
    if side_bias and 0 in (won + tied, lost + tied):
        return "every comparison went to the same side: the side bias is infinite"
    return ""


def why_infinite(meetings: Meetings, *, abilities: bool, side_bias: bool, ties: bool) -> str:
    """Say so when some direction never speaks against what happened, and somewhere for it.

    Going on in that direction never lowers the likelihood, so it has no highest point
    (Albert & Anderson 1984). `abilities`, `side_bias` and `ties` tell which are free; with
    abilities alone, `why_no_maximum` says all.
    """
    if not side_bias and not ties:
        return ""
    leads = _leads(meetings, abilities=abilities, side_bias=side_bias, ties=ties)
    if longest_lead(leads) > 1e-6:
        return "the outcomes can be foretold without exception: some parameter is infinite"
    return ""


def _leads(
    meetings: Meetings, *, abilities: bool, side_bias: bool, ties: bool
) -> "scipy.sparse.csr_array":
    """Return the parameters' weights in the log of what happened over each of what did not."""
    n = len(meetings.left)
    ones, none = scipy.sparse.csr_array(np.ones((n, 1))), scipy.sparse.csr_array((n, 1))
    lines = [differences(meetings)] * abilities + [ones] * side_bias
    line = scipy.sparse.hstack([*lines, none] if ties else lines, format="csr")
    tie = scipy.sparse.hstack([0 * each for each in lines] + [2 * ones] if ties else [0 * line])
    possible = {"won": line, "lost": -line} | ({"tied": tie.tocsr()} if ties else {})
    leads: scipy.sparse.csr_array = scipy.sparse.vstack(
        [
            (possible[seen] - other)[getattr(meetings, seen) > 0]
            for seen in possible
            for unseen, other in possible.items()
            if unseen != seen
        ],
        format="csr",
    )
    return leads
