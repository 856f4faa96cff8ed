"""The process in which a program runs: it restricts itself, then calls the program's function.

Started by the name of this file, and imports nothing of the project. Reads a job as JSON from
standard input; writes lines of JSON to standard output: whether it is protected or why not, then
one for each input. docs/ground-truth.md and the package's docstring say what is guaranteed.
"""

import ctypes
import importlib
import json
import math
import os
import platform
import resource
import struct
import sys
from contextlib import suppress
from types import FunctionType
from typing import Any

NOBODY = 65534
NEW_USER, NEW_NET, NEW_IPC, NEW_UTS = 0x10000000, 0x40000000, 0x08000000, 0x04000000
NO_NEW_PRIVILEGES, SET_FILTER, ALL_THREADS = 38, 1, 1
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refuse: with EPERM
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06

# By machine: its number in the kernel's audit interface, those of `seccomp` and `write`, and those
# of the calls that are allowed. Source: the kernel's unistd.h and audit.h.
MACHINES: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        317,
        1,
        {
            "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13,
            "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25,
            "madvise": 28, "nanosleep": 35, "exit": 60, "gettimeofday": 96, "getrusage": 98,
            "sigaltstack": 131, "time": 201, "futex": 202, "restart_syscall": 219,
            "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
            "getrandom": 318,
        },
    ),
    "aarch64": (
        0xC00000B7,
        277,
        64,
        {
            "exit": 93, "exit_group": 94, "futex": 98, "nanosleep": 101, "clock_gettime": 113,
            "clock_getres": 114, "clock_nanosleep": 115, "sched_yield": 124,
            "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134,
            "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "gettimeofday": 169,
            "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226,
            "madvise": 233, "getrandom": 278,
        },
    ),
}  # fmt: skip

REFUSED = (
    "open", "os.", "socket.", "subprocess.", "shutil.", "ctypes.", "pty.", "fcntl.", "mmap.",
    "resource.", "signal.", "syslog.", "sqlite3.", "urllib.", "webbrowser.",
)  # fmt: skip
"""Prefixes of audit events that are refused."""


class Refused(Exception):
    """The process cannot be restricted; the message says what is missing."""


class Filter(ctypes.Structure):
    """The kernel's `struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


class Nowhere:
    """Discards what a program prints."""

    def write(self, text: str) -> int:
        """Discard a text and return its length."""
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""


def main() -> None:
    """Restrict the process, run, and exit without the interpreter's cleanup, which opens files."""
    job = json.load(sys.stdin)
    try:
        isolated = _restrict(job)
    except (Refused, OSError, ImportError) as error:
        _write_json({"refused": f"{error}"})
        os._exit(1)
    _write_json({"isolated": isolated})
    _run(job["program"], job["inputs"], job["limits"]["output"] // 2)
    os._exit(0)


def _restrict(job: dict[str, Any]) -> bool:
    """Remove all that a program does not need; return whether the network is isolated too."""
    if job["packages"]:
        sys.path.append(job["packages"])
    for name in job["modules"]:
        importlib.import_module(name)
    libc = ctypes.CDLL(None, use_errno=True)
    _limit(job["limits"])
    isolated = _own_network(libc)
    _become_nobody()
    os.environ.clear()
    _forbid(libc)
    sys.stdin = sys.stdout = sys.stderr = Nowhere()
    sys.path.clear()
    sys.modules.pop("ctypes")
    sys.addaudithook(_refuse)
    return isolated


def _limit(limits: dict[str, Any]) -> None:
    with open("/proc/self/statm") as sizes:
        used = int(sizes.read().split()[0]) * resource.getpagesize()
    seconds = math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
    for what, most in (
        (resource.RLIMIT_AS, used + limits["memory"]),
        (resource.RLIMIT_CPU, seconds + limits["processor_seconds"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _own_network(libc: ctypes.CDLL) -> bool:
    """Enter a network namespace without interfaces, as root or in a user namespace of its own."""
    apart = NEW_NET | NEW_IPC | NEW_UTS
    return any(libc.unshare(flags) == 0 for flags in (apart, apart | NEW_USER))


def _become_nobody() -> None:
    """Stop being root where the machine permits it; a container may forbid it."""
    if os.geteuid() == 0:
        with suppress(PermissionError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def _forbid(libc: ctypes.CDLL) -> None:
    """Make the kernel refuse every call except those listed, in every thread, for good."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in MACHINES:
        raise Refused(f"there is no seccomp filter for {sys.platform} on {machine}")
    _, seccomp, _, _ = MACHINES[machine]
    code = instructions(machine)
    program = Filter(len(code) // 8, code)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise Refused("the kernel refuses PR_SET_NO_NEW_PRIVS")
    if libc.syscall(seccomp, SET_FILTER, ALL_THREADS, ctypes.byref(program)) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Refused(f"the kernel refuses the seccomp filter ({reason})")


def instructions(machine: str) -> bytes:
    """Return the filter as the kernel reads it: eight bytes an instruction."""
    audit, _, write, allowed = MACHINES[machine]
    count = len(allowed)
    code = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    # Each comparison jumps to the last instruction, which allows the call.
    code += [(EQUAL, count - i + 3, 0, call) for i, call in enumerate(sorted(allowed.values()))]
    # Writing is allowed to descriptor 1: the descriptor is the call's first argument, at byte 16.
    code += [(EQUAL, 0, 2, write), (LOAD, 0, 0, 16), (EQUAL, 1, 0, 1)]
    code += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *each) for each in code)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event == "import":
        raise ImportError(f"the sandbox has no module {_arguments[0]}")
    if event.startswith(REFUSED):
        raise PermissionError(f"the sandbox does not allow {event}")


def _run(program: str, inputs: list[Any], room: int) -> None:
    """Write what the program's function returns for each input, in at most `room` bytes."""
    names: dict[str, Any] = {"__name__": "program"}
    try:
        exec(compile(program, "program", "exec"), names)  # noqa: S102 - what all this is for
        function = _function(names)
    except BaseException as error:  # noqa: BLE001 - whatever a program does is its outcome
        _write_json({"failed": _message(error)})
        return
    for number, given in enumerate(inputs):
        try:
            line = json.dumps({"input": number, "value": function(given)}, default=_plain)
            if len(line) > room:
                raise OverflowError("the outputs are too long")
            room -= len(line)
        except BaseException as error:  # noqa: BLE001
            line = json.dumps({"input": number, "raised": _message(error)})
        _write(line)


def _plain(value: Any) -> Any:
    """Return an array's or a numpy number's plain value; `TypeError` for what JSON cannot hold."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"the function returned a {type(value).__name__}, which JSON cannot hold")
    return value.tolist()


def _function(names: dict[str, Any]) -> Any:
    """Return the function `f` or `function`, else the last that the program defined."""
    defined = [
        each
        for each in names.values()
        if isinstance(each, FunctionType) and each.__code__.co_filename == "program"
    ]
    if not defined:
        raise LookupError("the program defines no function")
    called = [each for each in map(names.get, ("f", "function")) if each in defined]
    return called[0] if called else defined[-1]


def _message(error: BaseException) -> str:
    name = type(error).__name__
    try:
        return f"{name}: {error}"[:300]
    except BaseException:  # noqa: BLE001 - the error is the program's own, and may lie
        return name


def _write_json(value: dict[str, Any]) -> None:
    _write(json.dumps(value))


def _write(line: str) -> None:
    rest = line.encode() + b"\n"
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
