"""How well raters classify excerpts by whether a neuron fires on them."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, codes
from studies.analysis.statistics.jackknife import Statistic, divide, estimate, of_cells


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationScores:
    """Shares from 0 to 1, but for `mcc`, from -1 to 1.

    `sensitivity` is the share marked of the excerpts that excite the neuron, `specificity` the
    share not marked of the others, `balanced_accuracy` their mean, one half for guessing. `f1` is
    of what was marked. `mcc` is Matthews' correlation of marks with the truth, 0 for guessing.
    """

    n: int
    sensitivity: Estimate
    specificity: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    mcc: Estimate


def classification_scores(
    neurons: Codes, raters: Codes, fires: Array, marked: Array
) -> ClassificationScores:
    """Compare marks with the truth, one row per excerpt and rater, both 0 or 1.

    Intervals over neurons and raters; undefined without excerpts of both kinds. F1 and Matthews'
    correlation depend on how many excerpts excite the neuron, balanced accuracy does not. Sources:
    van Rijsbergen (1979); Matthews (1975).
    """
    neuron, rater = codes(neurons), codes(raters)
    counts = np.column_stack(
        [fires * marked, (1 - fires) * marked, (1 - fires) * (1 - marked), fires * (1 - marked)]
    )

    def found(to: Statistic, method: str, low: float = 0.0) -> Estimate:
        return estimate(
            of_cells(neuron, rater, counts, to=to),
            method=method,
            unit="neuron",
            bounds=(low, 1.0),
            undefined_reason="no excerpts of a kind that this needs",
        )

    return ClassificationScores(
        n=len(fires),
        sensitivity=found(lambda s: divide(s[:, 0], s[:, 0] + s[:, 3]), "sensitivity"),
        specificity=found(lambda s: divide(s[:, 2], s[:, 2] + s[:, 1]), "specificity"),
        balanced_accuracy=found(balanced_accuracy, "balanced accuracy"),
        f1=found(lambda s: divide(2 * s[:, 0], 2 * s[:, 0] + s[:, 1] + s[:, 3]), "F1"),
        mcc=found(_mcc, "Matthews' correlation", -1.0),
    )


def balanced_accuracy(counts: Array) -> Array:
    """Return balanced accuracy from counts (m, 4) of true and false marks, true and false rests."""
    both: Array = divide(counts[:, 0], counts[:, 0] + counts[:, 3]) / 2
    return both + divide(counts[:, 2], counts[:, 2] + counts[:, 1]) / 2


def _mcc(counts: Array) -> Array:
    tp, fp, tn, fn = counts.T
    spread = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return divide(tp * tn - fp * fn, np.sqrt(np.maximum(spread, 0)))
