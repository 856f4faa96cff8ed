"""A rater's way: invitation, instructions, questions, the end."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.timezone import now

from annotation.models import Assignment, Batch, Enrolment, Judgment, Rater
from annotation.services.batches import batch_close
from annotation.services.claims import assignments_expire
from tests.annotation.browsing import address, agreed, asked, let_time_pass, send
from tests.annotation.factories import draft_batch, open_batch

pytestmark = pytest.mark.django_db


# --- Coming in ------------------------------------------------------------------------------------


def test_an_invitation_says_what_it_is_and_asks_for_consent(client: Client, batch: Batch) -> None:
    page = client.get(f"/rate/{batch.token}/").content.decode()
    assert batch.title in page
    assert batch.consent in page
    assert "up to 6 questions" in page
    assert not Enrolment.objects.exists()


def test_whoever_agrees_is_enrolled_and_shown_the_instructions(
    client: Client, batch: Batch
) -> None:
    page = client.post(f"/rate/{batch.token}/", follow=True)
    assert page.redirect_chain == [(f"/rate/{batch.token}/instructions/", HTTPStatus.SEE_OTHER)]
    assert batch.instructions in page.content.decode()
    assert Enrolment.objects.get().consent_version == batch.consent_version


def test_the_cookie_reaches_pages_that_hide_things_from_raters_but_no_script(
    rater: Client,
) -> None:
    cookie = rater.cookies["rater"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Lax")


def test_whoever_comes_back_goes_on_where_they_were(rater: Client, batch: Batch) -> None:
    send(rater, asked(rater, batch))
    page = rater.get(f"/rate/{batch.token}/").content.decode()
    assert "You have done 1 of 6" in page
    rater.post(f"/rate/{batch.token}/")
    assert Enrolment.objects.count() == Rater.objects.count() == 1


@pytest.mark.parametrize("path", ["", "instructions/", "next/", "done/"])
def test_an_unknown_link_says_so(client: Client, path: str) -> None:
    page = client.get(f"/rate/nothing-here/{path}", follow=True)
    assert page.status_code == HTTPStatus.NOT_FOUND
    assert "This link doesn't work" in page.content.decode()


def test_a_draft_is_not_to_be_seen(client: Client) -> None:
    draft = draft_batch()
    for answer in (client.get(f"/rate/{draft.token}/"), client.post(f"/rate/{draft.token}/")):
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert not Rater.objects.exists()


@pytest.mark.parametrize("path", ["", "instructions/", "next/"])
def test_a_closed_study_says_so_and_thanks(rater: Client, batch: Batch, path: str) -> None:
    send(rater, asked(rater, batch))
    batch_close(batch=batch)
    page = rater.get(f"/rate/{batch.token}/{path}")
    assert page.status_code == HTTPStatus.GONE
    assert "is closed" in page.content.decode()
    assert "The answer you gave is stored" in page.content.decode()


def test_a_closed_study_enrols_nobody(client: Client, batch: Batch) -> None:
    batch_close(batch=batch)
    assert client.post(f"/rate/{batch.token}/").status_code == HTTPStatus.GONE
    assert not Rater.objects.exists()


# --- Questions ------------------------------------------------------------------------------------


def test_a_question_shows_its_payload_and_where_the_rater_is(rater: Client, batch: Batch) -> None:
    page = rater.get(f"/rate/{batch.token}/next/").content.decode()
    assert "1 of 6" in page
    assert '<mark class="l10" title="8.25">trout</mark>' in page
    assert "fish in fresh water" in page
    assert "ways to travel" in page


def test_options_stand_in_the_order_of_the_assignment(rater: Client, batch: Batch) -> None:
    for _ in range(4):
        assignment = asked(rater, batch)
        page = rater.get(f"/rate/{batch.token}/next/").content.decode()
        shown = re.findall(r'name="choice"\s+value="([0-9a-f]{8}|tie)"', page)
        assert shown == [assignment.order[0], "tie", assignment.order[1]]
        send(rater, assignment)


def test_an_answer_is_stored_and_leads_to_the_next_question(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    answer = send(rater, assignment, choice=assignment.order[0])
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer["Location"] == f"/rate/{batch.token}/next/"
    assert Judgment.objects.get().answer["choice"] == assignment.order[0]
    assert asked(rater, batch) != assignment


def test_a_rater_answers_to_the_end_and_is_thanked(rater: Client, batch: Batch) -> None:
    for _ in range(6):
        send(rater, asked(rater, batch))
    page = rater.get(f"/rate/{batch.token}/next/", follow=True)
    assert page.redirect_chain == [(f"/rate/{batch.token}/done/", HTTPStatus.SEE_OTHER)]
    assert "You have answered 6 questions" in page.content.decode()
    assert Enrolment.objects.get().finished is not None


def test_a_rater_for_whom_nothing_is_left_is_told_so_and_is_done(client: Client) -> None:
    batch = open_batch(items=1, overlap=1)
    agreed(client, batch)
    other = agreed(Client(), batch)
    send(other, asked(other, batch))
    page = client.get(f"/rate/{batch.token}/next/", follow=True).content.decode()
    assert "there was none left for you" in page
    assert "0 questions" not in page
    assert "Check again" not in page
    assert Enrolment.objects.get(ordinal=0).finished is not None


def test_a_rater_may_look_again_while_others_hold_the_rest(client: Client) -> None:
    batch = open_batch(items=2, overlap=1)
    send(agreed(client, batch), asked(client, batch))
    other = agreed(Client(), batch)
    held = asked(other, batch)
    page = client.get(f"/rate/{batch.token}/next/", follow=True).content.decode()
    assert "You have answered one question" in page
    assert "Check again" in page
    assert Enrolment.objects.get(ordinal=0).finished is None
    other.post(address(held, "skip"), {"reason": "unclear"})
    assert asked(client, batch).item == held.item


def test_a_rater_who_came_while_others_hold_everything_has_answered_nothing_yet(
    client: Client,
) -> None:
    batch = open_batch(items=1, overlap=1)
    asked(agreed(Client(), batch), batch)
    page = agreed(client, batch).get(f"/rate/{batch.token}/next/", follow=True).content.decode()
    assert "You haven't answered any questions" in page
    assert "Check again" in page


def test_a_rater_whose_share_is_done_need_not_look_again(client: Client) -> None:
    batch = open_batch(items=3, overlap=1, items_per_rater=1)
    send(agreed(client, batch), asked(client, batch))
    page = client.get(f"/rate/{batch.token}/next/", follow=True).content.decode()
    assert "You're done" in page
    assert Enrolment.objects.get().finished is not None


def test_nobody_looks_again_in_a_study_that_has_closed(rater: Client, batch: Batch) -> None:
    send(rater, asked(rater, batch))
    batch_close(batch=batch)
    assert "Check again" not in rater.get(f"/rate/{batch.token}/done/").content.decode()


def test_a_double_submit_is_one_answer(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    key = str(uuid4())
    answers = [send(rater, assignment, key=key) for _ in range(2)]
    assert [a.status_code for a in answers] == [HTTPStatus.SEE_OTHER] * 2
    assert Judgment.objects.count() == 1


def test_another_answer_sent_after_back_is_shown_and_stored_when_sent_again(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    key = str(uuid4())
    first, second = assignment.order
    send(rater, assignment, key=key, choice=first)
    page = send(rater, assignment, key=key, choice=second)
    assert page.status_code == HTTPStatus.CONFLICT
    assert "You answered A before. Submit again to change it to B." in page.content.decode()
    assert checked(page) == [second]
    fields = hidden(page)
    assert (fields["edit"], fields["key"] != key) == ("1", True)
    again = send(rater, assignment, choice=second, key=fields["key"], edit=fields["edit"])
    assert again.status_code == HTTPStatus.SEE_OTHER
    assert Judgment.objects.get(superseded_by=None).answer["choice"] == second
    assert Judgment.objects.count() == 2


def test_another_confidence_sent_after_back_is_asked_about_too(client: Client) -> None:
    batch = open_batch(ask_confidence=True)
    assignment = asked(agreed(client, batch), batch)
    send(client, assignment, confidence="3")
    page = send(client, assignment, confidence="1")
    assert page.status_code == HTTPStatus.CONFLICT
    assert "different confidence or reason" in page.content.decode()
    assert checked(page) == ["tie", "1"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("2.5", 2.5), ("", 60), ("soon", 60), ("-1", 60), ("nan", 60), ("9999", 60)],
)
def test_time_in_view_is_believed_only_as_far_as_the_clock_allows(
    rater: Client, batch: Batch, sent: str, stored: float
) -> None:
    assignment = asked(rater, batch)
    minute = timedelta(minutes=1)
    Assignment.objects.update(claimed=assignment.claimed - minute)
    send(rater, assignment, seconds=sent)
    assert Judgment.objects.get().seconds == pytest.approx(stored, abs=5)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"choice": ""}, "Choose one of the answers first."),
        ({"choice": "left"}, "Choose one of the answers first."),
        ({"choice": "tie", "score": "1"}, "Something went wrong with the form"),
    ],
)
def test_an_invalid_answer_is_explained(
    rater: Client, batch: Batch, answer: dict[str, str], told: str
) -> None:
    page = send(rater, asked(rater, batch), **answer)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert told in page.content.decode()
    assert not Judgment.objects.exists()


def test_a_missing_confidence_is_asked_for_and_the_choice_stays(client: Client) -> None:
    batch = open_batch(ask_confidence=True)
    assignment = asked(agreed(client, batch), batch)
    page = send(client, assignment, choice=assignment.order[1])
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Say how sure you are." in page.content.decode()
    assert checked(page) == [assignment.order[1]]
    assert send(client, assignment, confidence="3").status_code == HTTPStatus.SEE_OTHER
    assert Judgment.objects.get().answer == {"choice": "tie", "confidence": 3}


def checked(page: Any) -> list[str]:
    """Return the values of the fields that are chosen on a page."""
    fields = re.findall(r"<input[^>]+>", page.content.decode())
    return [value for f in fields if "checked" in f for value in re.findall(r'value="([^"]+)"', f)]


def hidden(page: Any) -> dict[str, str]:
    """Return what a page sends with an answer besides the answer."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
    return dict(found)


