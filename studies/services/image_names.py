"""Names for the images of a payload that tell neither neuron, nor order, nor that two are one."""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from django.utils.crypto import salted_hmac


def images_hidden(payload: dict[str, Any], *, secret: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a payload whose images have new names, and the stored file behind each of these.

    The same image has another name wherever it stands, so that no name says that what is asked
    about is among the examples. A name is made with the site's key from `secret`, the place and the
    file, so nobody who knows all three can tell it.
    """
    names: dict[str, str] = {}
    for place, image in enumerate(_images(payload)):
        told = f"{secret}/{place}/{image['name']}"
        digest = salted_hmac("studies.images", told, algorithm="sha256").hexdigest()[:32]
        opaque = f"{digest}{PurePath(image['name']).suffix}"
        names[opaque] = image["name"]
        image["name"] = opaque
    return payload, names


def _images(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the images in a payload, each as the object that says its name."""
    if isinstance(part, Mapping):
        if part.get("kind") == "image" and isinstance(part, dict):
            yield part
        else:
            for each in part.values():
                yield from _images(each)
    elif isinstance(part, list):
        for each in part:
            yield from _images(each)
