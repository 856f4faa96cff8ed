"""Agreement of raters' whole answers to one item: orders, or values painted on its tokens."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.ratings import Array, Codes, codes
from studies.analysis.statistics.alpha import of_moments
from studies.analysis.statistics.jackknife import Parts, additive, estimate, ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance:
    """Agreement of the answers to one item, averaged over items.

    `pairs` is the correlation of two raters' answers, `w` Kendall's coefficient of concordance when
    these are ranks; it is high by chance with few raters, so read it with their number.
    `n_flat` answers gave everything the same value and correlate with nothing.
    """

    pairs: Estimate
    w: Estimate
    n_flat: int


_ALONE = "no item was answered by two raters"


def concordance(units: Codes, raters: Codes, values: Array, *, what: str) -> Concordance:
    """Correlate the answers to one item; `values` (n, d) has nan beyond an item's own length.

    One row per answer, its values in the item's own order. Pearson's correlation: of ranks it is
    Spearman's, corrected for ties. Intervals leave out whole items and whole raters. An answer of
    equal values is left out and counted. Source of W: Kendall & Babington Smith (1939).
    """
    turned = standardised(values)
    rows = np.square(turned).sum(axis=1) > 0
    turned = turned[rows]
    unit, rater = codes(units[rows]), codes(raters[rows])
    kept = (np.bincount(unit) > 1)[unit] if len(unit) else np.zeros(0, dtype=np.bool_)
    unit, rater = codes(unit[kept]), codes(rater[kept])
    features = np.column_stack([np.ones(kept.sum()), turned[kept]])

    def found(parts: Parts, method: str, low: float) -> Estimate:
        if not len(unit):
            return undefined(_ALONE, method=method)
        replicates = additive(unit, rater, features, of_unit=parts, to=ratio)
        return estimate(replicates, method=method, unit="item", bounds=(low, 1.0))

    return Concordance(
        pairs=found(_pairs, f"correlation of two raters' {what}, mean over items", -1.0),
        w=found(_w, f"Kendall's W of raters' {what}, mean over items", 0.0),
        n_flat=int((~rows).sum()),
    )


def standardised(values: Array) -> Array:
    """Return rows with mean 0 and length 1, 0 where a value lacks; zeros where all are equal."""
    known = np.isfinite(values)
    n = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, values, 0.0)
    around = np.where(known, filled - filled.sum(axis=1, keepdims=True) / n, 0.0)
    length = np.sqrt(np.square(around).sum(axis=1, keepdims=True))
    turned: Array = around / np.where(length > 1e-9, length, np.inf)
    return turned


def row_correlations(first: Array, second: Array) -> Array:
    """Return Pearson's correlation of each two rows over what both have; nan if one is flat."""
    known = np.isfinite(first) & np.isfinite(second)
    a, b = (standardised(np.where(known, values, np.nan)) for values in (first, second))
    varied = np.square(a).any(axis=1) & np.square(b).any(axis=1)
    return np.where(varied, np.clip((a * b).sum(axis=1), -1.0, 1.0), np.nan)


def _pairs(sums: Array) -> Array:
    """Return the mean product of two answers of an item, and 1 where it has two."""
    n = sums[:, 0]
    products = np.square(sums[:, 1:]).sum(axis=1) - n
    two = n > 1.5
    return np.column_stack([np.where(two, products / np.where(two, n * (n - 1), 1), 0.0), two])


def _w(sums: Array) -> Array:
    n = sums[:, 0]
    two = n > 1.5
    together = np.square(sums[:, 1:]).sum(axis=1) / np.where(two, n, 1) ** 2
    return np.column_stack([np.where(two, together, 0.0), two])


def token_alpha(units: Codes, raters: Codes, values: Array) -> Estimate:
    """Return Krippendorff's alpha at interval level over all tokens of all items.

    `values` (n, d) as in `concordance`: a token is what is rated. What is left out at a time is a
    whole item, since its tokens are no independent sample.
    """
    method = "Krippendorff's alpha over tokens, interval"
    unit = codes(units)
    kept = (np.bincount(unit) > 1)[unit] if len(unit) else np.zeros(0, dtype=np.bool_)
    if not kept.any():
        return undefined(_ALONE, method=method)
    known = np.isfinite(values[kept])
    filled = np.where(known, values[kept], 0.0)
    scaled = filled / (np.ptp(filled) or 1.0)
    sizes = [np.ones(len(filled)), known.sum(axis=1)]
    sums = [scaled.sum(axis=1), np.square(scaled).sum(axis=1)]
    features: npt.NDArray[np.float64] = np.column_stack([*sizes, *sums, scaled])
    replicates = additive(
        codes(unit[kept]),
        codes(raters[kept]),
        features,
        of_unit=_moments,
        to=of_moments,
    )
    return estimate(
        replicates,
        method=method,
        unit="item",
        undefined_reason="no variation: all tokens got the same value",
    )


def _moments(sums: Array) -> Array:
    """Sum over tokens what `alpha` takes of a unit: differences within, number, sum, squares."""
    n, tokens, total, squares = sums[:, :4].T
    within = (n * squares - np.square(sums[:, 4:]).sum(axis=1)) / np.maximum(n - 1, 1)
    parts = np.column_stack([within, tokens, total, squares])
    return np.where((n > 1.5)[:, None], parts, 0.0)