@pytest.mark.parametrize("swept", [False, True])
def test_a_late_answer_is_stored_at_once_while_nobody_else_has_the_question(
    rater: Client, batch: Batch, swept: bool
) -> None:
    late = let_lapse(asked(rater, batch), swept=swept)
    key = str(uuid4())
    for _ in range(2):  # sent again, it is still one answer
        answer = send(rater, late, choice=late.order[0], key=key, seconds="1900")
        assert answer.status_code == HTTPStatus.SEE_OTHER
    judgment = Judgment.objects.get()
    assert (judgment.answer["choice"], judgment.seconds) == (late.order[0], 1900)


def let_lapse(assignment: Assignment, *, swept: bool) -> Assignment:
    let_time_pass(assignment)
    if swept:
        assignments_expire(at=now())
    return assignment


def test_a_late_answer_can_be_changed_from_the_form_that_sent_it(
    rater: Client, batch: Batch
) -> None:
    late = let_lapse(asked(rater, batch), swept=True)
    send(rater, late)
    page = send(rater, late, choice=late.order[0])
    assert "You answered the tie before. Submit again to change it to A." in page.content.decode()
    send(rater, page.context["state"].assignment, choice=late.order[0], edit="1")
    assert Judgment.objects.get(superseded_by=None).answer["choice"] == late.order[0]


