"""Progress of runs, and reasons of failures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from explanations.models import Run, Score, Target
from explanations.selectors.labels import run_title


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A run's progress: targets by state, and the tokens and seconds they took.

    `dollars` is the cost of its calls, `budget` the limit; `halted` is why it was halted, if so.
    """

    run: int
    kind: str
    name: str
    queue: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    total: int
    done: int
    failed: int
    working: int
    share: float
    tokens_in: int
    tokens_out: int
    seconds: float
    dollars: float
    budget: float | None
    halted: str

    @property
    def left(self) -> int:
        """Targets without an outcome."""
        return self.total - self.done - self.failed

    @property
    def ended(self) -> int:
        """Targets with an outcome."""
        return self.done + self.failed

    @property
    def line(self) -> str:
        """The run in one line for a terminal."""
        failures = f", {self.failed} failed" if self.failed else ""
        return (
            f"run {self.run} {self.name}: {self.done + self.failed}/{self.total}"
            f" ({self.share:.0%}){failures}{self._speed}{self._spent}"
        )

    @property
    def state(self) -> str:
        """The run's state in words for a terminal."""
        if self.finished:
            return "finished"
        return f"halted: {self.halted}" if self.halted else f"{self.working} in progress"

    @property
    def tokens_per_second(self) -> float | None:
        """A capture's speed on one worker; None for other runs, and before it is known."""
        known = self.kind == Run.Kind.CAPTURE and self.seconds > 0
        return self.tokens_in / self.seconds if known else None

    @property
    def seconds_left(self) -> float | None:
        """A capture's remaining time at its present speed; None for other runs."""
        if self.tokens_per_second is None or not self.share:
            return None
        return self.seconds * (1 - self.share) / self.share / max(self.working, 1)

    @property
    def _speed(self) -> str:
        if self.tokens_per_second is None or self.seconds_left is None:
            return ""
        left = "" if self.finished else f", {_duration(self.seconds_left)} left"
        return f", {self.tokens_per_second:,.0f} tokens/s{left}"

    @property
    def _spent(self) -> str:
        if not self.dollars and self.budget is None:
            return ""
        limit = "" if self.budget is None else f" of ${self.budget:,.2f}"
        return f", ${self.dollars:,.4f}{limit}"


def _duration(seconds: float) -> str:
    """Return a duration in its largest unit."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed target: its object, the reason, and the reply."""

    target: int
    about: str
    reason: str
    raw: str
    finished: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToCall:
    """A run that has something to claim and no message under way."""

    run: int
    queue: str


def run_progress(run: int) -> RunProgress:
    """Return one run's progress; raises `Run.DoesNotExist`."""
    found = runs_progress([run])
    if not found:
        raise Run.DoesNotExist(f"there is no run {run}")
    return found[0]


def runs_progress(runs: Iterable[int] | None = None, *, limit: int = 50) -> list[RunProgress]:
    """Return the progress of these runs, or of the newest `limit`, newest first; two queries."""
    chosen = Run.objects.select_related("method", "capture__subject", "capture__corpus")
    chosen = chosen.order_by("-pk")
    rows = list(chosen[:limit] if runs is None else chosen.filter(pk__in=list(runs)))
    counts = {
        row["run"]: row
        for row in Target.objects.filter(run__in=rows)
        .values("run")
        .order_by()
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state=Target.State.DONE)),
            failed=Count("pk", filter=Q(state=Target.State.FAILED)),
            working=Count("pk", filter=Q(leased_until__gt=timezone.now())),
            part=Sum("progress", filter=Q(state=Target.State.OPEN), default=0.0),
            tokens_in=Sum("tokens_in"),
            tokens_out=Sum("tokens_out"),
            seconds=Sum("seconds"),
        )
    }
    return [_progress(run, counts.get(run.pk, {})) for run in rows]


