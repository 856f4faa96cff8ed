"""Celery tasks. The database says what is left to do; a message only says where to look."""

from collections.abc import Callable
from itertools import groupby
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from explanations.models import Run
from explanations.selectors.runs import runs_to_call, runs_unfinished
from explanations.services.leases import targets_claim, targets_waiting
from explanations.services.runs import WORK_ON_RUN, run_answer, run_call, run_finish, runs_finish
from explanations.tasks.capture import capture
from explanations.tasks.chunk import Chunk
from explanations.tasks.explain import explain
from explanations.tasks.images import call_for_images, import_images
from explanations.tasks.questions import answer_questions, call_for_questions
from explanations.tasks.queue_length import messages_waiting
from explanations.tasks.score import score
from explanations.tasks.simulate import simulate
from explanations.tasks.stopping import stopping

__all__ = [
    "answer_questions",
    "import_images",
    "messages_waiting",
    "sweep",
    "work_on_chunk",
    "work_on_run",
]

WORK: dict[str, Callable[[Run, Chunk], None]] = {
    Run.Kind.CAPTURE: capture,
    Run.Kind.EXPLAIN: explain,
    Run.Kind.SIMULATE: simulate,
    Run.Kind.SCORE: score,
}
# Large enough to share what is read for them, small enough to show progress and spread the work.
CHUNK: dict[str, int] = {
    Run.Kind.CAPTURE: 1,
    Run.Kind.EXPLAIN: 32,
    Run.Kind.SIMULATE: 16,
    Run.Kind.SCORE: 64,
}
# Answers take long, so few targets wait for them together; a simulation asks many at once.
LANGUAGE_MODEL_CHUNK: dict[str, int] = {
    Run.Kind.EXPLAIN: 8,
    Run.Kind.SIMULATE: 1,
    Run.Kind.SCORE: 4,
}


@shared_task(name=WORK_ON_RUN)
def work_on_run(run_id: int, ticket: str) -> None:
    """Work on one chunk of a run, and call the next worker while anything is left."""
    if run_answer(run_id=run_id, ticket=UUID(ticket), at=timezone.now()):
        work_on_chunk(run_id, call=True)


def work_on_chunk(run_id: int, *, call: bool = False) -> int:
    """Claim a chunk and process it; return how many targets were claimed: 0 for a halted run.

    With `call`, another worker is called before the work, so that idle ones join in, and after it,
    in case the first found nothing to claim.
    """
    run = Run.objects.select_related("method", "capture").get(pk=run_id)
    if run.halted:
        return 0
    sizes = LANGUAGE_MODEL_CHUNK if run.queue == Run.Queue.LLM else CHUNK
    claim = targets_claim(run_id=run_id, limit=sizes[run.kind], at=timezone.now())
    if claim.targets:
        _call(run_id, call=call)
        with Chunk(claim) as chunk:
            WORK[run.kind](run, chunk)
        _call(run_id, call=call)
    run_finish(run_id=run_id, at=timezone.now())
    return len(claim.targets)


def _call(run_id: int, *, call: bool) -> None:
    at = timezone.now()
    if call and not stopping.is_set() and targets_waiting(run_id=run_id, at=at):
        run_call(run_id=run_id, at=at)


@shared_task(name="explanations.tasks.sweep")
def sweep() -> int:
    """Finish runs that are done, and call workers where work waits; return for how many runs.

    A queue never holds more messages than it has unfinished runs, however slow the work, plus one
    for people's questions or images.
    """
    at = timezone.now()
    runs_finish(at=at)
    unfinished = runs_unfinished()
    call_for_questions(unfinished)
    call_for_images(unfinished)
    waiting = sorted(runs_to_call(at=at), key=lambda run: run.queue)
    called = 0
    for queue, runs in groupby(waiting, key=lambda run: run.queue):
        room = max(0, unfinished.get(queue, 0) - messages_waiting(queue))
        for run in list(runs)[:room]:
            called += run_call(run_id=run.run, at=at)
    return called
