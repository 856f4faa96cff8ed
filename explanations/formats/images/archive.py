"""An untrusted zip of images: checked when opened, read file by file, never unpacked to disk."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from explanations.formats.images.manifest import MANIFESTS
from explanations.formats.lines import FormatError

MAX_FILES = 20_000
MAX_MANIFEST = 64 * 2**20
MAX_IMAGE = 32 * 2**20
MAX_TOTAL = 8 * 2**30
MAX_RATIO = 100
"""Maximum compression ratio: images are compressed already, and zip bombs reach a thousandfold."""

_ALWAYS = 2**20
"""Bytes that a file may unpack to, however far it is packed."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CLUTTER = ("__MACOSX", ".DS_Store", "Thumbs.db")


class FileRefused(ValueError):
    """A file of the zip that isn't read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An open zip; `files` are those beside the manifest by their path from there."""

    manifest: str
    files: dict[str, zipfile.ZipInfo]
    opened: zipfile.ZipFile

    def read_manifest(self) -> bytes:
        """Return the manifest; `FormatError` where it cannot be read."""
        try:
            return self._read(self.opened.getinfo(self.manifest), MAX_MANIFEST)
        except FileRefused as error:
            raise FormatError(f"{self.manifest}: {error}") from error

    def read(self, name: str) -> bytes:
        """Return a file's bytes, never more than its limit; `FileRefused` says why not."""
        if name not in self.files:
            raise FileRefused("there is no such file in the zip")
        return self._read(self.files[name], MAX_IMAGE)

    def _read(self, info: zipfile.ZipInfo, limit: int) -> bytes:
        _check(info, limit)
        try:
            with self.opened.open(info) as file:
                content = file.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise FileRefused(f"is damaged ({error})") from error
        if len(content) > limit:
            raise FileRefused(f"unpacks to more than {limit / 2**20:,.0f} MiB")
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip of images.

    `FormatError` where it is no zip, has not exactly one manifest, holds too much, or has a file
    whose name leads out of it.
    """
    try:
        with zipfile.ZipFile(path) as opened:
            yield _looked_over(opened)
    except (zipfile.BadZipFile, OSError) as error:
        raise FormatError(f"{path.name}: no zip that can be read ({error})") from error


def _looked_over(opened: zipfile.ZipFile) -> Archive:
    infos = [info for info in opened.infolist() if not info.is_dir() and not _is_clutter(info)]
    if len(infos) > MAX_FILES:
        raise FormatError(f"the zip holds {len(infos):,} files, and at most {MAX_FILES:,} are read")
    if (total := sum(info.file_size for info in infos)) > MAX_TOTAL:
        raise FormatError(
            f"the zip unpacks to {total / 2**30:,.1f} GiB, and at most {MAX_TOTAL / 2**30:,.0f} "
            "are read: part it"
        )
    manifest = _manifest(infos)
    return Archive(manifest=manifest, files=_files(infos, manifest), opened=opened)


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """Return whether a file is one of those that file managers leave behind."""
    parts = PurePosixPath(info.filename).parts
    return any(part in _CLUTTER or part.startswith("._") for part in parts)


def _manifest(infos: list[zipfile.ZipInfo]) -> str:
    found = [i.filename for i in infos if PurePosixPath(i.filename).name in MANIFESTS]
    if len(found) != 1:
        what = f"several: {', '.join(found[:5])}" if found else "none"
        raise FormatError(f"the zip has one manifest, {' or '.join(MANIFESTS)}; this has {what}")
    return found[0]


def _files(infos: list[zipfile.ZipInfo], manifest: str) -> dict[str, zipfile.ZipInfo]:
    folder = PurePosixPath(manifest).parent
    files: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename:
            raise FormatError(f"the zip names {info.filename!r}, which leads out of it")
        name = str(path.relative_to(folder)) if path.is_relative_to(folder) else info.filename
        if name in files:
            raise FormatError(f"the zip holds {info.filename!r} twice")
        if info.filename != manifest:
            files[name] = info
    return files


def _check(info: zipfile.ZipInfo, limit: int) -> None:
    """Refuse what claims to be a bomb before a byte of it is unpacked."""
    if info.flag_bits & 1:
        raise FileRefused("is encrypted")
    if info.compress_type not in _PACKED:
        raise FileRefused("is packed in a way that is not read: use stored or deflated")
    if info.file_size > limit:
        raise FileRefused(f"has more than {limit / 2**20:,.0f} MiB")
    if info.file_size > max(_ALWAYS, MAX_RATIO * info.compress_size):
        raise FileRefused(f"is packed more than {MAX_RATIO}-fold, as no image is")
