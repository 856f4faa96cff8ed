"""Raters with a user name and a password: made, entered, changed, and no way to anything else."""

from base64 import b64encode
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now

from annotation.models import Batch, Enrolment, Judgment, LoginTry, Rater
from annotation.selectors.raters import is_rating
from annotation.services.accounts import (
    TRIES,
    AccountRefused,
    TooManyTries,
    account_enter,
    account_make,
)
from annotation.services.batches import batch_close
from tests.annotation.browsing import agreed, asked, send
from tests.annotation.factories import open_batch
from tests.annotation.german import not_german

pytestmark = pytest.mark.django_db
WORD = "seven red herrings"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def holder() -> Rater:
    """Return a rater with an account."""
    return account_make(rater=None, name="heron", password=WORD)


def logged_in(client: Client, name: str = "heron", password: str = WORD, **more: str) -> Client:
    answer = client.post("/rate/login/", {"name": name, "password": password, **more})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    return client


# --- Making one -----------------------------------------------------------------------------------


def test_an_account_made_after_the_instructions_keeps_what_was_answered(
    rater: Client, batch: Batch
) -> None:
    send(rater, asked(rater, batch))
    assert "/rate/account/new/" in rater.get(f"/rate/{batch.token}/instructions/").content.decode()
    sent = {"name": "heron", "password": WORD, "again": WORD}
    assert rater.post("/rate/account/new/", sent)["Location"] == "/rate/account/"
    elsewhere = logged_in(Client())
    page = elsewhere.get("/rate/account/").content.decode()
    assert batch.title in page
    assert "1 of 6 questions" in " ".join(page.split())
    send(elsewhere, asked(elsewhere, batch))
    assert Judgment.objects.values("assignment__rater").distinct().count() == 1
    assert not User.objects.get().is_staff


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"again": "another"}, "are not the same"),
        ({"password": "12345678", "again": "12345678"}, "entirely numeric"),
        ({"name": "a b"}, "may contain only letters"),
        ({"name": "HERON"}, "is taken"),
        ({"name": " "}, "up to 150 letters"),
    ],
)
def test_what_cannot_be_an_account_is_refused_with_the_reason(
    rater: Client, holder: Rater, changes: dict[str, str], said: str
) -> None:
    sent = {"name": "egret", "password": WORD, "again": WORD, **changes}
    page = rater.post("/rate/account/new/", sent)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in page.content.decode()
    assert User.objects.count() == 1


def test_a_rater_has_one_account(holder: Rater) -> None:
    with pytest.raises(AccountRefused, match="has_account"):
        account_make(rater=holder, name="egret", password=WORD)
    assert not User.objects.filter(username="egret").exists()


