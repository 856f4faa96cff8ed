"""Claims: a rater's lease on an item, how it is extended, and how it ends.

A claim is an assignment that is open until it expires. Every rule is a conditional update backed by
a constraint, so that any number of processes can serve raters at once. Locks are taken in one order
(enrolment, assignment, item), so that no two transactions wait for each other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField, F, Q, QuerySet

from annotation import allocation
from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.prepared import Prepared, PreparedUpdate, Slot, insert
from annotation.protocols import PROTOCOLS
from annotation.services.errors import BatchClosed, InvalidAnswer, LeaseExpired
from annotation.services.offers import Before, offers

# How long a claim lasts after the last sign of an open page: a rater who leaves blocks nobody.
HOLD_SECONDS = 150
MAX_DRAFT_LENGTH = 20_000


def assignment_claim(*, enrolment: Enrolment, at: datetime) -> Assignment | None:
    """Return what the rater is asked now: the open assignment if there is one, else a new one.

    None when the rater has been asked as often as the batch says, when no item is open to them, or
    when a rule has paused them.
    """
    _require_open(enrolment)
    if enrolment.paused:
        return None
    if running := _RUNNING.first(rater=enrolment.rater_id, batch=enrolment.batch_id, at=at):
        return running
    assignments_expire(batch=enrolment.batch, at=at)
    with transaction.atomic():
        enrolment = _locked(enrolment)
        history = _history(enrolment)
        if enrolment.paused:
            return None
        is_done = len(history.before.asked) >= enrolment.batch.items_per_rater
        if history.open is not None or is_done:
            return history.open
        if again := _taken_up(enrolment, history.lapsed, at):
            return again
        while choices := offers(enrolment, history.before):
            for choice in choices:
                if _take(choice.item.id, choice.first, order_balance=choice.item.order_balance):
                    return _assign(enrolment, choice, at)
        return None


def assignments_expire(*, at: datetime, batch: Batch | None = None) -> int:
    """Expire claims whose lease has ended, and return how many there were."""
    is_overdue = Q(expires__lte=at)
    if batch is not None:
        overdue = _OVERDUE.all(batch=batch.pk, at=at)
    else:
        overdue = list(_open_claims().filter(is_overdue).order_by("pk"))
    # One transaction each, so that two sweeps at once cannot deadlock.
    return sum(
        release(assignment, is_overdue, state=Assignment.State.EXPIRED, ended=at)
        for assignment in overdue
    )


def assignment_skip(*, assignment: Assignment, reason: str, at: datetime) -> None:
    """Give an item back, with the reason; the rater does not get it again. Idempotent."""
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
    """Extend the lease of a claim whose page is open, and store its form as a draft.

    From then on it lasts `HOLD_SECONDS` after the last call, or the batch's lease if that is less.
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
def release(assignment: Assignment, still: Q | None = None, **ended_as: Any) -> bool:
    """End an open claim and free its item; False if it is not open or `still` does not hold."""
    held = Assignment.objects.filter(still or Q(), pk=assignment.pk, state=Assignment.State.OPEN)
    ended = held.update(**ended_as)
    if ended:
        first = allocation.first_position(assignment.order)
        Item.objects.filter(pk=assignment.item_id).update(
            claims=F("claims") - 1, order_balance=F("order_balance") - first
        )
    return ended == 1


@transaction.atomic
def assignment_renew(*, assignment: Assignment, at: datetime) -> Assignment | None:
    """Renew a claim that has expired, if nobody else has the item; None if that is impossible.

    A claim that went back to the pool is renewed as a new assignment with the same order and time
    of claim, but only if the rater has been given nothing since: then their order balance is kept.
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
    first = allocation.first_position(latest.order)
    if latest.state == Assignment.State.EXPIRED and _take(latest.item_id, first):
        return _insert(enrolment, latest.item, latest.order, claimed=latest.claimed, expires=until)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What a rater has been given in a batch.

    `lapsed` is the latest claim if it expired with a draft: nothing was given since.
    """

    open: Assignment | None
    lapsed: Assignment | None
    before: Before


def _given(enrolment: Enrolment) -> QuerySet[Assignment]:
    return Assignment.objects.filter(rater=enrolment.rater_id, item__batch=enrolment.batch_id)


def _locked(enrolment: Enrolment) -> Enrolment:
    """Return the enrolment, locked until the transaction ends, so that a rater has one claim."""
    (enrolment,) = _LOCKED.all(pk=enrolment.pk)
    _require_open(enrolment)
    return enrolment


