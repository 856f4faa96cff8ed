"""Exports: whole, unblinded, under pseudonyms, safe to open, and as their page describes them."""

import csv
import io
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from explanations.models import Explanation
from studies.exports import FORMS, TABLES, lines, pseudonym
from studies.models import Study
from studies.services import study_build
from tests import factories
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Make a study with three judgments by a person and two synthetic ones."""
    made = factories.open_study(neurons=3)
    factories.judged(made, ["fancy", "plain", "tie"])
    factories.judged(made, ["fancy", "fancy"], synthetic=True)
    return made


def rows(study: Study, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(study, table, "jsonl")]


def csv_rows(study: Study, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines(study, table, "csv")))))


def cell(value: object) -> str:
    """Return a value out of JSON as a cell of CSV."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


# --- What is in them ------------------------------------------------------------------------------


def test_judgments_say_what_was_shown_and_what_was_preferred(study: Study) -> None:
    exported = rows(study, "judgments")
    assert [row["preferred"] for row in exported] == ["fancy", "plain", "tie", "fancy", "fancy"]
    for row in exported:
        sides = {1: row["left_condition"], -1: row["right_condition"], 0: "tie"}
        assert sides[row["outcome"]] == row["preferred"]
        assert {row["left_condition"], row["right_condition"]} == {"plain", "fancy"}


def test_the_option_listed_first_is_the_items_first(study: Study) -> None:
    items = {row["item"]: row for row in rows(study, "items")}
    for row in rows(study, "judgments"):
        first = items[row["item"]]["first_explanation"]
        assert row[f"{row['listed_first']}_explanation"] == first


def test_every_judgment_says_whether_it_is_synthetic(study: Study) -> None:
    assert [row["synthetic"] for row in rows(study, "judgments")] == [False] * 3 + [True] * 2
    assert [row["synthetic"] for row in csv_rows(study, "judgments")][2:4] == ["false", "true"]
    assert sum(row["synthetic_judgments"] for row in rows(study, "items")) == 2
    assert sum(row["judgments"] for row in rows(study, "items")) == 5


def test_tables_join_on_the_explanation(study: Study) -> None:
    texts = {row["explanation"]: row["text"] for row in rows(study, "explanations")}
    assert len(texts) == 6
    assert all(texts[row["first_explanation"]] == row["first_text"] for row in rows(study, "items"))
    assert {row["explanation"] for row in rows(study, "scores")} == set(texts)


def test_an_undefined_score_is_empty_with_its_reason(study: Study) -> None:
    Explanation.objects.order_by("pk").first().scores.update(  # type: ignore[union-attr]
        value=None, reason="constant"
    )
    first, second, *_ = rows(study, "scores")
    assert (first["value"], first["reason"]) == (None, "constant")
    assert second["reason"] is None
    assert csv_rows(study, "scores")[0]["value"] == ""


def test_a_score_comes_with_its_interval(study: Study) -> None:
    first = Explanation.objects.order_by("pk").first()
    assert first is not None
    first.scores.update(low=0.2, high=0.4)
    exported = rows(study, "scores")
    assert [(row["low"], row["high"]) for row in exported][:2] == [(0.2, 0.4), (None, None)]


@pytest.mark.parametrize("table", TABLES)
def test_both_forms_say_the_same(study: Study, table: str) -> None:
    exported = [{name: cell(v) for name, v in row.items()} for row in rows(study, table)]
    assert exported
    assert csv_rows(study, table) == exported


def test_a_text_that_would_be_a_formula_is_defused_in_csv_and_exact_in_json() -> None:
    study = factories.study(neurons=1)
    evil = '=HYPERLINK("http://evil.example","fish")'
    Explanation.objects.filter(method__name="plain").update(text=evil)
    study_build(study=study)
    texts = {row["text"] for row in csv_rows(study, "explanations")}
    assert f"'{evil}" in texts
    assert evil in {row["text"] for row in rows(study, "explanations")}
    assert evil not in texts


def test_a_negative_number_stays_a_number_in_csv(study: Study) -> None:
    assert {"1", "-1", "0"} >= {row["outcome"] for row in csv_rows(study, "judgments")}


# --- Pseudonyms -----------------------------------------------------------------------------------


def test_raters_have_pseudonyms_that_are_stable_and_differ_between_studies(study: Study) -> None:
    raters = [row["rater"] for row in rows(study, "judgments")]
    assert len(set(raters)) == 2
    assert raters == [row["rater"] for row in csv_rows(study, "judgments")]
    enrolment = factories.judged(study, [])
    other = factories.open_study()
    assert pseudonym(study, enrolment.rater.key) != pseudonym(other, enrolment.rater.key)


def test_no_export_holds_a_raters_key(study: Study) -> None:
    keys = {e.rater.key for e in study.batch.enrolments.all()}  # type: ignore[union-attr]
    text = "".join(line for table in TABLES for form in FORMS for line in lines(study, table, form))
    assert not any(str(key) in text or key.hex in text for key in keys)


def test_a_pseudonym_hangs_on_the_installations_secret(study: Study, settings: Any) -> None:
    rater = factories.judged(study, []).rater.key
    before = pseudonym(study, rater)
    settings.SECRET_KEY = uuid4().hex
    assert pseudonym(study, rater) != before


# --- How to get them ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", FORMS)
def test_a_stranger_gets_the_login_instead_of_an_export(
    client: Client, study: Study, table: str, form: str
) -> None:
    response = client.get(reverse("studies:export", args=[study.slug, table, form]))
    assert response["Location"].startswith(reverse("admin:login"))


def test_staff_download_a_table_as_a_file(client: Client, study: Study) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    response = client.get(reverse("studies:export", args=[study.slug, "judgments", "csv"]))
    assert response["Content-Disposition"] == f'attachment; filename="{study.slug}-judgments.csv"'
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert body.decode() == "".join(lines(study, "judgments", "csv"))


@pytest.mark.parametrize("what", [("raters", "csv"), ("judgments", "xlsx")])
def test_a_table_that_does_not_exist_is_not_found(
    client: Client, study: Study, what: tuple[str, str]
) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    assert client.get(reverse("studies:export", args=[study.slug, *what])).status_code == 404


def test_the_command_writes_every_table_in_every_form(study: Study, tmp_path: Path) -> None:
    call_command("export_study", study.slug, str(tmp_path / "new"))
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"{table}.{form}" for table in TABLES for form in FORMS}
    written = (tmp_path / "new" / "items.csv").read_bytes().decode()
    assert written == "".join(lines(study, "items", "csv"))


def test_the_command_refuses_a_study_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'nothing'"):
        call_command("export_study", "nothing", str(tmp_path))


def test_a_draft_exports_empty_tables_with_their_columns() -> None:
    assert csv_rows(factories.study(), "judgments") == []
    [header] = lines(factories.study(), "judgments", "csv")
    assert header.strip().split(",") == list(TABLES["judgments"].columns)


def test_rows_are_written_as_they_are_read(study: Study) -> None:
    exported = lines(study, "judgments", "jsonl")
    tracemalloc.start()
    sizes = [tracemalloc.get_traced_memory()[0] for _ in exported]
    tracemalloc.stop()
    assert sizes[-1] - sizes[0] < 100_000


@pytest.mark.parametrize("table", TABLES)
def test_the_page_about_exports_describes_exactly_the_columns(table: str) -> None:
    page = (ROOT / "docs" / "exports.md").read_text()
    section = page.split(f"\n## {table}\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == TABLES[table].columns
