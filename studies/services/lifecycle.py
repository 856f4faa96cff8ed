"""Opening and closing studies."""

from datetime import datetime

from django.db import transaction

from annotation.models import Batch
from annotation.services.batches import batch_close, batch_open
from annotation.services.trust import batch_review
from studies.models import Study
from studies.services.adopting import study_adopt
from studies.services.analyses import analysis_request
from studies.services.errors import StudyRefused


@transaction.atomic
def study_open(*, study: Study) -> None:
    """Open a study to raters; closed ones can be reopened. StudyRefused for a draft.

    A second part that is built is opened with the first.
    """
    batch = _batch(study, {Study.State.BUILT, Study.State.CLOSED}, "Build it first.")
    batch_open(batch=batch)
    _store(study, Study.State.OPEN)
    if second := Study.objects.filter(follows=study, state=Study.State.BUILT).first():
        study_open(study=second)


@transaction.atomic
def study_close(*, study: Study, at: datetime) -> None:
    """Check all raters once more, and stop taking answers. StudyRefused unless it is open.

    Requests the last analysis, and adopts what raters wrote if the study says so.
    """
    batch = _batch(study, {Study.State.OPEN}, "Only an open study can be closed.")
    batch_review(batch=batch, at=at)
    batch_close(batch=batch)
    _store(study, Study.State.CLOSED)
    analysis_request(study=study, at=at)
    if study.adopts and study.protocol_analysis.adopts:
        study_adopt(study=study, at=at)


def _batch(study: Study, states: set[Study.State], refusal: str) -> Batch:
    now = Study.objects.select_for_update(of=("self",)).select_related("batch").get(pk=study.pk)
    if now.state not in states or now.batch is None:
        raise StudyRefused(f"The study is {now.state}. {refusal}")
    return now.batch


def _store(study: Study, state: Study.State) -> None:
    study.state = state
    study.save(update_fields=["state"])
