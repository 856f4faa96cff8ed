"""What exports say of raters: how they came in, what they broke, and who they are only if asked."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from annotation.models import Enrolment, Exclusion
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from studies.exports.archive import archive
from studies.exports.tables import TABLES, pieces
from studies.models import Study
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "prolific 5f1c0ffee"


@pytest.fixture
def study() -> Study:
    """Make a study with one recruited rater, who answered once."""
    made = factories.open_study(neurons=2)
    assert made.batch is not None
    arrival = {"PROLIFIC_PID": "5f1c0ffee"}
    enrolment = rater_enrol(batch=made.batch, rater=None, at=NOW, external=ID, arrival=arrival)
    assignment = assignment_claim(enrolment=enrolment, at=NOW)
    assert assignment is not None
    answer = {"choice": "tie"}
    judgment_submit(
        assignment=assignment, answer=answer, key=assignment.key, seconds=9.0, at=NOW, away=31.5
    )
    return made


def rows(study: Study, table: str, *, identified: bool = False) -> list[dict[str, Any]]:
    exported = b"".join(pieces(study, table, "jsonl", identified=identified))
    return [json.loads(line) for line in exported.splitlines()]


def test_a_judgment_says_how_long_the_page_was_out_of_view(study: Study) -> None:
    [row] = rows(study, "judgments")
    assert (row["seconds"], row["away"]) == (9.0, 31.5)


def test_tries_at_the_check_say_what_was_chosen_and_when(study: Study) -> None:
    later = NOW + timedelta(seconds=12.5)
    Enrolment.objects.update(
        tries=[{"at": later.isoformat(), "answers": [1, None]}], screened_out=later, practised=2
    )
    [row] = rows(study, "raters")
    assert row["tries"] == [{"seconds": 12.5, "answers": [1, None]}]
    assert (row["qualified"], row["screened_out"]) == (None, later.isoformat())
    assert row["practised"] == 2


def test_every_broken_rule_has_its_time_and_a_lifted_one_stays_on_record(study: Study) -> None:
    enrolment = Enrolment.objects.get()
    Exclusion.objects.create(
        enrolment=enrolment, rule="too_fast", value=0.8, n=10, limit=0.5, pauses=True, at=NOW
    )
    Exclusion.objects.update(lifted=NOW + timedelta(hours=1), lifted_because="a slow network")
    [row] = rows(study, "raters")
    [broken] = row["exclusions"]
    assert row["excluded"] == []
    assert (broken["rule"], broken["at"], broken["value"]) == ("too_fast", NOW.isoformat(), 0.8)
    assert broken["lifted_because"] == "a slow network"


def test_who_raters_are_is_in_no_export_unless_it_is_asked_for(study: Study) -> None:
    for table in TABLES:
        for form in ("csv", "jsonl"):
            assert b"5f1c0ffee" not in b"".join(pieces(study, table, form))
    with ZipFile(io.BytesIO(b"".join(archive(study)))) as export:
        assert not any(b"5f1c0ffee" in export.read(name) for name in export.namelist())
    [row] = rows(study, "raters", identified=True)
    assert row["external"] == ID
    assert row["arrival"] == {"PROLIFIC_PID": "5f1c0ffee"}


def test_an_export_that_says_who_raters_are_begins_with_a_warning(
    study: Study, tmp_path: Path
) -> None:
    call_command("export_study", study.slug, str(tmp_path / "closed.zip"), "--external-ids")
    with ZipFile(tmp_path / "closed.zip") as export:
        sheet = export.read("datasheet.md").decode()
        described = json.loads(export.read("croissant.json"))
        [rater] = csv.DictReader(io.StringIO(export.read("raters.csv").decode()))
    assert sheet.split("\n\n")[1].startswith("> **This export contains personal data.**")
    assert "| `external` |" in sheet
    assert rater["external"] == ID
    [raters] = (each for each in described["recordSet"] if each["name"] == "raters")
    assert "external" in [field["name"] for field in raters["field"]]


@pytest.mark.parametrize("address", ["export.zip", "export/raters.csv"])
def test_only_superusers_are_told_who_raters_are(
    client: Client, study: Study, address: str
) -> None:
    root = reverse("studies:results", args=[study.slug])
    url = f"/studies/{study.slug}/{address}"
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get(url).status_code == 200
    assert client.get(f"{url}?external-ids").status_code == 403
    assert "external-ids" not in client.get(root).content.decode()
    client.force_login(User.objects.create_superuser("owner"))
    answer = client.get(f"{url}?external-ids")
    assert "-with-ids." in answer["Content-Disposition"]
    assert "external-ids" in client.get(root).content.decode()
