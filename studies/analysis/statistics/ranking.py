"""Conditions in order, compared in pairs, and the ranks that each may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics.multiple import adjusted, holm, p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCondition:
    """A condition's estimate (a mean, an ability) and the ranks that it may have.

    With 95% confidence the ranks of all conditions lie within their `rank_low` to `rank_high`
    together, 1 the highest estimate; both are 0 where there is no estimate.
    """

    condition: Any
    estimate: Estimate
    rank_low: int
    rank_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How far `first` is ahead of `second`; `p` before and `p_holm` after adjustment."""

    first: Any
    second: Any
    lead: Estimate
    p: float
    p_holm: float


def contrasts(pairs: Sequence[tuple[Any, Any]], leads: Sequence[Estimate]) -> tuple[Contrast, ...]:
    """Return a contrast for each pair of conditions and its lead, Holm-adjusted over all."""
    p = [p_value(lead) for lead in leads]
    return tuple(
        Contrast(first=first, second=second, lead=lead, p=before, p_holm=after)
        for (first, second), lead, before, after in zip(
            pairs, leads, p, adjusted(p, holm).tolist(), strict=True
        )
    )


def rank_intervals(
    estimates: Mapping[Any, Estimate], contrasts: Sequence[Contrast]
) -> dict[Any, tuple[int, int]]:
    """Return the lowest and highest rank of each condition.

    A condition ranks below all that are ahead of it and above all that are behind, by two-sided
    tests of every two at 5%, Holm-adjusted. Source: Mogstad, Romano, Shaikh & Wilhelm (2024).
    """
    n = sum(estimate.defined for estimate in estimates.values())
    low = {name: int(estimate.defined) for name, estimate in estimates.items()}
    high = {name: n if estimate.defined else 0 for name, estimate in estimates.items()}
    for each in contrasts:
        if each.p_holm <= 0.05:
            ahead = each.lead.value > 0
            above, below = (each.first, each.second) if ahead else (each.second, each.first)
            high[above] -= 1
            low[below] += 1
    return {name: (low[name], high[name]) for name in estimates}
