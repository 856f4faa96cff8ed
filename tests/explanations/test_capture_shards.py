"""Workers share a capture: each takes a shard, and the last one merges them."""

import json
from importlib import import_module
from pathlib import Path

import pytest
from django.utils import timezone

from explanations import capture as capture_package
from explanations.models import Capture, Run, Target
from explanations.records import NeuronRef, Split, deal
from explanations.relations.relatives import relate
from explanations.selectors.runs import run_progress, run_reasons
from explanations.services.captures import capture_create, capture_load
from explanations.services.leases import (
    Cost,
    lease_release,
    target_progress,
    targets_claim,
    targets_waiting,
)
from explanations.services.runs import run_create, run_retry_failures
from explanations.stores.reader import CaptureConfig
from explanations.stores.relations import read_related
from explanations.stores.remote import exists
from explanations.tasks import work_on_chunk
from tests.explanations.test_capture import Letters, same_files

pytestmark = pytest.mark.django_db

capturing = import_module("explanations.tasks.capture")
TEXTS = [f"{a}{b}aeiou{a} {b}xyz" * 3 for a in "bcdfgh" for b in "jklm"]


@pytest.fixture(autouse=True)
def letters(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep stores with the test, read blocks of five texts, load a subject of three neurons."""
    settings.CAPTURE_DIR = tmp_path / "captures"
    settings.CAPTURE_CACHE, settings.CAPTURE_WORK_DIR = tmp_path / "cache", tmp_path / "work"
    monkeypatch.setattr(capturing, "loaded", lambda source, revision: Letters())
    monkeypatch.setattr(capture_package, "BLOCK_DOCUMENTS", 5)


def enumerated() -> list[tuple[str, str]]:
    return [(f"d{number}", text) for number, text in enumerate(TEXTS)]


def _planned(folder: Path, **plan: object) -> Capture:
    text = folder / "text.jsonl"
    rows = (json.dumps({"id": key, "text": text}) for key, text in enumerated())
    text.write_text("\n".join(rows))
    return capture_create(source="test", text=text, window=8, **plan)


def _run(capture: Capture) -> int:
    created = run_create(kind=Run.Kind.CAPTURE, capture=capture)
    assert created.run is not None
    return created.run.pk


def _work(run: int) -> None:
    while work_on_chunk(run):
        pass


def test_shards_give_the_store_of_one_pass(tmp_path: Path) -> None:
    shared = _planned(tmp_path, shards=3)
    run = _run(shared)
    assert run_progress(run).total == 4
    _work(run)
    progress = run_progress(run)
    assert (progress.done, progress.failed, progress.finished is not None) == (4, 0, True)
    documents = [(key, deal(key, 1), text) for key, text in enumerated()]
    capture_package.capture(
        Letters(), documents, tmp_path / "one", seed=1, config=CaptureConfig(window=8)
    )
    relate(Letters(), tmp_path / "one")
    same_files(tmp_path / "one", Path(shared.directory))
    shared.refresh_from_db()
    assert shared.tokens == sum(map(len, TEXTS))
    assert list((tmp_path / "captures").iterdir()) == [Path(shared.directory)]


def test_nobody_merges_while_a_shard_is_left(tmp_path: Path) -> None:
    run = _run(_planned(tmp_path, shards=2))
    at = timezone.now()
    held = targets_claim(run_id=run, limit=5, at=at)
    assert len(held.targets) == 2
    assert not targets_waiting(run_id=run, at=at)
    lease_release(Target, lease=held.lease)
    assert work_on_chunk(run) == work_on_chunk(run) == 1
    assert targets_waiting(run_id=run, at=at)
    (last,) = targets_claim(run_id=run, limit=5, at=at).targets
    assert Target.objects.get(pk=last).last


def test_a_shard_that_failed_keeps_the_others_until_it_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = _planned(tmp_path, shards=2)
    run, unchanged = _run(capture), capturing._unchanged
    monkeypatch.setattr(capturing, "_unchanged", lambda capture: 1 / 0)
    work_on_chunk(run)
    monkeypatch.setattr(capturing, "_unchanged", unchanged)
    _work(run)
    reasons = run_reasons(run)
    assert any("1 of 2 shards failed: retry them, then this" in reason for reason in reasons)
    assert not exists(capture.directory)
    run_retry_failures(run_id=run)
    _work(run)
    progress = run_progress(run)
    assert (progress.done, progress.failed) == (3, 0)
    assert exists(capture.directory)


@pytest.mark.parametrize("shards", [1, 3])
def test_a_store_can_lie_in_an_object_store(settings, tmp_path: Path, shards: int) -> None:
    settings.CAPTURE_DIR = f"memory://captures-{shards}"
    capture = _planned(tmp_path, shards=shards)
    _work(_run(capture))
    assert capture.directory.startswith(f"memory://captures-{shards}/")
    assert exists(capture.directory)
    store = capture.store()
    assert store.directory.is_relative_to(tmp_path / "cache")
    assert store.records(NeuronRef(layer=0, index=0), Split.EXPLAIN)
    assert read_related(store.directory) is not None
    assert len(capture_load(capture_id=capture.pk, neurons=[NeuronRef(layer=0, index=1)]))
    # Nothing of the making is left behind, here or there.
    assert not any((tmp_path / "work").iterdir())
    from fsspec.implementations.memory import MemoryFileSystem

    assert not [
        path for path in MemoryFileSystem.store if f"captures-{shards}/" in path and "parts" in path
    ]


def test_a_worker_that_ended_after_the_capture_only_stores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = _planned(tmp_path)
    run = _run(capture)
    _work(run)
    Target.objects.update(state="open", finished=None)
    Run.objects.update(finished=None)
    monkeypatch.setattr(capturing, "loaded", lambda source, revision: 1 / 0)
    _work(run)
    assert run_progress(run).done == 1


def test_a_capture_says_its_speed_and_what_is_left(tmp_path: Path) -> None:
    run = _run(_planned(tmp_path))
    claim = targets_claim(run_id=run, limit=1, at=timezone.now())
    target_progress(
        target_id=claim.targets[0],
        lease=claim.lease,
        share=0.25,
        cost=Cost(tokens_in=60_000, seconds=100.0),
    )
    # 60,000 tokens in 100 s; a quarter took 100 s, so the rest takes 300
    assert run_progress(run).line.endswith("0/1 (25%), 600 tokens/s, 5 min left")


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"shards": 0}, "at least one shard, not 0"),
        ({"shards": 3, "token_limit": 2}, "2 tokens are too few for 3 shards"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tmp_path: Path, plan: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        _planned(tmp_path, **plan)
    assert not Capture.objects.exists()


def test_a_limited_plan_reads_no_more_of_the_text_than_it_may_need(tmp_path: Path) -> None:
    capture = _planned(tmp_path, token_limit=40)
    with (tmp_path / "text.jsonl").open("a") as text:
        text.write("\nno document")
    _work(_run(capture))
    capture.refresh_from_db()
    # each text has 39 letters
    assert capture.tokens == 39
