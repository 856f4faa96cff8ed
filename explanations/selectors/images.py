"""The images of a neuron's records, and the places of their files."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from explanations.models import Image, Record, Subject
from explanations.records import RecordKind, Split

Size = Literal["file", "thumbnail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """An image with a neuron's raw activation on it; `pk` is what it is asked for by."""

    pk: int
    split: Split
    kind: RecordKind
    activation: float
    original: str
    alternative: str
    width: int
    height: int
    source: str
    licence: str


def image_views(neuron: int | None, *, without: Container[Split] = ()) -> tuple[ImageView, ...]:
    """Return the images of a neuron's records, highest activation first, but for some splits."""
    rows = Record.objects.filter(neuron=neuron, document__image__isnull=False)
    rows = rows.select_related("document__image").order_by("-peak", "pk")
    found = map(_seen, rows)
    return tuple(image for image in found if image.split not in without)


def _seen(record: Record) -> ImageView:
    image = record.document.image
    return ImageView(
        pk=image.pk,
        split=Split(record.document.split),
        kind=RecordKind(record.kind),
        activation=record.peak,
        original=image.original,
        alternative=image.alternative,
        width=image.width,
        height=image.height,
        source=image.source,
        licence=image.licence,
    )


def image_file(
    subject: Subject, image: int, size: Size, *, without: Container[Split] = ()
) -> str | None:
    """Return the name of an image's file, if some neuron of the subject has a record of it."""
    rows = Image.objects.filter(pk=image, document__records__neuron__subject=subject)
    found = rows.values_list("document__split", size).first()
    return None if found is None or Split(found[0]) in without else str(found[1])
