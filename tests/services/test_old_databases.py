"""A database of version 0.1, with a running study in it, migrates and goes on.

`tests/data/version_0_1/database.json.gz` holds every row of a database that version 0.1 filled:
a comparison in which a rater has answered, skipped, corrected and left a draft, studies of other
designs, adopted answers, a run with calls of four kinds, and what people asked in the browser.
"""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.core.serializers import python as serializer
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils.timezone import now

from annotation.models import Assignment, Judgment
from explanations.models import Call
from explanations.selectors.calls import calls_stored
from studies.analysis.archive.read import recompute
from studies.exports.archive import archive
from studies.models import Analysis, Study
from studies.services.analyses import analysis_request
from studies.tasks import analyse
from tests.conftest import ROOT
from tests.databases import connected, sqlite
from tests.services.conftest import _execute

pytestmark = pytest.mark.services

ROWS = ROOT / "tests" / "data" / "version_0_1" / "database.json.gz"
VERSION_0_1 = [
    ("annotation", "0012_not_for"),
    ("explanations", "0002_images"),
    ("studies", "0010_stronger_marks"),
]
# What a model of version 0.1 is called today.
RENAMED: dict[str, str] = {"explanations.meaning": "explanations.embedding"}


@pytest.fixture(scope="session")
def rows() -> list[dict[str, Any]]:
    """Return every row of the old database."""
    stored: list[dict[str, Any]] = json.loads(gzip.decompress(ROWS.read_bytes()))
    return stored


@pytest.fixture(scope="session")
def sqlite_migrated(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Path:
    """Return a SQLite file of version 0.1 that was migrated."""
    path = tmp_path_factory.mktemp("old") / "db.sqlite3"
    with django_db_blocker.unblock():
        _migrate(sqlite(path), rows)
    return path


@pytest.fixture(scope="session")
def postgres_migrated(
    rows: list[dict[str, Any]], postgres_url: str, django_db_blocker: Any
) -> tuple[str, str]:
    """Return a PostgreSQL server and its database of version 0.1 that was migrated."""
    _execute(postgres_url, "CREATE DATABASE old_template")
    with django_db_blocker.unblock():
        _migrate(postgres_url.removesuffix("postgres") + "old_template", rows)
    return postgres_url, "old_template"


@pytest.fixture(params=["sqlite", "postgresql"])
def old_database(
    request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: Any
) -> Iterator[None]:
    """Work on a copy of the migrated database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_migrated"), tmp_path / "db.sqlite3")
        database = sqlite(tmp_path / "db.sqlite3")
    else:
        server, template = request.getfixturevalue("postgres_migrated")
        name = f"old_{uuid4().hex}"
        _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        database = server.removesuffix("postgres") + name
    with django_db_blocker.unblock(), connected(database):
        yield


def _migrate(database: str, rows: list[dict[str, Any]]) -> None:
    """Fill a database as version 0.1 did, then migrate it to today's version."""
    with connected(database):
        _fill(rows)
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


def _fill(rows: list[dict[str, Any]]) -> None:
    """Make the tables of version 0.1 and store its rows, with the models as they were then."""
    executor = MigrationExecutor(connection)
    auth = [node for node in executor.loader.graph.leaf_nodes() if node[0] in {"auth", "sessions"}]
    state = executor.migrate([*VERSION_0_1, *auth])
    today = serializer.apps
    serializer.apps = state.apps
    try:
        with transaction.atomic(), connection.constraint_checks_disabled():
            for each in serializer.Deserializer(rows):
                each.save()
    finally:
        serializer.apps = today
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(
            no_style(), list(state.apps.get_models())
        ):
            cursor.execute(statement)


@pytest.mark.usefixtures("old_database")
def test_no_row_is_lost(rows: list[dict[str, Any]]) -> None:
    stored = Counter(row["model"] for row in rows)
    kept = {
        name: apps.get_model(RENAMED.get(name, name))._default_manager.count() for name in stored
    }
    assert kept == dict(stored)


@pytest.mark.usefixtures("old_database")
def test_a_rater_goes_on_where_they_were() -> None:
    study = Study.objects.get(slug="running")
    held = Assignment.objects.get(state="open", item__batch=study.batch)
    # The site was down for less than the claim lasts.
    Assignment.objects.filter(pk=held.pk).update(
        claimed=now(), expires=now() + timedelta(seconds=60)
    )
    assert study.batch is not None
    browser = Client()
    following = f"/rate/{study.batch.token}/next/"
    known = {"name": "trout", "password": "a-long-pass-word-9", "next": following}
    reply = browser.post("/rate/login/", known)
    assert (reply.status_code, reply["Location"]) == (302, following)
    page = browser.get(following)
    assert page.status_code == 200
    assert str(held.key) in page.content.decode()
    before = Judgment.objects.count()
    answer = {"choice": "tie", "confidence": "3", "key": str(uuid4()), "seconds": "9"}
    reply = browser.post(f"/rate/{study.batch.token}/answer/{held.key}/", answer)
    assert (reply.status_code, reply["Location"]) == (303, following)
    assert Judgment.objects.count() == before + 1
    assert browser.get(following).status_code == 200


@pytest.mark.usefixtures("old_database")
def test_the_study_is_analysed_and_exported(tmp_path: Path) -> None:
    study = Study.objects.get(slug="running")
    before = Analysis.objects.get(study=study).results
    researcher = Client()
    researcher.force_login(User.objects.get(username="boss"))
    assert researcher.get(f"/studies/{study.slug}/results/").status_code == 200
    assert analyse(analysis_request(study=study, at=now()).pk)
    after = Analysis.objects.get(study=study)
    assert after.state == Analysis.State.DONE
    assert after.results["n_judgments"] == before["n_judgments"] > 0
    path = tmp_path / "export.zip"
    path.write_bytes(b"".join(archive(study)))
    computed = recompute(path)
    assert computed.recomputed == computed.exported
    with ZipFile(path) as export:
        assert len(export.read("judgments.jsonl").splitlines()) == 20


@pytest.mark.usefixtures("old_database")
def test_every_study_has_its_pages() -> None:
    researcher = Client()
    researcher.force_login(User.objects.get(username="boss"))
    for study in Study.objects.all():
        for address in (
            f"/admin/studies/study/{study.pk}/change/",
            f"/studies/{study.slug}/results/",
        ):
            assert researcher.get(address).status_code == 200, address


@pytest.mark.usefixtures("old_database")
def test_calls_of_a_language_model_are_read_as_what_they_were() -> None:
    stored = calls_stored(Call.objects.values_list("target_id", flat=True))
    texts = [getattr(stored[key].outcome, "text", None) for key in sorted(stored)]
    reasons = [getattr(stored[key].outcome, "reason", "") for key in sorted(stored)]
    assert texts == ["fish", None, None, None]
    assert reasons == ["", "", "", "cut off"]
    assert len({type(each.outcome) for each in stored.values()}) == 4
