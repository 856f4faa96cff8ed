"""Opaque names for a payload's images, which reveal neither neuron, nor order, nor identity."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from django.utils.crypto import salted_hmac


def images_hidden(payload: dict[str, Any], *, secret: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a payload whose images have new names, and the stored file by new name.

    The same image has a different name in each position, so names don't reveal that an option is
    one of the examples. A name is a hash of `secret`, position and file, keyed with the site's key.
    """
    names: dict[str, str] = {}
    for position, image in enumerate(_images(payload)):
        source = f"{secret}/{position}/{image['name']}"
        digest = salted_hmac("studies.images", source, algorithm="sha256").hexdigest()[:32]
        opaque = f"{digest}{PurePath(image['name']).suffix}"
        names[opaque] = image["name"]
        image["name"] = opaque
    return payload, names


def _images(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the images in a payload, as objects with a name."""
    if isinstance(part, Mapping):
        if part.get("kind") == "image" and isinstance(part, dict):
            yield part
        else:
            for each in part.values():
                yield from _images(each)
    elif isinstance(part, list):
        for each in part:
            yield from _images(each)
