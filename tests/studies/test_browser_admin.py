"""The staff decide in the admin who may look around in a subject."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from explanations.models import Subject
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject() -> Subject:
    return factories.subject(name="shown")


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin", password=None))
    return client


def address(subject: Subject) -> str:
    return f"/admin/explanations/subject/{subject.pk}/change/"


def test_the_audience_is_chosen_and_nothing_else_changes(staff: Client, subject: Subject) -> None:
    sent = {"audience": "invited", "name": "other", "layers": "99"}
    assert staff.post(address(subject), sent).status_code == 302
    kept = Subject.objects.get()
    assert (kept.audience, kept.name, kept.layers) == ("invited", "shown", 2)


def test_the_link_is_shown_once_there_is_somebody_to_send_it_to(
    staff: Client, subject: Subject
) -> None:
    invitation = f"http://testserver/neurons/invited/{subject.browse_token}/"
    page = staff.get(address(subject)).content.decode()
    assert invitation not in page
    assert 'href="/neurons/shown/"' in page
    Subject.objects.update(audience="invited")
    assert invitation in staff.get(address(subject)).content.decode()


def test_a_subject_is_neither_added_nor_deleted(staff: Client, subject: Subject) -> None:
    assert staff.get("/admin/explanations/subject/add/").status_code == 403
    assert staff.post(f"{address(subject)}../delete/", {"post": "yes"}).status_code in (302, 403)
    assert Subject.objects.exists()


def test_whoever_may_only_look_decides_nothing(client: Client, subject: Subject) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_subject"))
    client.force_login(looker)
    assert client.get(address(subject)).status_code == 200
    assert client.post(address(subject), {"audience": "everyone"}).status_code == 403
    assert Subject.objects.get().audience == "staff"
