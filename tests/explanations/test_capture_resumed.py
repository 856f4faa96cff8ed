"""A capture that was killed goes on, and nobody can tell from its store."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from explanations import capture as capturing
from explanations.capture import Document, Plan, Progress, capture, capture_shard, merge
from explanations.records import Split
from explanations.stores.layout import STATE
from explanations.stores.reader import CaptureConfig, Keep, StoreError, open_store
from explanations.subjects import TransformersMLP
from tests.explanations.test_capture import SEED, Letters, letters, same_files

ROOT = Path(__file__).resolve().parent.parent.parent

# What the killed process runs: blocks are small, and each is followed by a checkpoint.
PROGRAM = """
import sys
from explanations import capture as capturing
from explanations.corpora.texts import documents
from explanations.records import deal
from explanations.subjects import load
capturing.BLOCK_DOCUMENTS = 8
capturing.SAVING_SHARE = float("inf")
read = ((key, deal(key, 3), text) for key, text in documents(sys.argv[2]))
capturing.capture(load(sys.argv[1]), read, sys.argv[3], seed=3, every=0.0)
"""


def _started(model: Path, text: Path, store: Path) -> "subprocess.Popen[bytes]":
    arguments = [sys.executable, "-c", PROGRAM, str(model), str(text), str(store)]
    return subprocess.Popen(
        arguments, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    )


def _checkpoints(store: Path) -> list[Path]:
    return sorted(store.with_name(f".{store.name}.checkpoint").glob(f"[0-9]*/{STATE}"))


def _killed_after_a_checkpoint(process: "subprocess.Popen[bytes]", store: Path, count: int) -> None:
    """Kill a process once it has written so many checkpoints."""
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        found = _checkpoints(store)
        if found and int(found[-1].parent.name) >= count:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.005)
    assert process.wait() == -signal.SIGKILL, "it was to be killed before it was done"


def test_a_capture_killed_twice_gives_the_store_of_one_left_alone(
    small_model: Path, stories: list[Document], tmp_path: Path
) -> None:
    stories_folder, story_file = small_model, tmp_path / "stories.jsonl"
    lines = (json.dumps({"id": key, "text": text}) for key, _, text in stories[:120])
    story_file.write_text("\n".join(lines))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert _started(stories_folder, story_file, whole).wait() == 0
    for count in (3, 7):
        process = _started(stories_folder, story_file, killed)
        _killed_after_a_checkpoint(process, killed, count)
        assert not killed.exists()
    assert _started(stories_folder, story_file, killed).wait() == 0
    same_files(whole, killed)
    manifests = [replace(open_store(path).manifest, seconds=0.0) for path in (whole, killed)]
    assert manifests[0] == manifests[1]
    assert not _checkpoints(killed)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "BLOCK_DOCUMENTS", 2)
    monkeypatch.setattr(capturing, "SAVING_SHARE", float("inf"))


class Interrupted(Exception):
    """What the tests stop a capture with."""


def _stopped_at(documents: int):
    def stop(progress: Progress) -> None:
        if progress.read >= documents:
            raise Interrupted

    return stop


TEXTS = letters(*(f"abc{letter}efgh{letter}uio" for letter in "bcdfghjklm"))
CONFIG = CaptureConfig(window=8, explain=Keep(top=4, random=4))


def _begun(folder: Path, documents: list[Document], **changes: object) -> None:
    plan = replace(Plan(seed=1, config=CONFIG), **changes)
    with pytest.raises(Interrupted):
        capture_shard(Letters(), documents, folder, plan, progress=_stopped_at(7), every=0.0)


@pytest.mark.usefixtures("small_blocks")
def test_only_blocks_after_the_checkpoint_are_run_again(tmp_path: Path) -> None:
    _begun(tmp_path / "shard", TEXTS)
    said: list[Progress] = []
    plan = Plan(seed=1, config=CONFIG)
    extent = capture_shard(Letters(), TEXTS, tmp_path / "shard", plan, progress=said.append)
    # Blocks of two: three were complete when the seventh document stopped the pass.
    assert [progress.read for progress in said] == [7, 8, 9, 10]
    assert (extent.documents, extent.tokens) == (10, 120)
    again: list[Progress] = []
    capture_shard(Letters(), TEXTS, tmp_path / "shard", plan, progress=again.append)
    assert again == []


@pytest.mark.usefixtures("small_blocks")
def test_a_checkpoint_of_another_plan_or_text_is_refused(tmp_path: Path) -> None:
    _begun(tmp_path / "shard", TEXTS)
    for plan in (
        Plan(seed=2, config=CONFIG),
        Plan(seed=1, config=CaptureConfig(window=16)),
        Plan(seed=1, config=CONFIG, token_limit=50),
        Plan(seed=1, config=CONFIG, shards=2),
    ):
        with pytest.raises(StoreError, match="holds a checkpoint of another capture: remove it"):
            capture_shard(Letters(), TEXTS, tmp_path / "shard", plan)
    changed = [("d0", Split.EXPLAIN, "another text"), *TEXTS[1:]]
    with pytest.raises(StoreError, match="the text changed since the checkpoint"):
        capture_shard(Letters(), changed, tmp_path / "shard", Plan(seed=1, config=CONFIG))


@pytest.mark.usefixtures("small_blocks")
def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    _begun(tmp_path / "shard", TEXTS)
    (state,) = (tmp_path / "shard").glob(f"*/{STATE}")
    state.write_text("{")
    with pytest.raises(StoreError, match=r"cannot be read .*: remove it"):
        capture_shard(Letters(), TEXTS, tmp_path / "shard", Plan(seed=1, config=CONFIG))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("limit", "documents"), [(120, 10), (119, 9), (36, 3), (12, 1)])
def test_a_token_limit_ends_with_the_last_document_that_fits(
    tmp_path: Path, limit: int, documents: int
) -> None:
    manifest = capture(
        Letters(), TEXTS, tmp_path / "store", seed=1, config=CONFIG, token_limit=limit
    )
    assert (manifest.documents, manifest.tokens) == (documents, 12 * documents)


@pytest.mark.usefixtures("small_blocks")
def test_shards_share_a_token_limit_out(tmp_path: Path) -> None:
    folders = [tmp_path / str(shard) for shard in range(3)]
    for shard, folder in enumerate(folders):
        plan = Plan(seed=1, config=CONFIG, token_limit=77, shard=shard, shards=3)
        capture_shard(Letters(), TEXTS, folder, plan)
    # 26, 26 and 25 tokens: two documents of 12 each
    assert merge(folders, tmp_path / "store", corpus="").tokens == 72


@pytest.mark.usefixtures("small_blocks")
def test_a_shard_without_a_block_merges_too(tmp_path: Path) -> None:
    folders = [tmp_path / str(shard) for shard in range(7)]
    for shard, folder in enumerate(folders):
        capture_shard(Letters(), TEXTS, folder, Plan(seed=1, config=CONFIG, shard=shard, shards=7))
    capture(Letters(), TEXTS, tmp_path / "one", seed=1, config=CONFIG)
    merge(folders, tmp_path / "all", corpus="")
    same_files(tmp_path / "one", tmp_path / "all")


def test_a_real_model_resumes_on_real_blocks(
    small_llama: TransformersMLP,
    stories: list[Document],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capturing, "BLOCK_DOCUMENTS", 16)
    monkeypatch.setattr(capturing, "SAVING_SHARE", float("inf"))
    few = stories[:64]
    capture(small_llama, few, tmp_path / "one", seed=SEED)
    for stop in (20, 40):
        with pytest.raises(Interrupted):
            capture(
                small_llama, few, tmp_path / "two", seed=SEED, progress=_stopped_at(stop), every=0.0
            )
    capture(small_llama, few, tmp_path / "two", seed=SEED)
    same_files(tmp_path / "one", tmp_path / "two")
