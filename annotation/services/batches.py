"""Batches and those who take part in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from annotation.models import Batch, Enrolment, Item, Rater
from annotation.protocols import PROTOCOLS
from annotation.services.errors import BatchClosed, BatchRefused


@transaction.atomic
def batch_create(
    *,
    title: str,
    protocol: str,
    consent: str,
    instructions: str,
    items: Sequence[tuple[Mapping[str, Any], int]],
    items_per_rater: int,
    ask_confidence: bool = False,
    lease_seconds: int = 1800,
    seed: int = 0,
) -> Batch:
    """Store a draft batch with its items, each a payload and the number of judgments wanted.

    Items keep the order given as their `position`. ValueError for a payload its protocol refuses.
    """
    form = PROTOCOLS[protocol]
    batch = Batch.objects.create(
        title=title,
        protocol=protocol,
        consent=consent,
        instructions=instructions,
        items_per_rater=items_per_rater,
        ask_confidence=ask_confidence,
        lease_seconds=lease_seconds,
        seed=seed,
    )
    Item.objects.bulk_create(
        Item(
            batch=batch,
            position=position,
            payload=form.read(payload).to_json(),
            payload_version=form.version,
            overlap=overlap,
        )
        for position, (payload, overlap) in enumerate(items)
    )
    return batch


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
    *, batch: Batch, rater: Rater | None, at: datetime, synthetic: bool = False
) -> Enrolment:
    """Store a rater's consent to the batch's current text, and their place in it.

    Without a rater, one is made. A rater who has enrolled already keeps that enrolment.
    """
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    if batch.state != Batch.State.OPEN:
        raise BatchClosed(batch.title)
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
    )


def enrolment_finish(*, enrolment: Enrolment, at: datetime) -> None:
    """Note when a rater was first told that nothing is left for them."""
    Enrolment.objects.filter(pk=enrolment.pk, finished=None).update(finished=at)
