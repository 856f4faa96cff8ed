"""Whether a model is a fair stand-in for people who simulate or detect from explanations."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import (
    Array,
    Labels,
    Values,
    coded,
    distinct,
    encode,
    same_length,
)
from studies.analysis.statistics.jackknife import (
    Statistic,
    additive,
    divide,
    estimate,
    nothing,
    of_cells,
    of_mean,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A model's scores of explanations beside scores from people's simulations of the same.

    Pearson's correlations over explanations: of the model with one person, of one person with
    another, and the second less the first (`shortfall`), all on explanations that two people
    simulated. A model that falls short by nothing is as good as another person. `bias` is the
    model's mean less people's, over all.
    """

    model_with_person: Estimate
    person_with_person: Estimate
    shortfall: Estimate
    bias: Estimate


def simulators(units: Labels, raters: Labels, human: Values, model: Values) -> StandIn:
    """Compare a model's simulation scores with those from people, with two-way intervals.

    One row per person and explanation (`units`): the score of that person's simulation, and that of
    the model's. Undefined when no explanation was simulated by two people or scores do not vary.
    Whether either foresees votes better is for `compare_scorers`. ValueError: lengths differ, a
    score is not finite, a person has two rows for an explanation.
    """
    columns = same_length(human=human, model=model)
    h, m = (columns[name].astype(np.float64) for name in ("human", "model"))
    if not np.isfinite(m).all():
        raise ValueError("model: not finite; leave the rows without one out")
    ratings = encode(units, raters, h)
    x, y = _scaled(h), _scaled(m)
    features = np.column_stack([np.ones_like(x), x, x**2, y, y**2, x * y])

    def found(to: Statistic, method: str, limit: float = 1.0) -> Estimate:
        replicates = additive(
            ratings.unit, ratings.rater, features, of_unit=_of_unit, of_rater=nothing, to=to
        )
        return estimate(
            replicates,
            method=method,
            unit="explanation",
            bounds=(-limit, limit),
            undefined_reason="no two people simulated one explanation, or scores do not vary",
        )

    return StandIn(
        model_with_person=found(_model_with_person, "correlation of the model with a person"),
        person_with_person=found(_person_with_person, "correlation of two people"),
        shortfall=found(_shortfall, "correlation of two people less that with the model", 2.0),
        bias=_mean(ratings.unit, ratings.rater, m - h),
    )


def _scaled(values: Array) -> Array:
    """Move and stretch values to a range of one, which no correlation minds."""
    return (values - values.mean()) / (np.ptp(values) or 1) if len(values) else values


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


def _shortfall(parts: Array) -> Array:
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
        n_ratings=len(values),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detecting:
    """How well excerpts were told apart: shares from 0 to 1.

    `hits` of the excerpts on which the neuron fires, `rejections` of the others, `balanced` their
    mean, which guessing puts at one half however many fire.
    """

    hits: Estimate
    rejections: Estimate
    balanced: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """People and a model on the same excerpts; `lead` is people's balanced share less the model's.

    `alike` is how often a person and the model gave the same answer.
    """

    people: Detecting
    model: Detecting
    lead: Estimate
    alike: Estimate


def detection(
    neurons: Labels, raters: Labels, fires: Labels, human: Labels, model: Labels
) -> Detection:
    """Compare people and a model who tell from an explanation on which excerpts a neuron fires.

    One row per answer of a person: whether the neuron fires on the excerpt, whether the person
    thought so, whether the model did; true or false. Intervals over neurons and raters. Undefined
    without both kinds of excerpts. ValueError: lengths differ, an answer is not true or false.
    """
    columns = same_length(fires=fires, neurons=neurons, raters=raters, human=human, model=model)
    truth, person, machine = (_flags(name, columns[name]) for name in ("fires", "human", "model"))
    groups = coded(columns["neurons"]), coded(columns["raters"])
    features = np.column_stack(
        [
            *(truth, 1 - truth),
            *(truth * person, (1 - truth) * (1 - person)),
            *(truth * machine, (1 - truth) * (1 - machine)),
            person == machine,
        ]
    )

    def found(to: Statistic, method: str, low: float = 0.0) -> Estimate:
        return estimate(
            of_cells(*groups, features, to=to),
            method=method,
            unit="neuron",
            bounds=(low, 1.0),
            undefined_reason="no excerpts of a kind that this needs",
            n_ratings=len(truth),
        )

    def detecting(who: str, at: int) -> Detecting:
        return Detecting(
            hits=found(lambda s: divide(s[:, at], s[:, 0]), f"hits of {who}"),
            rejections=found(lambda s: divide(s[:, at + 1], s[:, 1]), f"rejections of {who}"),
            balanced=found(lambda s: _balanced(s, at), f"balanced share of {who}"),
        )

    return Detection(
        people=detecting("people", 2),
        model=detecting("the model", 4),
        lead=found(lambda s: _balanced(s, 2) - _balanced(s, 4), "people less the model", -1.0),
        alike=found(lambda s: divide(s[:, 6], s[:, 0] + s[:, 1]), "same answer as the model"),
    )


def _balanced(sums: Array, at: int) -> Array:
    balanced: Array = (divide(sums[:, at], sums[:, 0]) + divide(sums[:, at + 1], sums[:, 1])) / 2
    return balanced


def _flags(name: str, column: npt.NDArray[Any]) -> Array:
    if not np.isin(distinct(column)[0], (0, 1)).all():
        raise ValueError(f"{name}: true or false, nothing else")
    return column.astype(np.float64)
