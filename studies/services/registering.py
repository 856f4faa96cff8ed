"""Registering a design and plan before seeing data."""

from datetime import datetime

from django.db import IntegrityError, transaction

from studies.analysis.data.plan import Plan
from studies.design.registered import FORMAT, canonical, sha256
from studies.models import Analysis, Registration, Study
from studies.selectors.registrations import answers_before, design_of
from studies.services.analyses import analysis_request
from studies.services.errors import StudyRefused


def registration_freeze(*, study: Study, plan: Plan, at: datetime) -> Registration:
    """Register a study's current design and its plan; this cannot be undone.

    Existing results are recomputed under the plan. StudyRefused if the study is registered already,
    or if a comparison declares no primary scorer.
    """
    if study.protocol_analysis.plans_contrasts and not plan.primary:
        raise StudyRefused("Name the primary scorer: the headline is based on it.")
    document = canonical(
        {
            "format": FORMAT,
            "registered": at.isoformat(),
            "study": study.slug,
            "answers_before": answers_before(study),
            "design": design_of(study),
            "analysis": plan.as_dict(),
        }
    )
    try:
        with transaction.atomic():
            frozen = Registration.objects.create(
                study=study, document=document, sha256=sha256(document), registered=at
            )
            _compute_again(study, at)
    except IntegrityError as error:
        raise StudyRefused("The study is already registered, which cannot be changed.") from error
    return frozen


def _compute_again(study: Study, at: datetime) -> None:
    """Request results under the plan; a worker that began earlier loses its lease."""
    if study.batch_id is not None:
        Analysis.objects.filter(study=study).update(lease=None, leased_until=None)
        analysis_request(study=study, at=at)
