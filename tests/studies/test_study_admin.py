"""Setting up a study in the admin: forms, buttons, and what is said."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from explanations.models import Explanation
from studies.models import Study
from studies.services.building import study_build
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def change_url(study: Study) -> str:
    return reverse("admin:studies_study_change", args=[study.pk])


def press(client: Client, study: Study, action: str, **data: Any) -> HttpResponse:
    return client.post(reverse("admin:studies_study_act", args=[study.pk, action]), data)


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


def page(client: Client, study: Study) -> str:
    return " ".join(client.get(change_url(study)).content.decode().split())


def form_data(**values: Any) -> dict[str, Any]:
    """Return what the form for a study sends, with two empty rows for conditions."""
    rows = {
        f"conditions-{i}-{name}": value
        for i, row in enumerate(values.pop("conditions", ({}, {})))
        for name, value in row.items()
    }
    return {
        **{"title": "A study", "slug": "a-study", "overlap": 3, "items_per_rater": 10},
        **{
            "excerpts": 4,
            "seed": 5,
            **{"pairing": "all", "pairs_per_neuron": 1, "catches": 0, "repeats": 0},
            **{"budget": 0, "random_share": 0.3, "extra_overlap_share": 0, "extra_overlap": 10},
            "condition_assignment": "within",
            "language": "en",
            "consent": "Yes?",
            "instructions": "Choose.",
            "references": "",
        },
        **{"conditions-TOTAL_FORMS": 2, "conditions-INITIAL_FORMS": 0},
        **rows,
        **values,
    }


def as_shown(study: Study) -> dict[str, Any]:
    """Return what the form sends of the conditions that a study has."""
    rows = [
        {"id": c.pk, "study": study.pk, "name": c.name, "method": c.method_id}
        for c in study.conditions.all()
    ]
    return {"conditions-INITIAL_FORMS": len(rows), "conditions": rows}


# --- The form -------------------------------------------------------------------------------------


def test_a_study_is_created_with_its_conditions_and_neurons(staff: Client) -> None:
    subject = factories.subject()
    factories.neurons(5, subject=subject)
    method = factories.method()
    conditions = [{"name": "a method", "method": method.pk}, {"name": "people", "method": ""}]
    data = form_data(conditions=conditions, subject=subject.pk, references="0/1-3 0/2")
    response = staff.post(reverse("admin:studies_study_add"), data)
    study = Study.objects.get()
    assert response["Location"] == change_url(study)
    assert told(response) == ["3 neurons added.", "Saved. Add neurons, then build it."]
    assert list(study.neurons.values_list("index", flat=True)) == [1, 2, 3]
    assert [(c.name, c.method) for c in study.conditions.all()] == [
        ("a method", method),
        ("people", None),
    ]


def test_saving_keeps_the_neurons_picked_before(staff: Client) -> None:
    study = factories.study(neurons=3)
    more = factories.neuron(subject=study.neurons.all()[0].subject)
    kept = as_shown(study)
    staff.post(change_url(study), form_data(**kept, pick=[more.pk]))
    assert study.neurons.count() == 4
    staff.post(change_url(study), form_data(**kept))
    assert study.neurons.count() == 4


@pytest.mark.parametrize(
    ("references", "fault"),
    [("0/77", "has no neuron L0/77"), ("zero", "“zero” is not a neuron: write layer/index")],
)
def test_a_neuron_that_does_not_exist_is_named(staff: Client, references: str, fault: str) -> None:
    subject = factories.subject()
    data = form_data(subject=subject.pk, references=references)
    response = staff.post(reverse("admin:studies_study_add"), data)
    assert fault in response.content.decode()
    assert not Study.objects.exists()


def test_references_without_a_subject_are_asked_about(staff: Client) -> None:
    factories.subject()
    response = staff.post(reverse("admin:studies_study_add"), form_data(references="0/1"))
    assert "Choose the subject of these neurons" in response.content.decode()


def test_two_conditions_of_one_method_are_refused(staff: Client) -> None:
    conditions = [{"name": "people", "method": ""}, {"name": "others", "method": ""}]
    response = staff.post(reverse("admin:studies_study_add"), form_data(conditions=conditions))
    assert "Another condition already has explanations by people" in response.content.decode()


def test_a_condition_cannot_be_called_tie(staff: Client) -> None:
    conditions = [{"name": "Tie", "method": ""}, {}]
    response = staff.post(reverse("admin:studies_study_add"), form_data(conditions=conditions))
    assert "already means an undecided judgment" in response.content.decode()


def test_the_design_cannot_be_changed_once_it_is_built(staff: Client) -> None:
    study = factories.open_study(overlap=2)
    shown = page(staff, study)
    assert 'name="overlap"' not in shown
    assert 'name="question"' in shown
    staff.post(change_url(study), form_data(**as_shown(study), overlap=9, question="why?"))
    study.refresh_from_db()
    assert (study.overlap, study.question) == (2, "why?")
    assert study.conditions.count() == 2


# --- The buttons ----------------------------------------------------------------------------------


def test_building_says_what_was_built_and_what_was_left_out_and_why(staff: Client) -> None:
    study = factories.study(neurons=3)
    Explanation.objects.filter(neuron=study.neurons.all()[0], method__name="fancy").delete()
    response = press(staff, study, "build")
    left_out, built = told(response)
    assert left_out.startswith("Left out: 1 neuron without an explanation by “fancy” (")
    assert built.startswith("Built 2 items on 2 neurons: 6 judgments wanted.")
    assert "6 judgments wanted, from at least 3 raters" in page(staff, study)


def test_a_refusal_is_told_and_changes_nothing(staff: Client) -> None:
    study = factories.study(neurons=0)
    assert told(press(staff, study, "build")) == ["The study has no neurons: add some."]
    assert Study.objects.get().state == Study.State.DRAFT


def test_opening_asks_first_and_shows_the_invitation_link_afterwards(staff: Client) -> None:
    study = factories.study()
    study_build(study=study)
    asked = press(staff, study, "open")
    assert "Open this study to raters?" in asked.content.decode()
    study.refresh_from_db()
    assert study.state == Study.State.BUILT
    assert study.batch is not None
    assert study.batch.token not in page(staff, study)
    press(staff, study, "open", confirmed="yes")
    assert f"http://testserver/rate/{study.batch.token}/" in page(staff, study)


def test_closing_asks_first_and_the_study_can_be_opened_again(staff: Client) -> None:
    study = factories.open_study()
    press(staff, study, "close")
    assert Study.objects.get().state == Study.State.OPEN
    press(staff, study, "close", confirmed="yes")
    assert Study.objects.get().state == Study.State.CLOSED
    assert "Open again" in page(staff, study)


def test_a_built_study_goes_back_to_draft(staff: Client) -> None:
    study = factories.study()
    study_build(study=study)
    press(staff, study, "unbuild")
    assert Study.objects.get().state == Study.State.DRAFT


def test_neurons_that_every_condition_explains_are_added_by_one_button(staff: Client) -> None:
    study = factories.study(neurons=4)
    study.neurons.clear()
    assert told(press(staff, study, "add-explained", at_most="3")) == ["3 neurons added."]
    assert told(press(staff, study, "add-explained", at_most="0"))[-1].startswith(
        "Enter a whole number"
    )
    assert told(press(staff, study, "add-explained"))[-1] == "1 neuron added."


def test_ten_thousand_neurons_are_added_and_shown_a_page_at_a_time(staff: Client) -> None:
    study = factories.study(neurons=0)
    subject = factories.subject()
    factories.neurons(10_000, subject=subject)
    plain, fancy = study.conditions.all()
    Explanation.objects.bulk_create(
        Explanation(neuron=n, text="fish", author_kind="model", method=c.method)
        for c in (plain, fancy)
        for n in subject.neurons.all()
    )
    assert told(press(staff, study, "add-explained")) == ["10,000 neurons added."]
    url = reverse("admin:studies_study_neurons", args=[study.pk])
    assert staff.get(url).content.decode().count('name="neuron"') == 100
    assert staff.get(url, {"q": "0/9999"}).content.decode().count('name="neuron"') == 1
    assert len(staff.get(change_url(study)).content) < 60_000


def test_neurons_are_taken_out_of_a_draft_one_by_one_or_all(staff: Client) -> None:
    study = factories.study(neurons=3)
    url = reverse("admin:studies_study_neurons", args=[study.pk])
    first = study.neurons.all()[0].pk
    assert told(staff.post(url, {"neuron": [first], "remove": "chosen"})) == ["1 neuron removed."]
    assert told(staff.post(url, {"remove": "all"}))[-1] == "2 neurons removed."


# --- Who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["build", "open", "close", "unbuild", "add-explained"])
def test_a_stranger_presses_no_button(client: Client, action: str) -> None:
    study = factories.study()
    response = press(client, study, action, confirmed="yes")
    assert response["Location"].startswith(reverse("admin:login"))
    assert Study.objects.get().state == Study.State.DRAFT


def test_staff_who_may_only_look_press_no_button(client: Client) -> None:
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(user)
    study = factories.study()
    assert press(client, study, "build").status_code == 403
    assert client.get(reverse("admin:studies_study_neurons", args=[study.pk])).status_code == 403
    assert client.get(change_url(study)).status_code == 200


def test_a_link_alone_does_nothing(staff: Client) -> None:
    study = factories.study()
    url = reverse("admin:studies_study_act", args=[study.pk, "build"])
    assert staff.get(url).status_code == 405
    assert Study.objects.get().state == Study.State.DRAFT


def test_a_study_with_answers_cannot_be_deleted(staff: Client) -> None:
    study = factories.open_study()
    url = reverse("admin:studies_study_delete", args=[study.pk])
    assert staff.post(url, {"post": "yes"}).status_code == 403
    draft = factories.study()
    staff.post(reverse("admin:studies_study_delete", args=[draft.pk]), {"post": "yes"})
    assert list(Study.objects.all()) == [study]
