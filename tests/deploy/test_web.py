"""The processes that serve the site: they share what is loaded, and one that dies is replaced."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from deploy.processes import web_command
from tests.conftest import ROOT
from tests.databases import free_port


@pytest.fixture
def web(tmp_path: Path, sqlite_file: Path) -> Iterator[tuple[int, int]]:
    """Serve an empty site; yield the first process's id and the port."""
    port = free_port()
    settings = {
        "CONCORDANCE_VAR_DIR": str(tmp_path),
        "CONCORDANCE_DATABASE_URL": f"sqlite:///{sqlite_file}",
    }
    first = subprocess.Popen(web_command(port), cwd=ROOT, env=os.environ | settings)
    yield first.pid, port
    first.terminate()
    assert first.wait(20) == 0


def answers(port: int) -> bool:
    try:
        urlopen(f"http://127.0.0.1:{port}/rate/nothing/", timeout=10)
    except HTTPError as error:
        return error.code == HTTPStatus.NOT_FOUND
    except OSError:
        return False
    return False


def children(pid: int) -> set[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return set(map(int, path.read_text().split()))


def wait_until_served(pid: int, port: int, *, without: int = 0) -> set[int]:
    """Return the processes that serve, once there are two and one has answered."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        serving = children(pid)
        if len(serving) == 2 and without not in serving and answers(port):
            return serving
        time.sleep(0.05)
    pytest.fail("nothing was served within a minute")


def test_a_web_process_that_is_killed_is_replaced_and_the_rest_is_shared(
    web: tuple[int, int],
) -> None:
    pid, port = web
    one, other = wait_until_served(pid, port)
    sizes = Path(f"/proc/{other}/smaps_rollup").read_text().splitlines()[1:]
    kib = {line.split(":")[0]: int(line.split()[1]) for line in sizes}
    assert kib["Pss"] < 0.7 * kib["Rss"]
    os.kill(one, signal.SIGKILL)
    assert other in wait_until_served(pid, port, without=one)
