"""Answers: stored once, never changed; an edit is a new judgment that supersedes one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField, Q, UUIDField

from annotation.models import Assignment, Batch, Enrolment, Judgment
from annotation.prepared import Prepared, PreparedUpdate, Slot, insert
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
    state = _held(assignment)
    given = _GIVEN.all(assignment=assignment.pk, key=key)
    is_resend = any(each.key == key for each in given)
    if any(each.assignment_id != assignment.pk for each in given):
        raise NotYours("the key belongs to another assignment")
    before = _standing(given)
    if before is not None and (is_resend or not edit):
        return _repeated(before, assignment, state, answer, at)
    _require_answerable(assignment, state, at)
    checked = _checked(assignment, answer)
    judgment = insert(
        Judgment(
            key=key,
            assignment=assignment,
            answer=checked,
            seconds=max(0.0, seconds),
            away=away,
            submitted=at,
            supersedes=before,
        )
    )
    _JUDGED.update(assignment=assignment.pk, at=at)
    if enrolment is not None:
        enrolment_review(enrolment=enrolment, at=at)
    return judgment


class _State(NamedTuple):
    """The parts of a claim and its batch that can change."""

    state: str
    expires: datetime
    batch: str


def _held_to_rules(assignment: Assignment) -> Enrolment | None:
    """Return the rater's enrolment, locked, if there are rules: it is locked before the claim."""
    if not assignment.item.batch.rules:
        return None
    enrolments = Enrolment.objects.select_for_update(of=("self",)).select_related("batch")
    return enrolments.get(batch=assignment.item.batch_id, rater=assignment.rater_id)


def _held(assignment: Assignment) -> _State:
    """Return the state of the claim, locked until the transaction ends."""
    (row,) = _HELD.all(assignment=assignment.pk)
    return _State(*row)


def _standing(given: Sequence[Judgment]) -> Judgment | None:
    superseded = {each.supersedes_id for each in given}
    return next((each for each in given if each.pk not in superseded), None)


def _repeated(
    before: Judgment,
    assignment: Assignment,
    state: _State,
    answer: Mapping[str, object],
    at: datetime,
) -> Judgment:
    """Return the stored judgment if the answer is the same."""
    if _checked(assignment, answer) == before.answer:
        return before
    _require_answerable(assignment, state, at)
    raise AnswerDiffers(before.answer)


def _require_answerable(assignment: Assignment, state: _State, at: datetime) -> None:
    if state.batch != Batch.State.OPEN:
        raise BatchClosed(assignment.item.batch.title)
    running = state.state == Assignment.State.OPEN and at < state.expires
    if not running and state.state != Assignment.State.JUDGED:
        raise LeaseExpired("the claim has ended")


def _checked(assignment: Assignment, answer: Mapping[str, object]) -> dict[str, Any]:
    batch = assignment.item.batch
    protocol = PROTOCOLS[batch.protocol]
    payload = protocol.read(assignment.item.payload)
    try:
        return protocol.parse_answer(payload, answer, batch.ask_confidence).to_json()
    except AnswerError as error:
        raise InvalidAnswer(error.field, error.reason) from error


# --- Asked with every answer ----------------------------------------------------------------------

_ASSIGNMENT = Slot("assignment", BigIntegerField())
_HELD = Prepared(
    lambda: (
        Assignment.objects.filter(pk=_ASSIGNMENT)
        .select_for_update(of=("self",))
        .values_list("state", "expires", "item__batch__state")
    )
)
_GIVEN = Prepared(
    lambda: Judgment.objects.filter(Q(assignment=_ASSIGNMENT) | Q(key=Slot("key", UUIDField())))
)
_JUDGED = PreparedUpdate(
    lambda: Assignment.objects.filter(pk=_ASSIGNMENT, state=Assignment.State.OPEN),
    state=Assignment.State.JUDGED,
    ended=Slot("at", DateTimeField()),
    draft=None,
)
