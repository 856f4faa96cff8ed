"""P-values, adjusted for multiple comparisons."""

from collections.abc import Callable, Sequence
from math import nan

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array


def p_value(estimate: Estimate, *, null: float = 0.0) -> float:
    """Return the two-sided p-value of a value against `null`; nan without an interval.

    Student's t with the degrees of freedom of the interval: min(units, raters) - 1.
    """
    if not estimate.has_interval:
        return nan
    freedom = min(estimate.n_units, estimate.n_raters) - 1
    if not estimate.se:
        return float(estimate.value == null)
    return float(2 * scipy.special.stdtr(freedom, -abs(estimate.value - null) / estimate.se))


def adjusted(p: Sequence[float], adjust: Callable[[Array], Array]) -> Array:
    """Return p-values adjusted by `holm` or `benjamini_hochberg`; nan stays nan."""
    values = np.array(p, dtype=np.float64)
    known = ~np.isnan(values)
    values[known] = adjust(values[known])
    return values


def holm(p: npt.ArrayLike) -> Array:
    """Return p-values that control the family-wise error rate (Holm); same order as `p`.

    For the declared contrasts. ValueError when a p-value is not in [0, 1]. Source: Holm (1979).
    """
    values, order = _sorted(p)
    left = len(values) - np.arange(len(values))
    return _restored(np.maximum.accumulate(values * left), order)


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """Return p-values that control the false discovery rate; same order as `p`.

    For what was not declared. ValueError when a p-value is not in [0, 1].
    Source: Benjamini & Hochberg (1995).
    """
    values, order = _sorted(p)
    scaled = values * (len(values) / (np.arange(len(values)) + 1))
    return _restored(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _sorted(p: npt.ArrayLike) -> tuple[Array, npt.NDArray[np.intp]]:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("p: one-dimensional, each from 0 to 1")
    order = np.argsort(values, kind="stable")
    return values[order], order


def _restored(adjusted: Array, order: npt.NDArray[np.intp]) -> Array:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result
