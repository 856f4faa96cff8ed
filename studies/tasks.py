"""Celery tasks: thin and idempotent. The database says what is left to do."""

import time
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from explanations.tasks.lease_heartbeat import Heartbeat
from studies.analysis.results import analyse as compute
from studies.analysis.results_report import stored_figures, summary
from studies.design.active import round_size
from studies.models import Study
from studies.selectors.analyses import (
    analyses_outdated,
    analyses_waiting,
    answers_count,
    scores_mark,
)
from studies.selectors.drawing import studies_drawing
from studies.selectors.registrations import departures, registered_plan
from studies.selectors.tables import study_tables
from studies.services.analyses import (
    ANALYSE,
    analysis_call,
    analysis_claim,
    analysis_fail,
    analysis_renew,
    analysis_request,
    analysis_store,
    analysis_tell,
)
from studies.services.drawing import pairs_choose

PAUSE = timedelta(seconds=5)
"""The minimum time between two analyses of a running study."""


@shared_task(name=ANALYSE)
def analyse(analysis_id: int) -> bool:
    """Compute and store a study's results; False if another worker has it or it is done."""
    lease = analysis_claim(analysis_id=analysis_id, at=timezone.now())
    if lease is None:
        return False
    study = Study.objects.get(analysis=analysis_id)
    seen: dict[str, Any] = {"answers": answers_count(study), "scores": scores_mark(study)}
    started = time.monotonic()
    try:
        with Heartbeat(lambda: analysis_renew(lease=lease, at=timezone.now())):
            results, drawn = _made(study, lease)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        analysis_fail(lease=lease, reason=reason, **seen, at=timezone.now())
        raise
    return analysis_store(
        lease=lease,
        results=results,
        figures=drawn,
        **seen,
        seconds=time.monotonic() - started,
        at=timezone.now(),
    )


def _made(study: Study, lease: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a study's results and figures; store the progress on the way."""

    def progress(stage: str, share: float) -> None:
        analysis_tell(lease=lease, stage=stage, share=share)

    progress("reading the judgments", 0.0)
    results = compute(study_tables(study), registered_plan(study), progress=progress)
    progress("drawing the figures", 0.95)
    above = {**summary(results), "departures": departures(study, results)}
    return {**above, **results.as_dict()}, stored_figures(results)


@shared_task(name="studies.tasks.sweep")
def sweep() -> int:
    """Request analyses of studies with new answers or scores; return how many were started.

    Before that, choose more pairs for adaptive studies that are about to run out of them.
    """
    at = timezone.now()
    for study in studies_drawing():
        pairs_choose(study=study, at=at, below=ceil(round_size(study.budget) / 2))
    for study in analyses_outdated(at=at, pause=PAUSE):
        analysis_request(study=study, at=at)
    waiting = analyses_waiting(at=at)
    return sum(analysis_call(analysis_id=analysis_id, at=at) for analysis_id in waiting)
