"""A program in the sandbox gives its outputs, and nothing it tries gets out or goes on for ever."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from explanations import sandbox
from explanations.methods.values import Unusable
from explanations.sandbox import Limits, Ran, Returned, child, run

# The audit hook only makes messages clear; without it the kernel alone must hold.
WITHOUT_HOOK = "import __main__\n__main__.REFUSED = ()\n"


def outputs(program: str, *inputs: object, limits: Limits | None = None) -> list[object]:
    """Return what a program gives for each input, each of which must give something."""
    ran = run(program, inputs, limits=limits)
    assert isinstance(ran, Ran), ran
    assert all(isinstance(each, Returned) for each in ran.outcomes), ran.outcomes
    return [each.value for each in ran.outcomes if isinstance(each, Returned)]


def reason(program: str, given: object = 1, limits: Limits | None = None) -> str:
    """Return why a program gave nothing."""
    ran = run(program, [given], limits=limits)
    failed = ran if isinstance(ran, Unusable) else ran.outcomes[0]
    assert isinstance(failed, Unusable), failed
    return failed.reason


def test_a_function_is_called_on_each_input_in_order() -> None:
    assert outputs("def f(x):\n    return x * 2", 1, "ab", 2.5) == [2, "abab", 5.0]


def test_the_function_f_is_called_or_else_the_one_defined_last() -> None:
    assert outputs("def f(x):\n    return g(x)\ndef g(x):\n    return x + 1", 1) == [2]
    helped = "def function(x):\n    return h(x)\ndef h(x):\n    return -x"
    assert outputs(helped, 1) == [-1]
    assert outputs("def g(x):\n    return x + 1\ndef h(x):\n    return g(x) * 10", 1) == [20]


def test_mathematics_texts_and_numpy_are_there() -> None:
    program = "import math, re\nimport numpy as np\ndef f(x):\n    return [math.pi, np.array([x])]"
    assert outputs(program, 3) == [[pytest.approx(3.14159, abs=1e-5), [3]]]


def test_a_script_that_reads_its_arguments_when_it_is_run_is_only_defined() -> None:
    program = "import sys\nimport scipy.signal\ndef function(x):\n    return x + 'vmB'\n"
    program += "if __name__ == '__main__':\n    print(function(sys.argv[1]))"
    assert outputs(program, "a") == ["avmB"]


def test_chance_is_the_same_in_every_run() -> None:
    program = "def f(x):\n    return list({'a', 'b', 'c', 'd'})"
    assert outputs(program, 1) == outputs(program, 1)


def test_an_input_that_fails_leaves_the_others_their_outputs() -> None:
    ran = run("def f(x):\n    return 1 / x", [2, 0, 4])
    assert isinstance(ran, Ran)
    assert ran.outcomes[0] == Returned(value=0.5)
    assert ran.outcomes[1] == Unusable(reason="ZeroDivisionError: division by zero")
    assert ran.outcomes[2] == Returned(value=0.25)


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("def f(x:", "SyntaxError"),
        ("x = 1", "defines no function"),
        ("from math import sin", "defines no function"),
        ("raise ValueError('early')", "ValueError: early"),
        ("import sys\nsys.exit(0)", "SystemExit"),
        ("(" * 5000, "Error"),
    ],
)
def test_what_is_no_program_is_said(program: str, says: str) -> None:
    found = run(program, [1, 2])
    assert isinstance(found, Unusable)
    assert says in found.reason


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return lambda: 1", "returned a function"),
        ("return {1, 2}", "returned a set"),
        ("return object()", "returned a object"),
        ("a = []; a.append(a); return a", "Circular"),
        ("return f(x)", "RecursionError"),
        ("return 'x' * 2**22", "too long"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import os; os._exit(0)", "ended too early"),
        ("class E(Exception):\n        __str__ = 1\n    raise E", "E"),
    ],
)
def test_an_output_that_cannot_be_given_has_a_reason(body: str, says: str) -> None:
    assert says in reason(f"def f(x):\n    {body}")


@pytest.mark.parametrize("hook", ["", WITHOUT_HOOK])
@pytest.mark.parametrize(
    "body",
    [
        "import os; return open('/etc/hostname').read()",
        "import os; return os.listdir('/')",
        "import os; return os.fork()",
        "import os; return os.system('true') and 1 / 0",
        "import os; return os.execv('/bin/true', ['true'])",
        "import os; return os.posix_spawn('/bin/true', ['true'], {})",
        "import os; return os.kill(os.getppid(), 9)",
        "import os; return os.pipe()",
        "import os; return os.write(0, b'x')",
        "import os; return os.chdir('/tmp')",
        "import _thread; return _thread.start_new_thread(print, ())",
        "import __main__; return __main__.resource.setrlimit(7, (9, 9))",
    ],
)
def test_files_processes_and_libraries_are_out_of_reach(hook: str, body: str) -> None:
    said = reason(f"{hook}def f(x):\n    {body}")
    assert "Error: " in said
    assert "is not defined" not in said
    assert "no attribute" not in said


@pytest.mark.parametrize("hook", ["", WITHOUT_HOOK])
def test_no_file_is_written(hook: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    file = tmp_path / "made"
    said = reason(f"{hook}def f(x):\n    open({str(file)!r}, 'w').write('x')")
    assert "PermissionError" in said
    assert not file.exists()


def test_native_code_gets_no_further_than_the_kernel_lets_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    file = tmp_path / "made"
    program = (
        f"{WITHOUT_HOOK}import __main__\nc = __main__.ctypes\n"
        "def f(x):\n"
        "    libc = c.PyDLL(None, use_errno=True, handle=c.pythonapi._handle)\n"
        f"    made = libc.open({str(file)!r}.encode(), 0o101, 0o666)\n"
        "    denied = c.get_errno()\n"
        "    return [made, denied, libc.socket(2, 1, 0), libc.fork(), libc.ptrace(16, 1, 0, 0)]\n"
    )
    # -1 from each call; errno 1 is EPERM
    assert outputs(program, 0) == [[-1, 1, -1, -1, -1]]
    assert not file.exists()


@pytest.mark.parametrize("module", ["socket", "subprocess", "ctypes", "http.client", "threading"])
def test_further_modules_are_refused_by_name(module: str) -> None:
    assert f"{module.partition('.')[0]}" in reason(f"import {module}\ndef f(x): return 1")


def test_no_connection_reaches_a_server_beside_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"{WITHOUT_HOOK}def f(x):\n    import _socket\n"
        program += f"    _socket.socket().connect(('127.0.0.1', {port}))"
        assert "Error" in reason(program)
        server.settimeout(0.05)
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a secret")
    assert outputs("import os\ndef f(x):\n    return dict(os.environ)", 1) == [{}]
    libc = "c.PyDLL(None, handle=c.pythonapi._handle)"
    program = f"{WITHOUT_HOOK}c = __main__.ctypes\ndef f(x):\n    g = {libc}.getenv\n"
    program += "    g.restype = c.c_char_p\n    return str(g(b'OPENAI_API_KEY'))"
    assert outputs(program, 1) == ["None"]


def test_an_endless_loop_is_ended_and_earlier_outputs_are_kept() -> None:
    program = "def f(x):\n    while x > 1:\n        pass\n    return x"
    ran = run(program, [1, 2, 1], limits=Limits(processor_seconds=1))
    assert isinstance(ran, Ran)
    assert ran.outcomes[0] == Returned(value=1)
    assert [isinstance(each, Unusable) for each in ran.outcomes] == [False, True, True]
    assert isinstance(ran.outcomes[1], Unusable)
    assert "processor time" in ran.outcomes[1].reason


def test_waiting_is_ended_too() -> None:
    began = time.monotonic()
    program = "import time\ndef f(x):\n    time.sleep(60)"
    assert "ran too long" in reason(program, limits=Limits(wall_seconds=0.8))
    assert time.monotonic() - began < 5


def test_memory_is_limited() -> None:
    program = "def f(x):\n    return len(bytearray(x * 2**20))"
    limits = Limits(memory=64 * 2**20)
    assert outputs(program, 32, limits=limits) == [32 * 2**20]
    assert "MemoryError" in reason(program, 65, limits)


def test_what_a_program_prints_is_forgotten_and_what_it_writes_is_limited() -> None:
    assert outputs("def f(x):\n    print('x' * 10**6)\n    return x", 1) == [1]
    program = "def f(x):\n    import os\n    while True:\n        os.write(1, b'x' * 1000)"
    assert reason(WITHOUT_HOOK + program, limits=Limits(output=10_000))


def test_lines_that_a_program_makes_up_do_not_break_the_reading() -> None:
    forged = "def f(x):\n    import os\n    os.write(1, b'[1]\\n{{{\\n')\n    return x"
    assert "no output" in reason(forged)


@pytest.fixture
def altered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Have the process begin otherwise, as it would on another machine."""

    def alter(old: str, new: str) -> None:
        text = Path(child.__file__).read_text(encoding="utf-8")
        assert old in text
        file = tmp_path / "child.py"
        file.write_text(text.replace(old, new), encoding="utf-8")
        monkeypatch.setattr(sandbox, "_CHILD", file)

    return alter


