"""The next question for a rater, requesting more items if a batch can grow."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from annotation.models import Assignment, Batch, Enrolment
from annotation.selectors.progress import newcomer_may_be_asked, rater_progress
from annotation.services.claims import assignment_claim


def question_claim(*, enrolment: Enrolment, at: datetime) -> Assignment | None:
    """Return the rater's current question, as `assignment_claim` does.

    If nothing is left for a rater who has not had their share, more items are requested from the
    app that built the batch; None if there are none.
    """
    given = assignment_claim(enrolment=enrolment, at=at)
    if given is not None or enrolment.paused:
        return given
    progress = rater_progress(enrolment)
    if progress.done >= progress.total or not _more(enrolment.batch_id, at):
        return None
    return assignment_claim(enrolment=enrolment, at=at)


def newcomer_supplied(*, batch: Batch, at: datetime) -> bool:
    """Return whether a new rater would get an item, requesting more items if none is left."""
    return newcomer_may_be_asked(batch) or _more(batch.pk, at)


def _more(batch: int, at: datetime) -> bool:
    """Request more items from the app that built the batch."""
    return bool(import_string(settings.ITEM_SUPPLY)(batch_id=batch, at=at))
