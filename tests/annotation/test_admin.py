"""Batches, items, assignments and judgments can be looked at, and not touched."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client

from annotation.models import Batch, Enrolment, Judgment
from annotation.services.answers import judgment_submit
from annotation.services.claims import assignment_claim
from tests.annotation.conftest import NOON

MODELS = ["batch", "item", "enrolment", "assignment", "judgment"]


@pytest.fixture
def judgment(enrol: Callable[..., Enrolment]) -> Judgment:
    assignment = assignment_claim(enrolment=enrol(), at=NOON)
    assert assignment is not None
    return judgment_submit(
        assignment=assignment, answer={"choice": "tie"}, key=uuid4(), seconds=3, at=NOON
    )


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_listed_and_shown_but_not_added_changed_or_deleted(
    admin_client: Client, judgment: Judgment, model: str
) -> None:
    listed = admin_client.get(f"/admin/annotation/{model}/")
    assert listed.status_code == HTTPStatus.OK
    pk = apps.get_model("annotation", model).objects.latest("pk").pk
    shown = admin_client.get(f"/admin/annotation/{model}/{pk}/change/")
    assert shown.status_code == HTTPStatus.OK
    assert b'name="_save"' not in shown.content
    for path in ("add/", f"{pk}/delete/"):
        refused = admin_client.get(f"/admin/annotation/{model}/{path}")
        assert refused.status_code == HTTPStatus.FORBIDDEN
    changed = admin_client.post(f"/admin/annotation/{model}/{pk}/change/", {"state": "closed"})
    assert changed.status_code == HTTPStatus.FORBIDDEN


def test_a_batch_shows_its_progress_and_its_link(
    admin_client: Client, judgment: Judgment, batch: Batch
) -> None:
    page = admin_client.get("/admin/annotation/batch/").content.decode()
    assert "1 of 12 by 1 rater" in page
    assert f"/rate/{batch.token}/" in page


def test_an_item_shows_what_a_rater_sees(admin_client: Client, judgment: Judgment) -> None:
    item = judgment.assignment.item_id
    page = admin_client.get(f"/admin/annotation/item/{item}/change/").content.decode()
    assert '<mark class="l10" title="8.25">trout</mark>' in page
    assert "fish in fresh water" in page


@pytest.mark.parametrize("model", MODELS)
def test_strangers_are_sent_to_log_in(client: Client, judgment: Judgment, model: str) -> None:
    answer = client.get(f"/admin/annotation/{model}/")
    assert answer.status_code == HTTPStatus.FOUND
    assert answer["Location"].startswith("/admin/login/")
