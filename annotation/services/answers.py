"""Answers: stored once, never changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from annotation.models import Assignment, Batch, Enrolment, Judgment
from annotation.protocols import PROTOCOLS
from annotation.protocols.asks import AnswerError
from annotation.services.errors import (
    AnswerDiffers,
    BatchClosed,
    InvalidAnswer,
    LeaseExpired,
    NotYours,
)
from annotation.services.trust import enrolment_review


@transaction.atomic
def judgment_submit(
    *,
    assignment: Assignment,
    answer: Mapping[str, object],
    key: UUID,
    seconds: float,
    at: datetime,
    edit: bool = False,
    away: float | None = None,
) -> Judgment:
    """Store an answer once, however often it is sent.

    The key is made with the form, and a form is sent once. A judged assignment takes another
    answer only as an explicit edit, which supersedes the one before; without it, or with a key
    that was used, the stored judgment is returned if it says the same, and AnswerDiffers raised
    if not. Raises BatchClosed, LeaseExpired, NotYours or InvalidAnswer besides.
    """
    enrolment = _held_to_rules(assignment)
    assignment = _locked_assignment(assignment)
    is_resend = _is_resend(assignment, key)
    before = Judgment.objects.standing().filter(assignment=assignment).first()
    if before is not None and (is_resend or not edit):
        return _repeated(before, assignment, answer, at)
    _require_answerable(assignment, at)
    checked = _checked(assignment, answer)
    judgment = Judgment.objects.create(
        key=key,
        assignment=assignment,
        answer=checked,
        seconds=max(0.0, seconds),
        away=away,
        submitted=at,
        supersedes=before,
    )
    Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.OPEN).update(
        state=Assignment.State.JUDGED, ended=at, draft=None
    )
    if enrolment is not None:
        enrolment_review(enrolment=enrolment, at=at)
    return judgment


def _held_to_rules(assignment: Assignment) -> Enrolment | None:
    """Return the rater's enrolment, held, where rules are set: it is locked before the claim."""
    if not assignment.item.batch.rules:
        return None
    enrolments = Enrolment.objects.select_for_update(of=("self",)).select_related("batch")
    return enrolments.get(batch=assignment.item.batch_id, rater=assignment.rater_id)


def _is_resend(assignment: Assignment, key: UUID) -> bool:
    resent = Judgment.objects.filter(key=key).first()
    if resent is not None and resent.assignment_id != assignment.pk:
        raise NotYours("the key belongs to another assignment")
    return resent is not None


def _repeated(
    before: Judgment, assignment: Assignment, answer: Mapping[str, object], at: datetime
) -> Judgment:
    """Return the stored judgment if the answer is the same."""
    if _checked(assignment, answer) == before.answer:
        return before
    _require_answerable(assignment, at)
    raise AnswerDiffers(before.answer)


def _require_answerable(assignment: Assignment, at: datetime) -> None:
    if assignment.item.batch.state != Batch.State.OPEN:
        raise BatchClosed(assignment.item.batch.title)
    running = assignment.state == Assignment.State.OPEN and at < assignment.expires
    if not running and assignment.state != Assignment.State.JUDGED:
        raise LeaseExpired("the claim has ended")


def _checked(assignment: Assignment, answer: Mapping[str, object]) -> dict[str, Any]:
    batch = assignment.item.batch
    form = PROTOCOLS[batch.protocol]
    payload = form.read(assignment.item.payload)
    try:
        return form.parse_answer(payload, answer, batch.ask_confidence).to_json()
    except AnswerError as error:
        raise InvalidAnswer(error.field, error.reason) from error


def _locked_assignment(assignment: Assignment) -> Assignment:
    held = Assignment.objects.select_for_update(of=("self",)).select_related("item__batch")
    return held.get(pk=assignment.pk)
