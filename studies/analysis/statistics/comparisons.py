"""Counts of paired comparisons, and whether abilities can be estimated from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.ratings import Array, Codes, Labels, factorize, group_sum, same_length
from studies.analysis.statistics.separation import separation

_NAMED = 5
"""Items named in a reason; of more, the number is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Comparisons of a left and a right item, one row each or one for all of an ordered pair.

    `won`, `lost` and `tied` count outcomes from the left's point of view.
    """

    items: npt.NDArray[Any]
    left: Codes
    right: Codes
    won: Array
    lost: Array
    tied: Array

    @classmethod
    def from_votes(cls, left: Labels, right: Labels, outcome: npt.NDArray[Any]) -> "Comparisons":
        """Return one row per vote, in order; ValueError: lengths differ, an item meets itself."""
        columns = same_length(left=left, right=right, outcome=outcome)
        codes, items = factorize(np.concatenate([columns["left"], columns["right"]]))
        first, second = codes.reshape(2, -1)
        if (first == second).any():
            raise ValueError("right: an item is compared with itself")
        won, lost, tied = ((columns["outcome"] == o).astype(np.float64) for o in (1, -1, 0))
        return cls(items=items, left=first, right=second, won=won, lost=lost, tied=tied)

    def counted(self) -> "Comparisons":
        """Return one row per ordered pair; unchanged where hardly any pair can meet twice."""
        k = max(len(self.items), 1)
        if k * k > len(self.left):
            return self
        pair, pairs = factorize(self.left * k + self.right)
        left, right = np.divmod(pairs, k)
        won, lost, tied = (
            group_sum(pair, each, len(pairs)) for each in (self.won, self.lost, self.tied)
        )
        return Comparisons(items=self.items, left=left, right=right, won=won, lost=lost, tied=tied)

    @property
    def n(self) -> Array:
        """Comparisons in each row."""
        return self.won + self.lost + self.tied

    def win_graph(self) -> "scipy.sparse.csr_array":
        """Return the graph with an arrow from each item to every item it beat; ties go both ways.

        Ford's condition asks whether everybody can be reached from everybody along its arrows.
        """
        won, lost = self.won + self.tied > 0, self.lost + self.tied > 0
        rows = np.concatenate([self.left[won], self.right[lost]])
        columns = np.concatenate([self.right[won], self.left[lost]])
        k = len(self.items)
        order = np.argsort(rows.astype(np.uint16 if k <= 2**16 else np.intp), kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=k))])
        graph = scipy.sparse.csr_array((np.ones(len(rows)), columns[order], starts), shape=(k, k))
        # scipy's search for connected parts does not end where an entry is there twice.
        graph.sum_duplicates()
        return graph


def components(
    items: npt.NDArray[Any], win_graph: "scipy.sparse.csr_array"
) -> tuple[tuple[Any, ...], ...]:
    """Return the sets of items that are connected by comparisons, directly or through others."""
    n, part = scipy.sparse.csgraph.connected_components(win_graph, directed=False)
    order = np.argsort(part, kind="stable")
    ends = np.cumsum(np.bincount(part, minlength=n))[:-1]
    return tuple(tuple(items[rows].tolist()) for rows in np.split(order, ends)) if n else ()


def why_no_maximum(items: npt.NDArray[Any], win_graph: "scipy.sparse.csr_array") -> str:
    """Return why abilities have no maximum likelihood estimate; empty when they have one.

    Ford's condition (1957): however the items are split in two sets, some item of either beat one
    of the other, so that every item reaches every other through wins. A set that never lost has an
    infinite lead. The reason names it, or the sets that never met.
    """
    if not len(items):
        return "no comparisons"
    strong, sets = scipy.sparse.csgraph.connected_components(win_graph, connection="strong")
    if strong == 1:
        return ""
    n, part = scipy.sparse.csgraph.connected_components(win_graph, directed=False)
    if n > 1:
        first, second = (_named(items[part == i]) for i in (0, 1))
        more = f", nor have {n - 2:,} more sets" if n > 2 else ""
        return f"not all items met, even through others: {first} and {second} never did{more}"
    winner, loser = win_graph.nonzero()
    lost = sets[loser[sets[winner] != sets[loser]]]
    ahead = _named(items[sets == np.setdiff1d(sets, lost)[0]])
    return f"some items never lost to any of the rest, so that their lead is infinite: {ahead}"


def _named(items: npt.NDArray[Any]) -> str:
    shown = ", ".join(str(item) for item in items[:_NAMED].tolist())
    left = len(items) - _NAMED
    return f"{{{shown}}}" if left <= 0 else f"{{{shown} and {left:,} more}}"


def side_is_ability(comparisons: Comparisons) -> bool:
    """Return whether side bias and abilities cannot be separated.

    So it is when items always met on the same sides: some abilities differ by 1 in every pair.
    """
    ones, k = np.ones(len(comparisons.left)), len(comparisons.items)
    matrix = design(comparisons)
    abilities = scipy.sparse.linalg.lsqr(matrix, ones, atol=1e-12, btol=1e-12, iter_lim=20 * k)[0]
    return bool(np.abs(matrix @ abilities - ones).max(initial=0.0) < 1e-6)


def design(
    comparisons: Comparisons, *, abilities: bool = True, side_bias: bool = False
) -> "scipy.sparse.csr_array":
    """Return the matrix (rows, parameters) from abilities and side bias to the rows' log-odds."""
    n, k = len(comparisons.left), len(comparisons.items)
    rows = np.tile(np.arange(n), 2)
    columns = np.concatenate([comparisons.left, comparisons.right])
    signs = np.repeat([1.0, -1.0], n)
    differences = scipy.sparse.csr_array((signs, (rows, columns)), shape=(n, k))
    parts = [differences] * abilities + [scipy.sparse.csr_array(np.ones((n, 1)))] * side_bias
    matrix: scipy.sparse.csr_array = scipy.sparse.hstack(
        parts or [scipy.sparse.csr_array((n, 0))], format="csr"
    )
    return matrix


