"""The progress of batches, and the groups that their items are for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, F, IntegerField, Max, Q, QuerySet, Sum

from annotation.allocation import Share
from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.prepared import Prepared, Slot

_SIZE = Prepared(
    lambda: (
        Item.objects.filter(
            Q(group=None) | Q(group=Slot("group", IntegerField())),
            batch=Slot("batch", BigIntegerField()),
        )
        .order_by()
        .values("batch")
        .annotate(n=Count("pk"))
        .values_list("n")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """The progress of a batch: judgments wanted and given, and its raters."""

    items: int
    wanted: int
    given: int
    skipped: int
    raters: int
    synthetic_raters: int
    finished: int


def batch_of(token: str) -> Batch | None:
    """Return the batch behind an invitation, if there is one and it is no draft."""
    return Batch.objects.filter(token=token).exclude(state=Batch.State.DRAFT).first()


def batch_progress(batch: Batch) -> BatchProgress:
    """Return the progress of a batch."""
    items = batch.items.aggregate(
        items=Count("pk"),
        wanted=Sum("overlap", filter=wanted_for_itself("", batch), default=0),
    )
    assignments = Assignment.objects.filter(item__batch=batch).aggregate(
        given=Count(
            "pk", filter=wanted_for_itself("item__", batch) & Q(state=Assignment.State.JUDGED)
        ),
        skipped=Count("pk", filter=Q(state=Assignment.State.SKIPPED)),
    )
    raters = batch.enrolments.aggregate(
        raters=Count("pk"),
        synthetic_raters=Count("pk", filter=Q(rater__synthetic=True)),
        finished=Count("pk", filter=Q(finished__isnull=False)),
    )
    return BatchProgress(**items, **assignments, **raters)


def wanted_for_itself(item: str, batch: Batch) -> Q:
    """Return the condition for items whose judgments count as wanted.

    Catch trials and repeats that depend on a rater's progress do not: their number is not known.
    """
    test = ~Q(**{f"{item}is_catch": True}) if batch.catch_interval else Q()
    return test & Q(**{f"{item}repeats": None}) if batch.repeat_after else test


def first_payload(batch: Batch) -> Any:
    """Return the payload of the batch's first item, whose confidence and reason apply to all."""
    return batch.items.order_by("position").values_list("payload", flat=True)[0]


def questions_in(batch: Batch, group: int | None = None) -> int:
    """Return the most questions that a rater gets; of a group, if it is known."""
    of_each = [askable_count(batch, each) for each in groups_of(batch)] if group is None else []
    return min(batch.items_per_rater, max(of_each, default=askable_count(batch, group)))


def askable(batch: Batch, group: int | None) -> QuerySet[Item]:
    """Return the items of a batch for raters of that group, and for everybody."""
    return Item.objects.filter(Q(group=None) | Q(group=group), batch=batch)


def askable_count(batch: Batch, group: int | None) -> int:
    """Return how many items of a batch a rater of that group can be asked."""
    return next((n for (n,) in _SIZE.all(batch=batch.pk, group=group)), 0)


def groups_of(batch: Batch, *, wanting: bool = False) -> tuple[int, ...]:
    """Return the groups of a batch's items; with `wanting`, those that still want judgments."""
    items = batch.items.exclude(group=None).order_by("group")
    if wanting:
        items = items.filter(claims__lt=F("overlap"))
    return tuple(g for g in items.values_list("group", flat=True).distinct() if g is not None)


def group_shares(batch: Batch, *, at: datetime) -> tuple[Share, ...]:
    """Return the share of their questions that each rater of a batch with groups has answered.

    A rater who is finished counts in full, and so does one who is still active: not out, and seen
    within the duration of a lease.
    """
    mine = Q(rater__assignments__item__batch=batch)
    rows = batch.enrolments.exclude(group=None).annotate(
        judged=Count(
            "rater__assignments", mine & Q(rater__assignments__state=Assignment.State.JUDGED)
        ),
        last=Max("rater__assignments__claimed", filter=mine),
    )
    since = at - timedelta(seconds=batch.lease_seconds)
    sizes = {group: questions_in(batch, group) for group in groups_of(batch)}
    return tuple(
        Share(
            group=row.group or 0,
            given=1.0
            if row.finished or (not _is_out(row) and max(row.consented, row.last or since) > since)
            else min(1.0, row.judged / max(sizes.get(row.group or 0, 0), 1)),
        )
        for row in rows
    )


def _is_out(enrolment: Enrolment) -> bool:
    return enrolment.paused is not None or enrolment.screened_out is not None
