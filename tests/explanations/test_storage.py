"""Stores under a path and in an object store."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from explanations.stores import remote
from explanations.stores.layout import MANIFEST, write_arrays
from explanations.stores.paths import UnsupportedURL, join, local
from explanations.stores.reader import StoreError
from tests.conftest import ROOT

URL = "memory://captures/a model/run"


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def store(folder: Path, value: float = 1.0, layers: int = 3) -> Path:
    """Write what has the files of a store."""
    folder.mkdir()
    for number in range(layers):
        array = np.full((20, 4), value + number, np.float32)
        write_arrays(folder / f"layer-{number:03d}.safetensors", {"maximum": array})
    (folder / MANIFEST).write_text(json.dumps({"value": value}))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["memory", "file", "path"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a place for a store, of each kind."""
    path = tmp_path / "far away" / "run"
    return {"memory": URL, "file": path.as_uri(), "path": str(path)}[request.param]


def test_a_published_store_is_fetched_whole(tmp_path: Path, place: str) -> None:
    assert not remote.exists(place)
    made = store(tmp_path / "made")
    remote.publish(made, place)
    assert remote.exists(place)
    assert contents(remote.fetch(place, cache=tmp_path / "cache")) == contents(made)


def test_a_removed_store_is_gone_and_what_else_is_there_stays(tmp_path: Path, place: str) -> None:
    remote.publish(store(tmp_path / "made"), place)
    remote.publish(tmp_path / "made", join(place, "other"))
    remote.remove(join(place, "other"))
    remote.remove(place)
    assert not remote.exists(place)
    remote.remove(place)
    if (path := local(place)) is not None:
        assert not path.exists()
        path.mkdir()
        (path / "notes.txt").write_text("mine")
        remote.publish(tmp_path / "made", place)
        remote.remove(place)
        assert [left.name for left in path.iterdir()] == ["notes.txt"]


def test_a_local_store_is_used_where_it_is(tmp_path: Path) -> None:
    made = store(tmp_path / "made")
    remote.publish(made, str(made))
    for name in (str(made), made.as_uri()):
        assert remote.fetch(name, cache=tmp_path / "cache") == made
    assert not (tmp_path / "cache").exists()


def test_a_store_is_copied_once(tmp_path: Path) -> None:
    remote.publish(store(tmp_path / "made"), URL)
    first = remote.fetch(URL, cache=tmp_path / "cache")
    inodes = {path.name: path.stat().st_ino for path in first.iterdir()}
    assert remote.fetch(URL, cache=tmp_path / "cache") == first
    assert {path.name: path.stat().st_ino for path in first.iterdir()} == inodes
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.name]


def test_a_replaced_store_is_fetched_anew_and_the_old_copy_stays(tmp_path: Path) -> None:
    remote.publish(store(tmp_path / "old", layers=4), URL)
    old = remote.fetch(URL, cache=tmp_path / "cache")
    remote.publish(store(tmp_path / "new", value=5.0, layers=2), URL)
    new = remote.fetch(URL, cache=tmp_path / "cache")
    assert contents(new) == contents(tmp_path / "new")
    assert contents(old) == contents(tmp_path / "old")


def test_only_the_files_that_are_needed_are_copied(tmp_path: Path) -> None:
    remote.publish(store(tmp_path / "made"), URL)
    cache, layer = tmp_path / "cache", "layer-001.safetensors"
    folder = remote.fetch(URL, cache=cache, names=[layer])
    assert {path.name for path in folder.iterdir()} == {layer, MANIFEST}
    assert remote.fetch(URL, cache=cache, names=["layer-000.safetensors"]) == folder
    assert contents(remote.fetch(URL, cache=cache)) == contents(tmp_path / "made")
    with pytest.raises(StoreError, match=r"has no layer-007\.safetensors"):
        remote.fetch(URL, cache=cache, names=["layer-007.safetensors"])


