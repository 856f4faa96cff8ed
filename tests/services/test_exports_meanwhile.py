"""An export is of one moment, and raters answer while it is written, on real databases."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from zipfile import ZipFile

import pytest
from django.db import connection

from annotation.models import Judgment
from studies.exports.archive import archive
from studies.exports.tables import pieces
from studies.models import Study
from tests import factories
from tests.services.conftest import Site

pytestmark = pytest.mark.services


def _answer_meanwhile(study: Study) -> None:
    """Answer on a connection of its own; a lock that the export holds would time this out."""

    def answer() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout = 1000")
            else:
                cursor.execute("SET lock_timeout = '1s'")
        try:
            factories.judged(study, ["fancy"])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(answer).result()


def test_a_judgment_that_arrives_during_an_export_is_stored_and_not_in_it(site: Site) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    assert site.database
    whole = io.BytesIO()
    for number, piece in enumerate(archive(study)):
        whole.write(piece)
        if number == 0:
            _answer_meanwhile(study)
    assert Judgment.objects.count() == 4
    with ZipFile(whole) as export:
        rows = {
            name: [json.loads(line) for line in export.read(f"{name}.jsonl").splitlines()]
            for name in ("judgments", "items", "raters")
        }
        results = json.loads(export.read("results.json"))
    assert len(rows["judgments"]) == results["n_judgments"] == 3
    assert sum(item["judgments"] for item in rows["items"]) == 3
    assert [rater["judgments"] for rater in rows["raters"]] == [3]


def test_raters_answer_while_a_single_table_is_sent(site: Site) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    assert site.database
    exported = pieces(study, "judgments", "csv")
    first = next(exported)
    _answer_meanwhile(study)
    assert len((first + b"".join(exported)).splitlines()) == 1 + 3
    assert len(b"".join(pieces(study, "judgments", "csv")).splitlines()) == 1 + 4
