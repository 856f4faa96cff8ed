"""What is read from batches and judgments, as typed rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum

from annotation.allocation import Share
from annotation.models import Assignment, Batch, Enrolment, Exclusion, Item, Judgment, Rater
from annotation.prepared import Prepared, Slot
from annotation.quality import read_rules

# --- Asked with every question --------------------------------------------------------------------

_RATER, _BATCH = Slot("rater", models.BigIntegerField()), Slot("batch", models.BigIntegerField())
_ENROLMENT = Prepared(
    lambda: Enrolment.objects.select_related("batch", "rater").filter(
        batch__token=Slot("token", models.CharField()),
        rater__entry_key=Slot("rater", models.UUIDField()),
    )
)
_NAMED = Prepared(
    lambda: Assignment.objects.select_related("item__batch").filter(
        key=Slot("key", models.UUIDField()), rater=_RATER, item__batch=_BATCH
    )
)
_ENDED = Prepared(
    lambda: (
        Assignment.objects.filter(
            rater=_RATER,
            item__batch=_BATCH,
            judgments__supersedes=None,
            state__in=[Assignment.State.JUDGED, Assignment.State.SKIPPED],
        )
        .order_by("ended")
        .values_list("pk", "state", "judgments__seconds")
    )
)
_KEY = Prepared(
    lambda: Assignment.objects.filter(pk=Slot("pk", models.BigIntegerField())).values_list("key")
)
_SIZE = Prepared(
    lambda: (
        Item.objects.filter(
            Q(group=None) | Q(group=Slot("group", models.IntegerField())), batch=_BATCH
        )
        .order_by()
        .values("batch")
        .annotate(n=Count("pk"))
        .values_list("n")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentRow:
    """The latest answer to an assignment, with what was shown.

    `order` holds the option keys from left (or first) to right (or last); `seconds` is the time
    with the page in view.
    """

    key: UUID
    item_id: int
    position: int
    rater: UUID
    synthetic: bool
    order: tuple[str, ...]
    answer: Mapping[str, Any]
    seconds: float
    submitted: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """How far a batch is: judgments wanted and given, and who takes part."""

    items: int
    wanted: int
    given: int
    skipped: int
    raters: int
    synthetic_raters: int
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterProgress:
    """How far a rater is in a batch: questions answered and skipped, of how many.

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
        """Questions that are behind the rater."""
        return self.answered + self.skipped

    @property
    def current(self) -> int:
        """The number of the question before the rater, from 1."""
        return min(self.done + 1, self.total)


def judgments_of(batch: Batch) -> tuple[JudgmentRow, ...]:
    """Return the latest answer to each judged assignment, in the order they were given."""
    latest = Judgment.objects.standing().filter(assignment__item__batch=batch)
    rows: Iterable[Mapping[str, Any]] = latest.order_by("submitted", "pk").values(
        "key",
        "answer",
        "seconds",
        "submitted",
        item_id=F("assignment__item_id"),
        position=F("assignment__item__position"),
        rater=F("assignment__rater__key"),
        synthetic=F("assignment__rater__synthetic"),
        order=F("assignment__order"),
    )
    return tuple(JudgmentRow(**{**row, "order": tuple(row["order"])}) for row in rows)


def batch_progress(batch: Batch) -> BatchProgress:
    """Return how far a batch is."""
    items = batch.items.aggregate(
        items=Count("pk"),
        wanted=Sum("overlap", filter=_counts("", batch), default=0),
    )
    assignments = Assignment.objects.filter(item__batch=batch).aggregate(
        given=Count("pk", filter=_counts("item__", batch) & Q(state=Assignment.State.JUDGED)),
        skipped=Count("pk", filter=Q(state=Assignment.State.SKIPPED)),
    )
    raters = batch.enrolments.aggregate(
        raters=Count("pk"),
        synthetic_raters=Count("pk", filter=Q(rater__synthetic=True)),
        finished=Count("pk", filter=Q(finished__isnull=False)),
    )
    return BatchProgress(**items, **assignments, **raters)


def _counts(item: str, batch: Batch) -> Q:
    """Return the test for items whose judgments are wanted for themselves.

    Catch trials and repeats that come as a rater goes on are not: nobody knows how many will.
    """
    test = ~Q(**{f"{item}is_catch": True}) if batch.catch_every else Q()
    return test & Q(**{f"{item}repeats": None}) if batch.repeat_after else test


def batch_of(token: str) -> Batch | None:
    """Return the batch behind an invitation, if there is one and it is no draft."""
    return Batch.objects.filter(token=token).exclude(state=Batch.State.DRAFT).first()


def enrolment_of(token: str, rater: UUID) -> Enrolment | None:
    """Return a rater's enrolment in the batch behind an invitation, with both."""
    return _ENROLMENT.first(token=token, rater=rater)


