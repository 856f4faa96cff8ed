"""Registration: what is frozen, what it does to the results, and what departs from it."""

import hashlib
import json
import re
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from explanations.models import Score
from studies.analysis.data.exclusion_rules import excluded
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Judgments
from studies.design.registered import canonical, differences
from studies.forms import PlanForm
from studies.models import PAIRWISE, Analysis, Registration, Study
from studies.presets import PRESETS
from studies.selectors.registrations import registered_plan
from studies.services.analyses import analysis_claim, analysis_renew, analysis_request
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_close
from studies.services.registering import registration_freeze
from studies.tasks import analyse
from tests import factories
from tests.studies.stocked import answered, stocked_study

pytestmark = pytest.mark.django_db
PLAN = Plan(
    primary="correlation",
    contrasts=(("correlation", "detection"),),
    gap_edges=(0.0, 0.2),
    declared=("gap",),
    min_seconds=1.5,
)
FORM = {
    "primary": "correlation",
    "contrasts": "correlation vs detection\n\n",
    "gap_edges": "0, 0.2",
    "min_seconds": "1.5",
    "min_judgments": "0",
    "declared": ["gap"],
    "seed": "0",
}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def frozen(study: Study, plan: Plan = PLAN) -> Registration:
    return registration_freeze(study=study, plan=plan, at=timezone.now())


def results(study: Study) -> dict[str, Any]:
    asked = analysis_request(study=study, at=timezone.now())
    assert analyse(asked.pk)
    asked.refresh_from_db()
    assert asked.results is not None
    return asked.results


def page(client: Client, study: Study) -> str:
    content = client.get(reverse("studies:results", args=[study.slug])).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", content.split("<main", 1)[1]).split())


# --- What is frozen -------------------------------------------------------------------------------


def test_the_digest_is_of_the_document_to_the_letter_and_the_plan_comes_back_whole() -> None:
    study = factories.open_study(neurons=2)
    registration = frozen(study)
    assert registration.sha256 == hashlib.sha256(registration.document.encode()).hexdigest()
    document = json.loads(registration.document)
    assert canonical(document) == registration.document
    assert document["answers_before"] == 0
    assert document["registered"] == registration.registered.isoformat()
    assert registered_plan(study) == PLAN


def test_a_canonical_text_does_not_depend_on_the_order_of_names() -> None:
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'


def test_a_second_registration_and_one_without_a_primary_scorer_are_refused() -> None:
    study = factories.open_study()
    with pytest.raises(StudyRefused, match="primary scorer"):
        frozen(study, Plan())
    first = frozen(study)
    with pytest.raises(StudyRefused, match="already registered"):
        frozen(study, Plan(primary="another"))
    assert Registration.objects.get() == first


def test_a_registered_draft_cannot_be_deleted() -> None:
    study = factories.study()
    frozen(study)
    with pytest.raises(ProtectedError):
        study.delete()


def test_a_worker_that_began_before_the_registration_stores_nothing() -> None:
    study = factories.open_study()
    at = timezone.now()
    asked = analysis_request(study=study, at=at)
    lease = analysis_claim(analysis_id=asked.pk, at=at)
    assert lease is not None
    frozen(study)
    assert not analysis_renew(lease=lease, at=at)
    assert Analysis.objects.get().state == Analysis.State.OPEN


def test_a_study_of_another_design_is_registered_and_analysed_anew() -> None:
    study = factories.open_study()
    another = next(name for name in PRESETS if name != PAIRWISE)
    Study.objects.filter(pk=study.pk).update(preset=another)
    study.refresh_from_db()
    registration = frozen(study)
    assert json.loads(registration.document)["design"]["preset"] == another
    assert Analysis.objects.get().state == Analysis.State.OPEN


# --- What it does ---------------------------------------------------------------------------------


def test_results_follow_the_registered_plan(staff: Client) -> None:
    study = factories.open_study(neurons=2)
    factories.judged(study, ["fancy", "plain"])
    frozen(study, Plan(primary="correlation", gap_edges=(0.0, 0.2), declared=("gap",)))
    made = results(study)
    assert [bin_["low"] for bin_ in made["details"]["scorers"][0]["by_gap"]] == [0.0, 0.2]
    told = page(staff, study)
    assert "by score gap registered" in told
    assert "Leaderboard: ability of each condition exploratory" in told
    assert "Registered when 2 answers had been given already." in told


def test_without_a_registration_everything_is_exploratory(staff: Client) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    results(study)
    assert "Nothing was registered before data were seen" in page(staff, study)


def test_a_study_run_as_registered_departs_from_nothing(staff: Client) -> None:
    study = factories.open_study(neurons=2)
    frozen(study, Plan(primary="correlation"))
    factories.judged(study, ["fancy", "plain"])
    assert results(study)["departures"] == []
    assert "No departures from the registration." in page(staff, study)


