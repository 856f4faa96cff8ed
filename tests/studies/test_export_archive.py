"""The zip of a study: whole, of one moment, the same twice, and enough to compute its results."""

import csv
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Exclusion
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from explanations.models import Explanation, Score
from studies import tasks
from studies.analysis.archive.read import ExportError, recompute
from studies.analysis.data.canonical_json import as_text
from studies.analysis.data.plan import Plan
from studies.exports.archive import archive
from studies.exports.formats import installed_formats
from studies.exports.tables import TABLES, pieces
from studies.models import Study
from studies.services.analyses import analysis_request
from studies.services.registering import registration_freeze
from tests import factories
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """Make a study of six neurons with two raters, one synthetic, and a score that is undefined."""
    made = factories.open_study(neurons=6, question="Do raters agree?", title="50 % of R&D")
    Explanation.objects.order_by("pk")[0].scores.update(value=None, reason="constant")
    factories.judged(made, ["fancy", "plain", "tie", "fancy", "fancy", "plain"])
    factories.judged(made, ["fancy", "fancy", "fancy", "tie"], synthetic=True)
    return made


def zipped(study: Study, folder: Path) -> Path:
    path = folder / "export.zip"
    path.write_bytes(b"".join(archive(study)))
    return path


def analysed(study: Study) -> None:
    asked = analysis_request(study=study, at=timezone.now())
    assert tasks.analyse(asked.pk)


def rewritten(path: Path, to: Path, change: dict[str, str | None]) -> Path:
    """Copy a zip with files changed, or left out."""
    with ZipFile(path) as old, ZipFile(to, "w") as new:
        for name in old.namelist():
            text = change.get(name, old.read(name).decode("latin-1"))
            if text is not None:
                new.writestr(name, text.encode("latin-1"))
    return to


# --- What is in it --------------------------------------------------------------------------------


def test_the_zip_holds_every_table_in_every_form_as_it_is_alone(
    study: Study, tmp_path: Path
) -> None:
    with ZipFile(zipped(study, tmp_path)) as export:
        assert export.testzip() is None
        for table in TABLES:
            for format in ("csv", "jsonl"):
                assert export.read(f"{table}.{format}") == b"".join(pieces(study, table, format))
            assert {f"{table}.{format}" for format in installed_formats()} <= set(export.namelist())


def test_the_zip_holds_the_results_as_tables_and_figures(study: Study, tmp_path: Path) -> None:
    with ZipFile(zipped(study, tmp_path)) as export:
        results = json.loads(export.read("results.json"))
        estimates = csv_rows(export, "results/estimates.csv")
        rates = csv_rows(export, "results/details.methods.rates.csv")
        svg = [export.read(n) for n in export.namelist() if n.endswith(".svg")]
        gap = csv_rows(export, "figures/gap.csv")
    found = {row["place"]: row["value"] for row in estimates}
    assert float(found["details.agreement.percent"]) == pytest.approx(
        results["details"]["agreement"]["percent"]["value"]
    )
    assert [row["condition"] for row in rates] == results["details"]["methods"]["conditions"]
    assert svg
    assert gap
    assert all(text.startswith(b"<svg") for text in svg)


def csv_rows(export: ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.read(name).decode())))


def test_the_same_study_is_the_same_bytes(study: Study) -> None:
    assert b"".join(archive(study)) == b"".join(archive(study))


def test_the_zip_comes_in_pieces(study: Study) -> None:
    made = list(archive(study))
    assert len([piece for piece in made if piece]) > len(TABLES)


def test_texts_tell_this_studys_numbers(study: Study, tmp_path: Path) -> None:
    with ZipFile(zipped(study, tmp_path)) as export:
        methods = export.read("methods.md").decode()
        cite = export.read("citation.bib").decode()
        sheet = export.read("datasheet.md").decode()
        names = export.namelist()
    assert "2 raters gave the 10 judgments analysed" in methods
    assert "4 of these judgments were made by a program" in methods
    assert r"title = {50 \% of R\&D}" in cite
    assert all(f"@{key}" in methods and f"{{{key}," in cite for key in ("gwet2008", "cameron2011"))
    assert "Do raters agree?" in sheet
    assert "Synthetic judgments: 4 of 10" in sheet
    # The datasheet itself and what is written after it are not in its own list.
    assert all(f"| `{name}` |" in sheet for name in names[:-2])


