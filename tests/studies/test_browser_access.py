"""A subject is seen by whom the researcher lets in, and by nobody else."""

from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from explanations.models import SavedNeuron, Subject
from tests.studies.lettered import captured_subject

pytestmark = pytest.mark.django_db

PAGES = (
    "letters/",
    "letters/0/",
    "letters/0/0/",
    "letters/lucky/",
    "letters/lists/best/",
    "letters/lists/disputed/",
    "letters/search/?words=fish",
    "letters/search/7feb93df-807d-400d-996e-a3d19d9124a7/",
)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return captured_subject(tmp_path, audience="staff")


@pytest.fixture
def reader(client: Client) -> Client:
    """Return the browser of somebody with an account who is no member of the staff."""
    client.force_login(User.objects.create_user("reader"))
    return client


def let_in(subject: Subject, audience: str) -> str:
    """Say who may look; return the address of the invitation."""
    subject.audience = audience
    subject.save()
    return f"/neurons/invited/{subject.browse_token}/"


@pytest.mark.parametrize("audience", ["staff", "invited"])
@pytest.mark.parametrize("path", PAGES)
def test_to_a_stranger_the_subject_does_not_exist(
    reader: Client, subject: Subject, audience: str, path: str
) -> None:
    let_in(subject, audience)
    answer = reader.get(f"/neurons/{path}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "letters" not in reader.get("/neurons/").content.decode()


def test_everyone_sees_what_is_open_to_everyone(client: Client, subject: Subject) -> None:
    let_in(subject, "everyone")
    assert 'href="/neurons/letters/"' in client.get("/neurons/").content.decode()
    assert client.get("/neurons/letters/0/0/").status_code == HTTPStatus.OK


def test_staff_see_every_subject(client: Client, subject: Subject) -> None:
    client.force_login(User.objects.create_user("researcher", is_staff=True))
    assert client.get("/neurons/letters/0/0/").status_code == HTTPStatus.OK


def test_an_invitation_lets_in_whoever_opens_it_and_nobody_else(
    client: Client, subject: Subject
) -> None:
    invitation = let_in(subject, "invited")
    assert client.get(invitation)["Location"] == "/neurons/letters/"
    assert client.get(invitation).status_code == HTTPStatus.FOUND
    assert client.get("/neurons/letters/0/0/").status_code == HTTPStatus.OK
    assert "letters" in client.get("/neurons/").content.decode()
    assert Client().get("/neurons/letters/0/0/").status_code == HTTPStatus.NOT_FOUND


def test_an_invitation_to_one_subject_opens_no_other(client: Client, subject: Subject) -> None:
    let_in(subject, "invited")
    other = Subject.objects.create(name="other", source="x", audience="invited")
    client.get(f"/neurons/invited/{other.browse_token}/")
    assert client.get("/neurons/letters/").status_code == HTTPStatus.NOT_FOUND
    client.get(f"/neurons/invited/{subject.browse_token}/")
    assert client.get("/neurons/letters/").status_code == HTTPStatus.OK
    assert client.get("/neurons/other/").status_code == HTTPStatus.OK


def test_an_invitation_ends_when_the_subject_is_closed_again(
    client: Client, subject: Subject
) -> None:
    invitation = let_in(subject, "invited")
    client.get(invitation)
    let_in(subject, "staff")
    assert client.get("/neurons/letters/").status_code == HTTPStatus.NOT_FOUND
    assert client.get(invitation).status_code == HTTPStatus.NOT_FOUND


def test_an_unknown_invitation_leads_nowhere(client: Client) -> None:
    assert client.get(f"/neurons/invited/{uuid4()}/").status_code == HTTPStatus.NOT_FOUND


# --- Saving ---------------------------------------------------------------------------------------


def test_a_reader_saves_a_neuron_finds_it_and_lets_go_of_it(
    reader: Client, subject: Subject
) -> None:
    let_in(subject, "everyone")
    save = "/neurons/letters/0/2/save/"
    for _ in range(2):
        assert reader.post(save, {"keep": "1"})["Location"] == "/neurons/letters/0/2/"
    assert SavedNeuron.objects.count() == 1
    assert "Remove from saved" in reader.get("/neurons/letters/0/2/").content.decode()
    kept = "/neurons/letters/lists/saved/"
    assert 'href="/neurons/letters/0/2/"' in reader.get(kept).content.decode()
    reader.post(save)
    assert "saved any neurons yet" in reader.get(kept).content.decode()


def test_what_one_reader_saved_is_not_shown_to_another(reader: Client, subject: Subject) -> None:
    let_in(subject, "everyone")
    reader.post("/neurons/letters/0/2/save/", {"keep": "1"})
    other = Client()
    other.force_login(User.objects.create_user("other"))
    assert "saved any neurons yet" in other.get("/neurons/letters/lists/saved/").content.decode()


def test_nobody_saves_without_an_account_or_what_they_may_not_see(
    client: Client, subject: Subject
) -> None:
    let_in(subject, "everyone")
    assert "/admin/login/" in client.post("/neurons/letters/0/2/save/", {"keep": "1"})["Location"]
    assert "Log in" in client.get("/neurons/letters/lists/saved/").content.decode()
    let_in(subject, "staff")
    client.force_login(User.objects.create_user("reader"))
    answer = client.post("/neurons/letters/0/2/save/", {"keep": "1"})
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert not SavedNeuron.objects.exists()


@pytest.mark.parametrize("path", ["0/9/save/", "7/0/save/"])
def test_a_neuron_that_is_not_there_is_not_saved(
    reader: Client, subject: Subject, path: str
) -> None:
    let_in(subject, "everyone")
    answer = reader.post(f"/neurons/letters/{path}", {"keep": "1"})
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_saving_needs_the_pages_own_form(subject: Subject) -> None:
    let_in(subject, "everyone")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("reader"))
    answer = client.post("/neurons/letters/0/2/save/", {"keep": "1"})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_the_stranger_is_told_what_may_help_and_no_name(client: Client, subject: Subject) -> None:
    shown = client.get("/neurons/letters/0/0/").content.decode()
    assert "If you received a link, open it again" in shown
    assert "letters" not in shown


def test_programs_that_look_whether_an_address_still_leads_somewhere_are_told(
    client: Client, subject: Subject
) -> None:
    let_in(subject, "everyone")
    assert client.head("/neurons/letters/0/0/").status_code == HTTPStatus.OK
    assert client.head("/neurons/letters/0/9/").status_code == HTTPStatus.NOT_FOUND
