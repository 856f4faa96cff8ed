"""The invitation, consent, the instructions, the check, and the link to continue elsewhere."""

import re
from http import HTTPStatus
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotation.entry import TRIES
from annotation.models import Batch, Enrolment, Rater
from annotation.protocols import PROTOCOLS
from annotation.selectors.batches import batch_of, first_payload, questions_in
from annotation.selectors.progress import rater_progress
from annotation.selectors.raters import (
    enrolment_of,
    first_part_to_finish,
    rater_named,
    rater_recruited,
)
from annotation.services.batches import rater_enrol
from annotation.services.entry import enrolment_check
from annotation.services.next_question import newcomer_supplied
from annotation.views.common import (
    COOKIE_SECONDS,
    closed,
    entry_of,
    for_raters,
    keys_context,
    message,
    out_of_reach,
    rater_of,
    remember,
    require_open,
    see_other,
    shut_out,
)

RESUME_SALT = "annotation.resume"
NAMES = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
_ID = re.compile(r"[0-9A-Za-z]{1,64}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for consent and enrol raters who agree. Nothing is stored of those who do not."""
    batch = batch_of(token)
    if batch is None:
        return message(request, "unknown_link", HTTPStatus.NOT_FOUND)
    arrival = _arrival(batch, request.GET)
    rater = _known(request, arrival)
    enrolment = enrolment_of(token, rater.entry_key) if rater else None
    if batch.state != Batch.State.OPEN:
        return closed(request, enrolment, batch)
    if enrolment is None and (first := first_part_to_finish(batch, rater)):
        return see_other("invitation", first.token)
    if enrolment is None and not (arrival or _may_come(batch, rater)):
        return message(request, "not_recruited", HTTPStatus.BAD_REQUEST, batch=batch)
    if enrolment is not None and shut_out(enrolment):
        return remember(out_of_reach(request, enrolment), enrolment.rater)
    if request.method == "POST":
        if request.POST.get("agree") == "no":
            return message(request, "no_consent", HTTPStatus.OK, batch=batch, outcome="no_consent")
        if enrolment is None and _is_full(batch):
            return message(
                request, "full", HTTPStatus.CONFLICT, batch=batch, outcome="screened_out"
            )
        return _enrol(batch, enrolment, rater, arrival)
    return _invite(request, batch, enrolment, rater)


def _is_full(batch: Batch) -> bool:
    """Return whether nothing is left to ask; raters of a first part are always let in."""
    return batch.follows_id is None and not newcomer_supplied(batch=batch, at=now())


def _may_come(batch: Batch, rater: Rater | None) -> bool:
    """Return whether a rater may join who was not sent by a recruiter."""
    has_account = rater is not None and rater.user_id is not None
    is_sent = batch.follows_id is not None or (batch.open_to_accounts and has_account)
    return is_sent or not entry_of(batch).recruiter


def _invite(
    request: HttpRequest, batch: Batch, enrolment: Enrolment | None, rater: Rater | None
) -> HttpResponse:
    progress = rater_progress(enrolment) if enrolment else None
    context = {
        "batch": batch,
        "progress": progress,
        "questions": questions_in(batch),
        "recruited": entry_of(batch).recruiter and not _may_come(batch, rater),
        "has_account": rater is not None and rater.user_id is not None,
    }
    response = render(request, "annotation/invitation.html", context)
    return remember(response, enrolment.rater) if enrolment else response


def _arrival(batch: Batch, query: QueryDict) -> dict[str, str]:
    """Return the recruiter's ids from the link; empty without a valid rater id."""
    if not entry_of(batch).recruiter or not _ID.fullmatch(query.get(NAMES[0], "")):
        return {}
    return {name: value for name in NAMES if _ID.fullmatch(value := query.get(name, ""))}


def _known(request: HttpRequest, arrival: dict[str, str]) -> Rater | None:
    """Return the rater named by the recruiter, or else by the browser's cookie."""
    if arrival:
        return rater_recruited(_external(arrival))
    key = rater_of(request)
    return rater_named(key) if key else None


def _external(arrival: dict[str, str]) -> str:
    return f"prolific {arrival[NAMES[0]]}"


def _enrol(
    batch: Batch, enrolment: Enrolment | None, rater: Rater | None, arrival: dict[str, str]
) -> HttpResponse:
    external = _external(arrival) if arrival else ""
    enrolment = enrolment or rater_enrol(
        batch=batch, rater=rater, at=now(), external=external, arrival=arrival
    )
    return remember(see_other("instructions", batch.token), enrolment.rater)


@require_GET
@never_cache
def resume(request: HttpRequest, token: str, signed: str) -> HttpResponse:
    """Let a rater continue in another browser, by their personal link."""
    try:
        key = UUID(signing.loads(signed, salt=RESUME_SALT, max_age=COOKIE_SECONDS))
    except signing.BadSignature:
        return message(request, "unknown_link", HTTPStatus.NOT_FOUND)
    enrolment = enrolment_of(token, key)
    if enrolment is None:
        return message(request, "unknown_link", HTTPStatus.NOT_FOUND)
    return remember(see_other("invitation", token), enrolment.rater)


@require_GET
@for_raters
def instructions(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Show the instructions and the keys."""
    require_open(enrolment)
    batch = enrolment.batch
    payload = PROTOCOLS[batch.protocol].read(first_payload(batch))
    entry = entry_of(batch)
    context = {
        "more_before": bool(entry.checks or entry.practice),
        "has_account": enrolment.rater.user_id is not None,
        "signed": signing.dumps(enrolment.rater.entry_key.hex, salt=RESUME_SALT),
        **keys_context(batch, payload),
    }
    return render(request, "annotation/instructions.html", context)


@require_http_methods(["GET", "POST"])
@for_raters
def check(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Ask the questions about the instructions; two attempts at most."""
    require_open(enrolment)
    entry = entry_of(enrolment.batch)
    if request.method == "POST":
        given = [_place(request.POST.get(f"check{n}", "")) for n in range(len(entry.checks))]
        number = _place(request.POST.get("number", ""))
        if None not in given and number is not None:
            enrolment_check(enrolment=enrolment, answers=given, number=number, at=now())
            return see_other("check", enrolment.batch.token)
    if enrolment.qualified or not entry.checks:
        return see_other("next", enrolment.batch.token)
    is_incomplete = request.method == "POST"
    context = {
        "batch": enrolment.batch,
        "checks": entry.checks,
        "number": len(enrolment.tries),
        "tries_left": TRIES - len(enrolment.tries),
        "is_incomplete": is_incomplete,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_incomplete else HTTPStatus.OK
    return render(request, "annotation/check.html", context, status=status)


def _place(sent: str) -> int | None:
    return int(sent) if re.fullmatch(r"[0-9]{1,3}", sent) else None