def test_every_departure_is_told(staff: Client) -> None:
    study = factories.open_study(neurons=2)
    frozen(study, Plan(primary="detection", contrasts=(("correlation", "detection"),)))
    factories.judged(study, ["fancy", "plain"])
    Study.objects.filter(pk=study.pk).update(overlap=9)
    study.batch.items.update(payload_version=1, overlap=4)
    study_close(study=study, at=timezone.now())
    told = results(Study.objects.get(pk=study.pk))["departures"]
    text = " ".join(told)
    assert "Overlap: registered 3, now 9." in told
    assert "Items: registered 2 with digest" in text
    assert "The declared primary scorer, detection, has no score" in text
    assert "A declared contrast is missing: detection has no score." in told
    assert "Closed with 6 of 8 judgments missing." in told
    assert "Departures from the registration" in page(staff, study)


def test_scores_that_were_lost_are_no_departure_in_the_design() -> None:
    study = factories.open_study(neurons=2)
    frozen(study, Plan(primary="correlation"))
    Score.objects.all().delete()
    assert len(results(study)["departures"]) == 1


def test_what_was_not_decided_yet_is_no_difference() -> None:
    assert differences({"items": None, "seed": 1}, {"items": {"n": 2}, "seed": 1}) == ()


# --- Rules ----------------------------------------------------------------------------------------


def test_rules_take_out_quick_judgments_and_then_raters_with_few_left() -> None:
    # Rater 0 gives three, one of them too quick; rater 1 gives two, one too quick: one is left.
    n = np.arange(5)
    judged = Judgments(
        unit=n, neuron=n, rater=np.array([0, 0, 0, 1, 1]), outcome=np.ones(5, dtype=np.int8),
        left_explanation=n, right_explanation=n + 5, left_condition=n * 0,
        right_condition=n * 0 + 1,
        left_listed_first=n >= 0, confidence=n * np.nan, seconds=np.array([1.0, 5, 5, 1, 5]),
        synthetic=n < 0,
    )  # fmt: skip
    marks = excluded(judged, Plan(min_seconds=2, min_judgments=2))
    assert {name: rows.tolist() for name, rows in marks.items()} == {
        "given in less than 2 s": [True, False, False, True, False],
        "of raters with fewer than 2": [False, False, False, True, True],
    }
    assert excluded(judged, Plan()) == {}


def test_a_rule_below_zero_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="min_seconds"):
        Plan(min_seconds=-1)


# --- In the admin ---------------------------------------------------------------------------------


def test_a_researcher_registers_a_plan_and_downloads_what_was_frozen(staff: Client) -> None:
    study = factories.open_study()
    address = reverse("admin:studies_study_register", args=[study.pk])
    assert "Register (cannot be undone)" in staff.get(address).content.decode()
    assert staff.post(address, FORM).status_code == 302
    registration = Registration.objects.get()
    assert registered_plan(study) == PLAN
    assert registration.sha256 in staff.get(address).content.decode()
    sent = staff.get(reverse("studies:registration", args=[study.slug]))
    assert sent.content.decode() == registration.document


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("contrasts", "a b", "Line 1: write two scorers"),
        ("contrasts", "a vs b\nc vs c", "Line 2: write two scorers"),
        ("gap_edges", "0, x", "Enter numbers separated by commas"),
        ("gap_edges", "0.2, 0.1", "do not increase"),
        ("min_seconds", "-1", "greater than or equal to 0"),
        ("primary", "", "required"),
    ],
)
def test_a_plan_that_cannot_be_read_is_refused_at_its_field(
    field: str, value: str, told: str
) -> None:
    form = PlanForm({**FORM, field: value}, study=Study())
    assert not form.is_valid()
    assert told in str(form.errors[field])


def test_a_stranger_neither_registers_nor_reads(client: Client) -> None:
    study = factories.open_study()
    address = reverse("admin:studies_study_register", args=[study.pk])
    assert client.post(address, FORM).status_code == 302
    assert not Registration.objects.exists()
    frozen(study)
    assert client.get(reverse("studies:registration", args=[study.slug])).status_code == 302


@pytest.mark.parametrize(
    ("name", "fields", "figure"),
    [
        ("bricken-2023", {"contrasts", "gap_edges"}, "likert"),
        ("intervention", {"contrasts"}, "board"),
    ],
)
def test_a_plan_of_another_design_declares_its_own_figures(
    name: str, fields: set[str], figure: str
) -> None:
    form = PlanForm({**FORM, "primary": "", "declared": [figure]}, study=Study(preset=name))
    assert not fields & form.fields.keys()
    assert form.is_valid(), form.errors
    assert form.plan() == Plan(
        declared=(figure,), min_seconds=1.5, gap_edges=Plan().gap_edges if "gap_edges" in fields
        else (0.0, 0.2),
    )  # fmt: skip


def test_a_declared_figure_of_another_design_is_marked(staff: Client) -> None:
    study = stocked_study("bricken-2023")
    answered(study)
    frozen(study, Plan(declared=("likert",)))
    results(study)
    page = staff.get(reverse("studies:results", args=[study.slug])).content.decode()
    marks = dict(
        re.findall(r'<figure id="figure-([\w-]+)".*?<span class="status">\s*(\w+)', page, re.DOTALL)
    )
    assert marks["likert-sum"] == "registered"
    assert marks["means-sum"] == "exploratory"