def test_a_researcher_makes_a_rater_with_an_account_in_the_admin(client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    add = "/admin/annotation/rater/add/"
    refused = client.post(add, {"name": "STAFF", "password": WORD}).content.decode()
    assert "is taken" in refused
    client.post(add, {"name": "heron", "password": WORD})
    assert Rater.objects.get().user == User.objects.get(username="heron")
    assert "heron" in client.get("/admin/annotation/rater/").content.decode()
    assert Rater.objects.count() == 1


# --- Coming in ------------------------------------------------------------------------------------


def test_a_login_makes_no_session_and_opens_no_researchers_page(
    client: Client, holder: Rater
) -> None:
    logged_in(client)
    assert not Session.objects.exists()
    assert client.get("/admin/").status_code == HTTPStatus.FOUND
    assert set(client.cookies) <= {"rater", "csrftoken"}


def test_whoever_rates_by_account_is_blind_on_other_pages(client: Client, holder: Rater) -> None:
    batch = open_batch(items=1)
    agreed(logged_in(client), batch)
    assert is_rating(Rater.objects.get(pk=holder.pk).entry_key)


@pytest.mark.parametrize(("name", "password"), [("heron", "wrong"), ("stork", WORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(
    client: Client, holder: Rater, name: str, password: str
) -> None:
    page = client.post("/rate/login/", {"name": name, "password": password})
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The user name or the password is wrong." in page.content.decode()
    assert "rater" not in client.cookies


def test_researchers_and_deactivated_accounts_do_not_come_in_here(holder: Rater) -> None:
    User.objects.create_superuser("staff", password=WORD)
    User.objects.filter(username="heron").update(is_active=False)
    for name in ("staff", "heron"):
        with pytest.raises(AccountRefused):
            account_enter(name=name, password=WORD, address="192.0.2.1", at=now())


def test_after_five_tries_a_name_rests_for_a_quarter_of_an_hour(holder: Rater) -> None:
    at = now()
    for _ in range(TRIES):
        with pytest.raises(AccountRefused):
            account_enter(name="Heron", password="no", address="192.0.2.1", at=at)  # noqa: S106
    with pytest.raises(TooManyTries):
        account_enter(name="heron", password=WORD, address="192.0.2.1", at=at)
    # From another address the rater still comes in, and later from this one too.
    account_enter(name="heron", password=WORD, address="192.0.2.2", at=at)
    later = at + timedelta(minutes=16)
    assert account_enter(name="heron", password=WORD, address="192.0.2.1", at=later) == holder
    assert not LoginTry.objects.exists()


def test_too_many_tries_are_told_with_their_status(client: Client) -> None:
    for _ in range(TRIES):
        client.post("/rate/login/", {"name": "x", "password": "y"})
    page = client.post("/rate/login/", {"name": "x", "password": "y"})
    assert page.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "Too many attempts" in page.content.decode()
    kept = LoginTry.objects.values_list("name", "address")
    assert all(name != "x" and "127.0.0.1" not in address for name, address in kept)


def test_behind_a_proxy_tries_are_counted_by_the_address_that_it_names(
    client: Client, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def status(forged: str, address: str) -> int:
        sent = {"name": "x", "password": "y"}
        way = {"x-forwarded-for": f"{forged}, {address}"}
        return client.post("/rate/login/", sent, headers=way).status_code

    tries = [status(f"203.0.113.{n}", "192.0.2.1") for n in range(TRIES + 1)]
    assert tries[-1] == HTTPStatus.TOO_MANY_REQUESTS
    assert status("192.0.2.1", "192.0.2.2") == HTTPStatus.UNPROCESSABLE_ENTITY


def test_the_login_leads_on_within_the_site_alone(client: Client, holder: Rater) -> None:
    sent = {"name": "heron", "password": WORD, "next": "/rate/abc/"}
    assert client.post("/rate/login/", sent)["Location"] == "/rate/abc/"
    sent["next"] = "https://evil.example/"
    assert client.post("/rate/login/", sent)["Location"] == "/rate/account/"


def test_a_login_follows_an_address_and_never_the_name_of_a_page(
    client: Client, holder: Rater
) -> None:
    sent = {"name": "heron", "password": WORD, "next": "nowhere"}
    assert client.post("/rate/login/", sent)["Location"] == "nowhere"


def test_the_account_takes_the_place_of_another_rater_in_the_browser(
    rater: Client, batch: Batch, holder: Rater
) -> None:
    assert Enrolment.objects.get().rater != holder
    logged_in(rater)
    assert "I agree and start" in rater.get(f"/rate/{batch.token}/").content.decode()
    agreed(rater, batch)
    assert set(Enrolment.objects.values_list("rater", flat=True)) > {holder.pk}


# --- Being in -------------------------------------------------------------------------------------


def test_account_holders_join_what_is_open_to_them_without_a_recruiter(
    client: Client, holder: Rater
) -> None:
    batch = open_batch(items=1, entry={"recruiter": "prolific"})
    link = f"/rate/{batch.token}/"
    logged_in(client)
    assert client.get(link).status_code == HTTPStatus.BAD_REQUEST
    assert link not in client.get("/rate/account/").content.decode()
    Batch.objects.update(open_to_accounts=True)
    assert Client().get(link).status_code == HTTPStatus.BAD_REQUEST
    assert link in client.get("/rate/account/").content.decode()
    agreed(client, batch)
    assert Enrolment.objects.get().rater == holder


def test_the_page_says_what_is_over_and_what_is_closed(client: Client, holder: Rater) -> None:
    first, last = open_batch(items=1), open_batch(items=1)
    for batch in (first, last):
        agreed(logged_in(client), batch)
    Enrolment.objects.filter(batch=first).update(finished=now())
    batch_close(batch=last)
    page = client.get("/rate/account/").content.decode()
    assert "ended" in page
    assert "closed" in page


def test_logging_out_forgets_the_rater_here(client: Client, holder: Rater) -> None:
    logged_in(client)
    assert client.get("/rate/logout/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "You are logged out" in client.post("/rate/logout/").content.decode()
    assert client.get("/rate/account/")["Location"] == "/rate/login/"


def test_a_new_password_shuts_out_other_browsers_and_the_old_password(
    client: Client, holder: Rater
) -> None:
    other = logged_in(Client())
    logged_in(client)
    new = "eight blue whales"
    sent = {"old": "wrong", "password": new, "again": new}
    refused = client.post("/rate/account/password/", sent)
    assert "Your current password is wrong" in refused.content.decode()
    client.post("/rate/account/password/", {**sent, "old": WORD})
    assert "heron" in client.get("/rate/account/").content.decode()
    assert other.get("/rate/account/")["Location"] == "/rate/login/"
    with pytest.raises(AccountRefused):
        account_enter(name="heron", password=WORD, address="", at=now())
    before = holder.key
    holder.refresh_from_db()
    assert holder.key == before


def test_a_researcher_logs_an_account_out_of_all_browsers_and_leaves_others_in(
    rater: Client, batch: Batch, holder: Rater
) -> None:
    known = logged_in(Client())
    staff = Client()
    staff.force_login(User.objects.create_superuser("staff"))
    everybody = list(Rater.objects.values_list("pk", flat=True))
    sent = {"action": "shut_out", "_selected_action": everybody}
    staff.post("/admin/annotation/rater/", sent)
    assert known.get("/rate/account/")["Location"] == "/rate/login/"
    assert asked(rater, batch)


@pytest.mark.parametrize("path", ["account/", "account/new/", "account/password/"])
def test_strangers_are_sent_to_the_login(client: Client, path: str) -> None:
    assert client.get(f"/rate/{path}")["Location"] == "/rate/login/"


def test_the_pages_are_german_too(holder: Rater) -> None:
    german = Client(headers={"Accept-Language": "de"})
    open_batch(items=1, open_to_accounts=True)
    pages = [german.get("/rate/login/"), german.post("/rate/login/", {"name": "x"})]
    logged_in(german)
    agreed(german, open_batch(items=1))
    pages += [german.get("/rate/account/"), german.get("/rate/account/password/")]
    pages.append(german.post("/rate/account/password/", {"password": "a"}))
    pages.append(german.post("/rate/logout/"))
    agreed(german, open_batch(items=1))
    pages.append(german.get("/rate/account/new/"))
    for page in pages:
        said = not_german(page.content.decode())
        assert said in ([], ["heron"], ["Sie sind angemeldet als heron."])


def test_the_api_does_not_tell_whether_a_raters_password_is_right(
    client: Client, holder: Rater
) -> None:
    User.objects.create_user("owl", password=WORD, is_staff=True)

    def status(name: str, password: str) -> tuple[int, bytes]:
        sent = b64encode(f"{name}:{password}".encode()).decode()
        answer = client.get("/api/runs/", headers={"authorization": f"Basic {sent}"})
        return answer.status_code, answer.content

    assert status("owl", WORD)[0] == HTTPStatus.OK
    assert status("heron", WORD) == status("heron", "guessed")
    assert status("heron", WORD)[0] == HTTPStatus.FORBIDDEN
