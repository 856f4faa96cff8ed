"""Create, open and close batches; enrol raters."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from annotation.allocation import group_for
from annotation.entry import read_entry
from annotation.models import Batch, Enrolment, Item, Rater
from annotation.protocols import PROTOCOLS
from annotation.quality import Rule, read_rules
from annotation.selectors.batches import group_shares, groups_of
from annotation.services.errors import BatchClosed, BatchRefused


class NewItem(NamedTuple):
    """An item to store: the payload, the judgments wanted, and what no rater is shown.

    `gold` is the known answer, as the protocol's `read_gold` takes it; `is_catch` says that only
    inattention fails it; `repeats` is the place in the list of the item that this one asks again.
    `group` is whom it is for, if not everybody. `pictures` says for the names of images which
    stored `file` and `thumbnail` they stand for; without, a name is itself that of a stored file.
    `not_for` are ids of raters who are never asked it.
    """

    payload: Mapping[str, Any]
    overlap: int
    gold: Mapping[str, Any] | None = None
    is_catch: bool = False
    repeats: int | None = None
    group: int | None = None
    pictures: Mapping[str, Mapping[str, str]] | None = None
    not_for: Collection[int] = ()


@transaction.atomic
def batch_create(
    *,
    title: str,
    protocol: str,
    consent: str,
    instructions: str,
    items: Sequence[NewItem | tuple[Mapping[str, Any], int]],
    items_per_rater: int,
    ask_confidence: bool = False,
    lease_seconds: int = 1800,
    seed: int = 0,
    rules: Sequence[Rule] = (),
    tells_raters: bool = True,
    entry: Mapping[str, Any] | None = None,
    language: str = "en",
    open_to_accounts: bool = False,
    follows: Batch | None = None,
    catch_interval: int = 0,
    repeat_after: int = 0,
) -> Batch:
    """Store a draft batch with its items, each a payload and the number of judgments wanted.

    Items keep the order given as their `position`. ValueError for a payload or a known answer that
    the protocol refuses, and for rules and an entry that cannot be.
    """
    read_entry(entry or {}, PROTOCOLS[protocol])
    batch = Batch.objects.create(
        title=title,
        protocol=protocol,
        consent=consent,
        instructions=instructions,
        items_per_rater=items_per_rater,
        ask_confidence=ask_confidence,
        lease_seconds=lease_seconds,
        seed=seed,
        rules=[rule.to_json() for rule in read_rules([rule.to_json() for rule in rules])],
        tells_raters=tells_raters,
        entry=dict(entry or {}),
        language=language,
        open_to_accounts=open_to_accounts,
        follows=follows,
        catch_interval=catch_interval,
        repeat_after=repeat_after,
    )
    new = [NewItem(*item) for item in items]
    made = Item.objects.bulk_create(
        _item(batch, position, item) for position, item in enumerate(new)
    )
    _link_repeats(made, [item.repeats for item in new])
    bars = Item.not_for.through
    bars.objects.bulk_create(
        bars(item=item, rater_id=rater)
        for item, asked in zip(made, new, strict=True)
        for rater in sorted(asked.not_for)
    )
    return batch


def _item(batch: Batch, position: int, new: NewItem) -> Item:
    protocol = PROTOCOLS[batch.protocol]
    payload = protocol.read(new.payload)
    if new.gold is not None:
        protocol.read_gold(payload, new.gold)
    elif new.is_catch:
        raise ValueError(f"item {position}: a catch trial has a known answer")
    pictures = {name: dict(files) for name, files in (new.pictures or {}).items()}
    if strange := sorted(pictures.keys() - payload.images):
        raise ValueError(f"item {position}: shows no image {strange[0]}")
    return Item(
        batch=batch,
        position=position,
        payload=payload.to_json(),
        payload_version=payload.version,
        pictures=pictures,
        overlap=new.overlap,
        gold=new.gold,
        is_catch=new.is_catch,
        group=new.group,
    )


def _link_repeats(items: Sequence[Item], repeats: Sequence[int | None]) -> None:
    again = [(item, at) for item, at in zip(items, repeats, strict=True) if at is not None]
    for item, at in again:
        if not 0 <= at < len(items) or at == item.position:
            raise ValueError(f"item {item.position} repeats item {at}, which is no other one")
        item.repeats = items[at]
    Item.objects.bulk_update([item for item, _ in again], ["repeats"], batch_size=500)


@transaction.atomic
def batch_open(*, batch: Batch) -> None:
    """Let raters in. A closed batch may be opened again; one without items is refused."""
    if not batch.items.exists():
        raise BatchRefused("a batch without items cannot be opened")
    Batch.objects.filter(pk=batch.pk).update(state=Batch.State.OPEN)
    batch.state = Batch.State.OPEN


def batch_close(*, batch: Batch) -> None:
    """Take no more answers. What was answered stays."""
    Batch.objects.filter(pk=batch.pk, state=Batch.State.OPEN).update(state=Batch.State.CLOSED)
    batch.refresh_from_db(fields=["state"])


@transaction.atomic
def rater_enrol(
    *,
    batch: Batch,
    rater: Rater | None,
    at: datetime,
    synthetic: bool = False,
    external: str = "",
    arrival: Mapping[str, str] | None = None,
) -> Enrolment:
    """Store a rater's consent to the batch's current text, and their place in it.

    Without a rater, one is made, or found by a recruiter's name for them. A rater who has enrolled
    already keeps that enrolment. Where items are for groups, the rater is dealt to one of them.
    """
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.state != Batch.State.OPEN:
        raise BatchClosed(batch.title)
    if external:
        rater, _ = Rater.objects.get_or_create(external=external)
    rater = rater or Rater.objects.create(synthetic=synthetic)
    if known := Enrolment.objects.filter(batch=batch, rater=rater).first():
        return known
    last = batch.enrolments.aggregate(last=Max("ordinal"))["last"]
    return Enrolment.objects.create(
        batch=batch,
        rater=rater,
        ordinal=0 if last is None else last + 1,
        consent_version=batch.consent_version,
        consented=at,
        arrival=dict(arrival or {}),
        group=_group(batch, at),
    )


def _group(batch: Batch, at: datetime) -> int | None:
    """Return the group of a batch's next rater; None if its items have no groups."""
    groups = groups_of(batch, wanting=True) or groups_of(batch)
    if not groups:
        return None
    return group_for(groups, group_shares(batch, at=at), seed=batch.seed)


def enrolment_finish(*, enrolment: Enrolment, at: datetime) -> None:
    """Record when a rater first saw that nothing is left for them."""
    Enrolment.objects.filter(pk=enrolment.pk, finished=None).update(finished=at)