def test_a_draft_and_a_study_without_answers_export_too(tmp_path: Path) -> None:
    for made in (factories.study(), factories.open_study()):
        computed = recompute(zipped(made, tmp_path))
        assert computed.recomputed == computed.exported


# --- Results from it alone ------------------------------------------------------------------------


def test_results_come_out_of_the_export_alone_byte_for_byte(study: Study, tmp_path: Path) -> None:
    analysed(study)
    path = zipped(study, tmp_path)
    check = (
        "import runpy, sys; sys.argv = ['analysis', *sys.argv[1:]];\n"
        "try: runpy.run_module('studies.analysis', run_name='__main__')\n"
        "finally: assert not {'django', 'pyarrow', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check, str(path)], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    with ZipFile(path) as export:
        assert done.stdout == export.read("results.json")
    assert b"the same as" in done.stderr


def test_stored_results_and_those_computed_for_the_export_are_the_same(study: Study) -> None:
    before = b"".join(archive(study))
    analysed(study)
    assert b"".join(archive(study)) == before


def test_stored_results_that_are_behind_are_not_exported(study: Study, tmp_path: Path) -> None:
    analysed(study)
    factories.judged(study, ["plain", "plain"])
    Score.objects.filter(value__gt=0.6).update(value=0.1)
    computed = recompute(zipped(study, tmp_path))
    assert json.loads(computed.exported)["n_judgments"] == 12
    assert computed.recomputed == computed.exported


def test_raters_whom_a_rule_excludes_stay_excluded_in_what_is_computed_anew(
    study: Study, tmp_path: Path
) -> None:
    analysed(study)
    assert study.batch is not None
    for enrolment in study.batch.enrolments.filter(rater__synthetic=True):
        Exclusion.objects.create(
            enrolment=enrolment, rule="speed", value=0.9, n=4, limit=0.5, pauses=True,
            at=timezone.now(),
        )  # fmt: skip
    computed = recompute(zipped(study, tmp_path))
    assert json.loads(computed.recomputed)["n_judgments"] == 6
    assert computed.recomputed == computed.exported
    assert [row["excluded"] for row in lines(study, "raters")] == [[], ["speed"]]


def lines(study: Study, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(pieces(study, table, "jsonl")).splitlines()]


def test_a_registered_plan_is_exported_to_the_letter_and_obeyed(
    study: Study, tmp_path: Path
) -> None:
    analysed(study)
    # The first rater gave six judgments, the second four.
    plan = Plan(primary="correlation", gap_edges=(0.0, 1 / 3), min_judgments=5)
    frozen = registration_freeze(study=study, plan=plan, at=timezone.now())
    computed = recompute(zipped(study, tmp_path))
    assert json.loads(computed.recomputed)["n_judgments"] == 6
    assert computed.recomputed == computed.exported
    with ZipFile(tmp_path / "export.zip") as export:
        assert export.read("registration.json").decode() == frozen.document
        assert json.loads(export.read("study.json"))["registered"]["sha256"] == frozen.sha256
        assert "Not as registered: " in export.read("datasheet.md").decode()


def test_an_export_whose_judgments_were_changed_is_found_out(study: Study, tmp_path: Path) -> None:
    path = zipped(study, tmp_path)
    with ZipFile(path) as export:
        _, *others = export.read("judgments.jsonl").decode().splitlines(keepends=True)
    changed = rewritten(path, tmp_path / "changed.zip", {"judgments.jsonl": "".join(others)})
    done = subprocess.run(
        [sys.executable, "-m", "studies.analysis", str(changed), "--to", str(tmp_path / "r.json")],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert b"NOT the same" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["n_judgments"] == 9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"judgments.jsonl": None}, "no judgments.jsonl in it"),
        ({"study.json": json.dumps({"format": 99})}, "format 99"),
        ({"study.json": "{"}, "study.json"),
        ({"judgments.jsonl": "["}, "judgments.jsonl, line 1"),
        ({"judgments.jsonl": "{}"}, "the field 'tests_rater'"),
    ],
)
def test_what_is_no_export_is_refused_by_name(
    study: Study, tmp_path: Path, change: dict[str, str | None], said: str
) -> None:
    broken = rewritten(zipped(study, tmp_path), tmp_path / "broken.zip", change)
    with pytest.raises(ExportError, match=said):
        recompute(broken)


def test_a_file_that_is_no_zip_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    for name in ("text.zip", "nothing.zip"):
        with pytest.raises(ExportError, match=name):
            recompute(tmp_path / name)


