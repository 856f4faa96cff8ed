"""What a rater can be asked next, best first: a catch trial, a repeat, or any other item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import (
    BigIntegerField,
    Case,
    Expression,
    F,
    Q,
    QuerySet,
    When,
)
from django.db.models.functions import Cast

from annotation import allocation
from annotation.models import Assignment, Enrolment, Item
from annotation.prepared import Prepared, Slot

# How many items a claim considers: enough to find a suitable one while others claim the same.
WINDOW = 32

Row = tuple[int, int, int, int]
Given = int | Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a rater has been given in a batch, lapsed claims aside: ids of items, in order.

    `answered` are those not skipped; `order_balance` is that of their orders.
    """

    asked: tuple[int, ...]
    answered: tuple[int, ...]
    order_balance: int


def offers(enrolment: Enrolment, before: Before) -> tuple[allocation.Choice, ...]:
    """Return the next items of the rater's own order, ranked."""
    batch = enrolment.batch
    shuffle = allocation.shuffle_of(batch.seed, enrolment.ordinal)
    rows = next(filter(None, _by_kind(enrolment, before, shuffle)), [])
    return allocation.choices(
        (
            allocation.OpenItem(
                id=pk, position=position, claims=claims, order_balance=order_balance
            )
            for pk, position, claims, order_balance in rows
        ),
        rater_balance=before.order_balance,
        shuffle=shuffle,
        otherwise=allocation.coin(batch.seed, enrolment.ordinal, len(before.asked)),
    )


def _by_kind(
    enrolment: Enrolment, before: Before, shuffle: allocation.Shuffle
) -> Iterator[list[Row]]:
    """Yield what is open to a rater, kind by kind, in the order in which kinds are tried.

    With a catch interval, each rater gets catch trials at random places and no others. With
    `repeat_after`, only items that the rater answered are asked again, after that many questions or
    at the end. In a batch that follows another, items that the rater answered there come first.
    """
    batch, first = enrolment.batch, allocation.required_first(before.order_balance)
    way = {"multiplier": shuffle.multiplier, "offset": shuffle.offset}
    if not batch.catch_interval and not batch.repeat_after and batch.follows_id is None:
        ids = {"batch": batch.pk, "rater": enrolment.rater_id, "group": enrolment.group}
        yield _ANY[first].all(**ids, **way)
        return
    items = _open(batch=batch.pk, rater=enrolment.rater_id).filter(_for_group(enrolment.group))
    for of_kind in _kinds(items, enrolment, before):
        if batch.follows_id is not None:
            known = of_kind.filter(position__in=_answered_before(enrolment))
            yield list(_ranked(known, first, **way))
        yield list(_ranked(of_kind, first, **way))


def _answered_before(enrolment: Enrolment) -> QuerySet[Assignment, int]:
    """Return the positions of what the rater answered in the batch before this one."""
    judged = Assignment.objects.filter(state=Assignment.State.JUDGED, rater=enrolment.rater_id)
    first = judged.filter(item__batch=enrolment.batch.follows_id)
    return first.values_list("item__position", flat=True)


def _kinds(items: QuerySet[Item], enrolment: Enrolment, before: Before) -> Iterator[QuerySet[Item]]:
    batch = enrolment.batch
    if batch.catch_interval:
        place = len(before.asked)
        if allocation.is_catch_turn(batch.seed, enrolment.ordinal, place, batch.catch_interval):
            yield items.filter(is_catch=True)
        items = items.filter(is_catch=False)
    if not batch.repeat_after:
        yield items
        return
    if long_ago := before.answered[: -batch.repeat_after]:
        yield items.filter(repeats__in=long_ago)
    yield items.filter(repeats=None)
    yield items.filter(repeats__in=before.answered)


def _open(*, batch: Given, rater: Given) -> QuerySet[Item]:
    """Return the items that want judgments, that the rater has not had and may be asked."""
    had = Assignment.objects.filter(rater=rater).exclude(state=Assignment.State.EXPIRED)
    barred = Item.not_for.through.objects.filter(rater=rater)
    wanting = Item.objects.filter(batch=batch, claims__lt=F("overlap"))
    return wanting.exclude(pk__in=had.values("item")).exclude(pk__in=barred.values("item"))


def _for_group(group: Given | None) -> Q:
    return Q(group=None) | Q(group=group)


def _ranked(
    items: QuerySet[Item],
    first: allocation.FirstPosition | None,
    *,
    multiplier: Given,
    offset: Given,
) -> "QuerySet[Item, Row]":
    """Return the first items: few claims before many, last those that the order unbalances."""
    place = (Cast("position", BigIntegerField()) * multiplier + offset) % allocation.PRIME
    ranked = items.order_by(*_against(first), "claims", place)
    return ranked.values_list("pk", "position", "claims", "order_balance")[:WINDOW]


def _against(first: allocation.FirstPosition | None) -> tuple[Case, ...]:
    if first is None:
        return ()
    against = When(order_balance__gt=0, then=1) if first > 0 else When(order_balance__lt=0, then=1)
    return (Case(against, default=0),)


def _any(first: allocation.FirstPosition | None) -> Prepared[Row]:
    def slot(name: str) -> Slot:
        return Slot(name, BigIntegerField())

    return Prepared(
        lambda: _ranked(
            _open(batch=slot("batch"), rater=slot("rater")).filter(_for_group(slot("group"))),
            first,
            multiplier=slot("multiplier"),
            offset=slot("offset"),
        )
    )


FIRST_POSITIONS: Sequence[allocation.FirstPosition | None] = (None, -1, 1)
_ANY = {first: _any(first) for first in FIRST_POSITIONS}
