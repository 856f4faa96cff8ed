"""Comparisons as one row per vote, and as answers of any protocol."""

from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import NONE, Answers, JudgmentColumns, Responses
from studies.analysis.data.ratings import Array, Codes
from studies.analysis.data.tables import Draws, Judgments

NO_STRENGTH = 0.5
"""By how much the preferred option is better where raters are not asked; else 1, 2 or 3."""


def judgments_of(answers: Answers) -> Judgments:
    """Return comparisons with both options in one row."""
    own, responses = answers.judgments, answers.responses
    left, right = (np.flatnonzero(responses.screen_position == position) for position in (0, 1))
    return Judgments(
        unit=own.unit,
        neuron=own.neuron,
        rater=own.rater,
        outcome=np.sign(responses.value[left] - responses.value[right]).astype(np.int8),
        left_explanation=responses.explanation[left],
        right_explanation=responses.explanation[right],
        left_condition=responses.condition[left],
        right_condition=responses.condition[right],
        left_listed_first=responses.option[left] == 0,
        confidence=own.confidence,
        seconds=own.seconds,
        synthetic=own.synthetic,
    )


def strength_of(answers: Answers) -> Array:
    """Return how strong each preference is, 1 to 3; nan for ties and where it was not asked."""
    responses = answers.responses
    left, right = (responses.value[responses.screen_position == position] for position in (0, 1))
    by = np.abs(left - right)
    return np.where(by > NO_STRENGTH, by, np.nan)


def answers_of(
    judged: Judgments,
    *,
    strength: Array | None = None,
    layer: Codes | None = None,
    item: Codes | None = None,
    draws: Draws | None = None,
) -> Answers:
    """Return comparisons as answers, two responses a judgment.

    `strength` is nan where it was not asked. Without `item`, it is the unit.
    """
    n = len(judged)
    by = np.full(n, NO_STRENGTH)
    if strength is not None:
        by = np.where(np.isfinite(strength), strength, NO_STRENGTH)
    nothing = np.full(n, NONE, dtype=np.intp)
    return Answers(
        judgments=JudgmentColumns(
            unit=judged.unit,
            neuron=judged.neuron,
            rater=judged.rater,
            explanation=nothing,
            condition=nothing,
            confidence=judged.confidence,
            seconds=judged.seconds,
            synthetic=judged.synthetic,
            layer=np.zeros(n, dtype=np.intp) if layer is None else layer,
            item=judged.unit if item is None else item,
            drawn_at_random=np.zeros(n, dtype=np.bool_) if draws is None else draws.at_random,
            draw_probability=np.full(n, np.nan) if draws is None else draws.probability,
        ),
        responses=Responses(
            judgment=np.repeat(np.arange(n), 2),
            option=_both(~judged.left_listed_first, judged.left_listed_first).astype(np.intp),
            dimension=np.zeros(2 * n, dtype=np.intp),
            screen_position=np.tile(np.arange(2), n),
            explanation=_both(judged.left_explanation, judged.right_explanation),
            condition=_both(judged.left_condition, judged.right_condition),
            record=np.repeat(nothing, 2),
            value=_both(by * (judged.outcome > 0), by * (judged.outcome < 0)),
            truth=np.full(2 * n, np.nan),
        ),
    )


def _both(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.column_stack([left, right]).ravel()
