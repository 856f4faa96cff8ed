"""A question reaches a worker in another process, and outlives one that is killed."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from explanations.models import Question, Subject
from explanations.records import NeuronRef
from explanations.selectors.questions import QuestionState, question_state
from explanations.services.questions import question_ask, question_claim
from tests import factories
from tests.services.conftest import Site, ended, until

pytestmark = pytest.mark.services

TEXT = "Once upon a time there was a little girl. She loved to play"


def _subject(small_model: Path) -> Subject:
    return factories.subject(source=str(small_model), layers=5, width=172)


def _ask(subject: Subject) -> Question:
    return question_ask(
        kind=Question.Kind.ACTIVATE,
        subject=subject,
        text=TEXT,
        neuron=NeuronRef(layer=4, index=142),
    )


def _answered(question: Question) -> QuestionState | None:
    state = question_state(question.token)
    return state if state and state.state in {"finished", "failed"} else None


def _assert_answered(question: Question) -> None:
    state = until(lambda: _answered(question))
    assert state.reason == ""
    assert "".join(state.result["tokens"]) == TEXT


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_embedded_worker_answers_and_does_so_quickly_once_the_model_is_loaded(
    site: Site, small_model: Path
) -> None:
    site.settings = {"CONCORDANCE_SWEEP_SECONDS": "1"}
    subject = _subject(small_model)
    worker = site.worker()
    _assert_answered(_ask(subject))
    began = time.monotonic()
    _assert_answered(_ask(subject))
    # A sweep comes within a second; the rest is room for a busy machine.
    assert time.monotonic() - began < 5
    assert ended(worker) == 0


@pytest.mark.parametrize("database", ["postgresql"])
def test_behind_redis_a_worker_is_called_without_any_sweep(
    service_site: Site, small_model: Path
) -> None:
    service_site.settings = {"CONCORDANCE_SWEEP_SECONDS": "600"}
    subject = _subject(small_model)
    worker = service_site.worker("--queues", "gpu", "--concurrency", "1")
    until(lambda: " ready." in service_site.logs)
    asked = service_site.manage("shell", "--command", _ASKING.format(subject=subject.pk))
    assert asked.returncode == 0, asked.stderr
    _assert_answered(Question.objects.get())
    assert ended(worker) == 0


_ASKING = f"""
from explanations.models import Question, Subject
from explanations.records import NeuronRef
from explanations.services.questions import question_ask
question_ask(
    kind=Question.Kind.ACTIVATE,
    subject=Subject.objects.get(pk={{subject}}),
    text={TEXT!r},
    neuron=NeuronRef(layer=4, index=142),
)
"""


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_a_killed_worker_held_is_answered_by_another(site: Site, small_model: Path) -> None:
    question = _ask(_subject(small_model))
    worker = site.worker()

    def stands_still_holding_it() -> bool:
        worker.send_signal(signal.SIGSTOP)
        os.waitpid(worker.pid, os.WUNTRACED)
        if Question.objects.exclude(lease=None).exists():
            return True
        worker.send_signal(signal.SIGCONT)
        return False

    until(stands_still_holding_it)
    worker.kill()
    worker.wait()
    question.refresh_from_db()
    assert (question.finished, question.attempts) == (None, 1)
    another = site.worker()
    _assert_answered(question)
    question.refresh_from_db()
    assert (question.attempts, question.lease) == (2, None)
    assert ended(another) == 0


def _claim_all(start: threading.Barrier) -> list[int]:
    claimed: list[int] = []
    start.wait()
    while question := question_claim(at=timezone.now()):
        claimed.append(question.pk)
    connection.close()
    return claimed


def test_many_workers_are_never_handed_the_same_question(site: Site) -> None:
    subject = factories.subject()
    Question.objects.bulk_create(
        Question(kind="meaning", subject=subject, text="fish", token=uuid4()) for _ in range(200)
    )
    start = threading.Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: _claim_all(start), range(6)))
    claimed = [key for keys in results for key in keys]
    assert len(claimed) == len(set(claimed)) == 200
