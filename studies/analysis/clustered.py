"""Intervals of fitted coefficients when votes share neurons and raters."""

from collections.abc import Sequence
from functools import partial
from math import nan, sqrt

import numpy as np
from scipy import stats

from studies.analysis.estimate import Estimate, undefined
from studies.analysis.ratings import Array, Codes, coded, n_codes, sums_by
from studies.analysis.votes import Votes


def clustered(
    votes: Votes,
    values: Array,
    influence: Array,
    methods: Sequence[str],
    *,
    n_parameters: int | None = None,
) -> tuple[Estimate, ...]:
    """Return fitted values (k,) with intervals clustered by neuron and by rater.

    `influence` (votes, k): what each vote moves each value by, the score times the inverse
    information. The variance is V_neuron + V_rater - V_both with the usual small-sample factors,
    not below V_neuron or V_rater; Student's t with min(neurons, raters) - 1 degrees of freedom.
    `n_parameters` of the fit are k unless given. Source: Cameron, Gelbach & Miller (2011).
    """
    variances = _two_way(votes, influence, n_parameters or influence.shape[1])
    return tuple(
        _estimate(votes, method, float(value), float(variance))
        for method, value, variance in zip(methods, values, variances, strict=True)
    )


def undefined_of(votes: Votes, reason: str, method: str) -> Estimate:
    """Return an estimate without a value, for `reason`, with the counts of the votes."""
    return undefined(
        reason,
        method=method,
        n_units=n_codes(votes.neuron),
        n_raters=n_codes(votes.rater),
        n_ratings=len(votes.gap),
    )


def _two_way(votes: Votes, influence: Array, n_parameters: int) -> Array:
    both = coded(votes.neuron * n_codes(votes.rater) + votes.rater)
    neuron, rater, cell = (
        _one_way(group, influence, n_parameters) for group in (votes.neuron, votes.rater, both)
    )
    return np.maximum(np.maximum(neuron + rater - cell, neuron), rater)


def _one_way(group: Codes, influence: Array, n_parameters: int) -> Array:
    n, k = influence.shape
    groups = n_codes(group)
    if groups < 2 or n <= n_parameters:
        return np.full(k, nan)
    factor = groups / (groups - 1) * (n - 1) / (n - n_parameters)
    variance: Array = factor * np.square(sums_by(group, influence)).sum(axis=0)
    return variance


def _estimate(votes: Votes, method: str, value: float, variance: float) -> Estimate:
    n_neurons, n_raters = n_codes(votes.neuron), n_codes(votes.rater)
    bare = partial(
        Estimate, n_units=n_neurons, n_raters=n_raters, n_ratings=len(votes.gap), value=value
    )
    if np.isnan(variance):
        return bare(
            method=method,
            note="no interval: needs two neurons, two raters and more votes than coefficients",
        )
    se = sqrt(variance)
    reach = se * float(stats.t.ppf(0.975, min(n_neurons, n_raters) - 1))
    method = f"{method}, two-way clustered"
    return bare(low=value - reach, high=value + reach, se=se, method=method)
