"""Coming in: the invitation, consent, the instructions."""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotation import selectors
from annotation.models import Batch, Enrolment
from annotation.protocols import PROTOCOLS
from annotation.services import rater_enrol
from annotation.views.common import (
    COOKIE,
    COOKIE_SECONDS,
    SALT,
    asked_besides,
    closed,
    for_raters,
    message,
    paused,
    rater_of,
    require_open,
    see_other,
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say what raters are asked for; enrol whoever agrees."""
    batch = selectors.batch_of(token)
    if batch is None:
        return message(request, "unknown_link", HTTPStatus.NOT_FOUND)
    rater = rater_of(request)
    enrolment = selectors.enrolment_of(token, rater) if rater else None
    if batch.state != Batch.State.OPEN:
        return closed(request, enrolment, batch)
    if enrolment is not None and enrolment.paused:
        return paused(request, enrolment)
    if request.method == "POST":
        return _enrol(batch, enrolment, rater)
    progress = selectors.rater_progress(enrolment) if enrolment else None
    context = {"batch": batch, "progress": progress, "questions": selectors.questions_in(batch)}
    return render(request, "annotation/invitation.html", context)


def _enrol(batch: Batch, enrolment: Enrolment | None, rater: UUID | None) -> HttpResponse:
    known = selectors.rater_named(rater) if rater else None
    enrolment = enrolment or rater_enrol(batch=batch, rater=known, at=now())
    response = see_other("instructions", batch.token)
    response.set_signed_cookie(
        COOKIE,
        enrolment.rater.key.hex,
        salt=SALT,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_GET
@for_raters
def instructions(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Say how to answer."""
    require_open(enrolment)
    form = PROTOCOLS[enrolment.batch.protocol]
    payload = form.read(selectors.first_payload(enrolment.batch))
    context = {
        "batch": enrolment.batch,
        "payload": payload,
        **asked_besides(enrolment.batch, payload),
    }
    return render(request, "annotation/instructions.html", context)
