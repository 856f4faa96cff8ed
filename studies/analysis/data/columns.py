"""Tables as columns of one length."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_TYPES: dict[Any, Any] = {int: np.intp, float: np.float64, bool: np.bool_}


class Columns:
    """The base of tables that are dataclasses of equally long arrays, one a column."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise ValueError when the columns differ in length."""
        lengths = {name: len(column) for name, column in self.columns().items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self.columns().values())))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]

    def only(self, rows: npt.NDArray[np.bool_]) -> Self:
        """Return the table with `rows` alone."""
        return type(self)(**{name: column[rows] for name, column in self.columns().items()})


def columns_of(rows: Iterable[Any], kind: Any) -> dict[str, npt.NDArray[Any]]:
    """Return rows that are named tuples of `kind` as columns; the rows are not kept."""
    dtype = np.dtype([(name, _TYPES[each]) for name, each in kind.__annotations__.items()])
    table = np.fromiter(rows, dtype=dtype)
    return {name: np.ascontiguousarray(table[name]) for name in kind._fields}


def joined(parts: Sequence[Mapping[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """Return columns one below the other, by name."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
