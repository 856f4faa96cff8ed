"""What a table of an export is: its columns and their meanings, and its rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from studies.models import Study

Row: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["text", "whole", "number", "truth", "time", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Any value may be missing; `json` is for what does not fit a single cell."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row is, its columns in order, and its rows with at least these.

    `identifying` columns are personal data: they are written only on request.
    """

    about: str
    columns: tuple[Column, ...]
    rows: Callable[[Study], Iterator[Row]]
    identifying: tuple[Column, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


ITEM = Column("item", "whole", "item number, from 0")
NEURON = (
    Column("subject", "text", "the neuron's subject (model or function set)"),
    Column("layer", "whole", "the neuron's layer, from 0"),
    Column("index", "whole", "the neuron's index in its layer, from 0"),
)
RATER = Column("rater", "text", "pseudonym")
SYNTHETIC = "whether a program made the judgment"
EXPLANATION = Column("explanation", "whole", "the explanation's number in the table explanations")
