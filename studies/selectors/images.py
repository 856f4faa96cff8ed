"""Stored images as raters' payloads name them."""

from collections.abc import Sequence

from annotation.protocols.stimuli import Image
from explanations.models import Image as StoredImage
from explanations.models import Record, Subject

_CHUNK = 500


def image_of(record: Record) -> Image | None:
    """Return the image of a record, by its file's name; None for a text."""
    stored = getattr(record.document, "image", None)
    if stored is None:
        return None
    return Image(
        name=stored.file,
        width=stored.width,
        height=stored.height,
        alternative=stored.alternative,
    )


def likeliest_subject(*, images: bool) -> Subject | None:
    """Return the first subject by name with (or without) images, else the first of all."""
    subjects = Subject.objects.order_by("name")
    pictured = Record.objects.filter(document__image__isnull=False).values("neuron__subject")
    fitting = subjects.filter(pk__in=pictured) if images else subjects.exclude(pk__in=pictured)
    return fitting.first() or subjects.first()


def thumbnails_of(files: Sequence[str]) -> dict[str, str]:
    """Return the files of thumbnails by the files of their images."""
    found: dict[str, str] = {}
    for start in range(0, len(files), _CHUNK):
        images = StoredImage.objects.filter(file__in=files[start : start + _CHUNK])
        found |= dict(images.values_list("file", "thumbnail"))
    return found
