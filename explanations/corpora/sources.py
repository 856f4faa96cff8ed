"""Where a text is and which columns are read, parsed from what the user writes on one line."""

import errno
import gzip
import lzma
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import parse_qsl

from explanations.stores.paths import UnsupportedURL, filesystem, local

HUB = "hf:"
JSON_LINES, PARQUET, PLAIN = (".jsonl", ".ndjson"), (".parquet",), (".txt",)
PACKED = (".gz", ".bz2", ".xz")

_OPTION = "(text|id|config|split|revision)=[^?&]*"
_OPTIONS = re.compile(rf"\?({_OPTION}(&{_OPTION})*)$")


class TextError(ValueError):
    """A text that cannot be read; the message names the file, the line or row, and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A path, a URL or the name of a data set, with the options given after a question mark.

    `id` is empty where no column was chosen for the keys. `config`, `split` and `revision` belong
    to data sets.
    """

    place: str
    query: str = ""
    hub: bool = False
    text: str = "text"
    id: str = ""
    config: str = ""
    split: str = "train"
    revision: str = ""

    @property
    def where(self) -> str:
        """The same source, named so that it is found from any folder."""
        prefix = HUB if self.hub else ""
        path = local(self.place) if not self.hub or os.path.exists(self.place) else None
        return f"{prefix}{path or self.place}{self.query}"

    @property
    def name(self) -> str:
        """The last part of the name, without what says how a file is packed."""
        return _bare(PurePosixPath(self.place.rstrip("/")).name)


def source(named: str | Path) -> Source:
    """Read a source as it was named; a path that exists is that path, whatever its name looks like.

    Raises `TextError` for an option that does not belong.
    """
    name = str(named)
    if isinstance(named, Path) or os.path.exists(name):
        return Source(place=name)
    found = _OPTIONS.search(name)
    query = found.group() if found else ""
    place = name.removesuffix(query)
    options = dict(parse_qsl(query.removeprefix("?")))
    if not place.startswith(HUB) or place.startswith(HUB + "//"):
        if extra := options.keys() - {"text", "id"}:
            raise TextError(f"{name}: {', '.join(sorted(extra))} can be chosen for hf: only")
        return Source(place=place, query=query, hub=False, **options)
    if "?" in place:
        raise TextError(f"{name}: after ? stand text, id, config, split or revision, joined by &")
    return Source(place=place.removeprefix(HUB), query=query, hub=True, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a source; `name` is relative to the source's folder, or the name of one alone."""

    name: str
    path: str
    system: Any
    alone: bool = False

    @property
    def suffix(self) -> str:
        """The suffix that says how it is read."""
        return PurePosixPath(_unpacked(self.name)).suffix.lower()

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file, unpacked, and name it in what goes wrong while it is read."""
        packed = None if self.name == _unpacked(self.name) else "infer"
        try:
            with self.system.open(self.path, "rb", compression=packed) as handle:
                yield handle
        except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
            raise TextError(f"{self.name}: the file is damaged ({error})") from error


def files(place: str) -> list[File]:
    """Return a file, or those of a folder that can be read as texts, by name.

    Hidden ones are left out. Raises `TextError` where a folder holds none, and `FileNotFoundError`.
    """
    return tree(place, (*JSON_LINES, *PARQUET, *PLAIN))


def tree(place: str, suffixes: tuple[str, ...]) -> list[File]:
    """Return a file, or those below a folder that end so (packed or not), by name.

    Hidden ones are left out. Raises `TextError` where a folder holds none, and `FileNotFoundError`.
    """
    try:
        system, root = filesystem(place)
    except UnsupportedURL as error:
        raise TextError(str(error)) from error
    if system.isfile(root):
        return [File(name=PurePosixPath(root).name, path=root, system=system, alone=True)]
    if not system.exists(root):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place)
    names = {path[len(root) :].strip("/"): path for path in system.find(root)}
    inside = [File(name=name, path=names[name], system=system) for name in sorted(names)]
    found = [file for file in inside if file.suffix in suffixes and not _is_hidden(file)]
    if not found:
        raise TextError(f"{place}: the folder holds no file that ends in {', '.join(suffixes)}")
    return found


def _is_hidden(file: File) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(file.name).parts)


def _unpacked(name: str) -> str:
    bare, suffix = os.path.splitext(name)
    return bare if suffix in PACKED else name


def _bare(name: str) -> str:
    bare, suffix = os.path.splitext(_unpacked(name))
    return bare if suffix in (*JSON_LINES, *PARQUET, *PLAIN) else name
