"""Activations as heatmap levels."""

import numpy as np

from annotation.protocols.excerpt import Excerpt
from explanations.records import Scale, TokenActivations, to_zero_to_ten


def heated(record: TokenActivations, maximum: float) -> Excerpt:
    """Return raw activations as levels relative to their neuron's maximum."""
    if record.scale is not Scale.RAW:
        raise ValueError(f"expected raw activations, not {record.scale}")
    levels = to_zero_to_ten(record.activations, maximum)
    return _excerpt(record, levels)


def heated_as_is(record: TokenActivations) -> Excerpt:
    """Return activations of 0 to 10 as levels, rounded."""
    if record.scale is not Scale.ZERO_TO_TEN:
        raise ValueError(f"expected activations of 0 to 10, not {record.scale}")
    return _excerpt(record, np.clip(np.rint(record.activations), 0, 10).astype(np.int64))


def _excerpt(record: TokenActivations, levels: np.ndarray) -> Excerpt:
    return Excerpt(
        tokens=record.tokens,
        values=tuple(float(f"{value:.4g}") for value in record.activations.astype(np.float64)),
        levels=tuple(levels.tolist()),
    )