def rater_progress(enrolment: Enrolment) -> RaterProgress:
    """Return how far a rater is; nobody is asked more than the batch has items."""
    batch = enrolment.batch
    rows = _ENDED.all(rater=enrolment.rater_id, batch=batch.pk)
    answered = [pk for pk, state, _ in rows if state == Assignment.State.JUDGED]
    took = [seconds for _, state, seconds in rows if state == Assignment.State.JUDGED]
    return RaterProgress(
        answered=len(answered),
        skipped=len(rows) - len(answered),
        total=min(batch.items_per_rater, _askable_count(batch, enrolment.group)),
        last=_KEY.all(pk=answered[-1])[0][0] if answered else None,
        pace=median(took) if len(took) > 2 else None,
    )


def more_may_come(enrolment: Enrolment) -> bool:
    """Return whether the rater may be asked more: of what wants judgments, or of what others hold.

    What is held comes back when it is skipped or its lease runs out.
    """
    progress = rater_progress(enrolment)
    if progress.done >= progress.total:
        return False
    behind = Assignment.objects.filter(
        rater=enrolment.rater_id, state__in=[Assignment.State.JUDGED, Assignment.State.SKIPPED]
    )
    left = _askable(enrolment.batch, enrolment.group).exclude(pk__in=behind.values("item"))
    left = left.exclude(not_for=enrolment.rater_id)
    if enrolment.batch.catch_every:
        left = left.filter(is_catch=False)
    if enrolment.batch.repeat_after:
        left = left.filter(Q(repeats=None) | Q(repeats__in=behind.values("item")))
    return _wanted_or_held(left)


def newcomer_may_be_asked(batch: Batch) -> bool:
    """Return whether somebody new may be asked something, as `more_may_come` does of others."""
    items = batch.items.filter(_counts("", batch))
    return _wanted_or_held(items)


def _wanted_or_held(items: QuerySet[Item]) -> bool:
    is_held = Exists(Assignment.objects.filter(item=OuterRef("pk"), state=Assignment.State.OPEN))
    return items.filter(Q(claims__lt=F("overlap")) | is_held).exists()


def assignment_of(enrolment: Enrolment, key: UUID) -> Assignment | None:
    """Return a rater's own assignment of that name, with its item; another's is none.

    A lapsed claim that was renewed is found under its old name too: a form may still carry it.
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


def rater_named(key: UUID) -> Rater | None:
    """Return the rater whose browser holds that key, with their account."""
    return Rater.objects.select_related("user").filter(entry_key=key).first()


def rater_recruited(external: str) -> Rater | None:
    """Return the rater whom a recruiter calls that."""
    return Rater.objects.filter(external=external).first()


def is_rating(rater: UUID) -> bool:
    """Tell whether a rater has questions before them in a batch that still takes answers.

    Between two parts of a study they have: the second asks about the same things.
    """
    own = Enrolment.objects.filter(rater__entry_key=rater)
    done = own.exclude(finished=None).values("batch")
    second = Batch.objects.filter(state=Batch.State.OPEN, follows__in=done).exclude(pk__in=done)
    return own.filter(finished=None, batch__state=Batch.State.OPEN).exists() or second.exists()


def first_payload(batch: Batch) -> Any:
    """Return the payload of the batch's first item: what is asked besides is the same in all."""
    return batch.items.order_by("position").values_list("payload", flat=True)[0]


def questions_in(batch: Batch, group: int | None = None) -> int:
    """Return how many questions a rater is asked at most; of a group, if it is known."""
    of_each = [_askable_count(batch, each) for each in groups_of(batch)] if group is None else []
    return min(batch.items_per_rater, max(of_each, default=_askable_count(batch, group)))


def _askable(batch: Batch, group: int | None) -> QuerySet[Item]:
    return Item.objects.filter(Q(group=None) | Q(group=group), batch=batch)


def _askable_count(batch: Batch, group: int | None) -> int:
    return next((n for (n,) in _SIZE.all(batch=batch.pk, group=group)), 0)


def group_shares(batch: Batch, *, at: datetime) -> tuple[Share, ...]:
    """Return what each rater of a batch of groups has given of what they are asked.

    A rater who is finished counts in full, and so does one who is still at it: not out, and seen
    within the time that a claim lasts.
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


def groups_of(batch: Batch, *, wanting: bool = False) -> tuple[int, ...]:
    """Return the groups that a batch's items are for; `wanting`, those that want judgments."""
    items = batch.items.exclude(group=None).order_by("group")
    if wanting:
        items = items.filter(claims__lt=F("overlap"))
    return tuple(g for g in items.values_list("group", flat=True).distinct() if g is not None)


def broken_rules(enrolment: Enrolment) -> tuple[str, ...]:
    """Return the names of the rules that pause a rater now."""
    pausing = enrolment.exclusions.filter(pauses=True, lifted=None)
    return tuple(pausing.order_by("pk").values_list("rule", flat=True))


def excluded_raters(batch: Batch) -> dict[str, frozenset[int]]:
    """Return the ids of the raters whom each of the batch's rules excludes; all rules, in order."""
    excluded: dict[str, set[int]] = {rule.name: set() for rule in read_rules(batch.rules)}
    rows = Exclusion.objects.filter(enrolment__batch=batch, lifted=None)
    for rule, rater in rows.values_list("rule", "enrolment__rater"):
        excluded.setdefault(rule, set()).add(rater)
    return {rule: frozenset(raters) for rule, raters in excluded.items()}
