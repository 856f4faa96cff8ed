"""Ratings in long format, checked and coded once for every statistic that reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Labels: TypeAlias = npt.ArrayLike
"""Names of units, raters or conditions: one-dimensional, numbers or text, one per row."""
Values: TypeAlias = npt.ArrayLike
"""Ratings or scores: one-dimensional, one per row."""
Array: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """One row per rating: position of its unit, of its rater, and of its value in `categories`."""

    unit: Codes
    rater: Codes
    value: Codes
    categories: npt.NDArray[Any]

    @property
    def n_units(self) -> int:
        """Number of units with at least one rating."""
        return n_codes(self.unit)

    @property
    def n_raters(self) -> int:
        """Number of raters with at least one rating."""
        return n_codes(self.rater)

    def __len__(self) -> int:
        return len(self.unit)

    def numbers(self) -> Array:
        """Return the value of each row as a number; ValueError when the categories are text."""
        if self.categories.dtype.kind not in "biuf":
            raise ValueError("values: numbers are needed here, not text")
        return self.categories.astype(np.float64)[self.value]

    def counts(self) -> Array:
        """Return how often each unit (row) got each category (column)."""
        size = self.n_units * len(self.categories)
        flat = np.bincount(self.unit * len(self.categories) + self.value, minlength=size)
        return flat.reshape(self.n_units, len(self.categories)).astype(np.float64)

    def one_hot(self) -> Array:
        """Return one row per rating with 1 in the column of its category."""
        return np.eye(len(self.categories))[self.value]

    def pairable(self) -> npt.NDArray[np.bool_]:
        """Tell for each unit whether at least two raters rated it."""
        return np.bincount(self.unit) > 1


def encode(
    units: Labels, raters: Labels, values: Values, *, categories: Sequence[Any] | None = None
) -> Ratings:
    """Check long-format ratings and code their labels.

    `categories` declares the values that could have been given, in order; without it they are the
    distinct values seen, sorted. ValueError, naming the argument: lengths differ, a value is not
    finite or not declared, a rater rated one unit twice.
    """
    columns = same_length(units=units, raters=raters, values=values)
    unit, rater = coded(columns["units"]), coded(columns["raters"])
    if n_codes(crossed(unit, rater)) < len(unit):
        raise ValueError("raters: a rater has more than one value for the same unit")
    value, seen = _coded_values(columns["values"], categories)
    return Ratings(unit=unit, rater=rater, value=value, categories=seen)


def _coded_values(
    values: npt.NDArray[Any], categories: Sequence[Any] | None
) -> tuple[Codes, npt.NDArray[Any]]:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError("values: not finite; leave the row of a missing rating out")
    seen, codes = distinct(values)
    if categories is None:
        return codes, seen
    declared = np.asarray(categories)
    if len(np.unique(declared)) < len(declared):
        raise ValueError("categories: one is named twice")
    if not np.isin(seen, declared).all():
        raise ValueError(f"values: {np.setdiff1d(seen, declared)[0]!r} is not among the categories")
    order = np.argsort(declared, kind="stable")
    return order[np.searchsorted(declared, seen, sorter=order)][codes], declared


def same_length(**columns: npt.ArrayLike) -> dict[str, npt.NDArray[Any]]:
    """Return the columns as arrays; ValueError names one that is not as long as the first."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    first, n = next((name, array.size) for name, array in arrays.items())
    for name, array in arrays.items():
        if array.shape != (n,):
            raise ValueError(f"{name}: shape {array.shape}, but {first} has {n} rows")
    return arrays


def coded(labels: npt.NDArray[Any]) -> Codes:
    """Return the place of each label in the sorted order of the distinct ones."""
    return distinct(labels)[1]


