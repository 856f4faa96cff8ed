"""Intervals of fitted coefficients when votes share neurons and raters."""

from collections.abc import Sequence
from functools import partial
from math import nan, sqrt

import numpy as np

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Codes, group_sums, interaction, n_present
from studies.analysis.statistics.jackknife import t_quantile


def clustered(
    neuron: Codes,
    rater: Codes,
    values: Array,
    influence: Array,
    methods: Sequence[str],
    *,
    cell: Codes | None = None,
    n_parameters: int | None = None,
) -> tuple[Estimate, ...]:
    """Return fitted values (k,) with intervals clustered by `neuron` and by `rater`, both coded.

    `cell` codes their pairs, where known. `influence` (votes, k): what each vote moves each value
    by, the score times the inverse information. The variance is V_neuron + V_rater - V_both with
    the usual small-sample factors, not below V_neuron or V_rater; Student's t with min(neurons,
    raters) - 1 degrees of freedom. `n_parameters` of the fit are k unless given.
    Source: Cameron, Gelbach & Miller (2011).
    """
    both = interaction(neuron, rater) if cell is None else cell
    variances = _two_way(neuron, rater, both, influence, n_parameters or influence.shape[1])
    return tuple(
        _estimate(neuron, rater, method, float(value), float(variance))
        for method, value, variance in zip(methods, values, variances, strict=True)
    )


def undefined_of(neuron: Codes, rater: Codes, reason: str, method: str) -> Estimate:
    """Return an estimate without a value, for `reason`, with the counts of what entered it."""
    return undefined(
        reason,
        method=method,
        n_units=n_present(neuron),
        n_raters=n_present(rater),
        n_ratings=len(neuron),
    )


def _two_way(
    neuron: Codes, rater: Codes, both: Codes, influence: Array, n_parameters: int
) -> Array:
    of_neuron, of_rater, of_cell = (
        _one_way(group, influence, n_parameters) for group in (neuron, rater, both)
    )
    return np.maximum(np.maximum(of_neuron + of_rater - of_cell, of_neuron), of_rater)


def _one_way(group: Codes, influence: Array, n_parameters: int) -> Array:
    n, k = influence.shape
    groups = n_present(group)
    if groups < 2 or n <= n_parameters:
        return np.full(k, nan)
    factor = groups / (groups - 1) * (n - 1) / (n - n_parameters)
    variance: Array = factor * np.square(group_sums(group, influence)).sum(axis=0)
    return variance


def _estimate(neuron: Codes, rater: Codes, method: str, value: float, variance: float) -> Estimate:
    n_neurons, n_raters = n_present(neuron), n_present(rater)
    bare = partial(
        Estimate, n_units=n_neurons, n_raters=n_raters, n_ratings=len(neuron), value=value
    )
    if np.isnan(variance):
        return bare(
            method=method,
            note="no interval: needs two neurons, two raters and more votes than coefficients",
        )
    se = sqrt(variance)
    reach = se * t_quantile(0.975, min(n_neurons, n_raters) - 1)
    method = f"{method}, two-way clustered"
    return bare(low=value - reach, high=value + reach, se=se, method=method)
