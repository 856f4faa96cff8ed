"""Who holds which question.

Every rule is a conditional update backed by a constraint, so that any number of processes may serve
raters at once. Locks are taken in one order: enrolment, assignment, item.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, When
from django.db.models.functions import Cast, Mod

from annotation import allocation
from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.protocols import PROTOCOLS
from annotation.services.errors import BatchClosed, InvalidAnswer, LeaseExpired
from annotation.services.kinds import kinds_open
from annotation.services.releasing import release

# How long a claim lasts from the last sign of an open page: a rater who leaves holds up nobody.
HOLD_SECONDS = 150
MAX_DRAFT_LENGTH = 20_000

# How many items a claim looks at: enough to find the one needed and to give way to others.
WINDOW = 32


def assignment_claim(*, enrolment: Enrolment, at: datetime) -> Assignment | None:
    """Return what the rater is asked now: the open assignment if there is one, else a new one.

    None when the rater has been asked as often as the batch says, when no item is open to them, or
    when a rule has paused them.
    """
    _require_open(enrolment)
    if enrolment.paused:
        return None
    if running := _running(enrolment, at):
        return running
    assignments_expire(batch=enrolment.batch, at=at)
    with transaction.atomic():
        enrolment = _locked(enrolment)
        history = _history(enrolment)
        if enrolment.paused:
            return None
        if history.open is not None or len(history.asked) >= enrolment.batch.items_per_rater:
            return history.open
        if again := _taken_up(enrolment, history.lapsed, at):
            return again
        while offers := _offers(enrolment, history):
            for choice in offers:
                if _take(choice.item.id, choice.side, lean=choice.item.lean):
                    return _assign(enrolment, choice, at)
        return None


def assignments_expire(*, at: datetime, batch: Batch | None = None) -> int:
    """Return to the pool what is claimed beyond its lease; how many that were."""
    is_overdue = Q(expires__lte=at)
    overdue = Assignment.objects.filter(is_overdue, state=Assignment.State.OPEN).order_by("pk")
    if batch is not None:
        overdue = overdue.filter(item__batch=batch)
    # One transaction each: two sweeps at once then never wait for each other in a circle.
    return sum(
        release(assignment, is_overdue, state=Assignment.State.EXPIRED, ended=at)
        for assignment in overdue
    )


def assignment_skip(*, assignment: Assignment, reason: str, at: datetime) -> None:
    """Give an item back, with the reason; the rater is not asked it again. Twice is once."""
    if not reason.strip():
        raise InvalidAnswer("reason", "is empty")
    skipped: dict[str, Any] = {
        "state": Assignment.State.SKIPPED,
        "skip_reason": reason.strip()[:300],
        "draft": None,
    }
    if not release(assignment, ended=at, **skipped):
        assignment.refresh_from_db(fields=["state"])
        if assignment.state != Assignment.State.SKIPPED:
            raise LeaseExpired("the claim has ended")


def assignment_hold(*, assignment: Assignment, draft: Mapping[str, object], at: datetime) -> None:
    """Keep a claim whose page is open, with what is on its form so far.

    From then on it lasts `HOLD_SECONDS` from the last sign, or the batch's lease if that is less.
    Raises BatchClosed, LeaseExpired when the claim has ended, InvalidAnswer for too long a draft.
    """
    batch = assignment.item.batch
    if batch.state != Batch.State.OPEN:
        raise BatchClosed(batch.title)
    if len(json.dumps(draft)) > MAX_DRAFT_LENGTH:
        raise InvalidAnswer("draft", f"has more than {MAX_DRAFT_LENGTH} characters")
    until = at + timedelta(seconds=min(HOLD_SECONDS, batch.lease_seconds))
    held = Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.OPEN, expires__gt=at)
    if not held.update(draft=dict(draft), expires=until):
        raise LeaseExpired("the claim has ended")


@transaction.atomic
def assignment_renew(*, assignment: Assignment, at: datetime) -> Assignment | None:
    """Take up a claim whose time ran out, if nobody else has the item; None if it cannot be.

    A claim that went back to the pool is renewed as a new assignment in the same order, claimed
    when the rater was first shown it, and only while they have been given nothing since: their
    balance still has room for it.
    """
    enrolment = _locked(
        Enrolment.objects.get(batch=assignment.item.batch_id, rater=assignment.rater_id)
    )
    latest = _given(enrolment).order_by("-pk").select_related("item__batch").first()
    if enrolment.paused or latest is None or latest.pk != assignment.pk:
        return None
    until = _lease_end(enrolment, at)
    held = Assignment.objects.filter(pk=latest.pk, state=Assignment.State.OPEN)
    if held.update(expires=until):
        latest.expires = until
        return latest
    side = allocation.side_of(latest.order)
    if latest.state == Assignment.State.EXPIRED and _take(latest.item_id, side):
        return _insert(enrolment, latest.item, latest.order, claimed=latest.claimed, expires=until)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What a rater has been given in a batch, lapsed claims aside.

    `lapsed` is the latest claim if it lapsed with a draft: nothing was given since.
    """

    open: Assignment | None
    lapsed: Assignment | None
    asked: tuple[int, ...]
    answered: tuple[int, ...]
    lean: int


