"""How well yes-or-no predictions, and their certainty, follow the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import scipy

from explanations.scorers import intervals
from explanations.scorers.correlation import correlation
from explanations.scorers.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Whether one record's excerpt fits, whether it was predicted to, and how certainly.

    `certainty` is that of fitting, on any scale; None where it is not known.
    """

    record: int
    fits: bool
    predicted: bool
    certainty: float | None = None


Predictions = Sequence[Prediction]


def balanced_accuracy(predictions: Predictions) -> float:
    """Return the mean of sensitivity and specificity; nan where either is undefined."""
    right, wrong = _right(predictions, fits=True), _right(predictions, fits=False)
    return (_share(right) + _share(wrong)) / 2


def f1(predictions: Predictions) -> float:
    """Return 2 TP / (2 TP + FP + FN); nan where nothing fits or was predicted to."""
    true = sum(each.fits and each.predicted for each in predictions)
    false = sum(each.fits != each.predicted for each in predictions)
    return 2 * true / (2 * true + false) if true + false else nan


def area_under_curve(predictions: Predictions) -> float:
    """Return the chance that what fits has a higher certainty than what does not, ties half.

    nan without both, and where a certainty is not known.
    """
    known = [(each.certainty, each.fits) for each in predictions if each.certainty is not None]
    if len(known) < len(predictions):
        return nan
    return auc([c for c, fits in known if fits], [c for c, fits in known if not fits])


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the share of pairs in which the positive is higher, ties half; nan without pairs."""
    m, n = len(positives), len(negatives)
    if not m or not n:
        return nan
    ranks = scipy.stats.rankdata([*positives, *negatives])
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def pearson(predictions: Predictions) -> float:
    """Return the correlation of certainty, or else prediction, with the truth; nan if constant."""
    sure = all(each.certainty is not None for each in predictions)
    values = [each.certainty if sure else float(each.predicted) for each in predictions]
    return correlation(np.array(values, dtype=float), [float(each.fits) for each in predictions])


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measure of predictions, its interval, and the reason why it can be undefined."""

    measure: Callable[[Predictions], float]
    interval: Callable[[Predictions, float], Interval]
    undefined: str


def _right(predictions: Predictions, *, fits: bool) -> tuple[int, int]:
    """Return how many predictions are right, of how many, about what fits or does not."""
    side = [each.predicted == each.fits for each in predictions if each.fits == fits]
    return sum(side), len(side)


def _share(counts: tuple[int, int]) -> float:
    right, n = counts
    return right / n if n else nan


def _of_shares(predictions: Predictions, _value: float) -> Interval:
    return intervals.mean_of_shares(_right(predictions, fits=True), _right(predictions, fits=False))


def _of_area(predictions: Predictions, value: float) -> Interval:
    positives = sum(each.fits for each in predictions)
    return intervals.area(value, positives, len(predictions) - positives)


def _left_out(
    measure: Callable[[Predictions], float], scale: intervals.Scale
) -> Callable[[Predictions, float], Interval]:
    def interval(predictions: Predictions, value: float) -> Interval:
        indices = range(len(predictions))
        without = [measure([*predictions[:i], *predictions[i + 1 :]]) for i in indices]
        return intervals.jackknife(value, without, scale)

    return interval


METRICS: dict[str, Metric] = {
    "balanced_accuracy": Metric(
        measure=balanced_accuracy, interval=_of_shares, undefined="every excerpt fits, or none"
    ),
    "f1": Metric(
        measure=f1,
        interval=_left_out(f1, intervals.SHARE),
        undefined="nothing fits or was predicted to",
    ),
    "auc": Metric(
        measure=area_under_curve,
        interval=_of_area,
        undefined="the answers have no certainty",
    ),
    "pearson": Metric(
        measure=pearson,
        interval=_left_out(pearson, intervals.FISHER),
        undefined="every answer is the same",
    ),
}