def _progress(run: Run, counts: Mapping[str, Any]) -> RunProgress:
    def count(name: str) -> int:
        return int(counts.get(name) or 0)

    ended = count("done") + count("failed") + float(counts.get("part") or 0)
    return RunProgress(
        run=run.pk,
        kind=run.kind,
        name=run_title(run),
        queue=run.queue,
        created=run.created,
        started=run.started,
        finished=run.finished,
        total=count("total"),
        done=count("done"),
        failed=count("failed"),
        working=count("working"),
        share=ended / count("total") if count("total") else 1.0,
        tokens_in=count("tokens_in"),
        tokens_out=count("tokens_out"),
        seconds=float(counts.get("seconds") or 0),
        dollars=run.dollars,
        budget=run.budget,
        halted=run.halted,
    )


def run_failures(run: int, *, limit: int = 100) -> list[Failure]:
    """Return a run's first failures, in the order of its targets."""
    failed = Target.objects.filter(run=run, state=Target.State.FAILED).order_by("pk")
    return [
        Failure(
            target=target.pk,
            about=target.about,
            reason=target.reason,
            raw=target.raw,
            finished=target.finished or target.run.created,
        )
        for target in failed.select_related(
            "run", "neuron__subject", "explanation", "simulation__explanation"
        )[:limit]
    ]


def run_reasons(run: int) -> dict[str, int]:
    """Return why a run's targets failed and how many for each reason, the commonest first."""
    failed = Target.objects.filter(run=run, state=Target.State.FAILED).order_by()
    counted = failed.values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return dict(counted.values_list("reason", "n"))


def run_undefined(run: int) -> dict[str, int]:
    """Return why scores that a run gave are undefined, as `run_reasons` does of failures."""
    done = Target.objects.filter(run=run, state=Target.State.DONE, method=OuterRef("method"))
    given = Q(Exists(done.filter(simulation=OuterRef("simulation")))) | Q(
        Exists(done.filter(explanation=OuterRef("explanation"))), simulation=None
    )
    scores = Score.objects.filter(given, method__runs=run, value=None).order_by()
    counted = scores.values_list("reason").annotate(n=Count("pk"))
    return dict(counted.order_by("-n", "reason").values_list("reason", "n"))


def runs_with_failures(method: int) -> list[int]:
    """Return the runs of a method that have failed targets, oldest first."""
    failed = Target.objects.filter(method=method, state=Target.State.FAILED)
    return list(failed.order_by("run").values_list("run", flat=True).distinct())


def runs_of_capture(capture: int) -> list[int]:
    """Return the runs of a capture, oldest first."""
    return list(Run.objects.filter(capture=capture).order_by("pk").values_list("pk", flat=True))


def runs_unfinished_of(*, method: int) -> list[int]:
    """Return the unfinished runs of a method, oldest first."""
    return list(_unfinished().filter(method=method).order_by("pk").values_list("pk", flat=True))


def runs_to_call(*, at: datetime) -> list[RunToCall]:
    """Return the unfinished runs that wait for a worker, those called longest ago first.

    One that is halted waits for a person.
    """
    waiting = Target.objects.filter(
        Q(lease=None) | Q(leased_until__lt=at), run=OuterRef("pk"), state=Target.State.OPEN
    )
    uncalled = Q(ticket=None) | Q(ticket_until__lt=at)
    rows = _unhalted().filter(uncalled, Exists(waiting)).order_by("ticket_until", "pk")
    return [RunToCall(run=pk, queue=queue) for pk, queue in rows.values_list("pk", "queue")]


def runs_unfinished() -> dict[str, int]:
    """Return how many runs are unfinished and not halted on each queue."""
    counted = _unhalted().order_by().values_list("queue").annotate(n=Count("pk"))
    return dict(counted)


def _unfinished() -> QuerySet[Run]:
    return Run.objects.filter(finished=None)


def _unhalted() -> QuerySet[Run]:
    return _unfinished().filter(halted="")
