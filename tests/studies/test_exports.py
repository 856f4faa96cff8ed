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

from annotation.models import Judgment
from explanations.models import Explanation, SimulatedRecord
from studies.analysis.report.figure import figure_to_csv
from studies.exports.columns import Column
from studies.exports.document import MARK, PAGE, documented
from studies.exports.formats import FORMATS, to_csv
from studies.exports.tables import TABLES, pieces
from studies.models import Adoption, Study
from studies.services.building import study_build
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Make a study with three judgments by a person and two synthetic ones."""
    made = factories.open_study(neurons=3)
    factories.judged(made, ["fancy", "plain", "tie"])
    factories.judged(made, ["fancy", "fancy"], synthetic=True)
    return made


def whole(study: Study, table: str, format: str) -> bytes:
    return b"".join(pieces(study, table, format))


def rows(study: Study, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in whole(study, table, "jsonl").splitlines()]


def csv_rows(study: Study, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(whole(study, table, "csv").decode())))


def simulate(study: Study) -> None:
    """Let one explanation's activations be predicted on two records, one of them in vain."""
    explanation = Explanation.objects.order_by("pk").first()
    assert explanation is not None
    made = factories.simulation(explanation)
    first, second, *_ = explanation.neuron.records.order_by("pk")
    factories.simulated_record(made, first, (0, 9.5, float("nan"), 1))
    SimulatedRecord.objects.create(simulation=made, record=second, reason="no answer")


def adopt(study: Study) -> None:
    """Let nothing come of a judgment."""
    judgment = Judgment.objects.order_by("pk")[0]
    Adoption.objects.create(
        study=study, judgment=judgment, reason="too short", adopted=judgment.submitted
    )


def cell(value: object) -> str:
    """Return a value out of JSON as a cell of CSV."""
    if isinstance(value, (dict, list)):
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
    first = {r["item"]: r["explanation"] for r in rows(study, "options") if r["place"] == 0}
    for row in rows(study, "judgments"):
        assert row[f"{row['listed_first']}_explanation"] == first[row["item"]]


def test_every_judgment_says_whether_it_is_synthetic(study: Study) -> None:
    assert [row["synthetic"] for row in rows(study, "judgments")] == [False] * 3 + [True] * 2
    assert [row["synthetic"] for row in csv_rows(study, "judgments")][2:4] == ["false", "true"]
    assert sum(row["synthetic_judgments"] for row in rows(study, "items")) == 2
    assert sum(row["judgments"] for row in rows(study, "items")) == 5


def test_tables_join_on_the_explanation(study: Study) -> None:
    texts = {row["explanation"]: row["text"] for row in rows(study, "explanations")}
    assert len(texts) == 6
    assert all(texts[row["explanation"]] == row["text"] for row in rows(study, "options"))
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
    if table == "simulations":
        simulate(study)
    if table == "adoptions":
        adopt(study)
    if table == "draws":
        study = factories.open_study(neurons=2, pairing="active", budget=2)
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


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_every_first_character_of_a_formula_is_escaped_in_tables_and_figures(first: str) -> None:
    text = f"{first}1+1"
    columns = (Column("text", "text", "a text"), Column("n", "number", "a number"))
    table = b"".join(to_csv(columns, iter([{"text": text, "n": -1.5}]))).decode()
    figure = figure_to_csv({"columns": [[text, "text"], ["n", "number"]], "rows": [[text, -1.5]]})
    header, row = csv.reader(io.StringIO(figure, newline=""))
    assert (header[0], row) == (f"'{text}", [f"'{text}", "-1.5"])
    assert list(csv.reader(io.StringIO(table, newline="")))[1] == [f"'{text}", "-1.5"]


def test_a_negative_number_stays_a_number_in_csv(study: Study) -> None:
    assert {"1", "-1", "0"} >= {row["outcome"] for row in csv_rows(study, "judgments")}


# --- Pseudonyms -----------------------------------------------------------------------------------


def test_raters_have_pseudonyms_that_are_stable_and_differ_between_studies(study: Study) -> None:
    raters = [row["rater"] for row in rows(study, "judgments")]
    assert len(set(raters)) == 2
    assert raters == [row["rater"] for row in csv_rows(study, "judgments")]
    enrolment = factories.judged(study, [])
    other = factories.open_study()
    assert study.pseudonym(enrolment.rater.key) != other.pseudonym(enrolment.rater.key)


