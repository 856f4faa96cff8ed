"""What every test may use."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.databases import connected, migrated, sqlite

ROOT = Path(__file__).resolve().parent.parent

# How long one example takes says nothing while other tests run beside it.
settings.register_profile("concordance", deadline=None)
settings.load_profile("concordance")


@pytest.fixture(scope="session")
def small_model() -> Path:
    """Return the folder of a causal model of 5 layers of 172 neurons: see `tests.small_model`."""
    return ROOT / "tests" / "small_model" / "small_llama"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """Return a migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "db.sqlite3"
    with django_db_blocker.unblock():
        migrated(sqlite(path))
    return path


@pytest.fixture
def sqlite_file(sqlite_template: Path, tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """Work on a SQLite file of the test's own, which threads and other processes can share."""
    path = tmp_path / "db.sqlite3"
    shutil.copy(sqlite_template, path)
    with django_db_blocker.unblock(), connected(sqlite(path)):
        yield path
