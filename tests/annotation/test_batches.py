"""Batches are made whole, opened and closed; raters enrol with their consent."""

from typing import Any

import pytest

from annotation.models import Batch, Enrolment, Item, Rater
from annotation.selectors.batches import batch_of, batch_progress
from annotation.selectors.progress import rater_progress
from annotation.services.batches import (
    batch_close,
    batch_create,
    batch_open,
    enrolment_finish,
    rater_enrol,
)
from annotation.services.claims import assignment_claim
from annotation.services.errors import BatchClosed, BatchRefused
from tests.annotation.conftest import NOON
from tests.annotation.factories import compare_item, draft_batch, open_batch
from tests.refusals import refused

pytestmark = pytest.mark.django_db


def enrol(batch: Batch, **options: Any) -> Enrolment:
    return rater_enrol(batch=batch, at=NOON, **{"rater": None, **options})


def test_items_keep_their_order_and_their_payload() -> None:
    items = draft_batch(items=3).items.order_by("position")
    assert [item.payload for item in items] == [compare_item(n) for n in range(3)]


def test_a_batch_with_a_payload_that_is_none_is_not_stored() -> None:
    with pytest.raises(ValueError, match="unknown field"):
        draft_batch_with({**compare_item(), "method": "lookup"})
    assert not Batch.objects.exists()
    assert not Item.objects.exists()


def draft_batch_with(payload: dict[str, Any]) -> Batch:
    return batch_create(
        title="",
        protocol="compare",
        consent="",
        instructions="",
        items_per_rater=1,
        items=[(payload, 1)],
    )


def test_a_batch_without_items_cannot_be_opened() -> None:
    with pytest.raises(BatchRefused):
        batch_open(batch=draft_batch(items=0, items_per_rater=1))


def test_a_draft_cannot_be_reached_and_takes_no_raters() -> None:
    draft = draft_batch()
    assert batch_of(draft.token) is None
    with pytest.raises(BatchClosed):
        enrol(draft)


def test_a_closed_batch_can_be_opened_again() -> None:
    batch = open_batch()
    batch_close(batch=batch)
    with pytest.raises(BatchClosed):
        enrol(batch)
    batch_open(batch=batch)
    assert enrol(batch).ordinal == 0


def test_consent_is_stored_with_the_version_that_was_agreed_to() -> None:
    batch = open_batch()
    Batch.objects.update(consent_version=4)
    enrolment = enrol(batch)
    assert (enrolment.consent_version, enrolment.consented) == (4, NOON)


def test_raters_are_numbered_as_they_come() -> None:
    batch = open_batch()
    assert [enrol(batch).ordinal for _ in range(3)] == [0, 1, 2]


def test_whoever_agrees_twice_is_enrolled_once() -> None:
    batch = open_batch()
    first = enrol(batch)
    assert enrol(batch, rater=first.rater) == first
    assert Rater.objects.count() == 1


def test_a_rater_of_one_batch_may_join_another() -> None:
    first = enrol(open_batch())
    second = enrol(open_batch(), rater=first.rater)
    assert (second.rater, second.ordinal) == (first.rater, 0)


def test_synthetic_raters_are_marked() -> None:
    batch = open_batch()
    enrol(batch)
    assert enrol(batch, synthetic=True).rater.synthetic
    progress = batch_progress(batch)
    assert (progress.raters, progress.synthetic_raters, progress.wanted) == (2, 1, 12)


def test_the_first_end_is_kept() -> None:
    enrolment = enrol(open_batch())
    for at in (NOON, NOON.replace(hour=13)):
        enrolment_finish(enrolment=enrolment, at=at)
    enrolment.refresh_from_db()
    assert enrolment.finished == NOON


def test_a_rater_is_not_told_of_more_questions_than_there_are() -> None:
    enrolment = enrol(open_batch(items=3, items_per_rater=40))
    assert rater_progress(enrolment).total == 3
    assert rater_progress(enrolment).current == 1
    assert assignment_claim(enrolment=enrolment, at=NOON) is not None


def test_the_database_knows_the_states_of_a_batch() -> None:
    open_batch()
    with refused("batch_state_known"):
        Batch.objects.update(state="paused")
