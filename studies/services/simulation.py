"""Judgments by programs, through the same services as a person's, marked synthetic."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import nan
from uuid import uuid4

import numpy as np
from django.db import transaction

from annotation.models import Assignment, Batch, Enrolment
from annotation.protocols.compare import TIE
from annotation.services import (
    assignment_claim,
    enrolment_finish,
    judgment_submit,
    rater_enrol,
)
from studies.design.seeds import stream
from studies.design.simulated import Behaviour, outcome, seconds
from studies.models import Study, StudyItem
from studies.selectors.answers import Behind
from studies.selectors.tables import options_behind, study_scores
from studies.services.errors import StudyRefused

Gap = Callable[[Behind, Behind], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the synthetic raters did."""

    raters: int
    judgments: int
    scorer: str


def raters_simulate(
    *,
    study: Study,
    raters: int,
    behaviour: Behaviour,
    seed: int,
    at: datetime,
    scorer: str = "",
) -> Simulated:
    """Let synthetic raters answer until each has had their share or nothing is left.

    They prefer what `scorer` (by default the first) scores higher. StudyRefused, naming the
    parameter at fault, when the study is not open or no such scores exist.
    """
    if raters < 1:
        raise StudyRefused(f"raters: {raters} is not 1 or more")
    if study.state != Study.State.OPEN or study.batch is None:
        raise StudyRefused(f"study: it is {study.state}, not open")
    if not study.compares:
        raise StudyRefused(f"study: “{study.design.title}” is answered by people only")
    gap, label = _gaps(study, scorer)
    behind = options_behind(study, StudyItem.Role.values)
    given = 0
    for number in range(raters):
        random = stream(seed, "rater", str(number))
        given += _rate(study.batch, behind, gap, behaviour, random, at)
    return Simulated(raters=raters, judgments=given, scorer=label)


def _gaps(study: Study, scorer: str) -> tuple[Gap, str]:
    """Return the score gap between two options by the scorer named, and its full name."""
    known = {scores.scorer: scores for scores in study_scores(study)}
    label = scorer or next(iter(known), "")
    if label not in known:
        names = ", ".join(f"“{name}”" for name in known) or "none: score the explanations before"
        raise StudyRefused(f"scorer: no scores by “{label}”; there are {names}")
    scores = known[label]
    pairs = zip(scores.explanation.tolist(), scores.value.tolist(), strict=True)
    value: dict[int, float] = dict(pairs)

    def gap(left: Behind, right: Behind) -> float:
        return value.get(left.explanation, nan) - value.get(right.explanation, nan)

    return gap, label


@transaction.atomic
def _rate(
    batch: Batch,
    behind: dict[int, tuple[Behind, Behind]],
    gap: Gap,
    behaviour: Behaviour,
    random: np.random.Generator,
    at: datetime,
) -> int:
    enrolment = rater_enrol(batch=batch, rater=None, at=at, synthetic=True)
    given = 0
    while assignment := assignment_claim(enrolment=enrolment, at=at):
        left, right = _as_shown(assignment, behind[assignment.item_id])
        choice = {1: left.key, -1: right.key, 0: TIE}[outcome(gap(left, right), behaviour, random)]
        _submit(enrolment, assignment, choice, random, at)
        given += 1
    enrolment_finish(enrolment=enrolment, at=at)
    return given


def _as_shown(assignment: Assignment, options: tuple[Behind, Behind]) -> tuple[Behind, Behind]:
    first, second = options
    return (first, second) if assignment.order[0] == first.key else (second, first)


def _submit(
    enrolment: Enrolment,
    assignment: Assignment,
    choice: str,
    random: np.random.Generator,
    at: datetime,
) -> None:
    """Answer now: a pretended time would let claims of people run out. Only `seconds` pretends."""
    took = seconds(random)
    sure = int(random.integers(1, 4)) if enrolment.batch.ask_confidence else None
    judgment_submit(
        assignment=assignment,
        answer={"choice": choice, "confidence": sure},
        key=uuid4(),
        seconds=took,
        at=at,
    )
