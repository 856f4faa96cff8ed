"""What a rater who has an account takes part in, and may."""

from dataclasses import dataclass

from annotation.models import Batch, Enrolment, Rater
from annotation.selectors.progress import RaterProgress, rater_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A rater's part in a batch; without `progress` they may join it."""

    title: str
    token: str
    language: str
    is_open: bool = True
    is_over: bool = False
    progress: RaterProgress | None = None


def parts_of(rater: Rater) -> tuple[Part, ...]:
    """Return the batches that a rater is part of, the latest first."""
    enrolments = Enrolment.objects.filter(rater=rater).select_related("batch").order_by("-pk")
    return tuple(map(_part, enrolments))


def _part(enrolment: Enrolment) -> Part:
    batch = enrolment.batch
    over = (enrolment.finished, enrolment.screened_out, enrolment.paused)
    return Part(
        title=batch.title,
        token=batch.token,
        language=batch.language,
        is_open=batch.state == Batch.State.OPEN,
        is_over=any(over),
        progress=rater_progress(enrolment),
    )


def open_to(rater: Rater) -> tuple[Part, ...]:
    """Return the batches that a rater with an account may join."""
    if rater.user is None:
        return ()
    batches = Batch.objects.filter(state=Batch.State.OPEN, open_to_accounts=True)
    others = batches.exclude(enrolments__rater=rater).order_by("-pk")
    return tuple(Part(title=b.title, token=b.token, language=b.language) for b in others)
