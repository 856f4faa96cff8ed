"""A rater's progress in a batch, and whether more questions may come."""

from dataclasses import dataclass
from math import ceil
from statistics import median
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet

from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.prepared import Prepared, Slot
from annotation.selectors.batches import askable, askable_count, wanted_for_itself

_ENDED = Prepared(
    lambda: (
        Assignment.objects.filter(
            rater=Slot("rater", BigIntegerField()),
            item__batch=Slot("batch", BigIntegerField()),
            judgments__supersedes=None,
            state__in=[Assignment.State.JUDGED, Assignment.State.SKIPPED],
        )
        .order_by("ended")
        .values_list("pk", "state", "judgments__seconds")
    )
)
_KEY = Prepared(
    lambda: Assignment.objects.filter(pk=Slot("pk", BigIntegerField())).values_list("key")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterProgress:
    """A rater's progress in a batch: questions answered and skipped, of how many.

    `last` names the assignment that was answered last, which the rater may still change. `pace` is
    the median of the rater's own times in seconds; None before the third answer.
    """

    answered: int
    skipped: int
    total: int
    last: UUID | None
    pace: float | None = None

    @property
    def minutes_left(self) -> int | None:
        """The time left at the rater's own pace, rounded up; None while it is not known."""
        return None if self.pace is None else ceil(self.pace * (self.total - self.done) / 60)

    @property
    def done(self) -> int:
        """Questions that are done."""
        return self.answered + self.skipped

    @property
    def current(self) -> int:
        """The number of the current question, from 1."""
        return min(self.done + 1, self.total)


def rater_progress(enrolment: Enrolment) -> RaterProgress:
    """Return a rater's progress; nobody gets more questions than the batch has items."""
    batch = enrolment.batch
    rows = _ENDED.all(rater=enrolment.rater_id, batch=batch.pk)
    answered = [pk for pk, state, _ in rows if state == Assignment.State.JUDGED]
    seconds = [took for _, state, took in rows if state == Assignment.State.JUDGED]
    return RaterProgress(
        answered=len(answered),
        skipped=len(rows) - len(answered),
        total=min(batch.items_per_rater, askable_count(batch, enrolment.group)),
        last=_KEY.all(pk=answered[-1])[0][0] if answered else None,
        pace=median(seconds) if len(seconds) > 2 else None,
    )


def more_may_come(enrolment: Enrolment) -> bool:
    """Return whether the rater may get more items: those that want judgments or are on lease.

    An item on lease to somebody else comes back if it is skipped or the lease expires.
    """
    progress = rater_progress(enrolment)
    if progress.done >= progress.total:
        return False
    behind = Assignment.objects.filter(
        rater=enrolment.rater_id, state__in=[Assignment.State.JUDGED, Assignment.State.SKIPPED]
    )
    left = askable(enrolment.batch, enrolment.group).exclude(pk__in=behind.values("item"))
    left = left.exclude(not_for=enrolment.rater_id)
    if enrolment.batch.catch_interval:
        left = left.filter(is_catch=False)
    if enrolment.batch.repeat_after:
        left = left.filter(Q(repeats=None) | Q(repeats__in=behind.values("item")))
    return _wanted_or_held(left)


def newcomer_may_be_asked(batch: Batch) -> bool:
    """Return whether a new rater may get an item, as `more_may_come` does for others."""
    items = batch.items.filter(wanted_for_itself("", batch))
    return _wanted_or_held(items)


def _wanted_or_held(items: QuerySet[Item]) -> bool:
    is_held = Exists(Assignment.objects.filter(item=OuterRef("pk"), state=Assignment.State.OPEN))
    return items.filter(Q(claims__lt=F("overlap")) | is_held).exists()
