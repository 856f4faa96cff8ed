"""Giving a claimed place back."""

from typing import Any

from django.db import transaction
from django.db.models import F, Q

from annotation import allocation
from annotation.models import Assignment, Item


@transaction.atomic
def release(assignment: Assignment, still: Q | None = None, **ended_as: Any) -> bool:
    """End an open claim and give its place back; False if it is not open and `still` so."""
    held = Assignment.objects.filter(still or Q(), pk=assignment.pk, state=Assignment.State.OPEN)
    ended = held.update(**ended_as)
    if ended:
        side = allocation.side_of(assignment.order)
        Item.objects.filter(pk=assignment.item_id).update(
            claims=F("claims") - 1, lean=F("lean") - side
        )
    return ended == 1
