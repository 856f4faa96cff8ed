"""Finished captures under a path or in an object store, through fsspec. Pure.

A store is the JSON and safetensors files that stand directly in a folder. It is complete when its
manifest is there: `publish` writes that last, `remove` takes it first. A URL that nothing installed
can open raises `UnsupportedURL`.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from explanations.stores.layout import MANIFEST
from explanations.stores.paths import filesystem, join, local
from explanations.stores.reader import StoreError

_OURS = (".json", ".safetensors")
_ATTEMPTS = 5


def publish(folder: Path, place: str, *, last: str = MANIFEST) -> None:
    """Copy a finished store to a path or a URL, in the place of one that is there.

    Whoever looks meanwhile finds no store, never half of one. A shard is published in the same way;
    `last` is the file that says it is complete.
    """
    if not (folder / last).is_file():
        raise StoreError(f"{folder} holds no finished capture")
    if local(place) == folder.resolve():
        return
    remove(place, last=last)
    system, root = filesystem(place)
    system.makedirs(root, exist_ok=True)
    for name in (*sorted(_there(folder).keys() - {last}), last):
        system.put_file(str(folder / name), join(root, name))


def exists(place: str, *, last: str = MANIFEST) -> bool:
    """Return whether a finished store is there."""
    system, root = filesystem(place)
    system.invalidate_cache(root)
    return bool(system.exists(join(root, last)))


def remove(place: str, *, last: str = MANIFEST) -> None:
    """Delete a store, finished or not; what else is in its folder stays."""
    system, root = filesystem(place)
    if exists(place, last=last):
        system.rm_file(join(root, last))
    for name in _sizes(system, root):
        system.rm_file(join(root, name))
    if local(place) and system.isdir(root) and not system.ls(root):
        system.rmdir(root)


def fetch(
    place: str, *, cache: Path, names: Iterable[str] | None = None, last: str = MANIFEST
) -> Path:
    """Return a folder on this machine that holds a store: its own, or a copy under `cache`.

    `names` are the files that are needed beside the manifest, all without; what is copied already
    is not copied again. A store that was replaced gets a folder of its own, so files that are open
    stay what they were. Any number of processes may fetch into one cache. Raises `StoreError` where
    there is no finished store, and where it lacks one of the files.
    """
    if (path := local(place)) is not None:
        return path
    wanted = None if names is None else {*names, last}
    for _ in range(_ATTEMPTS):
        version = _version(place, last)
        folder = cache / version.name
        missing = version.missing(wanted, _there(folder))
        if not missing or _copied(version, missing, folder):
            return folder
    raise StoreError(f"{place} is being replaced over and over: try again later")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A store as it is now: `name` is made of its place and its manifest; `sizes` are in bytes."""

    place: str
    last: str
    name: str
    sizes: dict[str, int]

    def missing(self, names: set[str] | None, there: dict[str, int]) -> list[str]:
        """Return which of these files, all without, are not there as they should be."""
        wanted = self.sizes.keys() if names is None else names
        if lacking := wanted - self.sizes.keys():
            raise StoreError(f"{self.place} has no {', '.join(sorted(lacking))}")
        return sorted(name for name in wanted if there.get(name) != self.sizes[name])


def _version(place: str, last: str) -> _Version:
    system, root = filesystem(place)
    system.invalidate_cache(root)
    try:
        manifest = system.cat_file(join(root, last))
    except FileNotFoundError as error:
        raise StoreError(f"{place} holds no finished capture") from error
    name = hashlib.sha256(place.encode() + b"\n" + manifest).hexdigest()[:32]
    sizes = {**_sizes(system, root), last: len(manifest)}
    return _Version(place=place, last=last, name=name, sizes=sizes)


def _sizes(system: Any, root: str) -> dict[str, int]:
    """Return the sizes of a store's files where it is kept."""
    system.invalidate_cache(root)
    found = system.find(root, maxdepth=1, detail=True)
    sizes = {PurePosixPath(path): int(info["size"]) for path, info in found.items()}
    return {path.name: size for path, size in sizes.items() if path.suffix in _OURS}


def _there(folder: Path) -> dict[str, int]:
    """Return the sizes of a store's files in a folder of this machine."""
    files = [path for path in folder.glob("*") if path.suffix in _OURS and path.is_file()]
    return {path.name: path.stat().st_size for path in files}


def _copied(version: _Version, names: list[str], folder: Path) -> bool:
    """Copy files beside their place, then move them there; False if the store changed meanwhile."""
    system, root = filesystem(version.place)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder.parent) as partial:
        try:
            for name in names:
                system.get_file(join(root, name), str(Path(partial, name)))
        except FileNotFoundError:
            return False
        now = _version(version.place, version.last)
        if now.name != version.name or now.missing({*names}, _there(Path(partial))):
            return False
        for name in names:
            os.replace(Path(partial, name), folder / name)
    return True
