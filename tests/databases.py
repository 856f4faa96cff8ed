"""Databases beside Django's test database: files and servers that several processes can share."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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
    _switch(config)
    try:
        yield
    finally:
        _switch(before)


def _switch(config: dict[str, Any]) -> None:
    connections["default"].close()
    connections.settings["default"] = config
    del connections["default"]
    # Content types are cached with the primary keys of the database before. Imported here, since
    # benchmarks import this module before Django is set up.
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.clear_cache()


def migrated(database: str) -> None:
    """Make the tables of an empty database."""
    with connected(database):
        call_command("migrate", verbosity=0)


def sqlite(path: Path) -> str:
    """Return the address of a SQLite file."""
    return f"sqlite:///{path}"


def free_port() -> int:
    """Return a port that nothing listens to now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A server of our own: the address of its maintenance database, and its first process."""

    address: str
    pid: int


def initdb() -> Path | None:
    """Return the program that makes a PostgreSQL, of the newest version installed."""
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)


@contextmanager
def postgres(program: Path, *options: str) -> Iterator[PostgresServer]:
    """Run a PostgreSQL in a folder of its own, which is thrown away; options are its settings."""
    # pytest's own folders are closed to other users, and PostgreSQL refuses to run as root.
    with TemporaryDirectory(prefix="concordance-postgres-") as folder:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data, pg_ctl = f"{folder}/data", str(program.with_name("pg_ctl"))
        _as_postgres([str(program), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"])
        port = free_port()
        settings = " ".join(f"-c {option}" for option in options)
        place = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {settings}"
        _as_postgres([pg_ctl, "-D", data, "-l", f"{folder}/log", "-w", "-o", place, "start"])
        address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        pid = int(Path(data, "postmaster.pid").read_text().splitlines()[0])
        try:
            yield PostgresServer(address=address, pid=pid)
        finally:
            _as_postgres([pg_ctl, "-D", data, "-m", "immediate", "stop"])


def _as_postgres(command: Sequence[str]) -> None:
    become = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*become, *command], check=True, capture_output=True, cwd="/")
