"""The admin shows runs and results, changes none, and tries failures again; the API shows runs."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from explanations.methods.values import Answer
from explanations.models import Run, Target
from explanations.services.calls import call_store
from explanations.services.runs import run_create, run_finish
from tests import factories

pytestmark = pytest.mark.django_db

PAGES = [
    "subject",
    "capture",
    "neuron",
    "method",
    "explanation",
    "simulation",
    "run",
    "target",
    "call",
]


@pytest.fixture
def admin_user(db: None) -> User:
    """Make an administrator without a password, which takes long to hash."""
    return User.objects.create_superuser("admin", password=None)


def _failed_run() -> int:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.method(),
        neurons=[neuron.pk for neuron in factories.neurons(2)],
    )
    assert created.run is not None
    Target.objects.update(state="failed", finished=timezone.now(), reason="the neuron is dead")
    run_finish(run_id=created.run.pk, at=timezone.now())
    return created.run.pk


def _some_of_everything() -> None:
    neuron = factories.neuron_with_records()
    explanation = factories.explanation(neuron)
    simulation = factories.simulation(explanation)
    explanation.scores.create(
        simulation=simulation, method=factories.method("scorer"), value=0.5, n=8
    )
    _failed_run()
    call_store(
        target_id=Target.objects.latest("pk").pk,
        place=0,
        digest="d",
        model="tiny",
        outcome=Answer(text="fish", tokens_in=3),
        price=None,
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    page, admin_client, django_assert_max_num_queries
) -> None:
    for _ in range(6):
        _some_of_everything()
    address = reverse(f"admin:explanations_{page}_changelist")
    admin_client.get(address)
    with django_assert_max_num_queries(12):
        response = admin_client.get(address)
    assert response.status_code == 200


@pytest.mark.parametrize("model", ["neuron", "explanation", "run", "method", "call"])
def test_a_page_of_a_row_can_be_read_and_not_changed(model, admin_client) -> None:
    _some_of_everything()
    row = apps.get_model("explanations", model).objects.order_by("pk").first()
    address = reverse(f"admin:explanations_{model}_change", args=[row.pk])
    page = admin_client.get(address)
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert admin_client.post(address, {}).status_code == 403
    assert admin_client.get(reverse(f"admin:explanations_{model}_add")).status_code == 403


def test_a_run_shows_its_progress_and_why_targets_failed(admin_client) -> None:
    run = _failed_run()
    page = admin_client.get(reverse("admin:explanations_run_change", args=[run])).content.decode()
    assert '<strong data-figure="ended">2</strong> of 2' in page
    assert "2 × the neuron is dead" in page
    listed = admin_client.get(
        reverse("admin:explanations_target_changelist")
        + f"?run__id__exact={run}&state__exact=failed"
    )
    assert listed.status_code == 200
    assert listed.content.decode().count("the neuron is dead") >= 2


def test_failures_are_tried_again_from_the_list(admin_client) -> None:
    run = _failed_run()
    response = admin_client.post(
        reverse("admin:explanations_run_changelist"),
        {"action": "retry_failures", "_selected_action": [run]},
        follow=True,
    )
    assert "2 failed targets will be retried." in response.content.decode()
    assert Target.objects.filter(state="open").count() == 2


def test_neurons_are_found_by_layer_and_index(admin_client) -> None:
    factories.neuron(layer=1, index=120)
    factories.neuron(layer=0, index=120)
    page = admin_client.get(reverse("admin:explanations_neuron_changelist") + "?q=1/120")
    assert "L1/120" in page.content.decode()
    assert "L0/120" not in page.content.decode()


def test_runs_are_listed_for_staff_with_their_progress(admin_client) -> None:
    run = _failed_run()
    (row,) = admin_client.get("/api/runs/").json()
    assert (row["run"], row["total"], row["failed"], row["left"]) == (run, 2, 2, 0)
    detail = admin_client.get(f"/api/runs/{run}/").json()
    assert detail["reasons"] == {"the neuron is dead": 2}
    assert admin_client.get("/api/runs/999/").status_code == 404


def test_a_stranger_and_a_user_who_is_no_staff_see_no_runs(client) -> None:
    run = _failed_run()
    for address in ("/api/runs/", f"/api/runs/{run}/"):
        assert client.get(address).status_code == 403
    client.force_login(User.objects.create_user("somebody"))
    for address in ("/api/runs/", f"/api/runs/{run}/"):
        assert client.get(address).status_code == 403
    assert client.post("/api/runs/").status_code == 403


def test_staff_without_the_right_cannot_retry(client) -> None:
    run = _failed_run()
    client.force_login(User.objects.create_user("viewer", is_staff=True))
    client.post(
        reverse("admin:explanations_run_changelist"),
        {"action": "retry_failures", "_selected_action": [run]},
    )
    assert not Target.objects.filter(state="open").exists()
