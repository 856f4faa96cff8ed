"""Detect collinear predictors and name what they depend on."""

from collections.abc import Mapping

import numpy as np

from studies.analysis.data.ratings import Array

_NOTHING = 1e-8
"""What may be left of a column of length 1 for it to count as following from the others."""
_PART = 1e-6


def redundant(columns: Mapping[str, Array]) -> dict[str, str]:
    """Return, by name, why a predictor is set aside, for each that is collinear with earlier ones.

    Given a constant, in the order given: predictors that are the same in every row, and linear
    combinations of others. Empty with fewer rows than predictors, where all are collinear.
    """
    rows = len(next(iter(columns.values()), ()))
    if rows <= len(columns):
        return {}
    kept, why = {"": np.ones(rows)}, dict[str, str]()
    for name, column in columns.items():
        sources = _sources(column, kept)
        if sources is None:
            kept[name] = column
        else:
            why[name] = _why(sources)
    return why


def _sources(column: Array, kept: Mapping[str, Array]) -> list[str] | None:
    """Return the columns that this one follows from; None where it follows from none."""
    length = float(np.sqrt(np.square(column).sum()))
    if length == 0:
        return []
    scaled = {name: each / np.sqrt(np.square(each).sum()) for name, each in kept.items()}
    x = np.column_stack(list(scaled.values()))
    weights = np.linalg.lstsq(x, column / length, rcond=None)[0]
    left = column / length - x @ weights
    if float(np.sqrt(np.square(left).sum())) > _NOTHING:
        return None
    return [name for name, weight in zip(scaled, weights, strict=True) if abs(weight) > _PART]


def _why(sources: list[str]) -> str:
    others = [name for name in sources if name]
    if not others:
        return "set aside: it is the same in every vote"
    return f"set aside: it follows exactly from {' and '.join(others)}"
