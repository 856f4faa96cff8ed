"""Capturing the neurons of a subject over a text: whole, or in shards that are then merged."""

import shutil
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from explanations.corpora.texts import documents
from explanations.models import Capture, Run, Target
from explanations.records import Split, deal, document_bytes, limited
from explanations.services.captures import capture_is_of, capture_store, shard_store
from explanations.services.leases import Cost, target_progress
from explanations.stores.layout import STATE
from explanations.stores.paths import join, local
from explanations.stores.reader import CaptureConfig, StoreError
from explanations.stores.remote import exists, fetch, publish, remove
from explanations.tasks.chunk import Chunk
from explanations.tasks.questions import answer_questions
from explanations.tasks.stopping import Stopped
from explanations.tasks.subjects import loaded

if TYPE_CHECKING:
    from explanations.capture import Plan, Progress
    from explanations.subjects import Subject

_REPORT_SECONDS = 0.5


def capture(run: Run, chunk: Chunk) -> None:
    """Run the subject over the text once and store its neurons' activations."""
    for target in chunk:
        with chunk.attempt(target):
            if run.capture is None:
                raise LookupError("the run has no capture")
            if run.capture.shards > 1 and not target.last:
                _shard(run.capture, chunk, target)
            else:
                _whole(run.capture, chunk, target)


def _shard(capture: Capture, chunk: Chunk, target: Target) -> None:
    from explanations.capture import capture_shard

    assert target.shard is not None  # noqa: S101  what a capture's run is made of
    place = _part(capture, target.shard)
    folder = _work_folder(place)
    extent = capture_shard(
        loaded(capture.subject.source, capture.subject.revision),
        _documents(capture),
        folder,
        _plan(capture, target.shard),
        corpus=capture.corpus.digest,
        progress=_reporter(chunk, target, _unchanged(capture)),
        every=settings.CHECKPOINT_SECONDS,
    )
    if local(place) is None:
        publish(max(folder.iterdir()), place, last=STATE)
        shutil.rmtree(folder)
    shard_store(
        target_id=target.pk,
        lease=chunk.lease,
        seconds=extent.seconds,
        tokens=extent.tokens,
        at=timezone.now(),
    )


def _whole(capture: Capture, chunk: Chunk, target: Target) -> None:
    """Make the store, unless a worker finished it and stopped before recording that."""
    if not exists(capture.directory):
        _make(capture, chunk, target)
    manifest = capture.store().manifest
    if not capture_is_of(capture=capture, manifest=manifest):
        raise StoreError(f"{capture.directory} holds another capture: move it away")
    capture_store(target_id=target.pk, lease=chunk.lease, manifest=manifest, at=timezone.now())
    for shard in range(capture.shards):
        _forget(_part(capture, shard))


def _make(capture: Capture, chunk: Chunk, target: Target) -> None:
    """Capture or merge next to the store's path, add the neurons' relations, and move it there.

    The folder next to it appears only when complete, so a worker that resumes after that only
    computes the relations.
    """
    from explanations.relations.relatives import relate, relates_quickly

    folder = _work_folder(capture.directory)
    made = folder.with_name(f".{folder.name}.made")
    subject = loaded(capture.subject.source, capture.subject.revision)
    if not made.exists() and target.last:
        _merge(capture, target, made)
    elif not made.exists():
        _capture(capture, subject, made, _reporter(chunk, target, _unchanged(capture)))
    if relates_quickly(subject):
        relate(subject, made)
    if local(capture.directory) is None:
        publish(made, capture.directory)
        shutil.rmtree(made)
    else:
        made.rename(folder)


def _capture(
    capture: Capture, subject: "Subject", made: Path, report: "Callable[[Progress], None]"
) -> None:
    from explanations.capture import capture as capture_subject

    plan = _plan(capture)
    capture_subject(
        subject,
        _documents(capture),
        made,
        seed=plan.seed,
        config=plan.config,
        token_limit=plan.token_limit,
        corpus=capture.corpus.digest,
        progress=report,
        every=settings.CHECKPOINT_SECONDS,
    )


def _merge(capture: Capture, target: Target, made: Path) -> None:
    from explanations.capture import merge

    failed = target.run.targets.filter(state=Target.State.FAILED).count()
    if failed:
        raise StoreError(f"{failed} of {capture.shards} shards failed: retry them, then this")
    cache = Path(settings.CAPTURE_CACHE)
    places = [_part(capture, shard) for shard in range(capture.shards)]
    folders = [local(place) or fetch(place, cache=cache, last=STATE) for place in places]
    merge(folders, made, corpus=capture.corpus.digest)


def _plan(capture: Capture, shard: int = 0) -> "Plan":
    from explanations.capture import Plan

    return Plan(
        seed=capture.corpus.seed,
        config=CaptureConfig(window=capture.window),
        token_limit=capture.token_limit,
        shard=shard,
        shards=capture.shards,
    )


def _part(capture: Capture, shard: int) -> str:
    """Return the path of a finished shard: next to the store, where every worker finds it."""
    return join(f"{capture.directory}.parts", f"{shard:03d}")


def _work_folder(place: str) -> Path:
    """Return the folder on this machine in which what belongs at a path or URL is made."""
    folder = local(place) or Path(
        settings.CAPTURE_WORK_DIR, sha256(place.encode()).hexdigest()[:16]
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def _forget(place: str) -> None:
    folder = local(place)
    if folder is None:
        remove(place, last=STATE)
    else:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.parent.is_dir() and not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def _documents(capture: Capture) -> Iterator[tuple[str, Split, str]]:
    seed = capture.corpus.seed
    read = limited(documents(capture.text_path), capture.token_limit)
    return ((key, deal(key, seed), text) for key, text in read)


def _unchanged(capture: Capture) -> int:
    """Return how many documents the text has; `ValueError` if it is not the planned text."""
    digest, total = sha256(), 0
    for key, text in limited(documents(capture.text_path), capture.token_limit):
        digest.update(document_bytes(key, text))
        total += 1
    if digest.hexdigest() != capture.corpus.digest:
        raise ValueError(f"the text at {capture.text_path} changed since the capture was planned")
    return total


def _reporter(chunk: Chunk, target: Target, total: int) -> "Callable[[Progress], None]":
    """Return a callback that stores a capture's progress now and then, and stops it when asked.

    It also answers people's questions: a capture can take longer than anyone waits.
    """
    reported = time.monotonic()

    def report(progress: "Progress") -> None:
        nonlocal reported
        chunk.raise_if_stopped()
        if time.monotonic() - reported < _REPORT_SECONDS:
            return
        reported = time.monotonic()
        cost = Cost(tokens_in=progress.tokens, seconds=progress.seconds)
        share = progress.read / max(total, 1)
        if not target_progress(target_id=target.pk, lease=chunk.lease, share=share, cost=cost):
            raise Stopped
        answer_questions()

    return report
