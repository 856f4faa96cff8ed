"""The analysis plan: what was decided before data were seen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

import numpy as np

GAP_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, float("inf"))
"""Edges of the bins of the absolute score gap, those of Bills et al. (2023)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The choices an analysis rests on, ready for JSON.

    `primary` names the scorer of the headline; empty, the first among those that score nearly as
    many votes as any. `contrasts` are the pairs of scorers to compare; every other pair is
    exploratory. `gap_edges` cut the absolute score gap, the last bin being open. `seed` is for what
    is simulated. `declared` names the figures that were planned; all others are exploratory.

    Rules that exclude, in this order: judgments given in less than `min_seconds`, then raters with
    fewer than `min_judgments` left; zero is no rule. ValueError when edges do not increase from
    zero or above, or a rule's number is below zero.
    """

    primary: str = ""
    contrasts: tuple[tuple[str, str], ...] = ()
    gap_edges: tuple[float, ...] = GAP_EDGES[:-1]
    seed: int = 0
    declared: tuple[str, ...] = ()
    min_seconds: float = 0.0
    min_judgments: int = 0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("min_seconds", "min_judgments"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}: {getattr(self, name)} is below zero")
        edges = np.array(self.gap_edges)
        if not len(edges) or edges[0] < 0 or not (np.diff([*edges, inf]) > 0).all():
            raise ValueError(f"gap_edges: {self.gap_edges} do not increase from zero or above")

    @property
    def bins(self) -> tuple[float, ...]:
        """The edges with the open end."""
        return (*self.gap_edges, inf)

    def chosen(self, scorers: Sequence[str]) -> int | None:
        """Return the place of the headline's scorer: the plan's, or else the first, if any."""
        if self.primary in scorers:
            return scorers.index(self.primary)
        return 0 if scorers else None

    @classmethod
    def of(cls, choices: Mapping[str, Any]) -> "Plan":
        """Return the plan from what `as_dict` returned, also when it was JSON in between."""
        lists = {name: tuple(choices[name]) for name in ("gap_edges", "declared")}
        pairs = tuple((first, second) for first, second in choices["contrasts"])
        return cls(**{**choices, **lists, "contrasts": pairs})

    def as_dict(self) -> dict[str, Any]:
        """Return the choices by name."""
        return asdict(self)
