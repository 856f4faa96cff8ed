"""Workers capture a real model together; one that is killed costs nothing but its last block."""

import json
import os
import signal
from pathlib import Path

import pytest
from django.conf import settings as project

from explanations.capture import capture
from explanations.corpora.texts import documents
from explanations.models import Capture, Run, Target
from explanations.records import deal
from explanations.selectors.runs import run_progress, run_reasons
from explanations.services.captures import capture_create
from explanations.services.runs import run_create
from explanations.stores.reader import CaptureConfig, open_store
from tests.explanations.test_capture import same_files
from tests.services.conftest import Site, ended, until
from tests.small_model.stories import stories

pytestmark = pytest.mark.services

SHARDS = 3


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Return stories for three blocks."""
    path = tmp_path / "stories.jsonl"
    lines = (json.dumps(story) for story in stories(700))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _planned(site: Site, small_model: Path, text: Path) -> tuple[Capture, int]:
    project.CAPTURE_DIR = site.folder / "captures"
    planned = capture_create(source=str(small_model), text=text, shards=SHARDS)
    created = run_create(kind=Run.Kind.CAPTURE, capture=planned)
    assert created.run is not None
    return planned, created.run.pk


@pytest.mark.parametrize("database", ["sqlite"])
def test_shards_of_workers_of_which_one_was_killed_give_the_store_of_one_pass(
    site: Site, small_model: Path, text: Path, settings
) -> None:
    site.settings = {"OMP_NUM_THREADS": "1", "CONCORDANCE_CHECKPOINT_SECONDS": "0"}
    planned, run = _planned(site, small_model, text)
    worker = site.worker("--concurrency", "2")

    def stands_still_in_the_middle() -> bool:
        worker.send_signal(signal.SIGSTOP)
        os.waitpid(worker.pid, os.WUNTRACED)
        targets = Target.objects.filter(run=run)
        if targets.filter(progress__gt=0).exists() and targets.exclude(lease=None).exists():
            return True
        worker.send_signal(signal.SIGCONT)
        return False

    until(stands_still_in_the_middle)
    worker.kill()
    worker.wait()
    assert not Path(planned.directory).exists()

    other = site.worker("--concurrency", "2")
    until(lambda: run_progress(run).finished, seconds=300)
    assert run_reasons(run) == {}
    assert ended(other) == 0
    _is_the_store_of_one_pass(Path(planned.directory), small_model, text, site.folder / "one")
    planned.refresh_from_db()
    assert planned.tokens == open_store(planned.directory).manifest.tokens > 100_000


def _is_the_store_of_one_pass(store: Path, small_model: Path, text: Path, one: Path) -> None:
    import torch

    from explanations.relations.relatives import relate
    from explanations.subjects import load

    torch.set_num_threads(1)
    subject = load(small_model)
    read = ((key, deal(key, 1), each) for key, each in documents(text))
    capture(subject, read, one, seed=1, config=CaptureConfig())
    relate(subject, one)
    same_files(one, store)
