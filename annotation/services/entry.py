"""The check and the practice before the first question."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from annotation.entry import TRIES, read_entry
from annotation.models import Enrolment
from annotation.protocols import PROTOCOLS


@transaction.atomic
def enrolment_check(
    *, enrolment: Enrolment, answers: Sequence[int | None], number: int, at: datetime
) -> Enrolment:
    """Store an attempt at the check; a second wrong one screens the rater out.

    `number` counts the attempts from 0: the same attempt sent twice counts once.
    """
    now = Enrolment.objects.select_for_update(of=("self",)).select_related("batch", "rater")
    enrolment = now.get(pk=enrolment.pk)
    entry = read_entry(enrolment.batch.entry, PROTOCOLS[enrolment.batch.protocol])
    is_over = enrolment.qualified or enrolment.screened_out
    if is_over or number != len(enrolment.tries):
        return enrolment
    enrolment.tries.append({"at": at.isoformat(), "answers": list(answers)})
    if entry.passed(answers):
        enrolment.qualified = at
    elif len(enrolment.tries) >= TRIES:
        enrolment.screened_out = at
    enrolment.save(update_fields=["tries", "qualified", "screened_out"])
    return enrolment


def enrolment_practise(*, enrolment: Enrolment, number: int) -> None:
    """Record that a practice question, counted from 0, is done. Idempotent."""
    Enrolment.objects.filter(pk=enrolment.pk, practised=number).update(practised=number + 1)
