"""Queries that are compiled once say what Django's own would."""

from uuid import uuid4

import pytest
from django.db.models import BigIntegerField, F, UUIDField

from annotation.models import Assignment, Batch, Enrolment, Item, Rater
from annotation.prepared import Prepared, PreparedUpdate, Slot, insert
from annotation.services.batches import rater_enrol
from tests.annotation.conftest import NOON
from tests.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment(batch: Batch) -> Enrolment:
    return rater_enrol(batch=batch, rater=None, at=NOON)


def fields_of(model: Enrolment | Batch | Rater | Assignment) -> dict[str, object]:
    return {field.attname: getattr(model, field.attname) for field in model._meta.concrete_fields}


def test_models_come_with_what_is_selected_beside_them(enrolment: Enrolment) -> None:
    by_rater = Prepared(
        lambda: Enrolment.objects.select_related("batch", "rater").filter(
            rater__key=Slot("key", UUIDField())
        )
    )
    usual = Enrolment.objects.get()
    for _ in range(5):
        found = by_rater.first(key=usual.rater.key)
        assert found is not None
        for one, other in ((found, usual), (found.batch, usual.batch), (found.rater, usual.rater)):
            assert fields_of(one) == fields_of(other)
    assert by_rater.first(key=uuid4()) is None


def test_tuples_hold_values_as_their_fields_read_them(batch: Batch) -> None:
    payloads = Prepared(
        lambda: Item.objects.filter(batch=Slot("batch", BigIntegerField())).values_list(
            "position", "payload"
        )
    )
    usual = Item.objects.filter(batch=batch).values_list("position", "payload")
    assert payloads.all(batch=batch.pk) == list(usual)
    assert payloads.all(batch=0) == []


def test_an_update_changes_what_its_condition_names_and_counts_it(batch: Batch) -> None:
    claim = PreparedUpdate(
        lambda: Item.objects.filter(position=Slot("position", BigIntegerField()), claims=0),
        claims=F("claims") + Slot("more", BigIntegerField()),
    )
    assert [claim.update(position=2, more=1) for _ in range(3)] == [1, 0, 0]
    assert batch.items.filter(claims=1).get().position == 2


def test_what_is_inserted_reads_as_it_was(enrolment: Enrolment, batch: Batch) -> None:
    new = Assignment(
        item=batch.items.all()[0],
        rater=enrolment.rater,
        order=["b", "a"],
        claimed=NOON,
        expires=NOON,
        draft={"choice": "tie"},
    )
    stored = insert(new)
    assert fields_of(Assignment.objects.get(pk=stored.pk)) == fields_of(new)
    assert Assignment.objects.filter(draft=None).count() == 0
    again = Assignment(item=new.item, rater=new.rater, order=[], claimed=NOON, expires=NOON)
    with refused("a_rater_gets_an_item_once"):
        insert(again)
