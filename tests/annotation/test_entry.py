"""Coming in and going out: recruiters, the check, practice, breaks, codes, another device."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.timezone import now

from annotation.entry import read_entry
from annotation.models import Assignment, Batch, Enrolment, Judgment, Rater
from annotation.protocols import PROTOCOLS
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from annotation.services.next_question import newcomer_supplied
from tests.annotation.browsing import address, agreed, asked, send
from tests.annotation.factories import compare_item, item_of, open_batch
from tests.annotation.pictures import stored_image

pytestmark = pytest.mark.django_db

PID = "5f0c7b2e9a1d4e0001a2b3c4"
LINK = f"?PROLIFIC_PID={PID}&STUDY_ID=study1&SESSION_ID=session1"
CODES = {"completed": "DONE1", "screened_out": "OUT2", "no_consent": "NO3"}
CHECK = {"question": "What does a strong mark mean?", "options": ["much", "little"], "right": 0}
TRIAL = {"payload": compare_item(7), "gold": {"choice": "tie"}, "why": "Neither says more."}


def recruiting(**entry: Any) -> Batch:
    return open_batch(items=2, entry={"recruiter": "prolific", "codes": CODES, **entry})


def path(batch: Batch, name: str = "") -> str:
    return f"/rate/{batch.token}/{name}"


def text(page: Any) -> str:
    return str(page.content.decode())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"leads_back": True}, {"completed": 0, "screened_out": 20, "no_consent": 20}),
        ({}, {"completed": None, "screened_out": None, "no_consent": None}),
        ({"leads_back": True, "recruiter": ""}, {"completed": None}),
        ({"leads_back": True, "codes": {}}, {"completed": None}),
    ],
)
def test_a_page_leads_back_by_itself_where_the_study_says_so_and_there_is_a_way(
    entry: dict[str, Any], expected: dict[str, int | None]
) -> None:
    whole = {"recruiter": "prolific", "codes": CODES, **entry}
    read = read_entry(whole, PROTOCOLS["compare"])
    assert {code: read.redirect_after(code) for code in expected} == expected


def test_after_the_last_answer_the_rater_is_led_back_at_once(client: Client) -> None:
    batch = recruiting(leads_back=True)
    client.post(path(batch) + LINK)
    for _ in range(2):
        send(client, asked(client, batch))
    assert "http-equiv" not in text(
        client.get(path(batch, "done/"))
    )  # not told yet that it is over
    client.get(path(batch, "next/"))
    page = text(client.get(path(batch, "done/")))
    there = "https://app.prolific.com/submissions/complete?cc=DONE1"
    assert f'<meta http-equiv="refresh" content="0; url={there}">' in page
    assert f'href="{there}"' in " ".join(page.split())


def test_who_is_asked_no_more_has_time_to_read_why(client: Client) -> None:
    page = text(client.post(path(recruiting(leads_back=True)) + LINK, {"agree": "no"}))
    assert "http-equiv" not in page
    assert 'data-after="20"' in page


# --- Recruiters -----------------------------------------------------------------------------------


def test_a_rater_from_prolific_is_known_by_their_number(client: Client) -> None:
    batch = recruiting()
    assert "Prolific ID is stored" in text(client.get(path(batch) + LINK))
    client.post(path(batch) + LINK)
    enrolment = Enrolment.objects.get()
    assert enrolment.rater.external == f"prolific {PID}"
    names = {"PROLIFIC_PID": PID, "STUDY_ID": "study1", "SESSION_ID": "session1"}
    assert enrolment.arrival == names


def test_the_same_link_on_another_device_goes_on_where_the_rater_was(client: Client) -> None:
    batch = recruiting()
    client.post(path(batch) + LINK)
    send(client, asked(client, batch))
    elsewhere = Client()
    assert "You have done 1 of 2" in text(elsewhere.get(path(batch) + LINK))
    assert asked(elsewhere, batch)
    elsewhere.post(path(batch) + LINK)
    assert Rater.objects.count() == Enrolment.objects.count() == 1


def test_who_comes_after_another_on_one_computer_is_somebody_else(client: Client) -> None:
    batch = recruiting()
    client.post(path(batch) + LINK)
    client.post(path(batch) + LINK.replace(PID, "another1"))
    assert Enrolment.objects.count() == 2


@pytest.mark.parametrize(
    "query", ["", "?PROLIFIC_PID=", "?PROLIFIC_PID={{%PROLIFIC_PID%}}", f"?PROLIFIC_PID={'x' * 65}"]
)
def test_a_link_without_a_number_lets_nobody_in(client: Client, query: str) -> None:
    batch = recruiting()
    for answer in (client.get(path(batch) + query), client.post(path(batch) + query)):
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "come from Prolific" in text(answer)
    assert not Rater.objects.exists()


def test_who_does_not_agree_leaves_nothing_and_gets_the_code_for_that(client: Client) -> None:
    batch = recruiting()
    page = text(client.post(path(batch) + LINK, {"agree": "no"}))
    assert "https://app.prolific.com/submissions/complete?cc=NO3" in page
    assert not Rater.objects.exists()


def test_who_comes_to_a_study_that_has_all_its_answers_is_told_at_once(client: Client) -> None:
    batch = open_batch(items=1, overlap=1, entry={"recruiter": "prolific", "codes": CODES})
    first = enrolled(batch)
    claim = assignment_claim(enrolment=first, at=now())
    assert claim is not None
    # Somebody holds the last question: it may come back.
    assert newcomer_supplied(batch=batch, at=now())
    judgment_submit(assignment=claim, answer={"choice": "tie"}, key=uuid4(), seconds=3, at=now())
    page = client.post(path(batch) + LINK, {"agree": "yes"})
    assert page.status_code == HTTPStatus.CONFLICT
    assert "This study is complete" in text(page)
    assert "OUT2" in text(page)
    assert Enrolment.objects.count() == 1


def enrolled(batch: Batch) -> Enrolment:
    return rater_enrol(batch=batch, rater=None, at=now())


def test_the_completion_code_is_shown_at_the_end_and_not_before(client: Client) -> None:
    batch = recruiting()
    client.post(path(batch) + LINK)
    assert "DONE1" not in text(client.get(path(batch, "done/")))
    for _ in range(2):
        send(client, asked(client, batch))
    page = text(client.get(path(batch, "next/"), follow=True))
    assert "https://app.prolific.com/submissions/complete?cc=DONE1" in page


def test_a_number_means_nothing_where_nobody_was_recruited(client: Client) -> None:
    batch = open_batch()
    client.post(path(batch) + LINK)
    assert Rater.objects.get().external is None
    assert Enrolment.objects.get().arrival == {}


# --- Another device -------------------------------------------------------------------------------


def test_a_raters_own_link_brings_another_browser_to_where_they_were(
    rater: Client, batch: Batch
) -> None:
    send(rater, asked(rater, batch))
    page = text(rater.get(path(batch, "instructions/")))
    (own,) = re.findall(r'href="(/rate/[^"]+/resume/[^"]+)"', page)
    elsewhere = Client()
    assert "You have done 1 of 6" in text(elsewhere.get(own, follow=True))
    assert asked(elsewhere, batch) == asked(rater, batch)


@pytest.mark.parametrize("signed", ["forged", "ImEi:1abc:xyz", ""])
def test_a_forged_link_of_ones_own_is_nobodys(batch: Batch, signed: str) -> None:
    stranger = Client()
    answer = stranger.get(path(batch, f"resume/{signed}/"))
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "rater" not in stranger.cookies


def test_a_raters_own_link_of_one_study_opens_no_other(rater: Client, batch: Batch) -> None:
    (own,) = re.findall(
        r'href="(/rate/[^"]+/resume/[^"]+)"', text(rater.get(path(batch, "instructions/")))
    )
    other = open_batch()
    answer = Client().get(own.replace(batch.token, other.token))
    assert answer.status_code == HTTPStatus.NOT_FOUND


# --- The check ------------------------------------------------------------------------------------


def checked_batch() -> Batch:
    return recruiting(checks=[CHECK, {**CHECK, "question": "And a weak one?", "right": 1}])


def tried(client: Client, batch: Batch, first: str, second: str, number: int) -> Any:
    data = {"check0": first, "check1": second, "number": number}
    return client.post(path(batch, "check/"), data, follow=True)


def test_questions_come_only_after_the_check(client: Client) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    page = client.get(path(batch, "next/"), follow=True)
    assert page.redirect_chain[0][0] == path(batch, "check/")
    assert "And a weak one?" in text(page)
    assert not Assignment.objects.exists()
    assert "1 of 2" in text(tried(client, batch, "0", "1", 0))
    assert Enrolment.objects.get().qualified is not None


def test_there_are_two_tries_and_the_first_may_fail(client: Client) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    assert "This is your last attempt" in text(tried(client, batch, "1", "1", 0))
    assert "1 of 2" in text(tried(client, batch, "0", "1", 1))
    assert [each["answers"] for each in Enrolment.objects.get().tries] == [[1, 1], [0, 1]]


def test_a_try_sent_twice_is_one(client: Client) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    for _ in range(2):
        assert "This is your last attempt" in text(tried(client, batch, "1", "1", 0))
    assert len(Enrolment.objects.get().tries) == 1


def test_who_fails_twice_is_screened_out_with_the_code_for_that(client: Client) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    tried(client, batch, "1", "1", 0)
    page = tried(client, batch, "1", "0", 1)
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "cc=OUT2" in text(page)
    for name in ("", "next/", "instructions/", "practice/", "done/"):
        answer = client.get(path(batch, name) + LINK, follow=True)
        assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"check0": "0"}, {"check0": "x", "check1": "1"}])
def test_an_incomplete_check_is_no_try(client: Client, sent: dict[str, str]) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    page = client.post(path(batch, "check/"), {**sent, "number": "0"})
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Enrolment.objects.get().tries == []


def test_a_stranger_reaches_neither_check_nor_practice(client: Client) -> None:
    batch = recruiting(checks=[CHECK], practice=[TRIAL])
    for name in ("check/", "practice/"):
        assert client.get(path(batch, name))["Location"] == path(batch)
        assert client.post(path(batch, name)).status_code == HTTPStatus.FORBIDDEN


# --- Practice -------------------------------------------------------------------------------------


def practising(client: Client, *trials: dict[str, Any]) -> Batch:
    batch = open_batch(items=2, entry={"practice": list(trials or (TRIAL,))})
    return agreed(client, batch) and batch


def test_practice_says_what_was_looked_for_and_stores_nothing(client: Client) -> None:
    batch = practising(client)
    page = client.get(path(batch, "next/"), follow=True)
    assert "Practice 1 of 1" in text(page)
    key = page.context["state"].assignment.order[0]
    told = text(client.post(path(batch, "practice/"), {"number": "0", "choice": key}))
    assert "that isn't the answer we were looking for" in told
    assert "Neither says more." in told
    assert "1 of 2" in text(client.get(path(batch, "next/")))
    assert Assignment.objects.count() == 1
    assert not Judgment.objects.exists()


def test_a_right_answer_in_practice_is_said_to_be(client: Client) -> None:
    batch = practising(client)
    told = client.post(path(batch, "practice/"), {"number": "0", "choice": "tie"})
    assert "That's right." in text(told)


def test_practice_sent_twice_skips_none(client: Client) -> None:
    batch = practising(client, TRIAL, {**TRIAL, "payload": compare_item(8)})
    for _ in range(2):
        client.post(path(batch, "practice/"), {"number": "0", "choice": "tie"})
    assert Enrolment.objects.get().practised == 1
    assert "Practice 2 of 2" in text(client.get(path(batch, "next/"), follow=True))


def test_an_invalid_answer_in_practice_is_explained(client: Client) -> None:
    batch = practising(client)
    page = client.post(path(batch, "practice/"), {"number": "0", "choice": "left"})
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose one of the answers first." in text(page)
    assert Enrolment.objects.get().practised == 0


# --- On the way -----------------------------------------------------------------------------------


def test_a_break_is_hinted_at_where_the_study_says(client: Client) -> None:
    batch = open_batch(items=4, entry={"break_after": 2})
    agreed(client, batch)
    seen = []
    for _ in range(4):
        seen.append("good moment for a break" in text(client.get(path(batch, "next/"))))
        send(client, asked(client, batch))
    assert seen == [False, False, True, False]


def test_the_time_left_is_told_from_the_third_answer_on(rater: Client, batch: Batch) -> None:
    for _ in range(3):
        assert "min left" not in text(rater.get(path(batch, "next/")))
        send(rater, asked(rater, batch), seconds="")
    assert "min left" in text(rater.get(path(batch, "next/")))


def test_practice_shows_its_images_to_those_who_agreed_and_no_others(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.IMAGE_DIR = tmp_path
    shown, unshown = (stored_image(tmp_path, seed, f"picture {seed}") for seed in range(2))
    trial = {"payload": item_of("choose", excerpts=[shown]), "why": "It is so."}
    batch = open_batch(items=1, protocol="choose", entry={"practice": [trial]})
    page = text(agreed(client, batch).get(path(batch, "practice/")))
    [source] = re.findall(r'<img src="([^"]+)"', page)
    answer = client.get(source)
    assert answer["Content-Type"] == "image/png"
    assert b"".join(answer).startswith(b"\x89PNG")  # type: ignore[call-overload]
    other = source.replace(shown["name"], unshown["name"])
    assert client.get(other).status_code == HTTPStatus.NOT_FOUND
    assert Client().get(source).status_code == HTTPStatus.SEE_OTHER


# --- What a researcher sets -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"checks": [{**CHECK, "right": 2}]}, "right"),
        ({"checks": [{"question": "?"}]}, "options"),
        ({"practice": [{**TRIAL, "gold": {"choice": "left"}}]}, "known choice"),
        ({"practice": [{"payload": {}, "why": ""}]}, "version"),
        ({"codes": {"completed": "a b"}}, "a b"),
        ({"codes": {"late": "X"}}, "late"),
        ({"recruiter": "a friend"}, "recruiter"),
        ({"break_after": -1}, "break_after"),
        ({"welcome": "hi"}, "welcome"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_by_name(entry: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        open_batch(entry=entry)


def test_practice_tries_nothing_on_a_unit_since_none_stands_behind_it() -> None:
    payload = item_of("write", probe=True)
    with pytest.raises(ValueError, match="leave out probe"):
        read_entry({"practice": [{"payload": payload, "why": ""}]}, PROTOCOLS["write"])


def test_the_address_of_a_question_leads_no_further_than_the_check(client: Client) -> None:
    batch = checked_batch()
    client.post(path(batch) + LINK)
    other = Client()
    other.post(path(batch) + LINK.replace(PID, "another1"))
    tried(other, batch, "0", "1", 0)
    assignment = asked(other, batch)
    assert client.get(address(assignment)).status_code == HTTPStatus.NOT_FOUND
