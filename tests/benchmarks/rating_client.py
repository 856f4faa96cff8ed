"""Raters at work, as lean as can be: what this process takes of the processors counts as well.

Run by `bench_rating` as `python -m tests.benchmarks.rating_client PORT TOKEN RATERS`. It says what
it did and is told what to do next in lines of JSON. Every rater is a thread with one connection
that is kept, agrees, and then does nothing but get a page, read its form, and send an answer. What
gets no reply is sent again, with the same key, as a browser's user would.
"""

import json
import random
import re
import socket
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

PATIENCE = 60.0
_ACTION = re.compile(rb'id="answer"\s+method="post"\s+action="([^"]+)"')
_CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_KEY = re.compile(rb'name="key" value="([^"]+)"')
_CHOICE = re.compile(rb'name="choice"\s+value="([^"]+)"')
_COOKIE = re.compile(rb"^set-cookie: *([^=]+)=([^;]*)", re.IGNORECASE | re.MULTILINE)
_LENGTH = re.compile(rb"^content-length: (\d+)", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(rb"^location: (\S+)", re.IGNORECASE | re.MULTILINE)


class Reply(NamedTuple):
    """What came back."""

    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        """Where the reply leads; empty if nowhere."""
        found = _LOCATION.search(self.head)
        return found[1].decode() if found else ""


class Unexpected(Exception):
    """A reply with another status than it must have."""


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> Reply:
        """Send a request and return its whole reply; OSError if there is none."""
        self._socket.sendall(request)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        parts, missing = [body], (int(length[1]) if length else 0) - len(body)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return Reply(int(head[9:12]), head, b"".join(parts))

    def _more(self) -> bytes:
        if received := self._socket.recv(65536):
            return received
        raise ConnectionResetError("closed before the reply was whole")


@dataclass
class Work:
    """What one rater did: milliseconds, and the answers whose reply came."""

    next: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)
    acknowledged: list[tuple[str, str, str]] = field(default_factory=list)
    resent: int = 0


class Rater:
    """One rater with a browser of their own."""

    def __init__(self, port: int, token: str, number: int) -> None:
        self.port, self.token = port, token
        self.cookies: dict[str, str] = {}
        self.draw = random.Random(number)  # noqa: S311
        self.connection: Connection | None = None
        self.page: Reply | None = None
        self.work = Work()

    def arrive(self) -> None:
        """Agree, and read the instructions."""
        address = f"/rate/{self.token}/"
        page = self.get(address, 200)
        sent = self.post(address, {"csrfmiddlewaretoken": _found(_CSRF, page)}, 303)
        self.get(sent.location, 200)

    def judge(self) -> None:
        """Get a question and answer it, as a page without script does: two requests."""
        began = time.perf_counter()
        page = self.get(f"/rate/{self.token}/next/", 200)
        shown = time.perf_counter()
        self._answer(page, {}, 303)
        self.work.next.append((shown - began) * 1000)

    def go_on(self) -> None:
        """Answer the question at hand and get the next one in the reply, as the script does."""
        page = self.page or self.get(f"/rate/{self.token}/next/", 200)
        self.page = self._answer(page, {"at_once": "1"}, 200)

    def _answer(self, page: Reply, more: Mapping[str, str], expected: int) -> Reply:
        address, key = _found(_ACTION, page), _found(_KEY, page)
        choice = self.draw.choice(_CHOICE.findall(page.body)).decode()
        form = {"csrfmiddlewaretoken": _found(_CSRF, page), "key": key, "seconds": "0.1"}
        began = time.perf_counter()
        reply = self.post(address, {**form, **more, "choice": choice}, expected)
        self.work.submit.append((time.perf_counter() - began) * 1000)
        self.work.acknowledged.append((address.rstrip("/").rsplit("/", 1)[-1], key, choice))
        return reply

    def get(self, address: str, *expected: int) -> Reply:
        """Get a page."""
        return self._send(f"GET {address} HTTP/1.1\r\n", b"", expected)

    def post(self, address: str, form: Mapping[str, str], *expected: int) -> Reply:
        """Send a form."""
        body = urlencode(form).encode()
        kind = "Content-Type: application/x-www-form-urlencoded"
        head = f"POST {address} HTTP/1.1\r\n{kind}\r\nContent-Length: {len(body)}\r\n"
        return self._send(head, body, expected)

    def _send(self, head: str, body: bytes, expected: tuple[int, ...]) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        host = f"Host: 127.0.0.1:{self.port}\r\nCookie: {cookies}\r\n\r\n"
        reply = self._until_replied((head + host).encode() + body)
        for name, value in _COOKIE.findall(reply.head):
            self.cookies[name.decode()] = value.decode()
        if reply.status not in expected:
            what = head.split("\r\n", 1)[0]
            raise Unexpected(f"{what} gave {reply.status}, not {expected}: {reply.body[-300:]!r}")
        return reply

    def _until_replied(self, request: bytes) -> Reply:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.connection = self.connection or Connection(self.port)
                return self.connection.ask(request)
            except OSError:
                self.connection = None
                self.work.resent += 1
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def _found(pattern: re.Pattern[bytes], page: Reply) -> str:
    found = pattern.search(page.body)
    if found is None:
        raise Unexpected(f"the page has no {pattern.pattern!r}")
    return found[1].decode()


def refusals(rater: Rater) -> dict[str, int]:
    """Return the status of each kind of save that must be refused; the rater's last act."""
    page = rater.get(f"/rate/{rater.token}/next/", 200)
    address = _found(_ACTION, page)
    form = {"csrfmiddlewaretoken": _found(_CSRF, page), "key": str(uuid4()), "choice": "neither"}
    whatever = tuple(range(200, 600))
    outside = rater.post(address, form, *whatever).status
    of_nobody = rater.post(f"/rate/{rater.token}/answer/{uuid4()}/", form, *whatever).status
    forged = rater.post(address, form | {"csrfmiddlewaretoken": "x" * 64}, *whatever).status
    rater.cookies.pop("rater")
    stranger = rater.post(address, form, *whatever).status
    return {
        "outside its schema": outside,
        "a question never given": of_nobody,
        "a forged form": forged,
        "nobody's cookie": stranger,
    }


def judge_all(
    raters: list[Rater], questions: int, at_once: bool, half: Callable[[], None]
) -> dict[str, Any]:
    """Let every rater answer so many questions, all together; return what they did.

    `half` is called once, when half of the answers are in.
    """
    lock, left = Lock(), len(raters) * questions // 2

    def one(rater: Rater) -> None:
        nonlocal left
        rater.work, rater.page = Work(), None
        for _ in range(questions):
            if at_once:
                rater.go_on()
            else:
                rater.judge()
            with lock:
                left -= 1
                is_half = left == 0
            if is_half:
                half()

    began, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(len(raters)) as pool:
        list(pool.map(one, raters))
    return {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - used,
        **{
            name: [each for rater in raters for each in getattr(rater.work, name)]
            for name in ("next", "submit", "acknowledged")
        },
        "resent": sum(rater.work.resent for rater in raters),
    }


def say(what: Mapping[str, Any]) -> None:
    """Tell the benchmark."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Arrive, then do what each line asks for: questions, at once or not, or refusals."""
    port, token, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    raters = [Rater(port, token, number) for number in range(count)]
    for rater in raters:
        rater.arrive()
    say({"arrived": count})
    for line in sys.stdin:
        asked = json.loads(line)
        if "questions" in asked:
            half = partial(say, {"half": True})
            say(judge_all(raters, asked["questions"], asked["at_once"], half))
        else:
            say(refusals(raters[0]))


if __name__ == "__main__":
    main()
