"""Runs untrusted programs: a language model's, or another benchmark's. Linux only. Pure.

A program is Python text that defines a function; inputs and outputs are JSON. It runs in a process
of its own that restricts itself before it reads the first line of the program.

Always guaranteed, or nothing is run (`Unprotected`): a seccomp filter that cannot be removed makes
the kernel refuse every system call except those that manage memory, read clocks, wait, draw random
bytes, end the process, and write to one anonymous file for the outputs. So the program cannot open
files, sockets, processes or threads, nor signal another process, whatever it does to the
interpreter, native code included. Address space, processor time, output size and open files are
limited; the environment is empty except for fixed settings; only the descriptors of inputs and
outputs are inherited; after a fixed time the process group is killed.

Guaranteed where the machine permits it: a network namespace of its own (see `Ran.isolated`;
containers often refuse it), and a user other than root. An audit hook refuses files, sockets,
processes, ctypes and further imports with a clear message; it is a convenience, not a barrier.

Not guaranteed: a program may lie about its outputs; it sees all inputs of its run; its duration can
be measured from outside; faults in the allowed system calls are not guarded against. The filter
supports x86-64 and 64-bit ARM.
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

# All that a program can import: what a function of numbers or texts needs.
_MODULES = (
    "bisect cmath collections copy dataclasses decimal fractions functools heapq itertools json "
    "math operator random re statistics string textwrap typing unicodedata"
)
_LIBRARIES = {
    "numpy": "numpy numpy.fft numpy.linalg numpy.polynomial numpy.random",
    "scipy": "scipy scipy.signal scipy.special scipy.stats",
}
"""Libraries that are loaded only for a program that names them, because they start slowly."""


class Unprotected(RuntimeError):
    """A program cannot be restricted on this machine and was not run; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a run: seconds, including the start, and bytes of memory and of all outputs.

    Memory is counted on top of what the interpreter and its libraries use.
    """

    processor_seconds: int = 5
    wall_seconds: float = 10.0
    memory: int = 256 * 2**20
    output: int = 2**20

    def __post_init__(self) -> None:
        if min(self.processor_seconds, self.wall_seconds, self.memory, self.output) <= 0:
            raise ValueError(f"limits must be above 0: {self}")


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

    The function is the one called `f` or `function`, else the one defined last. An input for which
    it raises, or which it does not reach within the limits, is `Unusable` with the reason. Raises
    `Unprotected` where the program cannot be restricted.
    """
    limits = limits or Limits()
    with tempfile.TemporaryFile() as job, tempfile.TemporaryFile() as output:
        job.write(_job(program, inputs, limits))
        job.seek(0)
        ended = _ended(job, output, limits.wall_seconds)
        output.seek(0)
        lines = list(_lines(output.read(limits.output)))
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


def _ended(job: IO[bytes], output: IO[bytes], seconds: float) -> str:
    """Run the process to its end, and return how it ended if it did not finish."""
    process = subprocess.Popen(  # noqa: S603 - our own file, and nothing of the program's
        [sys.executable, "-s", "-S", "-P", "-B", "-X", "utf8", str(_CHILD)],
        stdin=job,
        stdout=output,
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
    return f"it died of {signal.Signals(-code).name}" if code < 0 else "it ended too early"


def _lines(output: bytes) -> Iterator[dict[str, Any]]:
    """Yield the complete lines that are JSON objects, up to the first that is not."""
    for line in output.split(b"\n")[:-1]:
        try:
            read = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(read, dict):
            return
        yield read


def _read(lines: Sequence[dict[str, Any]], inputs: int, ended: str) -> Ran | Unusable:
    """Return the outcomes in the lines after the first, and for the rest how the process ended."""
    if len(lines) > 1 and "failed" in lines[1]:
        return Unusable(reason=str(lines[1]["failed"])[:300])
    outcomes: list[Returned | Unusable] = []
    for number, line in enumerate(lines[1 : inputs + 1]):
        if line.get("input") != number:
            break
        outcomes.append(_outcome(line))
    missing = Unusable(reason=f"no output: {ended}")
    outcomes += [missing] * (inputs - len(outcomes))
    return Ran(outcomes=tuple(outcomes), isolated=bool(lines[0]["isolated"]))


def _outcome(line: dict[str, Any]) -> Returned | Unusable:
    if "value" in line:
        return Returned(value=line["value"])
    return Unusable(reason=str(line.get("raised") or "it raised an error without a message")[:300])
