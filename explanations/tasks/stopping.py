"""The worker's wish to end, for work that would otherwise take no notice."""

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Any

from celery.signals import worker_shutting_down

stopping = threading.Event()
# How long a language model may take to finish an answer that is paid for already.
GRACE_SECONDS = 2.0


class Stopped(Exception):
    """The worker ends; what is not stored yet is handed back."""


@worker_shutting_down.connect(dispatch_uid="explanations.tasks.stopping")
def _stop(**_: Any) -> None:
    stopping.set()


def patience(grace: float = GRACE_SECONDS) -> Callable[[], None]:
    """Return a check for work that waits: it raises `Stopped` soon after the worker is to end.

    What is stored by then is kept; a far-away answer that takes longer is left behind.
    """
    until = inf

    def check() -> None:
        nonlocal until
        if stopping.is_set():
            until = min(until, time.monotonic() + grace)
        if time.monotonic() > until:
            raise Stopped

    return check
