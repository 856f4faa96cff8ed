"""A study's judgments and scores as the columns that the analysis takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.protocols import compare
from annotation.selectors.raters import excluded_raters
from explanations.models import Explanation, Method, Score, Simulation
from explanations.selectors.labels import method_labels
from studies.analysis.data import from_rows
from studies.analysis.data.from_rows import ScoreRow
from studies.analysis.data.tables import Draws, Judgments, Scores, StudyTables
from studies.models import PairDraw, Study
from studies.selectors.answers import Behind, StudyAnswer, shown_in, study_answers
from studies.selectors.drawing import study_draws
from studies.selectors.flow import study_flow
from studies.selectors.votes import vote_columns

_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What a comparison says: +1 the left one, -1 the right, 0 a tie."""

    left: Behind
    right: Behind
    outcome: int
    left_listed_first: bool
    confidence: int | None


def study_tables(study: Study) -> StudyTables:
    """Return the study as the analysis takes it: the judgments that stand now, all scores."""
    judgments, layer, number = vote_columns(study)
    return StudyTables(
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        judgments=judgments,
        scores=study_scores(study),
        flow=study_flow(study),
        exclusions=_exclusions(study, judgments),
        lengths=explanation_lengths(study),
        layer=layer,
        number=number,
        draws=_draws(study, judgments) if study.draws_pairs else None,
    )


def _draws(study: Study, judgments: Judgments) -> Draws:
    """Return the draw that each vote answers."""
    answered = {
        (each.item, each.rater): (each.arm == PairDraw.Arm.RANDOM, each.probability)
        for each in study_draws(study)
    }
    votes = zip(judgments.unit.tolist(), judgments.rater.tolist(), strict=True)
    drawn = [answered[vote] for vote in votes]
    return Draws(
        at_random=np.array([at_random for at_random, _ in drawn], dtype=np.bool_),
        probability=np.array([probability for _, probability in drawn], dtype=np.float64),
    )


def _exclusions(study: Study, judgments: Judgments) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each rule set on raters, the votes of those who broke it."""
    if study.batch is None:
        return {}
    return {
        rule: np.isin(judgments.rater, list(raters))
        for rule, raters in excluded_raters(study.batch).items()
    }


def study_votes(study: Study) -> Iterator[Vote]:
    """Yield the comparisons among the judgments that stand, oldest first."""
    votes = (read_vote(answer) for answer in study_answers(study))
    return (vote for vote in votes if vote is not None)


def read_vote(answer: StudyAnswer) -> Vote | None:
    """Return what an answer says as a comparison.

    None when it is another protocol's, cannot tell, or was asked to test the rater.
    """
    if answer.protocol != compare.NAME or answer.about is None or answer.tests_rater:
        return None
    if "choice" not in answer.answer:
        return None
    left, right = (answer.about.behind(option) for option in answer.shown)
    if left is None or right is None:
        return None
    return Vote(
        left=left,
        right=right,
        outcome=_outcome(answer.answer["choice"], left),
        left_listed_first=left.key == answer.about.options[0].key,
        confidence=answer.answer["confidence"],
    )


def _outcome(choice: str, left: Behind) -> int:
    if choice == compare.TIE:
        return 0
    return 1 if choice == left.key else -1


def explanation_lengths(study: Study) -> Scores:
    """Return how many characters the explanations have that a study shows."""
    return from_rows.lengths(_texts(study))


def _texts(study: Study) -> Iterator[tuple[int, str]]:
    shown = Explanation.objects.filter(pk__in=_shown(study))
    return shown.values_list("pk", "text").iterator(_ROWS)


def _shown(study: Study) -> Any:
    return Explanation.objects.filter(shown_in(study)).values("pk")


# --- Scores ---------------------------------------------------------------------------------------


def study_scores(study: Study) -> tuple[Scores, ...]:
    """Return the scores of the explanations in the study, by scorer and simulator.

    The people who simulated in one study are one simulator, whose score is the mean of theirs.
    """
    labels = scorer_labels(study)
    found = Score.objects.filter(explanation__in=_shown(study)).order_by("pk")
    values = found.values_list("method", "simulation__method", "explanation", "value", "reason")
    return from_rows.scores(
        ScoreRow(scorer_label(labels, method, simulator), explanation, value, reason)
        for method, simulator, explanation, value, reason in values.iterator(_ROWS)
    )


def scorer_label(labels: dict[int, str], method: int, simulator: int | None) -> str:
    """Return a scorer's name, and after it the simulator's whose simulations it scored."""
    return labels[method] if simulator is None else f"{labels[method]} · {labels[simulator]}"


def scorer_labels(study: Study) -> dict[int, str]:
    """Name the scorers and simulators of a study's scores by id.

    By their names, and where two share one by the settings that tell them apart.
    """
    scores = Score.objects.filter(explanation__in=_shown(study)).order_by()
    used = scores.values_list("method", "simulation__method").distinct()
    return method_labels(Method.objects.filter(pk__in={pk for pair in used for pk in pair if pk}))


def simulator_labels(study: Study) -> dict[int, str]:
    """Name the simulators of a study's explanations by id, as `scorer_labels` does."""
    made = Simulation.objects.filter(explanation__in=_shown(study)).order_by()
    return method_labels(Method.objects.filter(pk__in=made.values("method")))
