"""Carrying on a dialogue in a test: replies are given by kind of request."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from explanations.methods.requests import Dialogue, Request

T = TypeVar("T")
Replies = Mapping[type[Request], Callable[[Any], Any]]


def carried_on(dialogue: Dialogue[T], replies: Replies | None = None) -> T:
    """Return what a dialogue ends with; a request that nobody answers is a `KeyError`."""
    reply: Any = None
    while True:
        try:
            request = dialogue.send(reply)
        except StopIteration as stop:
            ended: T = stop.value
            return ended
        reply = (replies or {})[type(request)](request)
