"""How the probability of a vote rises with the score gap (logistic regression)."""

from dataclasses import dataclass
from math import nan
from typing import Literal, TypeAlias, get_args

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics.clustered import clustered, undefined_of
from studies.analysis.statistics.logistic import fit_logistic
from studies.analysis.statistics.votes import Votes

Ties: TypeAlias = Literal["drop", "half"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """P(left preferred) = 1 / (1 + exp(-(side_bias + slope * score_gap / 0.1))).

    Both in log-odds: `side_bias` of the left side at equal scores, `slope` per 0.1 of score gap.
    `log_likelihood` is nan where they are undefined.
    """

    side_bias: Estimate
    slope: Estimate
    log_likelihood: float
    n_votes: int
    n_ties: int


def calibration(votes: Votes, *, ties: Ties = "drop") -> Calibration:
    """Fit a logistic line to the votes by maximum likelihood, with two-way clustered intervals.

    Ties are dropped, or count as half a vote for either side. The variance of a coefficient is
    V_neuron + V_rater - V_both with the usual small-sample factors, not below V_neuron or V_rater;
    Student's t with min(neurons, raters) - 1 degrees of freedom.

    Undefined, both coefficients, when no vote is left, when all score gaps are equal, and when a
    gap separates the votes for the left from those for the right, which sends the slope to
    infinity. ValueError for unknown `ties`.
    Source: Cameron, Gelbach & Miller (2011).
    """
    if ties not in get_args(Ties):
        raise ValueError(f"ties: {ties!r} is none of {', '.join(get_args(Ties))}")
    n_ties = int((votes.outcome == 0).sum())
    used = votes if ties == "half" else votes.only(votes.outcome != 0)
    if reason := _why_undefined(used):
        bias, slope = (undefined_of(used.neuron, used.rater, reason, name) for name in _NAMES)
        log_likelihood = nan
    else:
        bias, slope, log_likelihood = _fit(used)
    return Calibration(
        side_bias=bias,
        slope=slope,
        log_likelihood=log_likelihood,
        n_votes=len(used.gap),
        n_ties=n_ties,
    )


_NAMES = (
    "side bias, log-odds at equal scores; logistic",
    "slope, log-odds per 0.1 of score gap; logistic",
)


def _why_undefined(votes: Votes) -> str:
    """Return why the likelihood has no unique maximum; empty when it has one."""
    if not len(votes.gap):
        return "no vote was decided"
    left, right = votes.gap[votes.outcome >= 0], votes.gap[votes.outcome <= 0]
    if not len(left) or not len(right):
        return "every vote went to the same side"
    if not np.ptp(votes.gap):
        return "all score gaps are equal: there is no slope to see"
    if left.min() >= right.max() or right.min() >= left.max():
        return "separation: a score gap parts all left votes from all right ones; slope is infinite"
    return ""


def _fit(votes: Votes) -> tuple[Estimate, Estimate, float]:
    x = np.column_stack([np.ones_like(votes.gap), votes.gap / 0.1])
    fit = fit_logistic(x, (1 + votes.outcome) / 2)
    bias, slope = clustered(
        votes.neuron, votes.rater, fit.coefficients, fit.influence, _NAMES, cell=votes.cell
    )
    return bias, slope, fit.log_likelihood
