"""Leases: which worker holds which work. The database decides which claim was first.

A lease is a random key in the rows that a worker claimed, valid until `leased_until`. Every later
write names the key, so a worker that lost its lease changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from explanations.models import Call, Run, Target
from explanations.models.common import Leased

MAX_ATTEMPTS = 3
UNHELD: dict[str, None] = {"lease": None, "leased_until": None}
_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Targets under one lease; empty when nothing could be claimed."""

    lease: UUID
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of an outcome: language model tokens, seconds of work, US dollars."""

    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    dollars: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            seconds=self.seconds + other.seconds,
            dollars=self.dollars + other.dollars,
        )


def claimable(at: datetime) -> Q:
    """Return the condition that nobody holds a row, or that its lease has run out."""
    return Q(lease=None) | Q(leased_until__lt=at)


@transaction.atomic
def rows_claim(free: QuerySet[Any], *, limit: int, lease: UUID, at: datetime) -> int:
    """Lease the first rows of those that are free; return how many."""
    # The rows are locked until the update, so two claims never share a row; skipping locked ones
    # (where the database can) keeps the second claim from coming back empty. A subquery in the
    # update would not do: PostgreSQL may run it once for each row, so that the limit has no effect.
    rows = free.order_by("pk").select_for_update(skip_locked=True)
    chosen = list(rows.values_list("pk", flat=True)[:limit])
    return free.filter(pk__in=chosen).update(
        lease=lease, leased_until=lease_end(at), attempts=F("attempts") + 1
    )


def lease_end(at: datetime) -> datetime:
    """Return when a lease that starts at a time runs out."""
    return at + timedelta(seconds=settings.LEASE_SECONDS)


def lease_extend(work: type[Leased], *, lease: UUID, at: datetime) -> bool:
    """Hold a lease for longer; False when nothing is left under it."""
    return work._default_manager.filter(lease=lease).update(leased_until=lease_end(at)) > 0


def lease_release(work: type[Leased], *, lease: UUID, **reset: Any) -> int:
    """Return what is still held under a lease to the queue, as if it had never been claimed."""
    return work._default_manager.filter(lease=lease).update(
        **UNHELD, attempts=F("attempts") - 1, **reset
    )


# --- Targets --------------------------------------------------------------------------------------


def targets_claim(*, run_id: int, limit: int, at: datetime) -> Claim:
    """Lease up to `limit` open targets of a run that nobody holds, or whose lease has run out.

    What a worker held when it died is claimed again one by one, and given up after three attempts:
    a target that kills its worker takes no other target with it.
    """
    lease = uuid4()
    free = _claimable(run_id, at)
    fresh = rows_claim(free.filter(attempts=0), limit=limit, lease=lease, at=at)
    if not fresh:
        _claim_survivor(free, lease, at)
    held = tuple(Target.objects.filter(lease=lease).order_by("pk").values_list("pk", flat=True))
    if held:
        Run.objects.filter(pk=run_id, started=None).update(started=at)
    return Claim(lease=lease, targets=held)


def targets_waiting(*, run_id: int, at: datetime) -> bool:
    """Return whether a run has anything to claim."""
    return _claimable(run_id, at).exists()


def _claimable(run_id: int, at: datetime) -> QuerySet[Target]:
    earlier = Target.objects.filter(run=OuterRef("run"), last=False, state=Target.State.OPEN)
    return Target.objects.filter(
        claimable(at),
        Q(last=False) | ~Exists(earlier),
        run=run_id,
        state=Target.State.OPEN,
    )


def _claim_survivor(free: QuerySet[Target], lease: UUID, at: datetime) -> None:
    free.filter(attempts__gte=MAX_ATTEMPTS).update(
        **_closing(Target.State.FAILED, at),
        reason=f"given up: its worker ended {MAX_ATTEMPTS} times without an outcome",
    )
    rows_claim(free.filter(attempts__gt=0), limit=1, lease=lease, at=at)


def target_progress(*, target_id: int, lease: UUID, share: float, cost: Cost | None = None) -> bool:
    """Store a long target's progress and cost so far; False when its lease is lost."""
    cost = cost or Cost()
    held = Target.objects.filter(pk=target_id, lease=lease)
    done = held.update(
        progress=min(max(share, 0.0), 1.0), tokens_in=cost.tokens_in, seconds=cost.seconds
    )
    return done == 1


def target_fail(
    *,
    target_id: int,
    lease: UUID,
    reason: str,
    at: datetime,
    raw: str = "",
    cost: Cost | None = None,
) -> bool:
    """Close a target as a failure; False when its lease is lost."""
    reason = shortened(reason) or "no reason was given"
    return target_close(
        target_id, lease, Target.State.FAILED, at, cost, reason=reason, raw=raw.replace("\0", "")
    )


def target_close(
    target_id: int, lease: UUID, state: Target.State, at: datetime, cost: Cost | None, **more: Any
) -> bool:
    """Close a target that is still held: one conditional update, in the caller's transaction."""
    cost = cost or Cost()
    held = Target.objects.filter(pk=target_id, lease=lease, state=Target.State.OPEN)
    closed = held.update(
        **_closing(state, at),
        tokens_in=cost.tokens_in,
        tokens_out=cost.tokens_out,
        seconds=cost.seconds,
        dollars=cost.dollars,
        **more,
    )
    if closed and cost.tokens_in and state == Target.State.DONE:
        # They take much room, and what was read from them is in the result.
        Call.objects.filter(target=target_id).exclude(logprobs=None).update(logprobs=None)
    return closed == 1


def _closing(state: Target.State, at: datetime) -> dict[str, Any]:
    return {
        "state": state,
        "finished": at,
        **UNHELD,
        "progress": 1.0 if state == Target.State.DONE else 0.0,
    }


def shortened(reason: str) -> str:
    """Return a reason as one line that its column holds."""
    line = " ".join(reason.replace("\0", "").split())
    return line if len(line) <= _REASON_LENGTH else f"{line[: _REASON_LENGTH - 1]}…"
