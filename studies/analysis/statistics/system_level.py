"""Correlation of scores with people's answers over conditions, and its correction for noise.

Item level (`kendall_tau_b`: does the score know which explanation of a neuron is better?) and
system level (do the means of the methods go together?) are different questions with different
answers; a published grid has .04 and .79. Always say which.
"""

from dataclasses import replace
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Values,
    codes,
    n_codes,
    same_length,
)
from studies.analysis.statistics.jackknife import divide, estimate, of_cells
from studies.analysis.statistics.votes import Votes

FEWEST_SYSTEMS = 3
LEAST_RELIABILITY = 0.3
"""Below it, correcting a correlation for noise multiplies the noise."""


def system_correlation(
    conditions: Labels, neurons: Labels, raters: Labels, scores: Values, values: Values
) -> Estimate:
    """Compute Pearson's correlation over conditions of mean scores with raters' mean values.

    One row per rated option: its condition, its score, one rater's value (a vote is two rows, 1 for
    what was preferred and 0 for the other, a tie half and half). The interval is over neurons and
    raters, the conditions being fixed: it does not hold for other methods. From -1 to 1. Undefined
    with fewer than three conditions and when scores or values have the same mean in all. ValueError
    as in `kendall_tau_b`.
    """
    columns = same_length(
        conditions=conditions, neurons=neurons, raters=raters, scores=scores, values=values
    )
    x, y = columns["scores"].astype(np.float64), columns["values"].astype(np.float64)
    for name, numbers in (("scores", x), ("values", y)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name}: not finite; leave the rows without one out")
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    return _over_systems(codes(columns["conditions"]), neuron, rater, x, y)


def system_correlation_of_votes(
    votes: Votes, sides: tuple[npt.NDArray[Any], npt.NDArray[Any]], scores: tuple[Array, Array]
) -> Estimate:
    """Return the same from votes, each once: conditions and finite scores of left and right."""
    found = _over_systems(
        codes(np.concatenate(sides)),
        np.tile(votes.neuron, 2),
        np.tile(votes.rater, 2),
        np.concatenate(scores),
        np.concatenate([1 + votes.outcome, 1 - votes.outcome]) / 2,
    )
    return replace(found, n_ratings=len(votes))


def _over_systems(condition: Codes, neuron: Codes, rater: Codes, x: Array, y: Array) -> Estimate:
    """Correlate the means of `x` and of `y` over conditions."""
    k, method = n_codes(condition), "Pearson's correlation over conditions (system level)"
    if k < FEWEST_SYSTEMS:
        return undefined(f"needs {FEWEST_SYSTEMS} conditions, here are {k}", method=method)
    own = np.eye(k)[condition]
    x, y = x - x.mean(), y - y.mean()
    return estimate(
        of_cells(neuron, rater, np.hstack([own, own * x[:, None], own * y[:, None]]), to=_of_means),
        method=method,
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason="scores or values have the same mean in every condition",
    )


def _of_means(sums: Array) -> Array:
    n, x, y = np.split(sums, 3, axis=1)
    x, y = (divide(part, n) for part in (x, y))
    x, y = (part - part.mean(axis=1, keepdims=True) for part in (x, y))
    spread = np.sqrt(np.square(x).sum(axis=1) * np.square(y).sum(axis=1))
    return divide((x * y).sum(axis=1), spread)


def disattenuated(correlation: Estimate, *reliabilities: Estimate) -> Estimate:
    """Return a correlation corrected for the unreliability of its variables.

    The value is r / sqrt(product of the reliabilities): what r would be without noise, if the noise
    of one has nothing to do with that of the other. It may exceed 1. The interval is by the delta
    method, the parts taken as independent.

    Refused when a reliability is below `LEAST_RELIABILITY` or undefined. Source: Spearman (1904).
    """
    method = "correlation corrected for unreliability"
    bare = partial(
        Estimate,
        n_units=correlation.n_units,
        n_raters=correlation.n_raters,
        n_ratings=correlation.n_ratings,
        method=method,
    )
    if reason := _why_refused(correlation, reliabilities):
        return bare(value=float("nan"), reason=reason)
    scale = sqrt(np.prod([each.value for each in reliabilities]))
    value = correlation.value / scale
    if not correlation.se > 0 or not all(each.has_interval for each in reliabilities):
        return bare(value=value, note="no interval: one of its parts has none")
    noise = sum((each.se / (2 * each.value)) ** 2 for each in reliabilities)
    se = sqrt((correlation.se / scale) ** 2 + value**2 * noise)
    # The reach of the correlation's own interval, in its standard errors, keeps its freedom.
    reach = se * (correlation.high - correlation.low) / (2 * correlation.se)
    return bare(value=value, low=value - reach, high=value + reach, se=se)


def _why_refused(correlation: Estimate, reliabilities: tuple[Estimate, ...]) -> str:
    if not correlation.defined:
        return correlation.reason
    for each in reliabilities:
        if not each.defined:
            return f"a reliability is undefined: {each.reason}"
        if each.value < LEAST_RELIABILITY:
            return f"reliability ({each.value:.2f}) is below {LEAST_RELIABILITY}"
    return ""
