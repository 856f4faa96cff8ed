"""A study of a published design is running in three clicks."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from explanations.models import Explanation
from studies.models import Study
from studies.presets import PRESETS
from studies.selectors.registrations import design_of
from studies.selectors.sampling import authors_of
from studies.services.building import study_build, study_unbuild
from studies.services.errors import StudyRefused
from studies.services.from_preset import study_from_preset, study_start
from tests import factories
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db
LIST = "/admin/studies/study/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def subject_for(preset: str) -> object:
    """Make a subject with what the design needs, and no study."""
    study = stocked_study(preset)
    subject = study.neurons.all()[0].subject
    study.delete()
    return subject


def as_filled_in(staff: Client, preset: str) -> dict[str, object]:
    """Return what the form sends if nothing is changed."""
    form = staff.get(f"{LIST}start/{preset}/").context["form"]
    sent = {name: form[name].value() for name in form.fields}
    rules = {f"rules-{rule['name']}": rule for rule in sent.pop("rules")}
    parts = {f"{name}-{part}": rule[part] for name, rule in rules.items() for part in _PARTS}
    pausing = {f"{name}-pauses": "on" for name, rule in rules.items() if rule["pauses"]}
    return {**sent, **dict.fromkeys(rules, "on"), **parts, **pausing}


_PARTS = ("percent", "after", "seconds")


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_study_of_a_design_runs_with_its_defaults(staff: Client, name: str) -> None:
    subject_for(name)
    assert f"{LIST}start/" in staff.get(LIST).content.decode()
    assert f"{LIST}start/{name}/" in staff.get(f"{LIST}start/").content.decode()
    sent = {**as_filled_in(staff, name), "open": "yes"}
    response = staff.post(f"{LIST}start/{name}/", sent)
    study = Study.objects.get(follows=None)
    assert response.headers["Location"] == reverse("admin:studies_study_change", args=[study.pk])
    assert (study.state, study.preset) == (Study.State.OPEN, name)
    assert study.consent == PRESETS[name].consent
    assert study.batch is not None
    assert study.batch.rules == [each.rule.to_json() for each in PRESETS[name].rules]
    assert len(study.batch.entry["checks"]) in (2, 3)
    assert len(study.batch.entry["practice"]) == 1
    page = staff.get(response.headers["Location"]).content.decode()
    assert "Invitation link for raters" in page
    assert f"{PRESETS[name].seconds:.0f}" in page


def test_a_study_can_be_looked_over_before_it_is_opened(staff: Client) -> None:
    subject_for("intruder")
    staff.post(f"{LIST}start/intruder/", {**as_filled_in(staff, "intruder"), "build": "yes"})
    assert Study.objects.get().state == Study.State.BUILT


def test_what_is_missing_is_said_on_the_form_and_nothing_is_stored(staff: Client) -> None:
    subject_for("casper-2023")
    Explanation.objects.filter(method__name="ground_truth").delete()
    sent = {**as_filled_in(staff, "casper-2023"), "open": "yes"}
    page = staff.post(f"{LIST}start/casper-2023/", sent)
    assert "without a known true description" in page.content.decode()
    assert not Study.objects.exists()


def test_a_fault_far_down_the_form_is_told_at_its_top(staff: Client) -> None:
    subject_for("intruder")
    assert b"Nothing was built" not in staff.get(f"{LIST}start/intruder/").content
    sent = {**as_filled_in(staff, "intruder"), "checks": "What?\n- a\n- b", "open": "yes"}
    page = staff.post(f"{LIST}start/intruder/", sent).content.decode()
    assert page.index("Nothing was built") < page.index("needs at least two options")
    assert not Study.objects.exists()


def test_a_subject_without_records_is_refused_with_the_reason(staff: Client) -> None:
    factories.neurons(3)
    sent = {**as_filled_in(staff, "written"), "open": "yes"}
    page = staff.post(f"{LIST}start/written/", sent).content.decode()
    assert "has a record to show: capture or import some" in page


def test_without_a_subject_the_page_says_what_to_do_first(staff: Client) -> None:
    page = staff.get(f"{LIST}start/written/").content.decode()
    assert "capture or import neurons first" in page


def test_an_unknown_design_is_not_found(staff: Client) -> None:
    assert staff.get(f"{LIST}start/nobody-9999/").status_code == 404


def test_of_many_neurons_some_are_drawn_from_every_layer(staff: Client) -> None:
    subject = factories.subject(layers=3)
    for layer in range(3):
        for _ in range(4 + 4 * layer):
            factories.neuron_with_records(subject=subject, layer=layer)
    sent = {**as_filled_in(staff, "written"), "neurons": 6, "open": "yes"}
    staff.post(f"{LIST}start/written/", sent)
    layers = sorted(Study.objects.get().neurons.values_list("layer", flat=True))
    assert layers == [0, 0, 1, 1, 2, 2]


def test_whoever_may_not_add_studies_starts_none(client: Client) -> None:
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(looker)
    assert "start/" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}start/").status_code == 403
    assert client.post(f"{LIST}start/written/").status_code == 403


def test_controls_are_offered_behind_explanations_that_mean_what_they_say() -> None:
    subject = factories.subject()
    vague, lookup = factories.method(name="null"), factories.method(name="token_lookup")
    first, second = (factories.neuron(subject=subject) for _ in range(2))
    for neuron in (first, second):
        factories.explanation(neuron, "text", method=vague, author_kind="control")
    factories.explanation(first, "fish", method=lookup, author_kind="baseline")
    authors = [(author.method, author.neurons) for author in authors_of(subject)]
    assert authors == [(lookup, 1), (vague, 2)]


def test_conditions_without_a_neuron_in_common_are_refused() -> None:
    study = stocked_study("yes-maybe-no")
    subject = study.neurons.all()[0].subject
    unsaved = study_from_preset(PRESETS["yes-maybe-no"])
    methods = [factories.method()]
    with pytest.raises(StudyRefused, match="explanation by everyone you ticked"):
        study_start(study=unsaved, subject=subject, methods=methods, neurons=5, is_open=True)
    assert Study.objects.count() == 1


def test_a_design_that_shows_one_explanation_can_be_met_between_raters(staff: Client) -> None:
    subject_for("bricken-2023")
    sent = {
        **as_filled_in(staff, "bricken-2023"),
        "condition_assignment": "between",
        "extra_overlap_share": 10,
    }
    refused = staff.post(f"{LIST}start/bricken-2023/", {**sent, "extra_overlap": 1})
    assert "the extra overlap is at least the overlap" in refused.content.decode()
    staff.post(f"{LIST}start/bricken-2023/", sent)
    study = Study.objects.get()
    assert (study.condition_assignment, study.extra_overlap_share, study.extra_overlap) == (
        "between",
        10,
        10,
    )


def test_a_design_that_shows_all_at_once_offers_no_choice_of_raters(staff: Client) -> None:
    subject_for("bills-2023-rate")
    assert "condition_assignment" not in as_filled_in(staff, "bills-2023-rate")


# --- Two parts ------------------------------------------------------------------------------------


def behind(study: Study) -> list[tuple[object, ...]]:
    """Return the neuron and the explanations of each item, in order."""
    items = study.items.order_by("item__position").prefetch_related("options")
    return [
        (item.neuron_id, sorted(o.explanation_id or 0 for o in item.options.all()), item.records)
        for item in items
    ]


def test_rating_and_ranking_are_begun_together_on_the_same_neurons(staff: Client) -> None:
    subject_for("bills-2023-rate")
    sent = {**as_filled_in(staff, "bills-2023-rate"), "open": "yes"}
    page = staff.post(f"{LIST}start/bills-2023-rate/", sent, follow=True).content.decode()
    first, second = Study.objects.order_by("pk")
    assert (second.preset, second.follows) == ("bills-2023-rank", first)
    assert first.state == second.state == Study.State.OPEN
    assert behind(first) == behind(second)
    assert first.batch is not None
    assert second.batch is not None
    assert second.batch.follows == first.batch
    assert "continue with the second part" in page
    assert second.title in staff.get(reverse("studies:results", args=[first.slug])).content.decode()
    assert design_of(second)["follows"] == first.slug


def test_a_first_part_stays_while_a_second_is_built_on_it(staff: Client) -> None:
    subject_for("bills-2023-rate")
    sent = {**as_filled_in(staff, "bills-2023-rate"), "build": "yes"}
    staff.post(f"{LIST}start/bills-2023-rate/", sent)
    first, second = Study.objects.order_by("pk")
    with pytest.raises(StudyRefused, match="second part back"):
        study_unbuild(study=first)
    study_unbuild(study=second)
    study_unbuild(study=first)
    with pytest.raises(StudyRefused, match="first part first"):
        study_build(study=Study.objects.get(pk=second.pk))


def test_a_name_that_the_second_part_would_share_is_refused(staff: Client) -> None:
    subject_for("bills-2023-rate")
    sent = as_filled_in(staff, "bills-2023-rate")
    factories.study(slug=f"{sent['slug']}-2")
    page = staff.post(f"{LIST}start/bills-2023-rate/", {**sent, "build": "yes"})
    assert "which is taken" in page.content.decode()
    assert Study.objects.count() == 1