def why_one_sided(comparisons: Comparisons, *, side_bias: bool, ties: bool) -> str:
    """Return why side bias or ties cannot be estimated; empty when they can."""
    won, lost, tied = (x.sum() for x in (comparisons.won, comparisons.lost, comparisons.tied))
    if ties and not tied:
        return "no comparison was tied: fit a model without ties"
    if ties and not won + lost:
        return "no comparison was decided"
    if side_bias and 0 in (won + tied, lost + tied):
        return "every comparison went to the same side: the side bias is infinite"
    return ""


def why_infinite(comparisons: Comparisons, *, abilities: bool, side_bias: bool, ties: bool) -> str:
    """Return why some parameter is infinite (separation); empty when none is.

    Along a direction that never speaks against an outcome and somewhere for one, the likelihood
    rises for ever (Albert & Anderson 1984). `abilities`, `side_bias` and `ties` tell which are
    free; with abilities alone, `why_no_maximum` says all.
    """
    if not side_bias and not ties:
        return ""
    leads = _leads(comparisons, abilities=abilities, side_bias=side_bias, ties=ties)
    if separation(leads) > 1e-6:
        return "the outcomes can be predicted without exception: some parameter is infinite"
    return ""


def _leads(
    comparisons: Comparisons, *, abilities: bool, side_bias: bool, ties: bool
) -> "scipy.sparse.csr_array":
    """Return the parameters' weights in the log-odds of each outcome over each other one."""
    line = design(comparisons, abilities=abilities, side_bias=side_bias)
    tie = 0 * line
    if ties:
        n = len(comparisons.left)
        line = scipy.sparse.hstack([line, scipy.sparse.csr_array((n, 1))], format="csr")
        tie = scipy.sparse.hstack([tie, scipy.sparse.csr_array(np.full((n, 1), 2.0))], format="csr")
    possible = {"won": line, "lost": -line} | ({"tied": tie} if ties else {})
    leads: scipy.sparse.csr_array = scipy.sparse.vstack(
        [
            (possible[seen] - other)[getattr(comparisons, seen) > 0]
            for seen in possible
            for unseen, other in possible.items()
            if unseen != seen
        ],
        format="csr",
    )
    return leads
