"""One value per judgment, about the condition that its question is about."""

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import Answers
from studies.analysis.data.ratings import Array, Codes
from studies.analysis.statistics.against_scores import Valued
from studies.analysis.statistics.condition_means import ConditionMeans, condition_means


def valued(answers: Answers, value: Array, rows: npt.NDArray[np.bool_]) -> Valued:
    """Return the values of the judgments in `rows`."""
    own = answers.judgments.only(rows)
    return Valued(
        neuron=own.neuron,
        rater=own.rater,
        explanation=own.explanation,
        condition=own.condition,
        value=value[rows],
    )


def means_by_condition(
    found: Valued, conditions: tuple[str, ...], *, what: str, bounds: tuple[float, float]
) -> ConditionMeans:
    """Return the mean value of each condition; `what` names the value."""
    return condition_means(
        np.array(conditions, dtype=np.str_)[found.condition],
        found.neuron,
        found.rater,
        found.value,
        expected=conditions,
        bounds=bounds,
        what=what,
    )


def absent(conditions: tuple[str, ...], present: Codes) -> tuple[str, ...]:
    """Return the conditions that no judgment is about."""
    return tuple(name for at, name in enumerate(conditions) if at not in present)
