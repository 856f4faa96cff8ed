"""Capturing the neurons of a subject over a text."""

import threading
import time
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from explanations import services
from explanations.captured import CaptureConfig, Manifest, StoreError, open_store
from explanations.formats.texts import documents
from explanations.models import Capture, Run, Target
from explanations.records import deal, document_bytes
from explanations.tasks.chunk import Chunk
from explanations.tasks.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from explanations.capture import Progress
    from explanations.subjects import Subject

_loading = threading.Lock()
_REPORT_SECONDS = 0.5


def capture(run: Run, chunk: Chunk) -> None:
    """Run the subject over the text once and keep what its neurons did."""
    for target in chunk:
        with chunk.attempt(target):
            if run.capture is None:
                raise LookupError("the run has no capture")
            manifest = _finished(run.capture) or _captured(run.capture, chunk, target)
            if not services.capture_is_of(capture=run.capture, manifest=manifest):
                raise StoreError(f"{run.capture.directory} holds another capture: move it away")
            services.capture_store(
                target_id=target.pk, lease=chunk.lease, manifest=manifest, at=timezone.now()
            )


def _finished(capture: Capture) -> Manifest | None:
    """Return what an earlier worker finished but could not store any more."""
    try:
        return open_store(capture.directory).manifest
    except StoreError:
        return None


def _captured(capture: Capture, chunk: Chunk, target: Target) -> Manifest:
    from explanations.capture import capture as capture_subject

    corpus = capture.corpus
    total = _unchanged(capture)
    Path(capture.directory).parent.mkdir(parents=True, exist_ok=True)
    return capture_subject(
        loaded(capture.subject.source, capture.subject.revision),
        ((key, deal(key, corpus.seed), text) for key, text in documents(capture.text_path)),
        capture.directory,
        seed=corpus.seed,
        config=CaptureConfig(window=capture.window),
        progress=_reporter(chunk, target, total),
    )


def _unchanged(capture: Capture) -> int:
    """Return how many documents the text has; `ValueError` where it is not what was planned."""
    digest, total = sha256(), 0
    for key, text in documents(capture.text_path):
        digest.update(document_bytes(key, text))
        total += 1
    if digest.hexdigest() != capture.corpus.digest:
        raise ValueError(f"the text at {capture.text_path} changed since the capture was planned")
    return total


def _reporter(chunk: Chunk, target: Target, total: int) -> "Callable[[Progress], None]":
    """Return what says in the database how far a capture is, now and then, and ends it if asked."""
    reported = time.monotonic()

    def report(progress: "Progress") -> None:
        nonlocal reported
        chunk.check()
        if time.monotonic() - reported < _REPORT_SECONDS:
            return
        reported = time.monotonic()
        share = progress.documents / max(total, 1)
        if not services.target_progress(target_id=target.pk, lease=chunk.lease, share=share):
            raise Stopped

    return report


def loaded(source: str, revision: str) -> "Subject":
    """Return a subject, loaded once for a process."""
    with _loading:
        return _loaded(source, revision)


@lru_cache(maxsize=1)
def _loaded(source: str, revision: str) -> "Subject":
    from explanations import subjects

    return subjects.load(source, revision=revision)
