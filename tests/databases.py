"""Databases beside Django's test database: files and servers that several processes can share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
from django.core.management import call_command
from django.db import connections


@contextmanager
def connected(database: str) -> Iterator[None]:
    """Point this process, with every thread it starts, at another database."""
    before = connections.settings["default"]
    config = {**before, **dj_database_url.parse(database)}
    if config["ENGINE"].endswith("postgresql"):
        config |= {"OPTIONS": {}, "CONN_MAX_AGE": 0}
    connections["default"].close()
    connections.settings["default"] = config
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = before
        del connections["default"]


def migrated(database: str) -> None:
    """Make the tables of an empty database."""
    with connected(database):
        call_command("migrate", verbosity=0)


def sqlite(path: Path) -> str:
    """Return the address of a SQLite file."""
    return f"sqlite:///{path}"
