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

# How many items a claim looks at: enough to find the one needed and to give way to others.
WINDOW = 32

Row = tuple[int, int, int, int]
Given = int | Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a rater has been given in a batch, lapsed claims aside: ids of items, in order.

    `answered` are those not skipped, and `lean` is how far their orders lean to one side.
    """

    asked: tuple[int, ...]
    answered: tuple[int, ...]
    lean: int


def offers(enrolment: Enrolment, before: Before) -> tuple[allocation.Choice, ...]:
    """Return the first items of the rater's way, as the database orders them, ranked."""
    batch = enrolment.batch
    shuffle = allocation.shuffle_of(batch.seed, enrolment.ordinal)
    rows = next(filter(None, _by_kind(enrolment, before, shuffle)), [])
    return allocation.choices(
        (
            allocation.OpenItem(id=pk, position=position, claims=claims, lean=lean)
            for pk, position, claims, lean in rows
        ),
        rater_lean=before.lean,
        shuffle=shuffle,
        otherwise=allocation.coin(batch.seed, enrolment.ordinal, len(before.asked)),
    )


def _by_kind(
    enrolment: Enrolment, before: Before, shuffle: allocation.Shuffle
) -> Iterator[list[Row]]:
    """Yield what is open to a rater by kind, what comes first if there is any of it first.

    In a batch that says how often, each rater meets catch trials at drawn places and no others, and
    is asked again only what they answered, after some time or at the end. In a batch that follows
    another, what a rater answered there comes first.
    """
    batch, side = enrolment.batch, allocation.forced_side(before.lean)
    way = {"multiplier": shuffle.multiplier, "offset": shuffle.offset}
    if not batch.catch_every and not batch.repeat_after and batch.follows_id is None:
        ids = {"batch": batch.pk, "rater": enrolment.rater_id, "group": enrolment.group}
        yield _ANY[side].all(**ids, **way)
        return
    items = _open(batch=batch.pk, rater=enrolment.rater_id).filter(_for_group(enrolment.group))
    for of_kind in _kinds(items, enrolment, before):
        if batch.follows_id is not None:
            known = of_kind.filter(position__in=_answered_before(enrolment))
            yield list(_ranked(known, side, **way))
        yield list(_ranked(of_kind, side, **way))


def _answered_before(enrolment: Enrolment) -> QuerySet[Assignment, int]:
    """Return the positions of what the rater answered in the batch before this one."""
    judged = Assignment.objects.filter(state=Assignment.State.JUDGED, rater=enrolment.rater_id)
    first = judged.filter(item__batch=enrolment.batch.follows_id)
    return first.values_list("item__position", flat=True)


def _kinds(items: QuerySet[Item], enrolment: Enrolment, before: Before) -> Iterator[QuerySet[Item]]:
    batch = enrolment.batch
    if batch.catch_every:
        place = len(before.asked)
        if allocation.is_catch_turn(batch.seed, enrolment.ordinal, place, batch.catch_every):
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
    items: QuerySet[Item], side: allocation.Side | None, *, multiplier: Given, offset: Given
) -> "QuerySet[Item, Row]":
    """Return the first items: last those that the side unbalances, few claims before many."""
    place = (Cast("position", BigIntegerField()) * multiplier + offset) % allocation.PRIME
    ranked = items.order_by(*_against(side), "claims", place)
    return ranked.values_list("pk", "position", "claims", "lean")[:WINDOW]


def _against(side: allocation.Side | None) -> tuple[Case, ...]:
    if side is None:
        return ()
    against = When(lean__gt=0, then=1) if side > 0 else When(lean__lt=0, then=1)
    return (Case(against, default=0),)


def _any(side: allocation.Side | None) -> Prepared[Row]:
    def slot(name: str) -> Slot:
        return Slot(name, BigIntegerField())

    return Prepared(
        lambda: _ranked(
            _open(batch=slot("batch"), rater=slot("rater")).filter(_for_group(slot("group"))),
            side,
            multiplier=slot("multiplier"),
            offset=slot("offset"),
        )
    )


SIDES: Sequence[allocation.Side | None] = (None, -1, 1)
_ANY = {side: _any(side) for side in SIDES}
