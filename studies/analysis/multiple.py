"""Many comparisons: adjusted p-values."""

import numpy as np
import numpy.typing as npt

from studies.analysis.ratings import Array


def holm(p: npt.ArrayLike) -> Array:
    """Adjust p-values so that the chance of even one false rejection is held; same order as `p`.

    For the declared contrasts. ValueError when a p-value is not in [0, 1]. Source: Holm (1979).
    """
    values, order = _sorted(p)
    left = len(values) - np.arange(len(values))
    return _restored(np.maximum.accumulate(values * left), order)


def benjamini_hochberg(p: npt.ArrayLike) -> Array:
    """Adjust p-values so that the share of false rejections is held; same order as `p`.

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
