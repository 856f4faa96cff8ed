"""Logistic regression by maximum likelihood, and whether there is a maximum."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy

from studies.analysis.newton import Slope, maximise
from studies.analysis.ratings import Array
from studies.analysis.separation import longest_lead

_FIRST = 5_000
"""Rows looked at first for separation: where some of the rows overlap, all of them do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """A fit: coefficients (k,), what each row moves them by (n, k), and the log-likelihood."""

    coefficients: Array
    influence: Array
    log_likelihood: float


def fit_logistic(x: Array, y: Array) -> Logistic:
    """Fit P(y = 1) = expit(x @ coefficients); `x` (n, k) of full rank, `y` from 0 to 1.

    The maximum must exist: see `why_no_fit`.
    """
    likelihood = partial(_likelihood, x, y)
    point = maximise(likelihood, np.zeros(x.shape[1]))
    top = likelihood(point)
    residual = y - scipy.special.expit(x @ point)
    return Logistic(
        coefficients=point,
        influence=(x * residual[:, None]) @ np.linalg.inv(top.information),
        log_likelihood=top.value,
    )


def _likelihood(x: Array, y: Array, beta: Array) -> Slope:
    line = x @ beta
    fitted = scipy.special.expit(line)
    return Slope(
        value=float((y * line - np.logaddexp(0, line)).sum()),
        gradient=x.T @ (y - fitted),
        information=x.T @ (x * (fitted * (1 - fitted))[:, None]),
    )


def why_no_fit(x: Array, y: Array) -> str:
    """Say why the likelihood has no unique maximum; empty when it has one.

    Source: Albert & Anderson (1984).
    """
    if not len(x):
        return "no vote was decided"
    if y.max() == 0 or y.min() == 1:
        return "every vote went to the same side"
    if len(x) < x.shape[1]:
        return f"{len(x)} decided votes are fewer than the {x.shape[1]} numbers to be estimated"
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return "a predictor never varies, or follows from the others"
    if not _overlap(x[:_FIRST], y[:_FIRST]) and not _overlap(x, y):
        return "separation: the predictors part the left votes from the right; slope is infinite"
    return ""


def _overlap(x: Array, y: Array) -> bool:
    """Tell whether every direction speaks against some vote."""
    leads = np.vstack([x[y > 0], -x[y < 1]])
    leads = leads / np.maximum(np.abs(leads).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(leads) < leads.shape[1]:
        return False
    return longest_lead(leads) < 1e-6
