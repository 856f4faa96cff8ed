"""A study's judgments and scores as the columns that the analysis takes."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import F

from annotation.models import Judgment
from annotation.protocols.compare import TIE
from explanations.models import Method, Score
from explanations.selectors import method_labels
from studies.analysis.charts import published_beside
from studies.analysis.tables import Judgments, ReasonCount, Scores, StudyTables
from studies.models import Study, StudyOption
from studies.selectors.flow import study_flow

_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands behind one option of an item."""

    key: str
    neuron: int
    explanation: int
    condition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One judgment that stands, as it was shown and as it was given."""

    key: UUID
    submitted: datetime
    item: int
    position: int
    rater: int
    rater_key: UUID
    synthetic: bool
    left: Behind
    right: Behind
    outcome: int
    left_listed_first: bool
    confidence: int | None
    seconds: float


def study_tables(study: Study) -> StudyTables:
    """Return the study as the analysis takes it: the judgments that stand now, all scores."""
    votes = list(study_votes(study))
    return StudyTables(
        conditions=tuple(study.conditions.values_list("name", flat=True)),
        judgments=_judgments(votes),
        scores=study_scores(study),
        flow=study_flow(study),
    )


def options_behind(study: Study) -> dict[int, tuple[Behind, Behind]]:
    """Return what stands behind each item, by its id, in the order in which the item lists it."""
    place = {pk: i for i, pk in enumerate(study.conditions.values_list("pk", flat=True))}
    rows = (
        StudyOption.objects.filter(study_item__study=study)
        .order_by("study_item", "place")
        .values_list("study_item__item", "key", "study_item__neuron", "explanation", "condition")
    )
    options = defaultdict[int, list[Behind]](list)
    for item, key, neuron, explanation, condition in rows.iterator(_ROWS):
        options[item].append(
            Behind(key=key, neuron=neuron, explanation=explanation, condition=place[condition])
        )
    return {item: (first, second) for item, (first, second) in options.items()}


def study_votes(study: Study) -> Iterator[Vote]:
    """Yield the judgments that stand, oldest first, a few at a time."""
    behind = options_behind(study)
    standing = (
        Judgment.objects.standing().filter(assignment__item__batch=study.batch_id).order_by("pk")
    )
    columns = standing.values(
        "key",
        "submitted",
        "seconds",
        "answer",
        item=F("assignment__item"),
        position=F("assignment__item__position"),
        rater=F("assignment__rater"),
        rater_key=F("assignment__rater__key"),
        synthetic=F("assignment__rater__synthetic"),
        order=F("assignment__order"),
    )
    for row in columns.iterator(_ROWS):
        yield _vote(behind[row["item"]], **row)


def _vote(
    behind: tuple[Behind, Behind], *, order: list[str], answer: dict[str, Any], **row: Any
) -> Vote:
    first, second = behind
    listed = order[0] == first.key
    left, right = (first, second) if listed else (second, first)
    return Vote(
        **row,
        left=left,
        right=right,
        outcome=_outcome(answer["choice"], left),
        left_listed_first=listed,
        confidence=answer["confidence"],
    )


def _outcome(choice: str, left: Behind) -> int:
    if choice == TIE:
        return 0
    return 1 if choice == left.key else -1


def _judgments(votes: list[Vote]) -> Judgments:
    def ids(values: Iterator[int]) -> Any:
        return np.fromiter(values, dtype=np.intp, count=len(votes))

    return Judgments(
        unit=ids(vote.item for vote in votes),
        neuron=ids(vote.left.neuron for vote in votes),
        rater=ids(vote.rater for vote in votes),
        outcome=ids(vote.outcome for vote in votes).astype(np.int8),
        left_explanation=ids(vote.left.explanation for vote in votes),
        right_explanation=ids(vote.right.explanation for vote in votes),
        left_condition=ids(vote.left.condition for vote in votes),
        right_condition=ids(vote.right.condition for vote in votes),
        left_listed_first=ids(vote.left_listed_first for vote in votes).astype(np.bool_),
        confidence=np.array([np.nan if v.confidence is None else v.confidence for v in votes]),
        seconds=np.array([vote.seconds for vote in votes], dtype=np.float64),
        synthetic=ids(vote.synthetic for vote in votes).astype(np.bool_),
    )


# --- Scores ---------------------------------------------------------------------------------------


def study_scores(study: Study) -> tuple[Scores, ...]:
    """Return the scores of the explanations in the study, by scorer and simulator."""
    shown = StudyOption.objects.filter(study_item__study=study).values("explanation")
    rows = Score.objects.filter(explanation__in=shown).order_by("pk")
    labels = scorer_labels(study)
    by_scorer = defaultdict[str, list[tuple[int, float | None, str]]](list)
    values = rows.values_list("method", "simulation__method", "explanation", "value", "reason")
    for method, simulator, explanation, value, reason in values.iterator(_ROWS):
        by_scorer[scorer_label(labels, method, simulator)].append((explanation, value, reason))
    # First what can stand beside published figures.
    ordered = sorted(by_scorer, key=lambda label: (not published_beside(label), label))
    return tuple(_scores(label, by_scorer[label]) for label in ordered)


def scorer_label(labels: dict[int, str], method: int, simulator: int | None) -> str:
    """Return a scorer's name, and after it the simulator's whose simulations it scored."""
    return labels[method] if simulator is None else f"{labels[method]} · {labels[simulator]}"


def scorer_labels(study: Study) -> dict[int, str]:
    """Name the scorers and simulators of a study's scores by id.

    By their names, and where two share one by the settings that tell them apart.
    """
    shown = StudyOption.objects.filter(study_item__study=study).values("explanation")
    scores = Score.objects.filter(explanation__in=shown).order_by()
    used = scores.values_list("method", "simulation__method").distinct()
    return method_labels(Method.objects.filter(pk__in={pk for pair in used for pk in pair if pk}))


def _scores(label: str, rows: list[tuple[int, float | None, str]]) -> Scores:
    defined = [(explanation, value) for explanation, value, _ in rows if value is not None]
    reasons = Counter(reason for _, value, reason in rows if value is None)
    return Scores(
        scorer=label,
        explanation=np.array([explanation for explanation, _ in defined], dtype=np.intp),
        value=np.array([value for _, value in defined], dtype=np.float64),
        undefined=tuple(ReasonCount(reason=r, n=n) for r, n in reasons.most_common()),
    )
