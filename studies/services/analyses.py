"""Request a study's analysis, and store a worker's results."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from explanations.services.leases import UNHELD, claimable, lease_end
from explanations.services.publish import publish
from studies.models import Analysis, Study

ANALYSE = "studies.tasks.analyse"
MAX_ATTEMPTS = 3
_CALL_AGAIN = timedelta(seconds=15)
_REASON_LENGTH = 2000


def analysis_request(*, study: Study, at: datetime) -> Analysis:
    """Request an analysis of the current judgments, unless one is already waiting.

    The previous results remain readable until the new ones replace them.
    """
    analysis, _ = Analysis.objects.get_or_create(study=study, defaults={"requested": at})
    Analysis.objects.filter(pk=analysis.pk).exclude(state=Analysis.State.OPEN).update(
        state=Analysis.State.OPEN, requested=at, called=None, attempts=0, reason=""
    )
    # In embedded mode the worker's own sweep finds it within a second.
    if settings.SERVICE_MODE:
        analysis_call(analysis_id=analysis.pk, at=at)
    analysis.refresh_from_db()
    return analysis


def analysis_call(*, analysis_id: int, at: datetime) -> bool:
    """Call a worker once the transaction commits; False if one was called just now.

    If the message is lost, it is sent again; a superfluous one finds nothing to claim.
    """
    uncalled = Q(called=None) | Q(called__lt=at - _CALL_AGAIN)
    called = Analysis.objects.filter(uncalled, pk=analysis_id).update(called=at)
    if called:
        transaction.on_commit(partial(publish, ANALYSE, analysis_id))
    return called == 1


def analysis_claim(*, analysis_id: int, at: datetime) -> UUID | None:
    """Lease an analysis that is waiting or whose worker has died; None if there is none."""
    free = Analysis.objects.filter(claimable(at), pk=analysis_id, state=Analysis.State.OPEN)
    free.filter(attempts__gte=MAX_ATTEMPTS).update(
        **_closing(Analysis.State.FAILED, at),
        reason=f"Given up: its worker ended {MAX_ATTEMPTS} times without a result.",
    )
    lease = uuid4()
    claimed = free.update(
        lease=lease, leased_until=lease_end(at), attempts=F("attempts") + 1, stage="", share=0.0
    )
    return lease if claimed else None


def analysis_renew(*, lease: UUID, at: datetime) -> bool:
    """Extend a lease; False if it is lost."""
    return _held(lease).update(leased_until=lease_end(at)) == 1


def analysis_tell(*, lease: UUID, stage: str, share: float) -> bool:
    """Store a worker's current stage and progress; False if its lease is lost."""
    return _held(lease).update(stage=stage, share=share) == 1


def _held(lease: UUID) -> QuerySet[Analysis]:
    return Analysis.objects.filter(lease=lease, state=Analysis.State.OPEN)


def analysis_store(
    *,
    lease: UUID,
    results: Mapping[str, Any],
    figures: Mapping[str, Any],
    answers: int,
    scores: str,
    seconds: float,
    at: datetime,
) -> bool:
    """Store the results of a lease's holder; False if the lease is lost."""
    seen = {"answers": answers, "scores": scores}
    made = {"results": results, "figures": figures, "seconds": seconds}
    return _close(lease, Analysis.State.DONE, at, **seen, **made)


def analysis_fail(*, lease: UUID, reason: str, answers: int, scores: str, at: datetime) -> bool:
    """Store why there are no results; False if the lease is lost."""
    reason = reason.strip()[:_REASON_LENGTH] or "no reason was given"
    return _close(lease, Analysis.State.FAILED, at, reason=reason, answers=answers, scores=scores)


def _close(lease: UUID, state: Analysis.State, at: datetime, **stored: Any) -> bool:
    return _held(lease).update(**_closing(state, at), **stored) == 1


def _closing(state: Analysis.State, at: datetime) -> dict[str, Any]:
    return {"state": state, "finished": at, **UNHELD, "stage": ""}
