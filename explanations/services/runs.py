"""Runs: made of targets without an outcome, sent to workers, finished when none is left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from explanations.methods.requests import LOCAL, Need
from explanations.models import Call, Capture, Explanation, Method, Run, Score, Simulation, Target
from explanations.scorers import SCORERS
from explanations.services.batches import batches
from explanations.services.budgets import RunRefused, budget_check
from explanations.services.methods import registry
from explanations.services.publish import publish

WORK_ON_RUN = "explanations.tasks.work_on_run"
_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreated:
    """What was added; `run` is None when every target already had an outcome or was under way."""

    run: Run | None
    added: int
    already: int


@transaction.atomic
def run_create(
    *,
    kind: Run.Kind,
    method: Method | None = None,
    capture: Capture | None = None,
    neurons: Iterable[int] = (),
    explanations: Iterable[int] = (),
    simulations: Iterable[int] = (),
    budget: float | None = None,
) -> RunCreated:
    """Make a run over the primary keys given, less those that its method has or works on.

    The keys are of what the kind works on: neurons to explain, explanations to simulate, and to
    score what the scorer rests on, simulations or explanations; a capture needs none. `budget` is
    in US dollars; raises `RunRefused` where it cannot be kept.
    """
    budget_check(budget=budget, method=method)
    run = Run.objects.create(
        kind=kind, queue=_queue(kind, method), method=method, capture=capture, budget=budget
    )
    if capture is not None:
        if not Target.objects.filter(run__capture=capture).exists():
            Target.objects.bulk_create(_shards(run, capture.shards))
        return _created(run, asked=len(_shards(run, capture.shards)))
    field = worked_on(kind, method)
    keys = {"neuron": neurons, "explanation": explanations, "simulation": simulations}[field]
    wanted = list(dict.fromkeys(keys))
    for targets in batches(_new_targets(run, field, wanted), _BATCH):
        Target.objects.bulk_create(targets, ignore_conflicts=True)
    return _created(run, asked=len(wanted))


def worked_on(kind: Run.Kind, method: Method | None) -> str:
    """Return what the targets of a method's run are."""
    if kind == Run.Kind.SCORE and method and method.name in SCORERS:
        return SCORERS[method.name].rests_on.value
    return {
        Run.Kind.EXPLAIN: "neuron",
        Run.Kind.SIMULATE: "explanation",
        Run.Kind.SCORE: "simulation",
    }[kind]


def _shards(run: Run, shards: int) -> list[Target]:
    """Return a target for each shard, and one to merge them where there are several."""
    parts = [Target(run=run, shard=shard) for shard in range(shards)]
    return [*parts, Target(run=run, shard=shards, last=True)] if shards > 1 else parts


def _queue(kind: Run.Kind, method: Method | None) -> Run.Queue:
    """Return the queue: `llm` waits for remote models, local ones need a GPU."""
    if kind == Run.Kind.CAPTURE:
        return Run.Queue.GPU
    assert method is not None  # noqa: S101  the database has it so
    builtin = registry(Method.Kind(method.kind)).get(method.name)
    needs = builtin.needs if builtin else frozenset()
    local = Need.MODEL in needs and str(method.config.get("model")).startswith(LOCAL)
    if local or needs & {Need.SUBJECT, Need.ENCODER}:
        return Run.Queue.GPU
    return Run.Queue.LLM if Need.MODEL in needs else Run.Queue.CPU


def _new_targets(run: Run, field: str, keys: list[int]) -> Iterator[Target]:
    """Leave out what has a result that no target made, as imported ones have."""
    for few in batches(keys, _BATCH):
        done = _with_result(run, field, few)
        yield from (
            Target(run=run, method_id=run.method_id, **{f"{field}_id": key})
            for key in few
            if key not in done
        )


def _with_result(run: Run, field: str, keys: tuple[int, ...]) -> set[int]:
    results: dict[str, type[Explanation | Simulation | Score]] = {
        Run.Kind.EXPLAIN: Explanation,
        Run.Kind.SIMULATE: Simulation,
        Run.Kind.SCORE: Score,
    }
    direct = {"simulation": None} if (run.kind, field) == (Run.Kind.SCORE, "explanation") else {}
    about = {f"{field}__in": keys, **direct}
    found = results[run.kind].objects.filter(Q(method=run.method_id), **about)
    return set(found.values_list(field, flat=True))


