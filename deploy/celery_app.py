"""The Celery application, and the sweep that makes the database the queue."""

import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from celery import Celery, bootsteps

if TYPE_CHECKING:
    from celery.worker import WorkController

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")

logger = logging.getLogger(__name__)

app = Celery("concordance")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Sweeper(bootsteps.StartStopStep):
    """Runs every task called `*.tasks.sweep` from time to time, in a thread of its own."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: "WorkController", **options: object) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        super().__init__(parent, **options)

    def start(self, parent: "WorkController") -> None:
        """Begin, with the first sweep at once."""
        self._thread.start()

    def stop(self, parent: "WorkController") -> None:
        """End after the sweep under way."""
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        from django.conf import settings
        from django.db import connections

        from explanations.services.runs import runs_uncall

        if not settings.SERVICE_MODE:
            # What an earlier process had in its memory went with it.
            _guarded("forgetting old messages", runs_uncall)
        while True:
            for name in sorted(name for name in app.tasks if name.endswith(".tasks.sweep")):
                _guarded(name, app.tasks[name])
            connections.close_all()
            if self._ended.wait(settings.SWEEP_SECONDS):
                return


def _guarded(name: str, work: Callable[[], object]) -> None:
    """Do one thing; the database or the broker that it missed may be back at the next sweep."""
    try:
        work()
    except Exception:
        logger.exception("%s failed", name)


app.steps["worker"].add(Sweeper)
