"""A model that is asked what people are asked, compared with them."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, factorize, group_sums
from studies.analysis.data.tables import Scores
from studies.analysis.statistics.against_scores import Valued
from studies.analysis.statistics.condition_means import mean_of
from studies.analysis.statistics.model_vs_human import HumanModelGap, human_model_gap


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationPoint:
    """An explanation's two scores: by people, mean over `n` raters, and by a model."""

    people: float
    model: float
    n: int


def explanation_points(
    explanations: Codes, people: Array, model: Array
) -> tuple[ExplanationPoint, ...]:
    """Return each explanation's mean by people and its score by a model, in order of ids."""
    if not len(people):
        return ()
    code, _ = factorize(explanations)
    sums = group_sums(code, np.column_stack([people, model, np.ones_like(people)]))
    return tuple(
        ExplanationPoint(people=float(p / n), model=float(m / n), n=int(n))
        for p, m, n in sums.tolist()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A scorer that does what people do, compared with them over explanations that both answered.

    `score` is its mean there, `people` theirs, in the same unit.
    """

    scorer: str
    n_explanations: int
    people: Estimate
    score: Estimate
    gap: HumanModelGap
    points: tuple[ExplanationPoint, ...]


def compare_model(scores: Scores, valued: Valued, *, what: str) -> Model:
    """Compare a scorer with people; `what` is the unit of both."""
    score = scores.of(valued.explanation)
    known = np.isfinite(score)
    explanation, rater = valued.explanation[known], valued.rater[known]
    people, model = valued.value[known], score[known]
    explanation, rater, people, model = one_each(explanation, rater, people, model)
    return Model(
        scorer=scores.scorer,
        n_explanations=len(np.unique(explanation)),
        people=mean_of(explanation, rater, people, what=f"{what} of people", unit="explanation"),
        score=mean_of(explanation, rater, model, what=f"{what} of the model", unit="explanation"),
        gap=human_model_gap(explanation, rater, people, model),
        points=explanation_points(explanation, people, model),
    )


def one_each(
    explanation: Codes, rater: Codes, people: Array, model: Array
) -> tuple[Codes, Codes, Array, Array]:
    """Return one row per explanation and rater, with the means of both columns."""
    if not len(people):
        return explanation, rater, people, model
    code, pairs = factorize(explanation * (int(rater.max()) + 1) + rater)
    n = int(rater.max()) + 1
    sums = group_sums(code, np.column_stack([people, model, np.ones_like(people)]))
    return pairs // n, pairs % n, sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 2]