def test_no_export_holds_a_raters_key(study: Study) -> None:
    keys = {e.rater.key for e in study.batch.enrolments.all()}  # type: ignore[union-attr]
    texts = [whole(study, table, format) for table in TABLES for format in ("csv", "jsonl")]
    text = b"".join(texts).decode()
    assert not any(str(key) in text or key.hex in text for key in keys)


def test_a_pseudonym_hangs_on_the_installations_secret(study: Study, settings: Any) -> None:
    rater = factories.judged(study, []).rater.key
    before = study.pseudonym(rater)
    settings.SECRET_KEY = uuid4().hex
    assert study.pseudonym(rater) != before


# --- How to get them ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("format", FORMATS)
def test_a_stranger_gets_the_login_instead_of_an_export(
    client: Client, study: Study, table: str, format: str
) -> None:
    response = client.get(reverse("studies:export", args=[study.slug, table, format]))
    assert response["Location"].startswith(reverse("admin:login"))


def test_staff_download_a_table_as_a_file(client: Client, study: Study) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    response = client.get(reverse("studies:export", args=[study.slug, "judgments", "csv"]))
    assert response["Content-Disposition"] == f'attachment; filename="{study.slug}-judgments.csv"'
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert body.decode() == whole(study, "judgments", "csv").decode()


@pytest.mark.parametrize("what", [("keys", "csv"), ("judgments", "xlsx")])
def test_a_table_that_does_not_exist_is_not_found(
    client: Client, study: Study, what: tuple[str, str]
) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    assert client.get(reverse("studies:export", args=[study.slug, *what])).status_code == 404


def test_the_command_writes_every_table_in_every_form(study: Study, tmp_path: Path) -> None:
    call_command("export_study", study.slug, str(tmp_path / "new"))
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names == {f"{table}.{format}" for table in TABLES for format in FORMATS}
    written = (tmp_path / "new" / "items.csv").read_bytes().decode()
    assert written == whole(study, "items", "csv").decode()


def test_the_command_refuses_a_study_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="'nothing'"):
        call_command("export_study", "nothing", str(tmp_path))


def test_a_draft_exports_empty_tables_with_their_columns() -> None:
    assert csv_rows(factories.study(), "judgments") == []
    header = whole(factories.study(), "judgments", "csv").decode()
    assert header.strip().split(",") == list(TABLES["judgments"].names)


def test_rows_are_written_as_they_are_read(study: Study) -> None:
    exported = pieces(study, "judgments", "jsonl")
    tracemalloc.start()
    sizes = [tracemalloc.get_traced_memory()[0] for _ in exported]
    tracemalloc.stop()
    assert sizes[-1] - sizes[0] < 100_000


def test_the_page_about_exports_describes_exactly_the_columns() -> None:
    page = PAGE.read_text()
    described = re.findall(r"^\| `(\w+)` \| (.*) \|$", page.partition(MARK)[2], re.MULTILINE)
    columns = [column for table in TABLES.values() for column in table.columns]
    assert described == [(column.name, column.meaning) for column in columns]
    assert page == documented(page), "run python -m studies.exports.document"


def test_parquet_says_the_same_as_json(study: Study) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(whole(study, "judgments", "parquet"))).to_pylist()
    for row, exact in zip(table, rows(study, "judgments"), strict=True):
        read = {**row, "submitted": row["submitted"].isoformat()}
        assert {**read, **{name: json.loads(row[name]) for name in ("shown", "answer")}} == exact


def test_a_simulation_says_what_was_predicted_and_why_nothing_was(study: Study) -> None:
    simulate(study)
    given, failed = rows(study, "simulations")
    assert (given["actual"], given["simulated"]) == ([0, 9, 0, 1], [0, 9.5, None, 1])
    assert (failed["simulated"], failed["reason"]) == (None, "no answer")


def test_raters_come_with_what_they_did(study: Study) -> None:
    exported = rows(study, "raters")
    assert [(row["synthetic"], row["judgments"]) for row in exported] == [(False, 3), (True, 2)]
    assert {row["rater"] for row in exported} == {r["rater"] for r in rows(study, "judgments")}
