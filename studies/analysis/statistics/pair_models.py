"""The terms of a likelihood for each pair, with and without ties as an outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import scipy

from studies.analysis.data.ratings import Array
from studies.analysis.statistics.comparisons import Comparisons


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What each pair adds to a log-likelihood, as a function of its line and the tie parameter.

    First derivatives by line and by tie parameter, and second derivatives with the sign turned.
    """

    value: Array
    line: Array
    tie: Array
    line_line: Array
    line_tie: Array
    tie_tie: Array


class Counts(Protocol):
    """How often the first of each pair won and lost."""

    @property
    def won(self) -> Array: ...

    @property
    def lost(self) -> Array: ...

    @property
    def n(self) -> Array: ...


Model: TypeAlias = Callable[[Comparisons, Array, float], Terms]
"""From comparisons, each pair's line (log-odds of left over right) and the tie parameter."""


def decided(counts: Counts, line: Array, _tie: float) -> Terms:
    """Return the terms of wins and losses without ties. Source: Bradley & Terry (1952)."""
    n = counts.n
    # Both logs and the chance share one exponential, which is most of the time.
    small = np.exp(-np.abs(line))
    below = 1 / (1 + small)
    up = np.where(line >= 0, below, small * below)
    behind = np.where(line >= 0, counts.lost, counts.won) * np.abs(line)
    none = np.zeros_like(line)
    return Terms(
        value=-behind - n * np.log1p(small),
        line=counts.won - n * up,
        tie=none,
        line_line=n * small * below**2,
        line_tie=none,
        tie_tie=none,
    )


def with_ties(comparisons: Comparisons, line: Array, tie: float) -> Terms:
    """Return the terms with ties as a third outcome; `tie` is log nu. Source: Davidson (1970)."""
    logs = np.column_stack([line / 2, -line / 2, np.full_like(line, tie)])
    logs -= scipy.special.logsumexp(logs, axis=1, keepdims=True)
    won, lost, tied = np.exp(logs).T
    seen = np.column_stack([comparisons.won, comparisons.lost, comparisons.tied])
    mean, n = won - lost, comparisons.n
    return Terms(
        value=(seen * logs).sum(axis=1),
        line=(comparisons.won - comparisons.lost - n * mean) / 2,
        tie=comparisons.tied - n * tied,
        line_line=n * (won + lost - mean**2) / 4,
        line_tie=-n * mean * tied / 2,
        tie_tie=n * tied * (1 - tied),
    )
