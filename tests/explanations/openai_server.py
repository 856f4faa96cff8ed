"""A real HTTP server that speaks the OpenAI protocol and does what a test scripts.

It listens on a free port of this machine. Each request takes the next scripted reply; the last one
is given again and again. What was asked is kept.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server sends; with `hang` it says nothing until the server ends."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False


Behaviour = Reply | Callable[[dict[str, Any]], Reply]


def chat(
    text: str | None,
    *,
    logprobs: list[dict[str, Any]] | None = None,
    refusal: str | None = None,
    finish: str = "stop",
) -> Reply:
    """Reply with one choice that says `text`."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = {"content": logprobs, "refusal": None}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny",
        "choices": [choice],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }
    return Reply(body=json.dumps(body).encode())


def echoed(pieces: Sequence[str], tops: Sequence[Mapping[str, float] | None]) -> Reply:
    """Reply as a completion that echoes its prompt, cut in `pieces`, with what was foreseen."""
    starts = list(accumulate(map(len, pieces), initial=0))[:-1]
    logprobs = {
        "tokens": list(pieces),
        "text_offset": starts,
        "token_logprobs": [None, *[-1.0] * (len(pieces) - 1)],
        "top_logprobs": list(tops),
    }
    choice = {"index": 0, "text": "".join(pieces), "logprobs": logprobs, "finish_reason": "length"}
    body = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "tiny",
        "choices": [choice],
        "usage": {"prompt_tokens": len(pieces) - 1, "completion_tokens": 1, "total_tokens": 18},
    }
    return Reply(body=json.dumps(body).encode())


def failure(status: int, message: str = "no", headers: Mapping[str, str] | None = None) -> Reply:
    """Reply with an error in OpenAI's form."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}})
    return Reply(body=body.encode(), status=status, headers=headers or {})


def truncated() -> Reply:
    """Reply with half of a completion's JSON."""
    whole = chat("a whole answer").body
    return Reply(body=whole[: len(whole) // 2])


HANG = Reply(hang=True)


def generated(
    text: str, alternatives: Mapping[str, Mapping[str, float]] | None = None
) -> list[dict[str, Any]]:
    """Cut a text as a tokenizer might, with log probabilities; `alternatives` by token's text."""
    pieces = re.findall(r"10|\d|\s|[^\d\s]+", text)
    return [entry(piece, (alternatives or {}).get(piece, {piece: -0.1})) for piece in pieces]


def entry(piece: str, alternatives: Mapping[str, float]) -> dict[str, Any]:
    """Return one generated token as the protocol writes it."""
    top = [{"token": text, "logprob": value, "bytes": None} for text, value in alternatives.items()]
    return {
        "token": piece,
        "logprob": alternatives.get(piece, -9999.0),
        "bytes": list(piece.encode()),
        "top_logprobs": top,
    }


class OpenAIServer:
    """The running server: its `url` for a client's `base_url`, and the requests it had."""

    def __init__(self, script: tuple[Behaviour, ...]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.most_at_once = 0
        self._script = list(script)
        self._now = 0
        self._lock = threading.Lock()
        self.ending = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def run(self) -> None:
        """Serve until `end`."""
        self._http.serve_forever(poll_interval=0.01)

    def end(self) -> None:
        """Stop serving and let every hanging reply go."""
        self.ending.set()
        self._http.shutdown()
        self._http.server_close()

    def reply(self, request: dict[str, Any], key: str) -> Reply:
        """Note a request and take the next behaviour of the script."""
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            behaviour = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return behaviour if isinstance(behaviour, Reply) else behaviour(request)

    def done(self) -> None:
        """Note that a reply was sent."""
        with self._lock:
            self._now -= 1


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            request = json.loads(self.rfile.read(length))
            reply = server.reply(request, self.headers.get("Authorization", ""))
            if reply.hang:
                server.ending.wait()
                self.close_connection = True
            else:
                self._send(reply)
            server.done()

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", **reply.headers}
            for name, value in {**headers, "Content-Length": str(len(reply.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: tests read what was asked from `requests`."""

    return Handler


@contextmanager
def serving(*script: Behaviour) -> Iterator[OpenAIServer]:
    """Run a server for the length of a block."""
    server = OpenAIServer(script)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join(5)