def _created(run: Run, *, asked: int) -> RunCreated:
    added = run.targets.count()
    if added == 0:
        run.delete()
        return RunCreated(run=None, added=0, already=asked)
    if settings.SERVICE_MODE:
        run_call(run_id=run.pk, at=timezone.now())
    return RunCreated(run=run, added=added, already=asked - added)


@transaction.atomic
def run_retry_failures(*, run_id: int) -> int:
    """Open a run's failed targets again; return how many.

    What their language model failed at is asked again, what it answered is not. A target whose
    answers were all there but unusable is asked again.
    """
    failed = Target.objects.filter(run=run_id, state=Target.State.FAILED)
    read = Call.objects.filter(void=False)
    unanswered = read.filter(target=OuterRef("pk")).exclude(reason="")
    answered = failed.exclude(raw="").filter(~Exists(unanswered))
    unusable = list(answered.values_list("pk", flat=True))
    read.filter(target__in=failed).exclude(reason="").update(void=True)
    for few in batches(unusable, _BATCH):
        read.filter(target__in=few).update(void=True)
    opened = failed.update(
        state=Target.State.OPEN, finished=None, reason="", raw="", attempts=0, progress=0.0
    )
    if opened:
        Run.objects.filter(pk=run_id).update(finished=None)
        if settings.SERVICE_MODE:
            run_call(run_id=run_id, at=timezone.now())
    return opened


@transaction.atomic
def run_resume(*, run_id: int, budget: float | None) -> None:
    """Set a run's budget, None for no limit, and resume it if it was halted.

    Raises `RunRefused` for one that is finished, and for a budget that is spent already.
    """
    runs = Run.objects.select_for_update(of=("self",)).select_related("method")
    run = runs.filter(pk=run_id).first()
    if run is None:
        raise RunRefused("run", f"there is no run {run_id}")
    if run.finished:
        raise RunRefused("run", f"run {run_id} is finished: there is nothing left to pay for")
    budget_check(budget=budget, method=run.method)
    if budget is not None and budget <= run.dollars:
        raise RunRefused("budget", f"its calls cost ${run.dollars:,.4f} so far: give more")
    Run.objects.filter(pk=run_id).update(budget=budget, halted="")
    if settings.SERVICE_MODE:
        run_call(run_id=run_id, at=timezone.now())


def run_finish(*, run_id: int, at: datetime) -> bool:
    """Close a run that has no open target; False when it has one or was closed before."""
    left = Target.objects.filter(run=OuterRef("pk"), state=Target.State.OPEN)
    unfinished = Run.objects.filter(pk=run_id, finished=None).exclude(Exists(left))
    return unfinished.update(finished=at, halted="") == 1


# --- Calling workers ------------------------------------------------------------------------------
# A run has one valid message at a time: its ticket. A worker that takes it clears the ticket, and a
# message whose ticket was replaced is void, so neither lost nor slow messages multiply the work.


def run_call(*, run_id: int, at: datetime) -> bool:
    """Call a worker once the transaction commits.

    False when a message is under way already, or when the run is halted or finished.
    """
    ticket = uuid4()
    uncalled = Q(ticket=None) | Q(ticket_until__lt=at)
    called = Run.objects.filter(uncalled, pk=run_id, finished=None, halted="").update(
        ticket=ticket, ticket_until=at + timedelta(seconds=settings.LEASE_SECONDS)
    )
    if called:
        transaction.on_commit(partial(_publish, run_id, ticket))
    return called == 1


def run_answer(*, run_id: int, ticket: UUID, at: datetime) -> bool:
    """Take a message's ticket; False when the message is void."""
    taken = Run.objects.filter(pk=run_id, ticket=ticket).update(ticket=None, ticket_until=None)
    return taken == 1


def runs_uncall() -> int:
    """Void every message, for when the broker is known to hold none; return how many."""
    return Run.objects.exclude(ticket=None).update(ticket=None, ticket_until=None)


def _publish(run_id: int, ticket: UUID) -> None:
    queue = Run.objects.values_list("queue", flat=True).get(pk=run_id)
    if not publish(WORK_ON_RUN, run_id, str(ticket), queue=queue):
        Run.objects.filter(pk=run_id, ticket=ticket).update(ticket=None, ticket_until=None)


def runs_finish(*, at: datetime) -> int:
    """Close every run that has no open target; return how many."""
    left = Target.objects.filter(run=OuterRef("pk"), state=Target.State.OPEN)
    return Run.objects.filter(finished=None).exclude(Exists(left)).update(finished=at, halted="")
