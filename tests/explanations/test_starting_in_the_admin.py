"""Runs are started, resumed and retried in the admin by those who may, after a look at the size."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from explanations.models import Explanation, Method, Neuron, Run, Target
from explanations.prices import Prices
from explanations.records import NeuronRef
from explanations.selectors.neurons import neuron_text
from explanations.services.methods import method_defaults, registry
from explanations.services.runs import run_create
from explanations.services.start_run import METHOD_KINDS
from tests import factories

pytestmark = pytest.mark.django_db

CHOOSE = "/admin/explanations/run/start/"
FORM = f"{CHOOSE}explain/token_activation/"


@pytest.fixture
def staff(client):
    """Return a client of somebody who may look at runs, start and change them."""
    user = User.objects.create_user("runner", is_staff=True)
    names = ["add_run", "change_run", "view_run", "view_neuron", "view_explanation"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def prices(settings) -> None:
    """Know the price of one model."""
    settings.LLM_MODEL = "tiny"
    settings.PRICES = Prices.read({"tiny": {"in": 1, "out": 2}})


def _filled(client, **values) -> dict:
    """Return what a browser would send of the form as it comes, with these changes."""
    form = client.get(FORM).context["form"]
    shown = {field.html_name: field.value() for field in form}
    return {name: "" if value is None else value for name, value in (shown | values).items()}


def test_every_built_in_method_can_be_chosen_and_has_a_form(staff) -> None:
    page = staff.get(CHOOSE).content.decode()
    for kind, method_kind in METHOD_KINDS.items():
        for name in registry(method_kind):
            address = f"{CHOOSE}{kind}/{name}/"
            assert address in page
            form = staff.get(address).context["form"]
            settings = {field.name.removeprefix("setting-") for field in form.settings}
            assert settings == set(method_defaults(kind=method_kind, name=name))


def test_the_targets_are_counted_before_anything_is_made(staff) -> None:
    subject = factories.subject()
    factories.neurons(5, subject=subject)
    filled = _filled(staff, subject=subject.name, neurons="0/1-3", count="yes")
    page = staff.post(FORM, filled).content.decode()
    assert "<strong>3 to do</strong>" in page
    assert not Run.objects.exists()
    assert not Method.objects.exists()


def test_a_run_is_started_and_counts_what_is_already_under_way(staff) -> None:
    subject = factories.subject()
    factories.neurons(5, subject=subject)
    filled = _filled(staff, subject=subject.name, neurons="0/0-1", budget="2.5", start="yes")
    filled["setting-records"] = "3"
    response = staff.post(FORM, filled)
    run = Run.objects.get()
    assert response.url == reverse("admin:explanations_run_change", args=[run.pk])
    assert run.method is not None
    assert (run.budget, run.method.config["records"]) == (2.5, 3)
    assert run.targets.count() == 2
    again = staff.post(FORM, filled | {"neurons": ""})
    assert again.status_code == 302
    counted = staff.post(FORM, filled | {"neurons": ""}).content.decode()
    assert "<strong>0 to do</strong>" in counted
    assert "5 already done or in progress" in counted


@pytest.mark.parametrize(
    ("wrong", "field", "fault"),
    [
        ({"neurons": "all"}, "neurons", "'all' is not LAYER/INDEX"),
        ({"budget": "-1"}, "budget", "is no budget"),
        ({"setting-model": "odd", "budget": "1"}, "budget", "odd has no price"),
        ({"setting-records": "few"}, "setting-records", "Enter a whole number"),
        ({"setting-records": "-3"}, "setting-records", "records is 0 or more"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(staff, wrong, field, fault) -> None:
    subject = factories.subject()
    filled = _filled(staff, subject=subject.name, start="yes", **wrong)
    form = staff.post(FORM, filled).context["form"]
    assert set(form.errors) == {field}
    assert fault in form.errors[field][0]
    assert not Run.objects.exists()


def test_neurons_and_explanations_that_are_ticked_are_filled_in(staff) -> None:
    subject = factories.subject()
    found = factories.neurons(4, subject=subject)
    factories.explanation(found[3])
    for model, rows in ((Neuron, found[1:]), (Explanation, Explanation.objects.all())):
        name = model._meta.model_name
        response = staff.post(
            reverse(f"admin:explanations_{name}_changelist"),
            {"action": "start_run", "_selected_action": [row.pk for row in rows]},
        )
        assert response.status_code == 302
        page = staff.get(response.url)
        link = f"{FORM}?{page.context['query']}"
        form = staff.get(link).context["form"]
        assert form["subject"].value() == subject.name
        assert form["neurons"].value() == ("0/1-3" if model is Neuron else "0/3")


def test_neurons_of_several_subjects_are_not_run_together(staff) -> None:
    rows = [factories.neuron().pk, factories.neuron().pk]
    address = reverse("admin:explanations_neuron_changelist")
    response = staff.post(address, {"action": "start_run", "_selected_action": rows}, follow=True)
    assert "Choose neurons of a single subject" in response.content.decode()


def test_neurons_in_a_row_are_written_as_a_range() -> None:
    refs = [NeuronRef(layer=at, index=index) for at, index in [(1, 4), (0, 2), (0, 0), (0, 1)]]
    assert neuron_text(refs) == "0/0-2 1/4"
    assert neuron_text([]) == ""


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


def test_a_halted_run_says_why_and_is_resumed_from_its_page(staff) -> None:
    run = _halted()
    address = reverse("admin:explanations_run_change", args=[run])
    assert "its budget of $1.00 is spent" in staff.get(address).content.decode()
    resume = reverse("admin:explanations_run_resume", args=[run])
    refused = staff.post(resume, {"budget": "1"}, follow=True).content.decode()
    assert "Not resumed: its calls cost $1.2000 so far: give more" in refused
    assert "was resumed" in staff.post(resume, {"budget": "5"}, follow=True).content.decode()
    assert (Run.objects.get().halted, Run.objects.get().budget) == ("", 5.0)


def test_failures_are_tried_again_from_a_runs_page(staff) -> None:
    run = _halted()
    Target.objects.update(state="failed", finished=timezone.now(), reason="no")
    retry = reverse("admin:explanations_run_retry", args=[run])
    said = staff.post(retry, follow=True).content.decode()
    assert "2 failed targets will be retried." in said


def test_staff_without_the_right_start_and_resume_nothing(client) -> None:
    run = _halted()
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_run"))
    client.force_login(viewer)
    assert client.get(CHOOSE).status_code == 403
    assert client.get(FORM).status_code == 403
    assert client.post(FORM, {"start": "yes"}).status_code == 403
    for name in ("resume", "retry"):
        address = reverse(f"admin:explanations_run_{name}", args=[run])
        assert client.post(address, {"budget": "9"}).status_code == 403
    page = client.get(reverse("admin:explanations_run_change", args=[run])).content.decode()
    assert "Resume" not in page
    listed = client.get(reverse("admin:explanations_run_changelist")).content.decode()
    assert "Start a run" not in listed
    assert Run.objects.get().budget == 1.0
