"""What `make demo` relies on: ports, and children that end together."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.processes import Died, Processes, free_port
from tests.conftest import ROOT

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
IGNORES_SIGTERM = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
]

# A parent with two children that says their ids and waits, as the demo does.
PARENT = """
import sys
from pathlib import Path
from deploy.processes import Processes
with Processes(Path(sys.argv[1])) as processes:
    for name in ("worker", "web"):
        processes.start(name, [sys.executable, "-c", "import time; time.sleep(60)"])
    print(*(child.pid for child in processes._children.values()), flush=True)
    processes.wait()
print("ended", flush=True)
"""


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture(autouse=True)
def _keep_signal_handlers() -> object:
    kept = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_when_every_port_is_taken_the_error_names_them_and_the_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"ports {port} to {port}.*CONCORDANCE_PORT"):
            free_port(port, tries=1)


def test_a_child_that_dies_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("worker", [sys.executable, "-c", "print('no memory'); raise SystemExit(3)"])
        with pytest.raises(Died, match=r"the worker ended with status 3.*\n.*no memory"):
            processes.wait()


def test_leaving_the_block_ends_every_child(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("web", SLEEPS)
        processes.start("worker", SLEEPS)
        children = [child.pid for child in processes._children.values()]
        assert all(_alive(pid) for pid in children)
    assert not any(_alive(pid) for pid in children)


def test_a_child_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.processes.STOP_SECONDS", 0.5)
    with Processes(tmp_path) as processes:
        processes.start("stubborn", IGNORES_SIGTERM)
        time.sleep(0.3)
        (pid,) = (child.pid for child in processes._children.values())
    assert not _alive(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_sigterm_and_a_closed_terminal_end_the_parent_and_its_children(
    tmp_path: Path, number: signal.Signals
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    parent.send_signal(number)
    said, _ = parent.communicate(timeout=20)
    assert parent.returncode == 0
    assert said.strip() == "ended"
    assert len(children) == 2
    assert not any(_alive(pid) for pid in children)


def test_a_command_in_the_foreground_ends_before_the_next_and_a_failing_one_is_named(
    tmp_path: Path,
) -> None:
    done = tmp_path / "done"
    with Processes(tmp_path) as processes:
        processes.start("worker", SLEEPS)
        processes.run("touching", [sys.executable, "-c", f"open({str(done)!r}, 'w')"])
        assert done.exists()
        with pytest.raises(Died, match="the preparation ended with status 4"):
            processes.run("the preparation", [sys.executable, "-c", "raise SystemExit(4)"])


def test_a_worker_that_dies_ends_what_waits_for_it(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("worker", [sys.executable, "-c", "raise SystemExit(3)"])
        with pytest.raises(Died, match="the worker ended with status 3"):
            processes.run("the preparation", SLEEPS)
