"""Logistic regression by maximum likelihood, and whether there is a maximum."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy

from studies.analysis.data.ratings import Array
from studies.analysis.statistics.newton import Slope, maximise
from studies.analysis.statistics.separation import separation

_FIRST = 5_000
"""Rows looked at first for separation: where some of the rows overlap, all of them do."""
_MANY, _STEP = 20_000, 16


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
    point, top = fit_coefficients(x, y)
    residual = y - scipy.special.expit(x @ point)
    return Logistic(
        coefficients=point,
        influence=(x * residual[:, None]) @ np.linalg.inv(top.information),
        log_likelihood=float(top.value),
    )


def fit_coefficients(x: Array, y: Array) -> tuple[Array, Slope]:
    """Return the coefficients alone, and the likelihood there; otherwise as `fit_logistic`.

    With many rows, Newton's method starts from the fit of every sixteenth row, which is close; a
    weak prior keeps that first fit finite.
    """
    columns = np.ascontiguousarray(x.T)
    start = np.zeros(len(columns))
    if len(y) > _MANY:
        some = np.ascontiguousarray(columns[:, ::_STEP])
        start, _ = maximise(partial(_likelihood, some, y[::_STEP], precision=1e-2), start)
    return maximise(partial(_likelihood, columns, y), start)


def _likelihood(columns: Array, y: Array, beta: Array, *, precision: float = 0.0) -> Slope:
    line = beta @ columns
    # log(1 + exp(line)) and its derivative share the exponential, which is most of the time.
    small = np.exp(-np.abs(line))
    below = 1 / (1 + small)
    fitted = np.where(line >= 0, below, small * below)
    value = y @ line - np.maximum(line, 0).sum() - np.log1p(small).sum()
    weighted = columns * (small * below * below)
    return Slope(
        value=np.asarray(value - precision * (beta @ beta) / 2),
        gradient=columns @ (y - fitted) - precision * beta,
        information=weighted @ columns.T + precision * np.eye(len(beta)),
    )


def why_no_fit(x: Array, y: Array) -> str:
    """Return why the likelihood has no unique maximum; empty when it has one.

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
    """Return whether every direction speaks against some vote."""
    leads = np.vstack([x[y > 0], -x[y < 1]])
    leads = leads / np.maximum(np.abs(leads).max(axis=0), 1e-300)
    if np.linalg.matrix_rank(leads) < leads.shape[1]:
        return False
    return separation(leads) < 1e-6
