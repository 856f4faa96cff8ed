"""How well yes-or-no verdicts, and their certainty, follow the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import scipy

from explanations.scorers import intervals
from explanations.scorers.correlation import correlation
from explanations.scorers.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was said about one record's excerpt: whether it fits, how surely, and whether it does.

    `certainty` rises with how sure it was that the excerpt fits; None where that is not known.
    """

    record: int
    fits: bool
    said: bool
    certainty: float | None = None


Verdicts = Sequence[Verdict]


def balanced_accuracy(verdicts: Verdicts) -> float:
    """Return the mean of the shares said rightly of what fits and does not; nan without both."""
    right, wrong = _right(verdicts, fits=True), _right(verdicts, fits=False)
    return (_share(right) + _share(wrong)) / 2


def f1(verdicts: Verdicts) -> float:
    """Return 2 TP / (2 TP + FP + FN); nan where nothing fits and nothing was said to."""
    true = sum(each.fits and each.said for each in verdicts)
    false = sum(each.fits != each.said for each in verdicts)
    return 2 * true / (2 * true + false) if true + false else nan


def area_under_curve(verdicts: Verdicts) -> float:
    """Return the chance that what fits is surer to fit than what does not, ties half.

    nan without both, and where a certainty is not known.
    """
    known = [(each.certainty, each.fits) for each in verdicts if each.certainty is not None]
    if len(known) < len(verdicts):
        return nan
    return auc([c for c, fits in known if fits], [c for c, fits in known if not fits])


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the share of pairs in which the positive is higher, ties half; nan without pairs."""
    m, n = len(positives), len(negatives)
    if not m or not n:
        return nan
    ranks = scipy.stats.rankdata([*positives, *negatives])
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def pearson(verdicts: Verdicts) -> float:
    """Correlate the certainty, where none is known the verdict, with the truth; nan if constant."""
    sure = all(each.certainty is not None for each in verdicts)
    said = [each.certainty if sure else float(each.said) for each in verdicts]
    return correlation(np.array(said, dtype=float), [float(each.fits) for each in verdicts])


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A measure of verdicts with its interval, and why it is undefined where it is."""

    measure: Callable[[Verdicts], float]
    interval: Callable[[Verdicts, float], Interval]
    undefined: str


def _right(verdicts: Verdicts, *, fits: bool) -> tuple[int, int]:
    """Return how many were said rightly, of how many, on one side."""
    side = [each.said == each.fits for each in verdicts if each.fits == fits]
    return sum(side), len(side)


def _share(counts: tuple[int, int]) -> float:
    right, n = counts
    return right / n if n else nan


def _of_shares(verdicts: Verdicts, _value: float) -> Interval:
    return intervals.mean_of_shares(_right(verdicts, fits=True), _right(verdicts, fits=False))


def _of_area(verdicts: Verdicts, value: float) -> Interval:
    positives = sum(each.fits for each in verdicts)
    return intervals.area(value, positives, len(verdicts) - positives)


def _left_out(
    measure: Callable[[Verdicts], float], scale: intervals.Scale
) -> Callable[[Verdicts, float], Interval]:
    def interval(verdicts: Verdicts, value: float) -> Interval:
        without = [measure([*verdicts[:i], *verdicts[i + 1 :]]) for i in range(len(verdicts))]
        return intervals.jackknife(value, without, scale)

    return interval


METRICS: dict[str, Metric] = {
    "balanced_accuracy": Metric(
        measure=balanced_accuracy, interval=_of_shares, undefined="one side has no verdict"
    ),
    "f1": Metric(
        measure=f1, interval=_left_out(f1, intervals.SHARE), undefined="nothing fits nor is said to"
    ),
    "auc": Metric(
        measure=area_under_curve,
        interval=_of_area,
        undefined="the answers do not say how sure they are",
    ),
    "pearson": Metric(
        measure=pearson,
        interval=_left_out(pearson, intervals.FISHER),
        undefined="every answer is the same",
    ),
}
