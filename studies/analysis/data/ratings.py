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
        """Return for each unit whether at least two raters rated it."""
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
    unit, rater = codes(columns["units"]), codes(columns["raters"])
    if n_codes(interaction(unit, rater)) < len(unit):
        raise ValueError("raters: a rater has more than one value for the same unit")
    value, seen = _coded_values(columns["values"], categories)
    return Ratings(unit=unit, rater=rater, value=value, categories=seen)


def _coded_values(
    values: npt.NDArray[Any], categories: Sequence[Any] | None
) -> tuple[Codes, npt.NDArray[Any]]:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError("values: not finite; leave the row of a missing rating out")
    code, seen = factorize(values)
    if categories is None:
        return code, seen
    declared = np.asarray(categories)
    if len(np.unique(declared)) < len(declared):
        raise ValueError("categories: one is named twice")
    if not np.isin(seen, declared).all():
        raise ValueError(f"values: {np.setdiff1d(seen, declared)[0]!r} is not among the categories")
    order = np.argsort(declared, kind="stable")
    return order[np.searchsorted(declared, seen, sorter=order)][code], declared


def same_length(**columns: npt.ArrayLike) -> dict[str, npt.NDArray[Any]]:
    """Return the columns as arrays; ValueError names one that is not as long as the first."""
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    first, n = next((name, array.size) for name, array in arrays.items())
    for name, array in arrays.items():
        if array.shape != (n,):
            raise ValueError(f"{name}: shape {array.shape}, but {first} has {n} rows")
    return arrays


def scaled(values: Array) -> Array:
    """Return values shifted and stretched to mean 0 and range 1, which no correlation changes.

    Sums of squares then lose no digits to a large mean.
    """
    return (values - values.mean()) / (np.ptp(values) or 1.0) if len(values) else values


def codes(labels: npt.NDArray[Any]) -> Codes:
    """Return the position of each label in the sorted order of the distinct ones."""
    return factorize(labels)[0]


def factorize(labels: npt.NDArray[Any]) -> tuple[Codes, npt.NDArray[Any]]:
    """Return the code of each label, and the distinct labels in sorted order.

    Linear time for integers that lie close together, which are counted, not sorted. Text is hashed
    to numbers first, which sort faster than text.
    """
    if labels.dtype.kind == "U" and labels.size:
        return _factorize_text(labels)
    if not _close_together(labels):
        return _factorize_sorted(labels)
    low = int(labels.min())
    offset = labels.astype(np.intp) - low
    seen = np.zeros(int(offset.max()) + 1, dtype=np.bool_)
    seen[offset] = True
    code = np.cumsum(seen, dtype=np.intp) - 1
    return code[offset], (np.flatnonzero(seen) + low).astype(labels.dtype)


def _factorize_sorted(labels: npt.NDArray[Any]) -> tuple[Codes, npt.NDArray[Any]]:
    values, code = np.unique(labels, return_inverse=True)
    return code.astype(np.intp), values


def _factorize_text(labels: npt.NDArray[Any]) -> tuple[Codes, npt.NDArray[Any]]:
    """Factorize by an FNV hash of the letters of each text."""
    letters = np.ascontiguousarray(labels).view(np.uint32).reshape(len(labels), -1)
    number = np.zeros(len(labels), dtype=np.uint64)
    for column in letters.T:
        number = number * np.uint64(_PRIME) ^ column
    _, first, inverse = np.unique(number, return_index=True, return_inverse=True)
    order = np.argsort(labels[first])
    values = labels[first][order]
    code = np.argsort(order)[inverse].astype(np.intp)
    # Two texts may have one hash: then the labels do not come out again, and are sorted as text.
    return (code, values) if (values[code] == labels).all() else _factorize_sorted(labels)


_PRIME = 1099511628211


def _close_together(labels: npt.NDArray[Any]) -> bool:
    if labels.dtype.kind not in "iu" or not labels.size:
        return False
    low, high = int(labels.min()), int(labels.max())
    return high - low <= 8 * labels.size + 1024 and high < 2**62


def interaction(first: Codes, second: Codes) -> Codes:
    """Return one code for each pair of codes, in the sorted order of the distinct pairs."""
    return codes(first * n_codes(second) + second)


def first_rows(group: Codes) -> Codes:
    """Return the first row of each code from 0 up, each of which occurs."""
    first = np.empty(n_codes(group), dtype=np.intp)
    first[group[::-1]] = np.arange(len(group))[::-1]
    return first


def n_codes(group: Codes) -> int:
    """Return how many codes there are, from 0 up."""
    return int(group.max()) + 1 if len(group) else 0


def group_sum(group: Codes, values: Array, n: int) -> Array:
    """Sum `values` over equal codes from 0 to `n` - 1; shape (n,)."""
    return np.bincount(group, values, minlength=n).astype(np.float64, copy=False)


def group_sums(group: Codes, rows: Array) -> Array:
    """Sum `rows` (n, d) over equal codes; shape (number of codes, d)."""
    totals = np.zeros((n_codes(group), rows.shape[1]))
    for total, column in zip(totals.T, rows.T, strict=True):
        total += np.bincount(group, weights=column)
    return totals


def present_sums(group: Codes, rows: Array) -> Array:
    """Sum `rows` (n, d) over equal codes, of the codes that occur: shape (how many, d)."""
    seen = np.bincount(group) > 0
    return np.column_stack([np.bincount(group, column)[seen] for column in rows.T])


def n_present(group: Codes) -> int:
    """Return how many different codes occur."""
    return int(np.count_nonzero(np.bincount(group))) if len(group) else 0


def within_group_pairs(group: Codes) -> tuple[Codes, Codes]:
    """Return the rows of all pairs that share a group."""
    order = np.argsort(group, kind="stable")
    sorted_group = group[order]
    first, second = [order[:0]], [order[:0]]
    for apart in range(1, int(np.bincount(group).max(initial=0))):
        near = np.flatnonzero(sorted_group[apart:] == sorted_group[:-apart])
        first.append(order[near])
        second.append(order[near + apart])
    return np.concatenate(first), np.concatenate(second)