def _given(enrolment: Enrolment) -> QuerySet[Assignment]:
    return Assignment.objects.filter(rater=enrolment.rater_id, item__batch=enrolment.batch_id)


def _running(enrolment: Enrolment, at: datetime) -> Assignment | None:
    running = _given(enrolment).filter(state=Assignment.State.OPEN, expires__gt=at)
    return running.select_related("item").first()


def _locked(enrolment: Enrolment) -> Enrolment:
    """Return the enrolment, held until the transaction ends, so that a rater claims one thing."""
    enrolments = Enrolment.objects.select_for_update(of=("self",)).select_related("batch")
    enrolment = enrolments.get(pk=enrolment.pk)
    _require_open(enrolment)
    return enrolment


def _require_open(enrolment: Enrolment) -> None:
    if enrolment.batch.state != Batch.State.OPEN:
        raise BatchClosed(enrolment.batch.title)


def _history(enrolment: Enrolment) -> _History:
    all_given = list(_given(enrolment).order_by("pk"))
    given = [a for a in all_given if a.state != Assignment.State.EXPIRED]
    latest = all_given[-1] if all_given else None
    has_lapsed = latest is not None and latest.state == Assignment.State.EXPIRED
    answered = [a for a in given if a.state != Assignment.State.SKIPPED]
    return _History(
        lapsed=latest if has_lapsed and latest and latest.draft is not None else None,
        open=next((a for a in given if a.state == Assignment.State.OPEN), None),
        asked=tuple(a.item_id for a in given),
        answered=tuple(a.item_id for a in answered),
        lean=allocation.lean_of(a.order for a in answered),
    )


def _offers(enrolment: Enrolment, history: _History) -> tuple[allocation.Choice, ...]:
    """Return the first items of the rater's way, as the database orders them, ranked."""
    batch = enrolment.batch
    shuffle = allocation.shuffle_of(batch.seed, enrolment.ordinal)
    place = Mod(
        Cast("position", BigIntegerField()) * shuffle.multiplier + shuffle.offset,
        allocation.PRIME,
    )
    of_kind = (
        list(
            items.order_by(*_against(history.lean), "claims", place).values_list(
                "pk", "position", "claims", "lean"
            )[:WINDOW]
        )
        for items in kinds_open(enrolment, history.asked, history.answered)
    )
    rows = next(filter(None, of_kind), [])
    return allocation.choices(
        (
            allocation.OpenItem(id=pk, position=position, claims=claims, lean=lean)
            for pk, position, claims, lean in rows
        ),
        rater_lean=history.lean,
        shuffle=shuffle,
        otherwise=allocation.coin(batch.seed, enrolment.ordinal, len(history.asked)),
    )


def _against(rater_lean: int) -> tuple[Case, ...]:
    """Order last the items that this rater's next side would unbalance further."""
    side = allocation.forced_side(rater_lean)
    if side is None:
        return ()
    against = When(lean__gt=0, then=1) if side > 0 else When(lean__lt=0, then=1)
    return (Case(against, default=0),)


def _take(item: int, side: int, **seen: int) -> bool:
    """Claim an item if it still wants a judgment and is as it was seen; False if it is not."""
    wanting = Item.objects.filter(pk=item, claims__lt=F("overlap"), **seen)
    # Who waits for one item while holding another can be waited for in a circle: give way instead.
    free = wanting.select_for_update(skip_locked=True).values("pk")
    taken = wanting.filter(pk__in=free).update(claims=F("claims") + 1, lean=F("lean") + side)
    return taken == 1


def _assign(enrolment: Enrolment, choice: allocation.Choice, at: datetime) -> Assignment:
    item = Item.objects.get(pk=choice.item.id)
    keys = PROTOCOLS[enrolment.batch.protocol].read(item.payload).keys
    seed = f"{enrolment.batch.seed} {enrolment.ordinal} {item.position}"
    order = list(allocation.balanced_order(keys, choice.side, seed=seed))
    if not allocation.side_of(order):
        Item.objects.filter(pk=item.pk).update(lean=F("lean") - choice.side)
    return _insert(enrolment, item, order, claimed=at, expires=_lease_end(enrolment, at))


def _taken_up(enrolment: Enrolment, lapsed: Assignment | None, at: datetime) -> Assignment | None:
    """Give a rater back what they had begun, if nobody else has the item by now."""
    if lapsed is None or not _take(lapsed.item_id, allocation.side_of(lapsed.order)):
        return None
    until = _lease_end(enrolment, at)
    item = Item.objects.get(pk=lapsed.item_id)
    again = _insert(enrolment, item, lapsed.order, claimed=lapsed.claimed, expires=until)
    again.draft = lapsed.draft
    again.save(update_fields=["draft"])
    return again


def _lease_end(enrolment: Enrolment, at: datetime) -> datetime:
    return at + timedelta(seconds=enrolment.batch.lease_seconds)


def _insert(
    enrolment: Enrolment, item: Item, order: list[str], *, claimed: datetime, expires: datetime
) -> Assignment:
    return Assignment.objects.create(
        item=item, rater_id=enrolment.rater_id, order=order, claimed=claimed, expires=expires
    )
