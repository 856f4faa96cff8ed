"""Answering the questions that people ask in the neuron browser."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from heapq import nlargest
from typing import Any

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from explanations.models import Question, Run
from explanations.records import NeuronRef
from explanations.selectors.questions import (
    embeddings,
    explanations_without_embedding,
    neuron_maximum,
)
from explanations.services.embeddings import embeddings_store
from explanations.services.leases import lease_extend, lease_release
from explanations.services.questions import (
    ANSWER_QUESTIONS,
    question_answer,
    question_claim,
    question_fail,
    questions_call,
    questions_forget,
    questions_waiting,
)
from explanations.tasks.lease_heartbeat import Heartbeat
from explanations.tasks.queue_length import messages_waiting
from explanations.tasks.stopping import Stopped, stopping
from explanations.tasks.subjects import loaded

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)
"""How long an answer is kept."""

_MEANINGS = 50  # in one answer
_EMBEDDED = 256  # explanations that are encoded before they are stored

Answer = dict[str, Any]


@shared_task(name=ANSWER_QUESTIONS)
def answer_questions() -> int:
    """Answer the questions that wait, oldest first; return how many were claimed."""
    taken = 0
    while not stopping.is_set() and (question := question_claim(at=timezone.now())):
        _take_up(question)
        taken += 1
    return taken


def call_for_questions(unfinished: dict[str, int]) -> None:
    """Delete old questions, and call a worker if one waits.

    The queue holds at most one message more than there are `unfinished` runs on it.
    """
    at, queue = timezone.now(), Run.Queue.GPU
    questions_forget(before=at - KEPT)
    if questions_waiting(at=at) and messages_waiting(queue) <= unfinished.get(queue, 0):
        questions_call()


def _take_up(question: Question) -> None:
    lease = question.lease
    assert lease is not None  # noqa: S101  it was just claimed
    with Heartbeat(lambda: lease_extend(Question, lease=lease, at=timezone.now())):
        try:
            answer = _answered(question)
        except Stopped:
            lease_release(Question, lease=lease)
            return
        except (OperationalError, InterfaceError):
            # Not the question's fault: its lease expires, and another worker claims it.
            raise
        except Exception as error:
            logger.exception("question %s", question.pk)
            answer = f"{type(error).__name__}: {error}"
    if isinstance(answer, str):
        question_fail(lease=lease, reason=answer, at=timezone.now())
    else:
        question_answer(lease=lease, result=answer, at=timezone.now())


def _answered(question: Question) -> Answer | str:
    """Return the answer, or the reason why there is none."""
    try:
        from explanations.subjects import SubjectError
    except ImportError as error:
        return f"this worker cannot run models, install the `models` extra: {error}"
    try:
        return ANSWERS[question.kind](question)
    except (SubjectError, ImportError) as error:
        return str(error)


def _activate(question: Question) -> Answer:
    from explanations.interventions.live_neuron import activations

    subject, ref = _asked(question)
    reading = activations(loaded(subject.source, subject.revision), question.text, ref)
    return {
        "tokens": list(reading.excerpt.tokens),
        "values": reading.excerpt.activations.tolist(),
        "maximum": neuron_maximum(subject.pk, ref),
        "truncated": reading.truncated,
    }


def _intervene(question: Question) -> Answer:
    from explanations.interventions.live_neuron import intervene

    subject, ref = _asked(question)
    assert question.clamp is not None  # noqa: S101  a constraint says so
    model = loaded(subject.source, subject.revision)
    return asdict(intervene(model, question.text, ref, question.clamp))


def _mean(question: Question) -> Answer:
    """Compare a text with a subject's explanations; those without a vector get theirs first."""
    from explanations.backends.encoder import PACKAGE, sentence_encoder

    encode = sentence_encoder()
    subject = question.subject_id
    assert subject is not None  # noqa: S101  a constraint says so
    while few := explanations_without_embedding(subject, PACKAGE, limit=_EMBEDDED):
        if stopping.is_set():
            raise Stopped
        keys, texts = zip(*few, strict=True)
        vectors = dict(zip(keys, encode(texts), strict=True))
        embeddings_store(encoder=PACKAGE, vectors=vectors)
    wanted = encode([question.text])[0]
    best: list[tuple[float, int]] = []
    for numbers, rows in embeddings(subject, PACKAGE):
        similar = zip((rows @ wanted).tolist(), numbers.tolist(), strict=True)
        best = nlargest(_MEANINGS, [*best, *similar])
    return {"explanations": [[key, similarity] for similarity, key in best]}


def _asked(question: Question) -> tuple[Any, NeuronRef]:
    """Return the subject and the neuron that a question is about."""
    assert question.layer is not None and question.index is not None  # noqa: S101 PT018
    return question.subject, NeuronRef(layer=question.layer, index=question.index)


ANSWERS: dict[str, Callable[[Question], Answer]] = {
    Question.Kind.ACTIVATE: _activate,
    Question.Kind.INTERVENE: _intervene,
    Question.Kind.MEANING: _mean,
}