def distinct(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes]:
    """Return the distinct labels in sorted order, and the place of each label among them.

    Integers that lie close together are counted, not sorted: linear time. Text is compared by
    numbers made of it.
    """
    if labels.dtype.kind == "U" and labels.size:
        return _distinct_text(labels)
    if not _close_together(labels):
        return _distinct_sorted(labels)
    low = int(labels.min())
    offset = labels.astype(np.intp) - low
    seen = np.zeros(int(offset.max()) + 1, dtype=np.bool_)
    seen[offset] = True
    place = np.cumsum(seen, dtype=np.intp) - 1
    return (np.flatnonzero(seen) + low).astype(labels.dtype), place[offset]


def _distinct_sorted(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes]:
    values, codes = np.unique(labels, return_inverse=True)
    return values, codes.astype(np.intp)


def _distinct_text(labels: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], Codes]:
    letters = np.ascontiguousarray(labels).view(np.uint32).reshape(len(labels), -1)
    number = np.zeros(len(labels), dtype=np.uint64)
    for column in letters.T:
        number = number * np.uint64(_PRIME) ^ column
    _, first, code = np.unique(number, return_index=True, return_inverse=True)
    order = np.argsort(labels[first])
    values = labels[first][order]
    codes = np.argsort(order)[code].astype(np.intp)
    # Two texts may make one number.
    return (values, codes) if (values[codes] == labels).all() else _distinct_sorted(labels)


_PRIME = 1099511628211


def _close_together(labels: npt.NDArray[Any]) -> bool:
    if labels.dtype.kind not in "iu" or not labels.size:
        return False
    low, high = int(labels.min()), int(labels.max())
    return high - low <= 8 * labels.size + 1024 and high < 2**62


def crossed(first: Codes, second: Codes) -> Codes:
    """Return the place of each pair of codes in the sorted order of the distinct pairs."""
    if not len(first):
        return first
    order = _order(second)
    order = order[_order(first[order])]
    one, other = first[order], second[order]
    new = np.concatenate([[False], (one[1:] != one[:-1]) | (other[1:] != other[:-1])])
    place = np.empty(len(first), dtype=np.intp)
    place[order] = np.cumsum(new)
    return place


def _order(codes: Codes) -> Codes:
    """Sort stably; numpy takes linear time for codes of two bytes, so longer ones go in two."""
    if codes.max() >= 2**32:
        return np.argsort(codes, kind="stable")
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    if codes.max() < 2**16:
        return order
    upper = (codes >> 16).astype(np.uint16)
    return order[np.argsort(upper[order], kind="stable")]


def first_rows(codes: Codes) -> Codes:
    """Return the first row of each code from 0 up, each of which occurs."""
    first = np.empty(n_codes(codes), dtype=np.intp)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first


def n_codes(codes: Codes) -> int:
    """Return how many codes there are."""
    return int(codes.max()) + 1 if len(codes) else 0


def sum_by(codes: Codes, values: Array, n: int) -> Array:
    """Sum `values` over equal codes from 0 to `n` - 1; shape (n,)."""
    return np.bincount(codes, values, minlength=n).astype(np.float64, copy=False)


def sums_by(codes: Codes, rows: Array) -> Array:
    """Sum `rows` (n, d) over equal codes; shape (number of codes, d)."""
    totals = np.zeros((n_codes(codes), rows.shape[1]))
    for total, column in zip(totals.T, rows.T, strict=True):
        total += np.bincount(codes, weights=column)
    return totals


def present_sums(codes: Codes, rows: Array) -> Array:
    """Sum `rows` (n, d) over equal codes, of the codes that occur: shape (how many, d)."""
    seen = np.bincount(codes) > 0
    return np.column_stack([np.bincount(codes, column)[seen] for column in rows.T])


def n_present(codes: Codes) -> int:
    """Return how many different codes occur."""
    return int(np.count_nonzero(np.bincount(codes))) if len(codes) else 0


def pairs_within(group: Codes) -> tuple[Codes, Codes]:
    """Return the rows of all pairs that share a group."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    first, second = [order[:0]], [order[:0]]
    for apart in range(1, int(np.bincount(group).max(initial=0))):
        near = np.flatnonzero(sorted_group[apart:] == sorted_group[:-apart])
        first.append(order[near])
        second.append(order[near + apart])
    return np.concatenate(first), np.concatenate(second)
