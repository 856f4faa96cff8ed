"""Activations as heatmap levels."""

import numpy as np

from annotation.protocols.excerpt import Excerpt
from explanations.records import Scale, TokenActivations, to_zero_to_ten


def heated(given: TokenActivations, maximum: float) -> Excerpt:
    """Return raw activations as levels relative to their neuron's maximum."""
    if given.scale is not Scale.RAW:
        raise ValueError(f"expected raw activations, not {given.scale}")
    levels = to_zero_to_ten(given.activations, maximum)
    return _excerpt(given, levels)


def heated_as_is(given: TokenActivations) -> Excerpt:
    """Return activations of 0 to 10 as levels, rounded."""
    if given.scale is not Scale.ZERO_TO_TEN:
        raise ValueError(f"expected activations of 0 to 10, not {given.scale}")
    return _excerpt(given, np.clip(np.rint(given.activations), 0, 10).astype(np.int64))


def _excerpt(given: TokenActivations, levels: np.ndarray) -> Excerpt:
    return Excerpt(
        tokens=given.tokens,
        values=tuple(float(f"{value:.4g}") for value in given.activations.astype(np.float64)),
        levels=tuple(levels.tolist()),
    )
