"""How the chance of a vote rises with the score gap."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import nan, sqrt
from typing import Literal, TypeAlias, get_args

import numpy as np
from scipy import special, stats

from studies.analysis.estimate import Estimate
from studies.analysis.newton import Slope, maximise
from studies.analysis.ratings import Array, Codes, Labels, Values, coded, n_codes, sums_by
from studies.analysis.votes import Votes, read_votes

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


def calibration(
    neurons: Labels,
    raters: Labels,
    score_gap: Values,
    outcome: Values,
    *,
    ties: Ties = "drop",
) -> Calibration:
    """Fit a logistic line to the votes by maximum likelihood, with two-way clustered intervals.

    Ties are dropped, or count as half a vote for either side. The variance of a coefficient is
    V_neuron + V_rater - V_both with the usual small-sample factors, not below V_neuron or V_rater;
    Student's t with min(neurons, raters) - 1 degrees of freedom.

    Undefined, both coefficients, when no vote is left, when all score gaps are equal, and when a
    gap separates the votes for the left from those for the right, which sends the slope to
    infinity. ValueError as in `read_votes` and for unknown `ties`.
    Source: Cameron, Gelbach & Miller (2011).
    """
    if ties not in get_args(Ties):
        raise ValueError(f"ties: {ties!r} is none of {', '.join(get_args(Ties))}")
    votes = read_votes(neurons, raters, score_gap, outcome)
    n_ties = int((votes.outcome == 0).sum())
    used = votes if ties == "half" else votes.only(votes.outcome != 0)
    if reason := _why_undefined(used):
        bias, slope = (_bare(used, name)(value=nan, reason=reason) for name in _NAMES)
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


_NAMES = ("side bias, log-odds at equal scores", "slope, log-odds per 0.1 of score gap")


def _bare(votes: Votes, method: str) -> Callable[..., Estimate]:
    return partial(
        Estimate,
        method=f"{method}; logistic",
        n_units=n_codes(votes.neuron),
        n_raters=n_codes(votes.rater),
        n_ratings=len(votes.gap),
    )


def _why_undefined(votes: Votes) -> str:
    """Say why the likelihood has no unique maximum; empty when it has one."""
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
    y = (1 + votes.outcome) / 2
    likelihood = partial(_logistic, x, y)
    beta = maximise(likelihood, np.zeros(2))
    top = likelihood(beta)
    residual = y - special.expit(x @ beta)
    scores = (x * residual[:, None]) @ np.linalg.inv(top.information)
    variances = _two_way(votes, scores)
    bias, slope = (
        _coefficient(_bare(votes, name), float(b), float(v))
        for name, b, v in zip(_NAMES, beta, variances, strict=True)
    )
    return bias, slope, top.value


def _logistic(x: Array, y: Array, beta: Array) -> Slope:
    line = x @ beta
    fitted = special.expit(line)
    return Slope(
        value=float((y * line - np.logaddexp(0, line)).sum()),
        gradient=x.T @ (y - fitted),
        information=x.T @ (x * (fitted * (1 - fitted))[:, None]),
    )


def _two_way(votes: Votes, scores: Array) -> Array:
    """Return each coefficient's variance, clustered by neuron and by rater; `scores` (n, k)."""
    both = coded(votes.neuron * n_codes(votes.rater) + votes.rater)
    neuron, rater, cell = (_one_way(group, scores) for group in (votes.neuron, votes.rater, both))
    return np.maximum(np.maximum(neuron + rater - cell, neuron), rater)


def _one_way(group: Codes, scores: Array) -> Array:
    n, k = scores.shape
    groups = n_codes(group)
    if groups < 2 or n <= k:
        return np.full(k, nan)
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    variance: Array = factor * np.square(sums_by(group, scores)).sum(axis=0)
    return variance


def _coefficient(bare: Callable[..., Estimate], value: float, variance: float) -> Estimate:
    empty = bare(value=value, note="no interval: needs two neurons, two raters and three votes")
    if np.isnan(variance):
        return empty
    se = sqrt(variance)
    reach = se * float(stats.t.ppf(0.975, min(empty.n_units, empty.n_raters) - 1))
    method = f"{empty.method}, two-way clustered"
    return bare(value=value, low=value - reach, high=value + reach, se=se, method=method)
