"""Runs are started, resumed and retried over the API by staff with the right, and nobody else."""

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from explanations.models import Method, Run, Target
from explanations.prices import Prices
from explanations.services.calls import call_store
from explanations.services.runs import run_create
from tests import factories

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def staff(client):
    """Return a client of somebody who may start runs and change them."""
    user = User.objects.create_user("runner", is_staff=True)
    rights = Permission.objects.filter(codename__in=["add_run", "change_run"])
    user.user_permissions.set(rights)
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def prices(settings) -> None:
    """Know the price of one model."""
    settings.LLM_MODEL = "tiny"
    settings.PRICES = Prices.read({"tiny": {"in": 1, "out": 2}})


def _neurons(count: int = 3) -> str:
    subject = factories.subject()
    factories.neurons(count, subject=subject)
    return subject.name


def _asked(**values) -> dict:
    return {"kind": "explain", "method": "token_activation", **values}


def test_a_run_is_made_with_its_method_settings_neurons_and_budget(staff) -> None:
    subject = _neurons()
    asked = _asked(settings={"records": 3}, subject=subject, neurons="0/0-1", budget=2.5)
    response = staff.post("/api/runs/", asked, JSON)
    assert response.status_code == 201
    row = response.json()
    assert (row["added"], row["already"], row["total"], row["budget"]) == (2, 0, 2, 2.5)
    run = Run.objects.get(pk=row["run"])
    assert run.method is not None
    assert run.method.config["records"] == 3
    again = staff.post("/api/runs/", asked, JSON)
    assert again.status_code == 200
    assert again.json() == {"run": None, "added": 0, "already": 2}


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"kind": "capture"}, {"kind": ['"capture" is not a valid choice.']}),
        ({"method": "nobody"}, {"method": ["no explainer is called 'nobody': choose from"]}),
        ({"settings": {"wrods": 1}}, {"settings": {"wrods": ["token_activation has no setting"]}}),
        ({"settings": {"records": "x"}}, {"settings": {"records": ["records is a whole number"]}}),
        ({"subject": "nothing"}, {"subject": ["no subject is called 'nothing'"]}),
        ({"neurons": "all"}, {"neurons": ["'all' is not LAYER/INDEX"]}),
        ({"neurons": "0/7"}, {"neurons": ["neuron L0/7 is not in the database"]}),
        ({"neurons": "0/0-9999999"}, {"neurons": ["'0/0-9999999' is 10,000,000 neurons"]}),
        ({"budget": "much"}, {"budget": ["A valid number is required."]}),
        ({"bugdet": 1}, {"bugdet": ["no such field: the fields are kind, method"]}),
        ({"budget": -1}, {"budget": ["-1.0 is no budget"]}),
        ({"settings": {"model": "odd"}, "budget": 1}, {"budget": ["odd has no price"]}),
    ],
)
def test_what_is_wrong_is_said_by_its_field(staff, wrong: dict, errors: dict) -> None:
    _neurons()
    response = staff.post("/api/runs/", _asked(**wrong), JSON)
    assert response.status_code == 400
    _begins(response.json(), errors)
    assert not Run.objects.exists()
    assert not Method.objects.exists()


def _begins(found, wanted) -> None:
    if isinstance(wanted, dict):
        assert set(found) == set(wanted)
        for key, value in wanted.items():
            _begins(found[key], value)
    else:
        assert found[0].startswith(wanted[0])


def _halted() -> int:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.builtin("explainer", "token_activation"),
        neurons=[neuron.pk for neuron in factories.neurons(2)],
        budget=1.0,
    )
    assert created.run is not None
    Run.objects.update(dollars=1.2, halted="its budget of $1.00 is spent")
    return created.run.pk


def test_a_halted_run_is_resumed_with_a_larger_budget(staff) -> None:
    run = _halted()
    assert staff.get(f"/api/runs/{run}/").json()["halted"] == "its budget of $1.00 is spent"
    refused = staff.post(f"/api/runs/{run}/resume/", {"budget": 1.1}, JSON)
    assert refused.status_code == 400
    assert refused.json() == {"budget": ["its calls cost $1.2000 so far: give more"]}
    assert staff.post(f"/api/runs/{run}/resume/", {}, JSON).status_code == 400
    resumed = staff.post(f"/api/runs/{run}/resume/", {"budget": 3}, JSON).json()
    assert (resumed["halted"], resumed["budget"], resumed["dollars"]) == ("", 3.0, 1.2)
    assert staff.post("/api/runs/999/resume/", {"budget": 3}, JSON).status_code == 404


def test_failed_targets_are_opened_again(staff) -> None:
    run = _halted()
    Target.objects.update(state="failed", finished=timezone.now(), reason="no")
    assert staff.post(f"/api/runs/{run}/retry/").json()["opened"] == 2
    assert Target.objects.filter(state="open").count() == 2
    assert staff.post("/api/runs/999/retry/").status_code == 404


def test_strangers_users_and_staff_without_the_right_change_nothing(client) -> None:
    run = _halted()
    Target.objects.update(state="failed", finished=timezone.now(), reason="no")
    posts = [
        ("/api/runs/", _asked()),
        (f"/api/runs/{run}/resume/", {"budget": 9}),
        (f"/api/runs/{run}/retry/", {}),
    ]
    people = [
        None,
        User.objects.create_user("somebody"),
        User.objects.create_user("viewer", is_staff=True),
    ]
    for person in people:
        if person:
            client.force_login(person)
        for address, body in posts:
            assert client.post(address, body, JSON).status_code == 403
    assert client.get(f"/api/runs/{run}/").status_code == 200
    assert Run.objects.get().budget == 1.0
    assert not Target.objects.filter(state="open").exists()


def test_a_runs_page_takes_as_many_queries_for_many_calls_as_for_few(
    staff, django_assert_max_num_queries
) -> None:
    from explanations.methods.values import Answer

    run = _halted()
    for target in Target.objects.values_list("pk", flat=True):
        for place in range(20):
            call_store(
                target_id=target,
                place=place,
                digest="d",
                model="tiny",
                outcome=Answer(text="a", tokens_in=10, tokens_out=2, seconds=2.0),
                price=None,
            )
    with django_assert_max_num_queries(8):
        row = staff.get(f"/api/runs/{run}/").json()
    assert row["calls"] == {
        "calls": 40,
        "failed": 0,
        "unpriced": 40,
        "tokens_in": 400,
        "tokens_out": 80,
        "seconds": 2.0,
    }
