"""Child processes that end together: used by `make demo`."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

STOP_SECONDS = 10.0
# Ctrl-C, a request to end, a closed terminal.
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The program was asked to stop: Ctrl-C, SIGTERM, or a closed terminal."""


class Died(Exception):
    """A child process ended on its own; the message names it and its log."""


def free_port(wanted: int, tries: int = 20) -> int:
    """Return the first port from `wanted` on that nothing listens to on this machine.

    Raises OSError when `tries` ports in a row are taken.
    """
    for port in range(wanted, wanted + tries):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"ports {wanted} to {wanted + tries - 1} are all taken: set CONCORDANCE_PORT")


class Processes:
    """Children in sessions of their own, so that Ctrl-C reaches them only through `stop`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._foreground: subprocess.Popen[bytes] | None = None
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        for number in _ENDINGS:
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.stop()
        return kind is Stopped

    @staticmethod
    def _asked_to_stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start `command`; what it prints goes to `<name>.log`."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(  # noqa: S603  our own commands
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def run(self, name: str, command: Sequence[str]) -> None:
        """Run `command` to its end on this terminal; raises `Died` if it or a child fails."""
        foreground = subprocess.Popen(  # noqa: S603  our own commands
            command, stdin=subprocess.DEVNULL, start_new_session=True
        )
        self._foreground = foreground
        while foreground.poll() is None:
            self.check()
            time.sleep(0.1)
        self._foreground = None
        if foreground.returncode:
            raise Died(f"{name} ended with status {foreground.returncode}")

    def check(self) -> None:
        """Raise `Died` if a child has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                log = self._logs / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise Died(f"the {name} ended with status {child.returncode}; {log} says:\n{tail}")

    def wait(self) -> None:
        """Wait until a child ends, which raises `Died`, or until somebody asks to stop."""
        while True:
            self.check()
            time.sleep(0.5)

    def wait_for_port(self, port: int, seconds: float = 60.0) -> None:
        """Return when something on this machine answers on `port`; a dead child raises `Died`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise Died(f"nothing answered on port {port} within {seconds:.0f} seconds")

    def stop(self) -> None:
        """End every child: SIGTERM, and SIGKILL for what is still there after 10 seconds."""
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        children = [*self._children.values(), *filter(None, [self._foreground])]
        for child in children:
            child.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()


def web_command(port: int) -> list[str]:
    """Return the command that serves the site on this machine from two processes."""
    return [sys.executable, "-m", "deploy.web", "--port", str(port), "--workers", "2"]
