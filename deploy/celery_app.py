"""The Celery application, and the sweep that finds work in the database."""

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
    """Runs every task named `*.tasks.sweep` at intervals, in its own thread."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: "WorkController", **options: object) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        super().__init__(parent, **options)

    def start(self, parent: "WorkController") -> None:
        """Start, with the first sweep immediately."""
        self._thread.start()

    def stop(self, parent: "WorkController") -> None:
        """Stop after the current sweep."""
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        from django.conf import settings
        from django.db import connections

        from explanations.services.runs import runs_uncall

        if not settings.SERVICE_MODE:
            # The in-memory queue of an earlier process ended with it.
            _guarded("forgetting old messages", runs_uncall)
        while True:
            for name in sorted(name for name in app.tasks if name.endswith(".tasks.sweep")):
                _guarded(name, app.tasks[name])
            connections.close_all()
            if self._ended.wait(settings.SWEEP_SECONDS):
                return


def _guarded(name: str, work: Callable[[], object]) -> None:
    """Run a step; if it fails because a server is down, the next sweep tries again."""
    try:
        work()
    except Exception:
        logger.exception("%s failed", name)


app.steps["worker"].add(Sweeper)
