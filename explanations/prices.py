"""What calls to language models cost. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_MILLION = 1_000_000
_FORM = 'write {"MODEL": {"in": DOLLARS, "out": DOLLARS}}, each per million tokens'


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens that a model reads and writes."""

    tokens_in: float
    tokens_out: float

    def of(self, *, tokens_in: int, tokens_out: int) -> float:
        """Return what a call costs, in US dollars."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION


class Prices(dict[str, Price]):
    """Prices by model. A model that is not listed has no price, which is not the price 0."""

    @classmethod
    def read(cls, table: Any) -> Self:
        """Read a table such as `{"gpt-4o-mini": {"in": 0.15, "out": 0.6}}`.

        Raises `ValueError` naming the model and the entry at fault.
        """
        if not isinstance(table, Mapping):
            raise ValueError(f"no table of prices: {_FORM}")
        return cls({str(model): _price(str(model), entry) for model, entry in table.items()})


def _price(model: str, entry: Any) -> Price:
    if not isinstance(entry, Mapping) or set(entry) != {"in", "out"}:
        raise ValueError(f"{model}: {_FORM}")
    for way, dollars in entry.items():
        known = isinstance(dollars, int | float) and not isinstance(dollars, bool)
        if not known or not math.isfinite(dollars) or dollars < 0:
            raise ValueError(f"{model}, {way}: {dollars!r} is no price in dollars")
    return Price(tokens_in=entry["in"], tokens_out=entry["out"])
