"""What one comparison adds to the likelihood of its outcome, under each model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import scipy

from studies.analysis.data.ratings import Array
from studies.analysis.statistics.comparisons import Meetings


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What each pair adds to a log-likelihood, its line and the tie parameter being free.

    `value` is summed over the pairs; first derivatives by line and by tie parameter, of each pair;
    second derivatives, sign turned, that by the tie parameter summed.
    """

    value: float
    line: Array
    tie: Array
    line_line: Array
    line_tie: Array
    tie_tie: float


Model: TypeAlias = Callable[[Meetings, Array, float], Terms]
"""From meetings, each pair's line (log-odds of left over right) and the tie parameter."""


def decided(meetings: Meetings, line: Array, _tie: float) -> Terms:
    """Left or right, never a tie. Bradley & Terry (1952)."""
    n = meetings.n
    # Both logs and the chance share one exponential, which is most of the time.
    small = np.exp(-np.abs(line))
    below = 1 / (1 + small)
    up = np.where(line >= 0, below, small * below)
    behind = np.where(line >= 0, meetings.lost, meetings.won) @ np.abs(line)
    value = -behind - n @ np.log1p(small)
    none = np.zeros_like(line)
    return Terms(
        value=float(value),
        line=meetings.won - n * up,
        tie=none,
        line_line=n * small * below**2,
        line_tie=none,
        tie_tie=0.0,
    )


def with_ties(meetings: Meetings, line: Array, tie: float) -> Terms:
    """Ties as an outcome of their own, `tie` being log nu. Davidson (1970)."""
    logs = np.column_stack([line / 2, -line / 2, np.full_like(line, tie)])
    logs -= scipy.special.logsumexp(logs, axis=1, keepdims=True)
    won, lost, tied = np.exp(logs).T
    seen = np.column_stack([meetings.won, meetings.lost, meetings.tied])
    mean, n = won - lost, meetings.n
    return Terms(
        value=float((seen * logs).sum()),
        line=(meetings.won - meetings.lost - n * mean) / 2,
        tie=meetings.tied - n * tied,
        line_line=n * (won + lost - mean**2) / 4,
        line_tie=-n * mean * tied / 2,
        tie_tie=float((n * tied * (1 - tied)).sum()),
    )


def with_threshold(meetings: Meetings, line: Array, tie: float) -> Terms:
    """Ties as what falls below a threshold, `tie` being log kappa above 0. Rao & Kupper (1967).

    With u, v the chances of left and right, that of a tie is (kappa^2 - 1) u v.
    """
    if tie <= 0:
        none = np.zeros_like(line)
        return Terms(value=-np.inf, line=none, tie=none, line_line=none, line_tie=none, tie_tie=0.0)
    left, right = meetings.won + meetings.tied, meetings.lost + meetings.tied
    log_u, log_v = scipy.special.log_expit(line - tie), scipy.special.log_expit(-line - tie)
    u, v, tied = np.exp(log_u), np.exp(log_v), meetings.tied
    bent_left, bent_right = left * u * (1 - u), right * v * (1 - v)
    gone = -np.expm1(-2 * tie)
    return Terms(
        value=float(left @ log_u + right @ log_v + tied.sum() * np.log(np.expm1(2 * tie))),
        line=left * (1 - u) - right * (1 - v),
        tie=2 * tied / gone - left * (1 - u) - right * (1 - v),
        line_line=bent_left + bent_right,
        line_tie=bent_right - bent_left,
        tie_tie=float((bent_left + bent_right + 4 * tied * (1 - gone) / gone**2).sum()),
    )
