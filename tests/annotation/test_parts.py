"""Two parts: whoever has finished the first goes on to the second, and nobody else."""

from http import HTTPStatus

import pytest
from django.test import Client

from annotation.models import Assignment, Batch, Rater
from annotation.selectors.raters import is_rating
from tests.annotation.browsing import agreed, asked, send
from tests.annotation.factories import open_batch

pytestmark = pytest.mark.django_db
CODES = {"recruiter": "prolific", "codes": {"completed": "DONE1"}}
ON = "Continue to the second part"


def two_parts(**options: object) -> tuple[Batch, Batch]:
    first = open_batch(items=6, items_per_rater=2, overlap=3, **options)
    return first, open_batch(items=6, items_per_rater=2, overlap=3, follows=first)


def path(batch: Batch, page: str = "") -> str:
    return f"/rate/{batch.token}/{page}"


def finished(rater: Client, batch: Batch) -> str:
    """Answer all of a part, and return the page at its end."""
    for _ in range(batch.items_per_rater):
        send(rater, asked(rater, batch))
    return rater.get(path(batch, "next/"), follow=True).content.decode()


def test_a_rater_who_has_finished_the_first_part_is_led_to_the_second(client: Client) -> None:
    first, second = two_parts()
    page = finished(agreed(client, first), first)
    assert ON in page
    assert path(second) in page
    end = finished(agreed(client, second), second)
    assert "You're done" in end
    assert ON not in client.get(path(first, "done/")).content.decode()


def test_nobody_comes_to_the_second_part_before_the_first_is_done(client: Client) -> None:
    first, second = two_parts()
    stranger = client.get(path(second))
    assert stranger.headers["Location"] == path(first)
    agreed(client, first)
    send(client, asked(client, first))
    early = client.post(path(second))
    assert (early.status_code, early.headers["Location"]) == (HTTPStatus.SEE_OTHER, path(first))
    assert not second.enrolments.exists()


def test_what_was_answered_in_the_first_part_comes_first_in_the_second(client: Client) -> None:
    first, second = two_parts()
    for rater in (client, Client(), Client()):
        finished(agreed(rater, first), first)
        finished(agreed(rater, second), second)
    answered = Assignment.objects.order_by("rater", "item__position")
    of_first = answered.filter(item__batch=first).values_list("rater", "item__position")
    of_second = answered.filter(item__batch=second).values_list("rater", "item__position")
    assert list(of_first) == list(of_second)


def test_the_recruiters_code_is_told_at_the_end_of_the_second_part(client: Client) -> None:
    first, second = two_parts(entry=CODES)
    client.post(f"{path(first)}?PROLIFIC_PID=5f00aa&STUDY_ID=s&SESSION_ID=x")
    assert "DONE1" not in finished(client, first)
    assert "DONE1" in finished(agreed(client, second), second)


def test_where_the_second_part_is_not_open_the_first_is_all(client: Client) -> None:
    first, second = two_parts()
    Batch.objects.filter(pk=second.pk).update(state=Batch.State.CLOSED)
    page = finished(agreed(client, first), first)
    assert ON not in page
    assert "You're done" in page


def test_between_two_parts_a_rater_still_counts_as_rating_and_after_the_last_not(
    client: Client,
) -> None:
    first, second = two_parts()
    finished(agreed(client, first), first)
    key = Rater.objects.get().entry_key
    assert is_rating(key)
    finished(agreed(client, second), second)
    assert not is_rating(key)