def test_a_late_answer_that_is_incomplete_can_be_completed(rater: Client, batch: Batch) -> None:
    late = let_lapse(asked(rater, batch), swept=True)
    page = send(rater, late, choice="")
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    renewed = page.context["state"].assignment
    assert send(rater, renewed, seconds="1900").status_code == HTTPStatus.SEE_OTHER
    assert Judgment.objects.get().seconds == 1900


def test_an_answer_that_somebody_else_has_given_by_now_is_shown_but_not_taken(
    client: Client,
) -> None:
    batch = open_batch(items=1, overlap=1)
    assignment = asked(agreed(client, batch), batch)
    let_time_pass(assignment)
    other = agreed(Client(), batch)
    send(other, asked(other, batch))
    page = send(client, assignment, choice=assignment.order[0])
    assert page.status_code == HTTPStatus.CONFLICT
    assert "no longer needed" in page.content.decode()
    assert checked(page) == [assignment.order[0]]
    assert Judgment.objects.count() == 1


def test_an_answer_to_a_study_that_closed_meanwhile_is_shown_but_not_taken(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    batch_close(batch=batch)
    page = send(rater, assignment, choice=assignment.order[1])
    assert page.status_code == HTTPStatus.GONE
    assert "has closed in the meantime" in page.content.decode()
    assert checked(page) == [assignment.order[1]]
    assert not Judgment.objects.exists()


def test_a_question_can_be_skipped_with_a_reason(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    answer = rater.post(address(assignment, "skip"), {"reason": "unclear"})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assignment.refresh_from_db()
    assert (assignment.state, assignment.skip_reason) == ("skipped", "unclear")
    assert asked(rater, batch).item != assignment.item


def test_a_skip_without_a_reason_is_asked_for_one(rater: Client, batch: Batch) -> None:
    page = rater.post(address(asked(rater, batch), "skip"))
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Say why" in page.content.decode()


def test_skipping_what_is_over_just_goes_on(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    let_time_pass(assignment)
    assignments_expire(at=assignment.claimed + timedelta(days=1))
    answer = rater.post(address(assignment, "skip"), {"reason": "unclear"})
    assert answer["Location"] == f"/rate/{batch.token}/next/"


def test_the_last_answer_can_be_changed(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    send(rater, assignment)
    assert address(assignment) in rater.get(f"/rate/{batch.token}/next/").content.decode()
    page = rater.get(address(assignment))
    assert checked(page) == ["tie"]
    assert 'name="edit"' in page.content.decode()
    send(rater, assignment, choice=assignment.order[0], edit="1")
    latest = Judgment.objects.get(superseded_by=None)
    assert latest.answer["choice"] == assignment.order[0]
    assert Judgment.objects.count() == 2


def test_the_address_of_an_open_question_leads_to_it(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    answer = rater.get(address(assignment))
    assert answer["Location"] == f"/rate/{batch.token}/next/"
