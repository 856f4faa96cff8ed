"""What a table of an export is: its columns, what they mean, and where its rows come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from studies.models import Study

Row: TypeAlias = dict[str, Any]
Kind: TypeAlias = Literal["text", "whole", "number", "truth", "time", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Every kind may be missing; `json` is what a single cell cannot say."""

    name: str
    kind: Kind
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row is, its columns in order, and its rows with at least these.

    `identifying` columns say who somebody is: they are written only when that is asked for.
    """

    about: str
    columns: tuple[Column, ...]
    rows: Callable[[Study], Iterator[Row]]
    identifying: tuple[Column, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


ITEM = Column("item", "whole", "the item's number, from 0")
NEURON = (
    Column("subject", "text", "what the neuron is of"),
    Column("layer", "whole", "the neuron's layer, from 0"),
    Column("index", "whole", "the neuron's index in its layer, from 0"),
)
RATER = Column("rater", "text", "pseudonym")
SYNTHETIC = "whether a program made the judgment"
EXPLANATION = Column("explanation", "whole", "its number in the table explanations")