def test_a_machine_that_cannot_lock_in_runs_nothing(altered: Callable[[str, str], None]) -> None:
    # a filter that the kernel does not take: an instruction of no meaning
    altered("LOAD, EQUAL, RETURN = 0x20", "LOAD, EQUAL, RETURN = 0xFFFF")
    with pytest.raises(sandbox.Unprotected, match="refuses the seccomp filter"):
        run("def f(x):\n    return 1", [1])


def test_another_processor_runs_nothing(altered: Callable[[str, str], None]) -> None:
    altered("machine = platform.machine()", 'machine = "sparc64"')
    with pytest.raises(sandbox.Unprotected, match="no seccomp filter for linux on sparc64"):
        run("def f(x):\n    return 1", [1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # flags that no kernel knows, and a container whose root may not become anyone
        ("apart = NEW_NET | NEW_IPC | NEW_UTS", "apart = 1"),
        ("os.setgroups([])", "raise PermissionError"),
    ],
)
def test_without_a_network_or_user_of_its_own_the_filter_still_holds(
    altered: Callable[[str, str], None], old: str, new: str
) -> None:
    altered(old, new)
    ran = run("def f(x):\n    return x", [1])
    assert isinstance(ran, Ran)
    assert ran.outcomes == (Returned(value=1),)
    assert not (ran.isolated and "apart" in old)
    assert "Operation not permitted" in reason(
        f"{WITHOUT_HOOK}def f(x):\n    open('/etc/hostname')"
    )
    program = f"{WITHOUT_HOOK}import __main__\nc = __main__.ctypes\ndef f(x):\n"
    program += "    return c.PyDLL(None, handle=c.pythonapi._handle).socket(2, 1, 0)"
    assert outputs(program, 0) == [-1]


