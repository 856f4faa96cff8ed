"""Uploaded zips of images: kept until a worker has imported or refused them."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from explanations.models import ImageImport, Run
from explanations.services.leases import MAX_ATTEMPTS, UNHELD, claimable, rows_claim
from explanations.services.publish import publish

if TYPE_CHECKING:
    from explanations.services.images import ImageCounts

IMPORT_IMAGES = "explanations.tasks.import_images"
MAX_UPLOAD = 4 * 2**30
MAX_FAULTS = 500
"""Problems that are stored of one zip: more than anyone fixes before the next upload."""


class UploadRefused(ValueError):
    """A refused upload; the message is for its sender."""


def image_import_ask(
    *, name: str, subject: str, content: Iterable[bytes], sender: User | None
) -> ImageImport:
    """Keep a zip for a worker, and call one where a broker carries messages."""
    folder = Path(settings.IMAGE_DIR) / "waiting"
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{uuid4().hex}.zip"
    try:
        _write(place, content)
        with transaction.atomic():
            asked = ImageImport.objects.create(
                name=name[:200], subject=subject, place=str(place), sender=sender
            )
            if settings.SERVICE_MODE:
                transaction.on_commit(image_imports_call)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    return asked


def _write(place: Path, content: Iterable[bytes]) -> None:
    size = 0
    with place.open("wb") as file:
        for part in content:
            size += len(part)
            if size > MAX_UPLOAD:
                raise UploadRefused(
                    f"the zip has more than {MAX_UPLOAD / 2**30:.0f} GiB: part it, or use the "
                    "command import_images"
                )
            file.write(part)


def image_imports_call() -> None:
    """Call a worker."""
    publish(IMPORT_IMAGES, queue=Run.Queue.CPU.value)


# --- Taking in ------------------------------------------------------------------------------------


def image_import_claim(*, at: datetime) -> ImageImport | None:
    """Lease the oldest zip that nobody holds; what ended its worker several times is given up."""
    lease = uuid4()
    free = _claimable(at)
    for lost in free.filter(attempts__gte=MAX_ATTEMPTS):
        said = f"given up: its worker ended {MAX_ATTEMPTS} times before it was through"
        _end(free.filter(pk=lost.pk), lost.place, at, faults=said)
    if not rows_claim(free, limit=1, lease=lease, at=at):
        return None
    return ImageImport.objects.filter(lease=lease).first()


def image_import_progress(*, lease: UUID, done: int, total: int) -> None:
    """Note how many images are decoded."""
    ImageImport.objects.filter(lease=lease).update(done=done, total=total)


def image_import_finish(*, taken: ImageImport, counts: "ImageCounts", at: datetime) -> bool:
    """Store what was imported, and delete the zip; False when the lease is lost."""
    held = ImageImport.objects.filter(pk=taken.pk, lease=taken.lease)
    return _end(held, taken.place, at, counts=asdict(counts))


def image_import_refuse(*, taken: ImageImport, faults: Iterable[str], at: datetime) -> bool:
    """Store why nothing was imported, and delete the zip; False when the lease is lost."""
    lines = list(faults) or ["no reason was given"]
    more = len(lines) - MAX_FAULTS
    kept = [*lines[:MAX_FAULTS], *([f"and {more:,} more"] if more > 0 else [])]
    held = ImageImport.objects.filter(pk=taken.pk, lease=taken.lease)
    return _end(held, taken.place, at, faults="\n".join(kept).replace("\0", ""))


def image_imports_waiting(*, at: datetime) -> bool:
    """Tell whether there is anything to claim."""
    return _claimable(at).exists()


def _claimable(at: datetime) -> QuerySet[ImageImport]:
    return ImageImport.objects.filter(claimable(at), finished=None)


def _end(held: QuerySet[ImageImport], place: str, at: datetime, **outcome: Any) -> bool:
    ended = held.update(finished=at, **UNHELD, **outcome) == 1
    if ended:
        Path(place).unlink(missing_ok=True)
    return ended
