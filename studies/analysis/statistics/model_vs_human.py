"""How far a model falls short of people who simulate from explanations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import (
    Array,
    Labels,
    Values,
    encode,
    same_length,
    scaled,
)
from studies.analysis.statistics.jackknife import (
    Statistic,
    additive,
    divide,
    estimate,
    of_mean,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanModelGap:
    """A model's scores of explanations compared with scores from people's simulations of them.

    Pearson's correlations over the explanations that two people simulated: of the model with one
    person, of one person with another, and the second less the first (`gap`). A model with a gap of
    zero agrees with a person as well as another person does. `bias` is the model's mean less
    people's, over all explanations.
    """

    model_with_person: Estimate
    person_with_person: Estimate
    gap: Estimate
    bias: Estimate


def human_model_gap(units: Labels, raters: Labels, human: Values, model: Values) -> HumanModelGap:
    """Compare a model's simulation scores with those from people, with two-way intervals.

    One row per person and explanation (`units`): the score of that person's simulation, and that of
    the model's. Undefined when no explanation was simulated by two people or scores do not vary.
    Whether either predicts votes better is for `compare_scorers`. ValueError: lengths differ, a
    score is not finite, a person has two rows for an explanation.
    """
    columns = same_length(human=human, model=model)
    h, m = (columns[name].astype(np.float64) for name in ("human", "model"))
    if not np.isfinite(m).all():
        raise ValueError("model: not finite; leave the rows without one out")
    ratings = encode(units, raters, h)
    x, y = scaled(h), scaled(m)
    features = np.column_stack([np.ones_like(x), x, x**2, y, y**2, x * y])

    def found(to: Statistic, method: str, limit: float = 1.0) -> Estimate:
        replicates = additive(ratings.unit, ratings.rater, features, of_unit=_of_unit, to=to)
        return estimate(
            replicates,
            method=method,
            unit="explanation",
            bounds=(-limit, limit),
            undefined_reason="no two people simulated one explanation, or scores do not vary",
        )

    return HumanModelGap(
        model_with_person=found(_model_with_person, "correlation of the model with a person"),
        person_with_person=found(_person_with_person, "correlation of two people"),
        gap=found(_gap, "correlation of two people less that with the model", 2.0),
        bias=_mean(ratings.unit, ratings.rater, m - h),
    )


def _of_unit(sums: Array) -> Array:
    """Return the sums where two people or more simulated, and those of products of two people."""
    n, total, squares = sums[:, 0], sums[:, 1], sums[:, 2]
    products = (total**2 - squares) / np.maximum(n - 1, 1)
    return np.where((n > 1)[:, None], np.column_stack([sums, products]), 0.0)


def _model_with_person(parts: Array) -> Array:
    n, h, hh, m, mm, hm, _ = parts.T
    return divide(n * hm - h * m, np.sqrt(_spread(n, h, hh) * _spread(n, m, mm)))


def _person_with_person(parts: Array) -> Array:
    n, h, hh, *_, products = parts.T
    return divide(n * products - h**2, _spread(n, h, hh))


def _gap(parts: Array) -> Array:
    return _person_with_person(parts) - _model_with_person(parts)


def _spread(n: Array, total: Array, squares: Array) -> Array:
    spread = n * squares - total**2
    return np.where(spread > 1e-12 * n * squares, spread, 0.0)


def _mean(unit: npt.NDArray[np.intp], rater: npt.NDArray[np.intp], values: Array) -> Estimate:
    return estimate(
        of_mean(unit, rater, values),
        method="mean of the model's scores less people's",
        unit="explanation",
        undefined_reason="no explanation was simulated by a person",
    )