def test_a_store_without_its_manifest_is_not_there(tmp_path: Path) -> None:
    remote.publish(store(tmp_path / "made"), URL)
    MemoryFileSystem().rm_file(join(URL, MANIFEST).removeprefix("memory:/"))
    assert not remote.exists(URL)
    with pytest.raises(StoreError, match="holds no finished capture"):
        remote.fetch(URL, cache=tmp_path / "cache")
    (tmp_path / "made" / MANIFEST).unlink()
    with pytest.raises(StoreError, match="holds no finished capture"):
        remote.publish(tmp_path / "made", URL)


def test_a_store_that_arrives_in_part_is_not_there(tmp_path: Path) -> None:
    place = tmp_path / "far"
    made = store(tmp_path / "made")
    (place / "layer-001.safetensors").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        remote.publish(made, str(place))
    assert [path.name for path in place.glob("layer-000*")] == ["layer-000.safetensors"]
    assert not remote.exists(str(place))
    (place / "layer-001.safetensors").rmdir()
    remote.publish(made, str(place))
    assert contents(place) == contents(made)


def test_a_file_that_came_later_or_was_made_anew_is_fetched_too(tmp_path: Path) -> None:
    made = store(tmp_path / "made")
    remote.publish(made, URL)
    folder = remote.fetch(URL, cache=tmp_path / "cache")
    for rows in (5, 9):
        write_arrays(made / "related.safetensors", {"rows": np.zeros(rows, np.float32)})
        remote.publish(made, URL)
        assert remote.fetch(URL, cache=tmp_path / "cache") == folder
        assert contents(folder) == contents(made)


def test_threads_that_fetch_at_once_get_the_same_whole_store(tmp_path: Path) -> None:
    remote.publish(store(tmp_path / "made", layers=40), URL)
    found: list[dict[str, bytes]] = []

    def fetch() -> None:
        found.append(contents(remote.fetch(URL, cache=tmp_path / "cache")))

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [contents(tmp_path / "made")] * 6
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_fetching_while_it_is_replaced_never_mixes_two_stores(tmp_path: Path) -> None:
    versions = [store(tmp_path / f"v{n}", value=float(n), layers=8) for n in range(2)]
    remote.publish(versions[0], URL)
    done = threading.Event()

    def replace() -> None:
        for turn in range(30):
            remote.publish(versions[turn % 2], URL)
        done.set()

    thread = threading.Thread(target=replace)
    thread.start()
    whole = [contents(version) for version in versions]
    while not done.is_set():
        try:
            assert contents(remote.fetch(URL, cache=tmp_path / "cache")) in whole
        except StoreError:
            continue  # between two stores there is none
    thread.join()
    assert contents(remote.fetch(URL, cache=tmp_path / "cache")) == whole[1]


# A memory is a process's own, so each puts the same store into its own.
FETCH = """
import sys
from pathlib import Path
from explanations.stores import remote
url, made, cache = sys.argv[1:]
remote.publish(Path(made), url)
print(remote.fetch(url, cache=Path(cache)))
"""


def test_processes_that_fetch_at_once_get_the_same_whole_store(tmp_path: Path) -> None:
    made = store(tmp_path / "made", layers=40)
    command = [sys.executable, "-c", FETCH, URL, str(made), str(tmp_path / "cache")]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    folders = {process.communicate(timeout=60)[0].strip() for process in running}
    assert len(folders) == 1
    assert contents(Path(folders.pop())) == contents(made)


def test_what_cannot_be_opened_is_told() -> None:
    with pytest.raises(UnsupportedURL, match="nowhere://x: Protocol not known: nowhere"):
        remote.exists("nowhere://x")


def test_paths_and_file_urls_are_local_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "what is this?"
    assert local(path) == local(str(path)) == local(path.as_uri()) == path
    assert local("s3://bucket/a") is None
    assert join("s3://bucket/a/", "b") == join("s3://bucket/a", "b") == "s3://bucket/a/b"
