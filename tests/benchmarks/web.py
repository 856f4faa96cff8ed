"""The product's own web processes, and what they take."""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from deploy.processes import web_command
from tests.conftest import ROOT

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """MB of 10^6 bytes: resident sizes added up, and with what is shared counted once (PSS)."""

    resident: float
    proportional: float


class Web:
    """The site on a port of this machine, served as `make demo` serves it."""

    def __init__(self, port: int, settings: Mapping[str, str], log: Path) -> None:
        self.port = port
        self._environment = os.environ | settings
        self._log = log
        self._first: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the processes, and return once they answer."""
        with self._log.open("ab") as log:
            self._first = subprocess.Popen(
                web_command(self.port),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self._answers():
            if self._first.poll() is not None:
                raise RuntimeError(f"the web processes ended:\n{self.said()}")
            time.sleep(0.05)

    def said(self) -> str:
        """Return the end of what all processes logged."""
        return self._log.read_text()[-4000:]

    def kill(self) -> None:
        """Kill every process at once, as a power cut to them would."""
        if self._first is not None:
            os.killpg(self._first.pid, signal.SIGKILL)
            self._first.wait()

    def processor_seconds(self) -> float:
        """Return what all processes have used."""
        return processor_seconds(self._pids())

    def memory(self) -> Memory:
        """Return what all processes hold: the one that watches, and those that serve."""
        sizes = [_sizes(pid) for pid in self._pids()]
        return Memory(
            resident=sum(each["Rss"] for each in sizes) * 1024 / 1e6,
            proportional=sum(each["Pss"] for each in sizes) * 1024 / 1e6,
        )

    def _pids(self) -> list[int]:
        first = self._first
        return [] if first is None else [p for p, fields in _stats() if int(fields[3]) == first.pid]

    def _answers(self) -> bool:
        try:
            urlopen(f"http://127.0.0.1:{self.port}/rate/nothing/", timeout=30)
        except HTTPError as error:
            return error.code == 404
        except OSError:
            return False
        return False


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    return [pid, *(child for child, fields in _stats() if int(fields[1]) == pid)]


def processor_seconds(pids: Collection[int]) -> float:
    """Return what processes, and those children of theirs that have ended, have used."""
    used = [map(int, fields[11:15]) for pid, fields in _stats() if pid in pids]
    return sum(map(sum, used)) / TICKS


def _stats() -> list[tuple[int, list[str]]]:
    """Return the fields of each process in /proc from its state (field 3) on; see proc(5)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue  # It has ended meanwhile.
        found.append((int(path.parent.name), text.rpartition(")")[2].split()))
    return found


def _sizes(pid: int) -> dict[str, int]:
    """Return a process's sizes in KiB by name."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}
