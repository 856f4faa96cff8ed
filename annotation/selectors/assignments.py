"""A rater's questions, and the answers to them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, UUIDField

from annotation.models import Assignment, Enrolment, Judgment
from annotation.prepared import Prepared, Slot

_NAMED = Prepared(
    lambda: Assignment.objects.select_related("item__batch").filter(
        key=Slot("key", UUIDField()),
        rater=Slot("rater", BigIntegerField()),
        item__batch=Slot("batch", BigIntegerField()),
    )
)


def assignment_of(enrolment: Enrolment, key: UUID) -> Assignment | None:
    """Return a rater's own assignment with that key, and its item; None for another's.

    An expired claim that was renewed is found by its old key too: a form may still send it.
    """
    named = _NAMED.first(key=key, rater=enrolment.rater_id, batch=enrolment.batch_id)
    if named is None or named.state != Assignment.State.EXPIRED:
        return named
    own = Assignment.objects.filter(rater=enrolment.rater_id, item=named.item)
    again = own.filter(order=named.order).exclude(state=Assignment.State.EXPIRED)
    return again.select_related("item__batch").first() or named


def answer_to(assignment: Assignment) -> Mapping[str, Any]:
    """Return the latest answer to an assignment, empty if there is none."""
    latest = Judgment.objects.standing().filter(assignment=assignment)
    return latest.values_list("answer", flat=True).first() or {}
