"""Questions about neurons: asked on a page, held by one worker at a time, answered or failed."""

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from explanations.models import Question, Run, Subject
from explanations.records import NeuronRef
from explanations.services.leases import MAX_ATTEMPTS, UNHELD, claimable, rows_claim, shortened
from explanations.services.publish import publish

ANSWER_QUESTIONS = "explanations.tasks.answer_questions"
MAX_TEXT = 2_000
MAX_OPEN = 50
MAX_OPEN_OF_ONE = 3
# Beyond this the next layer's arithmetic overflows before it says anything about the neuron.
MAX_CLAMP = 1e6


class QuestionRefused(ValueError):
    """A refused question; the message is for its asker."""


class TooManyQuestions(QuestionRefused):
    """A question that can be asked later, when others are answered."""


@transaction.atomic
def question_ask(
    *,
    kind: Question.Kind,
    subject: Subject,
    text: str,
    neuron: NeuronRef | None = None,
    clamp: float | None = None,
    asker: User | None = None,
    earlier: Collection[UUID] = (),
) -> Question:
    """Store a question for a worker to answer, and call one where a broker carries messages.

    `neuron` is what ACTIVATE and INTERVENE ask about, `clamp` what INTERVENE sets it to. `earlier`
    are the tokens of what the same person asked before. Raises `QuestionRefused`; the limits on
    open questions keep a queue short and are not exact under many who ask at once.
    """
    text = text.replace("\r\n", "\n")
    _check_text(text)
    if kind != Question.Kind.MEANING:
        _check_neuron(subject, neuron)
    if kind == Question.Kind.INTERVENE and not (clamp is not None and abs(clamp) <= MAX_CLAMP):
        raise QuestionRefused(
            f"set the neuron to a number from -{MAX_CLAMP:,.0f} to {MAX_CLAMP:,.0f}"
        )
    _check_room(asker, earlier)
    question = Question.objects.create(
        kind=kind,
        subject=subject,
        layer=neuron.layer if neuron and kind != Question.Kind.MEANING else None,
        index=neuron.index if neuron and kind != Question.Kind.MEANING else None,
        text=text,
        clamp=clamp if kind == Question.Kind.INTERVENE else None,
        asker=asker,
        token=uuid4(),
    )
    if settings.SERVICE_MODE:
        transaction.on_commit(questions_call)
    return question


def _check_text(text: str) -> None:
    if not text.strip():
        raise QuestionRefused("write a text first")
    if len(text) > MAX_TEXT:
        raise QuestionRefused(
            f"the text has {len(text):,} characters: at most {MAX_TEXT:,} are read"
        )
    if "\0" in text:
        raise QuestionRefused("the text holds a null character")


def _check_neuron(subject: Subject, neuron: NeuronRef | None) -> None:
    if not subject.layers:
        raise QuestionRefused(f"{subject} has not been captured yet, so its neurons are not known")
    if neuron is None or not (
        0 <= neuron.layer < subject.layers and 0 <= neuron.index < subject.width
    ):
        raise QuestionRefused(
            f"{subject} has layers 0 to {subject.layers - 1} and neurons 0 to {subject.width - 1}"
        )


def _check_room(asker: User | None, earlier: Collection[UUID]) -> None:
    unfinished = Question.objects.filter(finished=None)
    mine = Q(token__in=list(earlier)) | (Q(asker=asker) if asker else Q())
    if (asker or earlier) and unfinished.filter(mine).count() >= MAX_OPEN_OF_ONE:
        raise TooManyQuestions(
            f"{MAX_OPEN_OF_ONE} questions of yours are still to be answered: wait for one of them"
        )
    if unfinished.count() >= MAX_OPEN:
        raise TooManyQuestions("many people are asking at the moment: try again in a minute")


def questions_call() -> None:
    """Call a worker."""
    publish(ANSWER_QUESTIONS, queue=Run.Queue.GPU.value)


# --- Answering ------------------------------------------------------------------------------------


def question_claim(*, at: datetime) -> Question | None:
    """Lease the oldest question that nobody holds, or whose lease has run out.

    What ended its worker several times is given up.
    """
    lease = uuid4()
    free = _claimable(at)
    free.filter(attempts__gte=MAX_ATTEMPTS).update(
        **UNHELD,
        finished=at,
        reason=f"given up: its worker ended {MAX_ATTEMPTS} times without an answer",
    )
    if not rows_claim(free, limit=1, lease=lease, at=at):
        return None
    return Question.objects.select_related("subject").filter(lease=lease).first()


def question_answer(*, lease: UUID, result: Mapping[str, Any], at: datetime) -> bool:
    """Store an answer; False when the lease is lost. `ValueError` for NaN or infinity."""
    if not _finite(result):
        raise ValueError("the answer holds a number that is not finite")
    held = Question.objects.filter(lease=lease)
    return held.update(**UNHELD, finished=at, result=dict(result)) == 1


def question_fail(*, lease: UUID, reason: str, at: datetime) -> bool:
    """Close a question without an answer; False when the lease is lost."""
    reason = shortened(reason) or "no reason was given"
    return Question.objects.filter(lease=lease).update(**UNHELD, finished=at, reason=reason) == 1


def question_withdraw(*, token: UUID) -> bool:
    """Delete an unfinished question; False when it is finished or unknown."""
    deleted, _ = Question.objects.filter(token=token, finished=None).delete()
    return deleted > 0


def questions_waiting(*, at: datetime) -> bool:
    """Return whether there is anything to claim."""
    return _claimable(at).exists()


def questions_forget(*, before: datetime) -> int:
    """Delete what was asked before a time, answered or not; return how many."""
    old = Question.objects.filter(created__lt=before)
    return old.delete()[0] if old.exists() else 0


def _claimable(at: datetime) -> QuerySet[Question]:
    return Question.objects.filter(claimable(at), finished=None)


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
