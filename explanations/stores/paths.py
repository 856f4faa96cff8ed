"""Paths and URLs: what is on this machine, and how the rest is reached. Pure."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

_URL = re.compile(r"[a-z][a-z0-9+.-]*(://|::)")


class UnsupportedURL(ValueError):
    """A URL for which no installed package is responsible; the message says what is missing."""


def local(place: str | Path) -> Path | None:
    """Return the absolute path that a path or a `file://` URL names; None for any other URL."""
    if isinstance(place, Path) or not _URL.match(place):
        return Path(place).resolve()
    parts = urlsplit(place)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        return Path(unquote(parts.path)).resolve()
    return None


def filesystem(place: str | Path) -> tuple[Any, str]:
    """Return the fsspec file system that holds a place, and the place's name in it."""
    if (path := local(place)) is not None:
        return LocalFileSystem(), str(path)
    try:
        files, name = url_to_fs(str(place))
    except (ImportError, ValueError) as error:
        raise UnsupportedURL(f"{place}: {error}") from error
    return files, name


def join(place: str | Path, name: str) -> str:
    """Return the place of that name inside a folder, which may be a URL."""
    return f"{str(place).rstrip('/')}/{name}"
