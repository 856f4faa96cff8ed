"""Importing the zips of images that people uploaded."""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from explanations.models import ImageImport, Run
from explanations.services import image_imports
from explanations.services.leases import lease_extend, lease_release
from explanations.tasks.lease_heartbeat import Heartbeat
from explanations.tasks.queue_length import messages_waiting
from explanations.tasks.stopping import Stopped, stopping

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 1.0
"""Seconds between two updates of the progress."""


@shared_task(name=image_imports.IMPORT_IMAGES)
def import_images() -> int:
    """Import the zips that wait, oldest first; return how many were claimed."""
    taken = 0
    while not stopping.is_set() and (found := image_imports.image_import_claim(at=timezone.now())):
        _import(found)
        taken += 1
    return taken


def call_for_images(unfinished: dict[str, int]) -> None:
    """Call a worker if a zip waits.

    The queue holds at most one message more than there are `unfinished` runs on it.
    """
    queue = Run.Queue.CPU
    if image_imports.image_imports_waiting(at=timezone.now()) and (
        messages_waiting(queue) <= unfinished.get(queue, 0)
    ):
        image_imports.image_imports_call()


def _import(taken: ImageImport) -> None:
    from explanations.formats.lines import FormatError
    from explanations.services.images import ImagesRefused, images_import

    lease = taken.lease
    assert lease is not None  # noqa: S101  it was just claimed
    with Heartbeat(lambda: lease_extend(ImageImport, lease=lease, at=timezone.now())):
        try:
            counts = images_import(
                path=Path(taken.place), subject=taken.subject, progress=_reporter(lease)
            )
        except Stopped:
            lease_release(ImageImport, lease=lease, done=0)
            return
        except (OperationalError, InterfaceError):
            # Not the zip's fault: its lease expires, and another worker claims it.
            raise
        except ImagesRefused as refused:
            faults = [str(fault) for fault in refused.faults]
        except FormatError as error:
            faults = [str(error)]
        except Exception as error:
            logger.exception("image import %s", taken.pk)
            faults = [f"{type(error).__name__}: {error}"]
        else:
            image_imports.image_import_finish(taken=taken, counts=counts, at=timezone.now())
            return
    image_imports.image_import_refuse(taken=taken, faults=faults, at=timezone.now())


def _reporter(lease: UUID) -> Callable[[int, int], None]:
    """Return a callback that stores the progress now and then, and stops with the worker."""
    reported = monotonic()

    def report(done: int, total: int) -> None:
        nonlocal reported
        if stopping.is_set():
            raise Stopped
        if done == total or monotonic() - reported >= _REPORT_SECONDS:
            image_imports.image_import_progress(lease=lease, done=done, total=total)
            reported = monotonic()

    return report