def test_numbers_of_results_have_one_way_of_being_written() -> None:
    odd = {"b": [1.0, -0.0, 0.1 + 0.2, 1e22], "a": {"x": None, "y": True}}
    assert json.loads(as_text(odd)) == {"a": {"x": None, "y": True}, "b": [1, 0, 0.3, 10**22]}
    assert as_text(odd) == as_text({"a": {"y": True, "x": None}, "b": [1, 0, 0.3, 10**22]})


# --- For machines ---------------------------------------------------------------------------------


def test_the_croissant_description_is_valid_and_reads_the_tables(
    study: Study, tmp_path: Path
) -> None:
    with ZipFile(zipped(study, tmp_path)) as export:
        export.extractall(tmp_path / "out")
    read = (
        "import sys, json, mlcroissant\n"
        "data = mlcroissant.Dataset(jsonld=sys.argv[1])\n"
        "assert not data.metadata.ctx.issues.errors\n"
        "rows = list(data.records(record_set='judgments'))\n"
        "read = [[r['judgments/preferred'].decode(), int(r['judgments/item'])] for r in rows]\n"
        "print(json.dumps(read))"
    )
    path = str(tmp_path / "out" / "croissant.json")
    done = subprocess.run([sys.executable, "-c", read, path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    expected = [[row["preferred"], row["item"]] for row in lines(study, "judgments")]
    assert json.loads(done.stdout.splitlines()[-1]) == expected


def test_the_croissant_description_has_every_files_digest(study: Study, tmp_path: Path) -> None:
    with ZipFile(zipped(study, tmp_path)) as export:
        described = json.loads(export.read("croissant.json"))
        for file in described["distribution"]:
            assert hashlib.sha256(export.read(file["contentUrl"])).hexdigest() == file["sha256"]
        named = {file["contentUrl"] for file in described["distribution"]}
        assert named == set(export.namelist()) - {"croissant.json"}


# --- Other questions ------------------------------------------------------------------------------


def ranked() -> Study:
    """Make a study whose raters put the explanations of one neuron in order."""
    study = factories.open_study(neurons=1)
    assert study.batch is not None
    item = study.batch.items.get()
    payload = {name: value for name, value in item.payload.items() if name != "tie"}
    study.batch.items.update(payload={**payload, "mode": "order"})
    study.batch.refresh_from_db()
    study.batch.protocol = "rank"
    study.batch.save()
    return study


def test_any_questions_answers_are_exported(tmp_path: Path) -> None:
    study = ranked()
    assert study.batch is not None
    now: Any = timezone.now()
    enrolment = rater_enrol(batch=study.batch, rater=None, at=now)
    assignment = assignment_claim(enrolment=enrolment, at=now)
    assert assignment is not None
    keys = [option["key"] for option in assignment.item.payload["options"]]
    answer = {"place": {keys[0]: 2, keys[1]: 1}}
    judgment_submit(assignment=assignment, answer=answer, key=assignment.key, seconds=1, at=now)
    path = zipped(study, tmp_path)
    with ZipFile(path) as export:
        row = json.loads(export.read("judgments.jsonl"))
    assert (row["protocol"], row["outcome"], row["preferred"]) == ("rank", None, None)
    assert row["answer"]["place"] == answer["place"]
    behind = {option["condition"]: option["key"] for option in row["shown"]}
    known = factories.options_by_condition(study)
    assert behind == {name: known[assignment.item_id, name] for name in ("plain", "fancy")}
    assert recompute(path).recomputed == recompute(path).exported


# --- How to get it --------------------------------------------------------------------------------


def test_staff_download_the_zip_and_strangers_do_not(client: Client, study: Study) -> None:
    address = reverse("studies:export-all", args=[study.slug])
    assert client.get(address)["Location"].startswith(reverse("admin:login"))
    client.force_login(User.objects.create_superuser("staff"))
    response = client.get(address)
    assert response["Content-Disposition"] == f'attachment; filename="{study.slug}.zip"'
    assert b"".join(response.streaming_content) == b"".join(archive(study))  # type: ignore[attr-defined]


def test_the_command_writes_the_zip(study: Study, tmp_path: Path) -> None:
    call_command("export_study", study.slug, str(tmp_path / "new" / "all.zip"))
    assert (tmp_path / "new" / "all.zip").read_bytes() == b"".join(archive(study))
