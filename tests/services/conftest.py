"""Real servers and real worker processes, each in a folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_client

from tests.databases import connected, free_port, initdb, migrated, postgres, sqlite

ROOT = Path(__file__).resolve().parent.parent.parent


def until(happened: Callable[[], Any], seconds: float = 90.0) -> Any:
    """Wait for something and return it; fails when it does not happen in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := happened():
            return value
        time.sleep(0.01)
    pytest.fail(f"did not happen within {seconds} seconds")


def ended(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """End a process by a signal and return its status."""
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(30)


def killed_when(process: subprocess.Popen[bytes], happened: Callable[[], Any]) -> None:
    """Kill a process once something is so: it stands still first, so that what was seen stays."""

    def is_so_while_it_stands_still() -> bool:
        if not happened():
            return False
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        if happened():
            return True
        process.send_signal(signal.SIGCONT)
        return False

    until(is_so_while_it_stands_still)
    process.kill()
    process.wait()


# --- Servers --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Redis that keeps nothing on disk."""
    binary = shutil.which("redis-server") or pytest.skip("redis-server is not installed")
    port = free_port()
    server = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        cwd=tmp_path_factory.mktemp("redis"),
        stdout=subprocess.DEVNULL,
    )
    client = redis_client.Redis(port=port)
    until(lambda: _answers(client))
    yield f"redis://127.0.0.1:{port}/0"
    client.close()
    ended(server)


def _answers(client: redis_client.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis_client.ConnectionError:
        return False


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL in a folder of its own; return the address of its maintenance database."""
    program = initdb() or pytest.skip("PostgreSQL is not installed")
    with postgres(program, "fsync=off") as server:
        yield server.address


# --- Sites ----------------------------------------------------------------------------------------


@dataclass
class Site:
    """One installation: a database that this process is connected to, and a folder for files."""

    folder: Path
    database: str
    broker: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this installation reads its settings from."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("CONCORDANCE", "OPENAI"))},
            "CONCORDANCE_VAR_DIR": str(self.folder),
            "CONCORDANCE_DATABASE_URL": self.database,
            "CONCORDANCE_BROKER_URL": self.broker,
            "CONCORDANCE_LEASE_SECONDS": "2",
            "CONCORDANCE_SWEEP_SECONDS": "0.3",
            **self.settings,
        }

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a worker process; its log is in the folder."""
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.worker", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def logs(self) -> str:
        """Everything that the workers wrote."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str, django_db_blocker: Any) -> str:
    """Return the server's address once it has a migrated, empty database called template."""
    _execute(postgres_url, "CREATE DATABASE concordance_template")
    database = postgres_url.removesuffix("postgres") + "concordance_template"
    with django_db_blocker.unblock():
        migrated(database)
    return postgres_url


def _execute(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Name the database that a site runs on; tests may ask for one by parametrizing."""
    return str(request.param)


@pytest.fixture
def site(
    database: str, tmp_path: Path, request: pytest.FixtureRequest, django_db_blocker: Any
) -> Iterator[Site]:
    """Make an installation in embedded mode, and end its workers afterwards."""
    make = {"sqlite": _sqlite, "postgresql": _postgres}[database]
    site = Site(folder=tmp_path, database=make(tmp_path, request))
    with django_db_blocker.unblock(), connected(site.database):
        yield site
        for worker in site.workers:
            ended(worker, signal.SIGKILL)


def _sqlite(folder: Path, request: pytest.FixtureRequest) -> str:
    shutil.copy(request.getfixturevalue("sqlite_template"), folder / "db.sqlite3")
    return sqlite(folder / "db.sqlite3")


def _postgres(folder: Path, request: pytest.FixtureRequest) -> str:
    server: str = request.getfixturevalue("postgres_template")
    name = f"site_{time.monotonic_ns()}"
    _execute(server, f"CREATE DATABASE {name} TEMPLATE concordance_template")
    return server.removesuffix("postgres") + name


@pytest.fixture
def service_site(site: Site, redis_url: str) -> Iterator[Site]:
    """Make an installation in service mode: workers are called through an empty Redis."""
    client = redis_client.Redis.from_url(redis_url)
    client.flushall()
    site.broker = redis_url
    yield site
    client.close()
