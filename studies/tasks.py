"""Celery tasks: thin and idempotent. The database says what is left to do."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from studies import services
from studies.analysis.figures import figures
from studies.analysis.results import analyse as compute
from studies.analysis.results import plain
from studies.analysis.wording import in_words
from studies.models import Study
from studies.selectors.analyses import (
    analyses_outdated,
    analyses_waiting,
    answers_count,
    scores_mark,
)
from studies.selectors.tables import study_tables

PAUSE = timedelta(seconds=5)
"""The least time between two analyses of a running study."""


@shared_task(name=services.ANALYSE)
def analyse(analysis_id: int) -> bool:
    """Compute and store a study's results; False when another worker has it or it is done."""
    lease = services.analysis_claim(analysis_id=analysis_id, at=timezone.now())
    if lease is None:
        return False
    study = Study.objects.get(analysis=analysis_id)
    answers, scores = answers_count(study), scores_mark(study)
    started = time.monotonic()
    try:
        results = compute(study_tables(study))
        drawn = plain(figures(results))
        told = in_words(results)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        services.analysis_fail(
            lease=lease, reason=reason, answers=answers, scores=scores, at=timezone.now()
        )
        raise
    return services.analysis_store(
        lease=lease,
        results={**told, **results.as_dict()},
        figures=drawn,
        answers=answers,
        scores=scores,
        seconds=time.monotonic() - started,
        at=timezone.now(),
    )


@shared_task(name="studies.tasks.sweep")
def sweep() -> int:
    """Ask for analyses of studies with new answers or scores, and start all that wait; how many."""
    at = timezone.now()
    for study in analyses_outdated(at=at, pause=PAUSE):
        services.analysis_request(study=study, at=at)
    waiting = analyses_waiting(at=at)
    return sum(services.analysis_call(analysis_id=analysis_id, at=at) for analysis_id in waiting)
