"""Agreement of raters: every measure takes (units, raters, values, ...), returns an `Estimate`.

One row per rating, in any order; labels are numbers or text; a missing rating has no row. No single
number is enough: the same 85% of agreement is a kappa of .70, or of .32 when one category prevails.
Report percent agreement, Gwet's AC, Brennan-Prediger and the prevalence with alpha.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from studies.analysis.data.ratings import Values, encode
from studies.analysis.statistics.alpha import Level, alpha
from studies.analysis.statistics.cohen import cohen_kappa
from studies.analysis.statistics.icc import Kind, icc, kendall_w
from studies.analysis.statistics.kappa import (
    Weights,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    percent_agreement,
)

__all__ = [
    "Kind",
    "Level",
    "Prevalence",
    "Weights",
    "alpha",
    "brennan_prediger",
    "cohen_kappa",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "kendall_w",
    "percent_agreement",
    "prevalence",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevalence:
    """How often one category was chosen: `n` ratings, a `share` of all from 0 to 1."""

    category: Any
    n: int
    share: float


def prevalence(
    values: Values, *, categories: Sequence[Any] | None = None
) -> tuple[Prevalence, ...]:
    """Count each category, in sorted or declared order; empty when there is neither.

    A declared category that nobody chose has n = 0; with no ratings at all every share is 0.
    ValueError as in `ratings.encode`.
    """
    rows = np.arange(np.size(values))
    ratings = encode(rows, rows, values, categories=categories)
    counts = np.bincount(ratings.value, minlength=len(ratings.categories))
    total = max(int(counts.sum()), 1)
    return tuple(
        Prevalence(category=category, n=n, share=n / total)
        for category, n in zip(ratings.categories.tolist(), counts.tolist(), strict=True)
    )
