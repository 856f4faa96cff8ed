"""The worker's wish to end, for work that would otherwise take no notice."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from celery.signals import worker_shutting_down

T = TypeVar("T")

stopping = threading.Event()
# How long a language model may take to finish an answer that is paid for already.
GRACE_SECONDS = 2.0


class Stopped(Exception):
    """The worker ends; what is not stored yet is handed back."""


@worker_shutting_down.connect(dispatch_uid="explanations.tasks.stopping")
def _stop(**_: Any) -> None:
    stopping.set()


def abandonable(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise `Stopped` soon after the worker is told to end.

    The thread that waits for a far-away answer is then left behind; it holds no lease and stores
    nothing.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    thread = threading.Thread(target=_kept, args=(work, results, errors), daemon=True)
    thread.start()
    while thread.is_alive() and not stopping.is_set():
        thread.join(0.05)
    thread.join(GRACE_SECONDS)
    if errors:
        raise errors[0]
    if not results:
        raise Stopped
    return results[0]


def _kept(work: Callable[[], T], results: list[T], errors: list[BaseException]) -> None:
    try:
        results.append(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        errors.append(error)
