"""Runs programs that nobody has read: a language model's, or another's benchmark. Linux only. Pure.

A program is Python text that defines a function; inputs and outputs are JSON. It runs in a process
of its own that locks itself in before it reads the first line of the program.

What always holds, or nothing is run (`Unprotected`): the kernel refuses, by a seccomp filter that
cannot be taken off, every system call but those that manage memory, read clocks, wait, draw random
bytes, end the process, and write to one anonymous file for the outputs. So there is no opening of
files for reading or writing, no socket, no new process or thread, no signal to another process,
whatever the program does to the interpreter, native code included. Address space, processor time,
size of the outputs and open files are limited; the environment is empty but for fixed settings; no
descriptor is inherited but the inputs' and outputs'; after a fixed time the process group is
killed.

What holds where the machine permits it: a network namespace of its own (`Ran.isolated` says
whether; containers often refuse it), and another user than root. An audit hook refuses files,
sockets, processes, ctypes and further imports with a clear message; it is a courtesy, not a wall.

What does not hold: the outputs are what the program says, so it may lie about them; it sees all
inputs of its run; how long it takes can be measured from outside; a fault in the kernel's own
allowed calls is not guarded against. The filter knows x86-64 and 64-bit ARM.
"""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from explanations.methods.values import Unusable

_CHILD = Path(__file__).with_name("child.py")
_SETTINGS = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# More than a program can import once it is locked in: what a function of numbers or texts needs.
_MODULES = (
    "bisect cmath collections copy dataclasses decimal fractions functools heapq itertools json "
    "math operator random re statistics string textwrap typing unicodedata"
)
_LIBRARIES = {
    "numpy": "numpy numpy.fft numpy.linalg numpy.polynomial numpy.random",
    "scipy": "scipy scipy.signal scipy.special scipy.stats",
}
"""What is there besides for a program that names it: it takes time to start."""


class Unprotected(RuntimeError):
    """A program cannot be locked in on this machine and was not run; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may take: seconds, starting included, and bytes of memory and of all outputs.

    Memory counts beyond what the interpreter and its libraries take.
    """

    processor_seconds: int = 5
    wall_seconds: float = 10.0
    memory: int = 256 * 2**20
    output: int = 2**20

    def __post_init__(self) -> None:
        if min(self.processor_seconds, self.wall_seconds, self.memory, self.output) <= 0:
            raise ValueError(f"a limit is above 0: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the function returned for an input, as JSON holds it; numbers may be nan or infinite."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An outcome for each input, in order; `isolated`: in a network namespace of its own."""

    outcomes: tuple[Returned | Unusable, ...]
    isolated: bool


def run(program: str, inputs: Sequence[Any], *, limits: Limits | None = None) -> Ran | Unusable:
    """Call a program's function on each input; `Unusable` where there is no function to call.

    The function is the one called `f` or `function`, else the one defined last. An input on which
    it raises, or which it does not come to within the limits, is `Unusable` with the reason. Raises
    `Unprotected` where the program cannot be locked in.
    """
    limits = limits or Limits()
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
        asked.write(_job(program, inputs, limits))
        asked.seek(0)
        ended = _ended(asked, said, limits.wall_seconds)
        said.seek(0)
        lines = list(_lines(said.read(limits.output)))
    first = lines[0] if lines else {"refused": f"its process did not start: {ended}"}
    if "isolated" not in first:
        raise Unprotected(f"programs cannot be run here: {first.get('refused')}")
    return _read(lines, len(inputs), ended)


def _job(program: str, inputs: Sequence[Any], limits: Limits) -> bytes:
    more = [parts for name, parts in _LIBRARIES.items() if re.search(rf"\b{name}\b", program)]
    job = {
        "program": program,
        "inputs": list(inputs),
        "limits": asdict(limits),
        "modules": " ".join([_MODULES, *more]).split(),
        "packages": sysconfig.get_path("platlib") if more else "",
    }
    return json.dumps(job).encode()


def _ended(asked: IO[bytes], said: IO[bytes], seconds: float) -> str:
    """Run the process to its end, and say how it ended where that was not by itself."""
    process = subprocess.Popen(  # noqa: S603 - our own file, and nothing of the program's
        [sys.executable, "-s", "-S", "-P", "-B", "-X", "utf8", str(_CHILD)],
        stdin=asked,
        stdout=said,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_SETTINGS,
        start_new_session=True,
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return "it ran too long"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        return "it used too much processor time"
    return f"it died of {signal.Signals(-code).name}" if code < 0 else "it ended before its time"


def _lines(said: bytes) -> Iterator[dict[str, Any]]:
    """Yield the whole lines that hold an object, up to the first that does not."""
    for line in said.split(b"\n")[:-1]:
        try:
            read = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(read, dict):
            return
        yield read


def _read(lines: Sequence[dict[str, Any]], asked: int, ended: str) -> Ran | Unusable:
    """Return what the lines after the first say, and for the rest how the process ended."""
    if len(lines) > 1 and "failed" in lines[1]:
        return Unusable(reason=str(lines[1]["failed"])[:300])
    outcomes: list[Returned | Unusable] = []
    for place, line in enumerate(lines[1 : asked + 1]):
        if line.get("input") != place:
            break
        outcomes.append(_outcome(line))
    missing = Unusable(reason=f"no output: {ended}")
    outcomes += [missing] * (asked - len(outcomes))
    return Ran(outcomes=tuple(outcomes), isolated=bool(lines[0]["isolated"]))


def _outcome(line: dict[str, Any]) -> Returned | Unusable:
    if "value" in line:
        return Returned(value=line["value"])
    return Unusable(reason=str(line.get("raised") or "it raised nothing that could be said")[:300])