def _require_open(enrolment: Enrolment) -> None:
    if enrolment.batch.state != Batch.State.OPEN:
        raise BatchClosed(enrolment.batch.title)


def _history(enrolment: Enrolment) -> _History:
    rows = _GIVEN.all(rater=enrolment.rater_id, batch=enrolment.batch_id)
    given = [row for row in rows if row[1] != Assignment.State.EXPIRED]
    answered = [row for row in given if row[1] != Assignment.State.SKIPPED]
    is_open = [pk for pk, state, *_ in given if state == Assignment.State.OPEN]
    has_lapsed = rows and rows[-1][1] == Assignment.State.EXPIRED
    lapsed = _CLAIM.first(pk=rows[-1][0]) if has_lapsed else None
    return _History(
        open=_CLAIM.first(pk=is_open[0]) if is_open else None,
        lapsed=lapsed if lapsed and lapsed.draft is not None else None,
        before=Before(
            asked=tuple(item for *_, item, _ in given),
            answered=tuple(item for *_, item, _ in answered),
            order_balance=allocation.order_balance_of(order for *_, order in answered),
        ),
    )


def _take(item: int, first: int, *, order_balance: int | None = None) -> bool:
    """Claim an item if it still wants a judgment and its order balance is as it was read."""
    if order_balance is None:
        return _TAKE.update(item=item, first=first) == 1
    return _TAKE_AS_SEEN.update(item=item, first=first, order_balance=order_balance) == 1


def _assign(enrolment: Enrolment, choice: allocation.Choice, at: datetime) -> Assignment:
    (item,) = _ITEM.all(item=choice.item.id)
    keys = PROTOCOLS[enrolment.batch.protocol].read(item.payload).keys
    seed = f"{enrolment.batch.seed} {enrolment.ordinal} {item.position}"
    order = list(allocation.balanced_order(keys, choice.first, seed=seed))
    if not allocation.first_position(order):
        Item.objects.filter(pk=item.pk).update(order_balance=F("order_balance") - choice.first)
    return _insert(enrolment, item, order, claimed=at, expires=_lease_end(enrolment, at))


def _taken_up(enrolment: Enrolment, lapsed: Assignment | None, at: datetime) -> Assignment | None:
    """Give a rater back the question they had begun, if nobody else has it by now."""
    if lapsed is None or not _take(lapsed.item_id, allocation.first_position(lapsed.order)):
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
    return insert(
        Assignment(
            item=item, rater_id=enrolment.rater_id, order=order, claimed=claimed, expires=expires
        )
    )


# --- Asked with every question --------------------------------------------------------------------


def _slot(name: str) -> Slot:
    return Slot(name, BigIntegerField())


def _open_claims() -> QuerySet[Assignment]:
    return Assignment.objects.filter(state=Assignment.State.OPEN)


def _wanting(**seen: Slot) -> QuerySet[Item]:
    """Return the item if it wants a judgment and is not locked by another claim.

    Waiting for one item while holding another could deadlock: skip locked items instead.
    """
    wanting = Item.objects.filter(pk=_slot("item"), claims__lt=F("overlap"), **seen)
    free = wanting.select_for_update(skip_locked=True).values("pk")
    return wanting.filter(pk__in=free)


_AT = Slot("at", DateTimeField())
_OF_RATER = {"rater": _slot("rater"), "item__batch": _slot("batch")}
_RUNNING = Prepared(
    lambda: _open_claims().filter(**_OF_RATER, expires__gt=_AT).select_related("item")
)
_OVERDUE = Prepared(
    lambda: _open_claims().filter(item__batch=_slot("batch"), expires__lte=_AT).order_by("pk")
)
_LOCKED = Prepared(
    lambda: (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("batch")
        .filter(pk=_slot("pk"))
    )
)
_GIVEN = Prepared(
    lambda: (
        Assignment.objects.filter(**_OF_RATER)
        .order_by("pk")
        .values_list("pk", "state", "item", "order")
    )
)
_CLAIM = Prepared(lambda: Assignment.objects.filter(pk=_slot("pk")).select_related("item"))
_ITEM = Prepared(lambda: Item.objects.filter(pk=_slot("item")).order_by())
_TAKEN = {"claims": F("claims") + 1, "order_balance": F("order_balance") + _slot("first")}
_TAKE = PreparedUpdate(_wanting, **_TAKEN)
_TAKE_AS_SEEN = PreparedUpdate(lambda: _wanting(order_balance=_slot("order_balance")), **_TAKEN)
