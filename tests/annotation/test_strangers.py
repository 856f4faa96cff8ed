"""What is refused to those who are somebody else, and to forms that are not ours."""

from http import HTTPStatus

import pytest
from django.test import Client

from annotation.models import Assignment, Batch, Judgment, Rater
from tests.annotation.browsing import address, agreed, asked, send
from tests.annotation.factories import open_batch

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger(batch: Batch) -> Client:
    """Return the browser of another rater of the same batch."""
    return agreed(Client(), batch)


def test_a_rater_cannot_open_anothers_assignment(
    rater: Client, stranger: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    send(rater, assignment)
    page = stranger.get(address(assignment))
    assert page.status_code == HTTPStatus.NOT_FOUND
    assert "This isn't your question" in page.content.decode()
    assert "trout" not in page.content.decode()


@pytest.mark.parametrize("verb", ["answer", "skip"])
def test_a_rater_cannot_answer_or_skip_for_another(
    rater: Client, stranger: Client, batch: Batch, verb: str
) -> None:
    assignment = asked(rater, batch)
    data = {"choice": "tie", "reason": "unclear"}
    assert stranger.post(address(assignment, verb), data).status_code == HTTPStatus.NOT_FOUND
    assignment.refresh_from_db()
    assert assignment.state == Assignment.State.OPEN


def test_an_assignment_cannot_be_reached_through_another_batch(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    other = open_batch()
    agreed(rater, other)
    path = f"/rate/{other.token}/answer/{assignment.key}/"
    assert rater.post(path, {"choice": "tie"}).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["instructions/", "next/", "done/"])
def test_whoever_has_not_agreed_is_sent_to_the_invitation(
    client: Client, batch: Batch, path: str
) -> None:
    answer = client.get(f"/rate/{batch.token}/{path}")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer["Location"] == f"/rate/{batch.token}/"
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("verb", ["answer", "skip"])
def test_an_answer_without_the_cookie_is_refused(
    rater: Client, client: Client, batch: Batch, verb: str
) -> None:
    assignment = asked(rater, batch)
    page = Client().post(address(assignment, verb), {"choice": "tie", "reason": "unclear"})
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "don't recognize this browser" in page.content.decode()
    assert not Judgment.objects.exists()


def test_a_forged_cookie_is_nobodys(rater: Client, batch: Batch) -> None:
    forger = Client()
    forger.cookies["rater"] = Rater.objects.get().key.hex + ":forged:signature"
    answer = forger.get(f"/rate/{batch.token}/next/")
    assert answer["Location"] == f"/rate/{batch.token}/"


def test_a_form_without_its_protection_is_refused(batch: Batch) -> None:
    page = Client(enforce_csrf_checks=True).post(f"/rate/{batch.token}/")
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "Nothing was stored" in page.content.decode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "next/"),
        ("post", "instructions/"),
        ("post", "done/"),
        ("delete", ""),
        ("put", ""),
    ],
)
def test_other_methods_are_refused(rater: Client, batch: Batch, method: str, path: str) -> None:
    answer = getattr(rater, method)(f"/rate/{batch.token}/{path}")
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_a_rater_sees_nothing_else_of_the_site(rater: Client) -> None:
    answer = rater.get("/admin/annotation/judgment/")
    assert answer.status_code == HTTPStatus.FOUND
    assert answer["Location"].startswith("/admin/login/")
