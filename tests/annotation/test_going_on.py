"""The next question in the reply to an answer: for pages whose script can show it there."""

from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

from django.test import Client
from django.utils.timezone import now

from annotation.allocation import order_balance_of
from annotation.models import Assignment, Batch, Judgment
from tests.annotation.browsing import agreed, asked, send
from tests.annotation.factories import open_batch


def test_the_next_question_comes_in_the_reply_to_an_answer(rater: Client, batch: Batch) -> None:
    first = asked(rater, batch)
    reply = send(rater, first, at_once="1")
    assert reply.status_code == HTTPStatus.OK
    assert reply.context["state"].assignment == Assignment.objects.get(state="open")
    assert reply.context["state"].assignment != first
    assert f'data-address="/rate/{batch.token}/next/"' in reply.content.decode()
    assert asked(rater, batch) == reply.context["state"].assignment


def test_without_the_script_an_answer_leads_on(rater: Client, batch: Batch) -> None:
    reply = send(rater, asked(rater, batch))
    assert (reply.status_code, reply["Location"]) == (303, f"/rate/{batch.token}/next/")
    page = rater.get(f"/rate/{batch.token}/next/").content.decode()
    assert "data-address" not in page


def test_after_the_last_answer_the_reply_leads_to_the_end(client: Client, db: None) -> None:
    batch = open_batch(items=1, overlap=1)
    rater = agreed(client, batch)
    reply = send(rater, asked(rater, batch), at_once="1")
    assert reply.status_code == HTTPStatus.SEE_OTHER
    assert b"Thank you" in rater.get(reply["Location"], follow=True).content


def test_nothing_is_claimed_before_the_answer_and_a_lease_begins_with_the_reply(
    rater: Client, batch: Batch
) -> None:
    first = asked(rater, batch)
    assert Assignment.objects.count() == 1
    before = now()
    send(rater, first, at_once="1")
    following = Assignment.objects.get(state="open")
    assert before <= following.claimed <= now()
    assert following.expires - following.claimed == timedelta(seconds=batch.lease_seconds)


def test_an_answer_sent_again_is_shown_the_same_question(rater: Client, batch: Batch) -> None:
    first, key = asked(rater, batch), str(uuid4())
    replies = [send(rater, first, at_once="1", key=key) for _ in range(3)]
    assert len({reply.context["state"].assignment for reply in replies}) == 1
    assert Judgment.objects.count() == 1
    assert Assignment.objects.count() == 2


def test_a_refused_answer_keeps_its_status_and_claims_nothing(rater: Client, batch: Batch) -> None:
    first = asked(rater, batch)
    reply = send(rater, first, at_once="1", choice="neither")
    assert reply.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert b"data-address" not in reply.content
    assert Assignment.objects.get() == first


def test_sides_are_as_balanced_as_ever(client: Client, db: None) -> None:
    batch = open_batch(items=8, overlap=1)
    rater = agreed(client, batch)
    question = asked(rater, batch)
    while (reply := send(rater, question, at_once="1")).status_code == HTTPStatus.OK:
        question = reply.context["state"].assignment
    assert Judgment.objects.count() == 8
    assert order_balance_of(Assignment.objects.values_list("order", flat=True)) == 0
