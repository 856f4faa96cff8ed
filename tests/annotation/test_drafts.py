"""A question stays the rater's while its page is open, and its form is kept as it was left."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.timezone import now

from annotation.models import Assignment, Batch, Enrolment, Item, Judgment
from annotation.protocols import PROTOCOLS
from annotation.services.batches import batch_close
from annotation.services.claims import (
    HOLD_SECONDS,
    assignment_claim,
    assignment_hold,
    assignments_expire,
)
from annotation.services.errors import LeaseExpired
from tests.annotation.browsing import address, agreed, asked, let_time_pass, send
from tests.annotation.factories import open_batch

pytestmark = pytest.mark.django_db


def hold(rater: Client, assignment: Assignment, **fields: object) -> Any:
    """Send what the open page sends."""
    return rater.post(address(assignment, "hold"), {"key": str(uuid4()), "seconds": "1", **fields})


def test_what_is_on_the_form_is_there_again_in_another_browser(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    kept = hold(rater, assignment, choice=assignment.order[1])
    assert (kept.status_code, kept.content) == (HTTPStatus.NO_CONTENT, b"")
    elsewhere = Client()
    elsewhere.cookies["rater"] = rater.cookies["rater"].value
    page = elsewhere.get(f"/rate/{batch.token}/next/").content.decode()
    chosen = page.split(f'value="{assignment.order[1]}"')[1].split(">")[0]
    assert "checked" in chosen
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_half_an_answer_of_any_protocol_is_shown_again(client: Client, protocol: str) -> None:
    batch = open_batch(items=1, protocol=protocol)
    assignment = asked(agreed(client, batch), batch)
    half = {
        "compare": {"choice": "tie"},
        "choose": {"choice": (assignment.order or [""])[0]},
        "rank": {f"place.{key}": "" for key in assignment.order},
        "rate": {f"rating.{key}.clear": "3" for key in assignment.order},
        "mark": {"marked[]": assignment.order[:1]},
        "simulate": {"values.0.1": "7"},
        "write": {"text": "fish"},
    }[protocol]
    assert hold(client, assignment, **half).status_code == HTTPStatus.NO_CONTENT
    assert client.get(f"/rate/{batch.token}/next/").status_code == HTTPStatus.OK


def test_an_open_page_keeps_its_question_and_a_closed_one_gives_it_back(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    hold(rater, assignment)
    assignment.refresh_from_db()
    until = assignment.expires - now()
    assert timedelta(seconds=HOLD_SECONDS - 10) < until <= timedelta(seconds=HOLD_SECONDS)
    assert assignments_expire(at=now() + timedelta(seconds=HOLD_SECONDS - 10)) == 0
    assert assignments_expire(at=now() + timedelta(seconds=HOLD_SECONDS)) == 1
    assert Item.objects.get(pk=assignment.item_id).claims == 0


def test_a_page_without_script_keeps_its_question_for_the_whole_lease(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    assert assignment.expires - assignment.claimed == timedelta(seconds=batch.lease_seconds)


def test_a_sign_from_an_open_page_never_outlasts_a_short_lease(client: Client) -> None:
    batch = open_batch(lease_seconds=60)
    assignment = asked(agreed(client, batch), batch)
    hold(client, assignment)
    assignment.refresh_from_db()
    assert assignment.expires <= now() + timedelta(seconds=60)


def test_who_comes_back_late_is_given_back_what_they_had_begun(rater: Client, batch: Batch) -> None:
    begun = asked(rater, batch)
    hold(rater, begun, choice="tie")
    let_time_pass(begun)
    again = asked(rater, batch)
    assert (again.item_id, again.order, again.draft) == (begun.item_id, begun.order, begun_draft())
    assert again.pk != begun.pk
    assert Item.objects.get(pk=begun.item_id).claims == 1
    assert send(rater, again).status_code == HTTPStatus.SEE_OTHER


def begun_draft() -> dict[str, str]:
    return {"choice": "tie"}


def test_what_somebody_else_has_answered_by_then_is_not_given_back(client: Client) -> None:
    batch = open_batch(items=2, overlap=1)
    begun = asked(agreed(client, batch), batch)
    hold(client, begun, choice="tie")
    let_time_pass(begun)
    other = agreed(Client(), batch)
    for _ in range(2):
        given = asked(other, batch)
        send(other, given)
    assert client.get(f"/rate/{batch.token}/next/").status_code == HTTPStatus.SEE_OTHER
    assert Judgment.objects.count() == 2


def test_an_answer_takes_its_draft_away_and_a_late_draft_changes_nothing(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    hold(rater, assignment, choice="tie")
    send(rater, assignment)
    late = hold(rater, assignment, choice=assignment.order[0])
    assert late.status_code == HTTPStatus.CONFLICT
    assignment.refresh_from_db()
    assert (assignment.draft, assignment.state) == (None, "judged")


def test_a_skip_takes_its_draft_away(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    hold(rater, assignment, choice="tie")
    rater.post(address(assignment, "skip"), {"reason": "unclear"})
    assignment.refresh_from_db()
    assert assignment.draft is None


def test_nobody_holds_anothers_question(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    assert hold(agreed(Client(), batch), assignment).status_code == HTTPStatus.NOT_FOUND
    assert hold(Client(), assignment).status_code == HTTPStatus.FORBIDDEN
    assert rater.get(address(assignment, "hold")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assignment.refresh_from_db()
    assert assignment.draft is None


def test_a_closed_study_an_old_claim_and_a_huge_draft_are_refused(
    rater: Client, batch: Batch
) -> None:
    assignment = asked(rater, batch)
    huge = hold(rater, assignment, reason="x" * 30_000)
    assert huge.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    with pytest.raises(LeaseExpired):
        assignment_hold(assignment=assignment, draft={}, at=assignment.expires)
    batch_close(batch=batch)
    assert hold(rater, assignment).status_code == HTTPStatus.GONE
    assignment.refresh_from_db()
    assert assignment.draft is None


def test_a_quota_that_a_rater_dropped_is_there_for_the_next(client: Client) -> None:
    batch = open_batch(items=1, overlap=1)
    dropped = asked(agreed(client, batch), batch)
    hold(client, dropped, choice="tie")
    next_rater = Client()
    agreed(next_rater, batch)
    enrolment = Enrolment.objects.get(ordinal=1)
    assert assignment_claim(enrolment=enrolment, at=now()) is None
    later = now() + timedelta(seconds=HOLD_SECONDS)
    given = assignment_claim(enrolment=enrolment, at=later)
    assert given is not None
    assert given.item_id == dropped.item_id


@pytest.mark.parametrize(("sent", "away"), [("20", 40), ("60", 0), ("9999", 0), ("", None)])
def test_time_away_from_the_page_is_stored_where_the_page_measured(
    rater: Client, batch: Batch, sent: str, away: float | None
) -> None:
    assignment = asked(rater, batch)
    minute = timedelta(minutes=1)
    Assignment.objects.update(claimed=assignment.claimed - minute)
    send(rater, assignment, seconds=sent)
    expected = None if away is None else pytest.approx(away, abs=3)
    assert Judgment.objects.get().away == expected


def test_a_change_has_no_time_away_of_its_own(rater: Client, batch: Batch) -> None:
    assignment = asked(rater, batch)
    send(rater, assignment)
    send(rater, assignment, choice=assignment.order[0], edit="1")
    assert Judgment.objects.get(superseded_by=None).away is None
