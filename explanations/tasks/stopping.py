"""Stopping a worker while it does work that takes long."""

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

from celery.signals import worker_shutting_down

stopping = threading.Event()
# How long a language model may take to finish an answer that is already paid for.
GRACE_SECONDS = 2.0


class Stopped(Exception):
    """The worker stops; targets whose results are not stored yet are released."""


@worker_shutting_down.connect(dispatch_uid="explanations.tasks.stopping")
def _stop(**_: Any) -> None:
    stopping.set()


def patience(grace: float = GRACE_SECONDS) -> Callable[[], None]:
    """Return a function that raises `Stopped` soon after the worker is told to stop.

    Answers that arrive within the grace period are stored; later ones are abandoned.
    """
    until = inf

    def check() -> None:
        nonlocal until
        if stopping.is_set():
            until = min(until, time.monotonic() + grace)
        if time.monotonic() > until:
            raise Stopped

    return check