def test_a_process_that_does_not_start_is_no_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sandbox, "_CHILD", tmp_path / "absent.py")
    with pytest.raises(sandbox.Unprotected, match="did not start"):
        run("def f(x):\n    return 1", [1])


@pytest.mark.parametrize("machine", child.MACHINES)
def test_a_filter_allows_what_is_listed_and_writing_to_one_descriptor(machine: str) -> None:
    audit, _, write, allowed = child.MACHINES[machine]
    calls = {0, *range(500)}
    let = {call for call in calls if verdict(machine, audit, call, 0) == child.ALLOW}
    assert let == set(allowed.values())
    assert verdict(machine, audit, write, 1) == child.ALLOW
    assert verdict(machine, audit, write, 2) == child.REFUSE
    assert verdict(machine, 0, write, 1) == child.KILL


def verdict(machine: str, audit: int, call: int, argument: int) -> int:
    """Interpret a filter as the kernel does, on one call."""
    words = {0: call, 4: audit, 16: argument}
    code = child.instructions(machine)
    at, held = 0, 0
    while True:
        kind, yes, no, k = child.struct.unpack_from("<HBBI", code, at * 8)
        if kind == child.RETURN:
            return int(k)
        if kind == child.LOAD:
            held = words[k]
        else:
            at += yes if held == k else no
        at += 1


@pytest.mark.parametrize("name", ["processor_seconds", "wall_seconds", "memory", "output"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limits(**{name: 0})


def test_nothing_is_left_running() -> None:
    before = {entry for entry in os.listdir("/proc") if entry.isdecimal()}
    reason("import time\ndef f(x):\n    time.sleep(60)", limits=Limits(wall_seconds=0.5))
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert set(children) <= before
