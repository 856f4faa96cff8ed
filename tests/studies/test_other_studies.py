"""Studies that compare no pairs: judgments are collected and exported, and nothing breaks."""

import csv
import html
import io
import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from explanations.models import Explanation, Score
from studies.analysis.archive.read import recompute
from studies.exports.tables import TABLES, pieces
from studies.models import Analysis, Study
from studies.presets import PRESETS
from studies.selectors.analyses import scores_mark
from studies.selectors.answers import shown_in
from studies.selectors.preference import preferences
from studies.services.adopting import study_adopt
from studies.services.analyses import analysis_request
from studies.services.lifecycle import study_close
from studies.tasks import sweep
from tests import factories
from tests.studies.stocked import answered, stocked_study

pytestmark = pytest.mark.django_db
OTHERS = [name for name in PRESETS if name != "pairwise"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def rows(study: Study, table: str) -> list[dict[str, str]]:
    text = b"".join(pieces(study, table, "csv")).decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", OTHERS)
def test_every_design_has_a_results_page_with_its_own_parts(staff: Client, name: str) -> None:
    study = stocked_study(name)
    answered(study)
    call_command("analyse", study.slug)
    page = staff.get(reverse("studies:results", args=[study.slug])).content.decode()
    results = Analysis.objects.get().results
    assert results is not None
    assert results["headline"] in html.unescape(page)
    assert len(results["sections"]) >= 1
    for section in results["sections"]:
        assert section["title"] in html.unescape(page)
    assert "Only one rater" in page
    assert page.count("<svg") == page.count("<desc id=")
    shown = " ".join(page.split())
    for table in TABLES:
        assert reverse("studies:export", args=[study.slug, table, "csv"]) in shown
        assert isinstance(rows(study, table), list)


@pytest.mark.parametrize("name", OTHERS)
def test_judgments_are_exported_with_what_stands_behind_them(name: str) -> None:
    study = stocked_study(name)
    answered(study)
    exported = rows(study, "judgments")
    assert len(exported) == 3
    for row in exported:
        shown = json.loads(row["shown"])
        assert all(each["explanation"] or each["record"] for each in shown)
        is_about_one = study.design.needs.explanations_per_question == "one"
        assert bool(row["condition"]) == is_about_one
        assert bool(row["explanation"]) == is_about_one
        assert bool(row["known"]) == bool(study.design.known)
        assert bool(row["left_condition"]) == study.compares


def test_the_draft_has_a_results_page_too(staff: Client) -> None:
    study = stocked_study("intruder")
    page = staff.get(reverse("studies:results", args=[study.slug])).content.decode()
    assert "The study is a draft." in page


def test_a_study_of_another_design_is_analysed_as_answers_come_in(staff: Client) -> None:
    study = stocked_study("bricken-2023")
    answered(study)
    assert sweep() == 1
    study_close(study=study, at=timezone.now())
    call_command("analyse", study.slug)
    results = Analysis.objects.get().results
    assert results is not None
    assert (results["protocol"], results["n_judgments"]) == ("rate", 3)


def test_choices_of_other_studies_are_no_preferences() -> None:
    study = stocked_study("intervention")
    answered(study)
    assert not any(preferences(neuron.pk) for neuron in study.neurons.all())


def test_catch_trials_and_repeats_are_answered_but_not_counted_as_comparisons() -> None:
    study = stocked_study("pairwise", catches=50, repeats=50, items_per_rater=100, overlap=1)
    answered(study, 55)
    analysis_request(study=study, at=timezone.now())
    call_command("analyse", study.slug)
    results = Analysis.objects.get().results
    assert results is not None
    assert results["n_judgments"] == 27
    roles = [row["role"] for row in rows(study, "judgments")]
    assert {role: roles.count(role) for role in set(roles)} == {
        "main": 27,
        "catch": 14,
        "repeat": 14,
    }


@pytest.mark.parametrize("name", OTHERS)
def test_an_export_alone_gives_the_same_results(name: str, tmp_path: Path) -> None:
    study = stocked_study(name)
    answered(study)
    path = tmp_path / "all.zip"
    call_command("export_study", study.slug, str(path))
    found = recompute(path)
    assert found.recomputed == found.exported
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        assert any(each.startswith("figures/") for each in archive.namelist())
        methods = archive.read("methods.md").decode()
    assert json.loads(found.recomputed)["n_judgments"] == 3
    assert "3 judgments" in methods


def test_adopted_texts_and_their_scores_are_analysed_from_the_export_too(tmp_path: Path) -> None:
    study = stocked_study("written", neurons=3)
    answered(study)
    study_close(study=study, at=timezone.now())
    study_adopt(study=study, at=timezone.now())
    scorer = factories.method("scorer", "correlation")
    for each in Explanation.objects.filter(neuron__studies=study):
        value = 0.8 if each.method and each.method.is_person else 0.3
        Score.objects.create(explanation=each, method=scorer, value=value, n=9)
    call_command("export_study", study.slug, str(tmp_path / "all.zip"))
    found = recompute(tmp_path / "all.zip")
    assert found.recomputed == found.exported
    details = json.loads(found.recomputed)["details"]
    assert details["n_adopted"] == 3
    scores = next(each for each in details["scores"] if each["scorer"] == "correlation")
    assert scores["n_written"] == 3
    assert scores["means"]["conditions"][0]["condition"] == "written here"
    assert scores["means"]["contrasts"][0]["lead"]["value"] == pytest.approx(0.5)


def test_results_are_behind_once_a_program_simulates_what_people_did() -> None:
    study = stocked_study("human-simulation", neurons=2)
    answered(study)
    before = scores_mark(study)
    factories.simulation(Explanation.objects.filter(shown_in(study))[0])
    assert scores_mark(study) != before
