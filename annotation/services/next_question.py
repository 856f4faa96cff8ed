"""What a rater is asked next, where what is asked may still be growing."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from annotation.models import Assignment, Batch, Enrolment
from annotation.selectors.progress import newcomer_may_be_asked, rater_progress
from annotation.services.claims import assignment_claim


def question_claim(*, enrolment: Enrolment, at: datetime) -> Assignment | None:
    """Return what the rater is asked now, as `assignment_claim` does.

    When nothing is left for a rater who has not had their share, whoever built the batch is asked
    for more first; None when there is none.
    """
    given = assignment_claim(enrolment=enrolment, at=at)
    if given is not None or enrolment.paused:
        return given
    progress = rater_progress(enrolment)
    if progress.done >= progress.total or not _more(enrolment.batch_id, at):
        return None
    return assignment_claim(enrolment=enrolment, at=at)


def newcomer_supplied(*, batch: Batch, at: datetime) -> bool:
    """Return whether somebody new would be asked something; more is asked for where nothing is."""
    return newcomer_may_be_asked(batch) or _more(batch.pk, at)


def _more(batch: int, at: datetime) -> bool:
    """Ask for more items. What they would be about, this app does not know."""
    return bool(import_string(settings.ITEM_SUPPLY)(batch_id=batch, at=at))
