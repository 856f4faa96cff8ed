"""Who may see a page, what all pages share, and the pages that say why one is not shown."""

import threading
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from annotation.entry import Entry, Outcome, read_entry
from annotation.models import Batch, Enrolment, Rater
from annotation.protocols import PROTOCOLS
from annotation.quality import MEASURES
from annotation.selectors.progress import rater_progress
from annotation.selectors.raters import broken_rules, enrolment_of
from annotation.services.errors import BatchClosed, NotYours
from annotation.submission import QuestionState, fault_of, faults_of, placed

COOKIE = "rater"
COOKIE_SECONDS = 180 * 24 * 3600
SALT = "annotation.rater"

# Browsers center an image that is opened by itself with an inline style.
_IMAGE_ALONE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

View = Callable[..., HttpResponseBase]


def for_raters(view: View) -> View:
    """Let in raters who are enrolled in the token's batch; send others to the invitation.

    A closed batch answers 410, someone else's question 404, a rater who is screened out or paused
    403; nothing is cached.
    """

    @wraps(view)
    @never_cache
    @_in_turn
    def enter(request: HttpRequest, token: str, **kwargs: object) -> HttpResponseBase:
        rater = rater_of(request)
        enrolment = enrolment_of(token, rater) if rater else None
        if enrolment is None:
            return _stranger(request, token)
        if shut_out(enrolment) and enrolment.batch.state == Batch.State.OPEN:
            return out_of_reach(request, enrolment)
        try:
            return view(request, enrolment, **kwargs)
        except BatchClosed:
            return closed(request, enrolment)
        except NotYours:
            return message(request, "unknown_question", HTTPStatus.NOT_FOUND, batch=enrolment.batch)

    return enter


# SQLite takes one writer at a time, and a writer that finds it locked sleeps, longer each time.
# Threads of a process that take turns here lose no time (docs/running.md has the figures). Other
# requests take no turn: a long export blocks nobody.
_TURN = threading.RLock()


def _in_turn(view: View) -> View:
    """Answer raters one after another in each process if the database is SQLite."""

    @wraps(view)
    def wait(*args: object, **kwargs: object) -> HttpResponseBase:
        with _TURN if connection.vendor == "sqlite" else nullcontext():
            return view(*args, **kwargs)

    return wait


def kept_by_the_browser(view: View) -> View:
    """Let a rater's own browser, but no proxy, cache what was found for an hour."""

    @wraps(view)
    def keep(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK:
            del response.headers["Expires"]
            response.headers["Cache-Control"] = "private, max-age=3600, immutable"
        return response

    return keep


def image_sent(path: Path, *, name: str) -> FileResponse:
    """Return an image's file under a name, with a policy that allows nothing but showing it."""
    response = FileResponse(path.open("rb"), filename=name)
    response.headers["Content-Security-Policy"] = _IMAGE_ALONE
    return response


def rater_of(request: HttpRequest) -> UUID | None:
    """Return the key in the rater's cookie; None without one or with a forged one."""
    signed = request.get_signed_cookie(COOKIE, "", salt=SALT, max_age=COOKIE_SECONDS)
    return UUID(signed) if signed else None


def remember(response: HttpResponse, rater: Rater) -> HttpResponse:
    """Set the cookie by which a browser is recognized as a rater's."""
    response.set_signed_cookie(
        COOKIE,
        rater.entry_key.hex,
        salt=SALT,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def keys_context(batch: Batch, payload: Any) -> dict[str, Any]:
    """Return what a template needs to list the keys, and what else is asked."""
    protocol = PROTOCOLS[batch.protocol]
    return {
        "batch": batch,
        "protocol": protocol,
        "payload": payload,
        "asks": protocol.asks(payload, batch.ask_confidence),
        "keys": [(key.press, gettext(key.does)) for key in protocol.keys(payload)],
    }


def question_page(
    request: HttpRequest,
    batch: Batch,
    state: QuestionState,
    status: HTTPStatus = HTTPStatus.OK,
    **context: Any,
) -> HttpResponse:
    """Show a question, in its rater's order, with what is on the form or wrong with it."""
    protocol = PROTOCOLS[batch.protocol]
    payload = protocol.read(state.assignment.item.payload)
    context |= {
        "state": state,
        "options": placed(payload, state.assignment.order),
        "faults": faults_of(protocol),
        "fault": fault_of(protocol, state.problem),
        **keys_context(batch, payload),
    }
    return render(request, protocol.template, context, status=status)


def require_open(enrolment: Enrolment) -> None:
    """Raise BatchClosed unless the batch takes answers."""
    if enrolment.batch.state != Batch.State.OPEN:
        raise BatchClosed(enrolment.batch.title)


def _stranger(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        return message(request, "unknown_rater", HTTPStatus.FORBIDDEN, token=token)
    return see_other("invitation", token)


def closed(
    request: HttpRequest, enrolment: Enrolment | None, batch: Batch | None = None
) -> HttpResponse:
    """Show that the batch takes no answers, and that those given are stored."""
    progress = rater_progress(enrolment) if enrolment else None
    batch = batch or (enrolment.batch if enrolment else None)
    return message(request, "closed", HTTPStatus.GONE, batch=batch, progress=progress)


def shut_out(enrolment: Enrolment) -> bool:
    """Return whether the rater is screened out by the check, or paused by a rule."""
    return bool(enrolment.paused or enrolment.screened_out)


def out_of_reach(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Show that the rater gets no more questions; if paused and the batch allows it, also why."""
    batch = enrolment.batch
    context: dict[str, Any] = {"batch": batch, "outcome": "screened_out"}
    if enrolment.screened_out:
        return message(request, "screened_out", HTTPStatus.FORBIDDEN, **context)
    broken = broken_rules(enrolment) if batch.tells_raters else ()
    context["reasons"] = [gettext(MEASURES[rule].notice) for rule in broken]
    context["progress"] = rater_progress(enrolment)
    return message(request, "paused", HTTPStatus.FORBIDDEN, **context)


def entry_of(batch: Batch) -> Entry:
    """Return what comes before the batch's first question and after its last."""
    return read_entry(batch.entry, PROTOCOLS[batch.protocol])


def practice_key(batch: Batch, number: int) -> UUID:
    """Return the key of a practice question, whose claim is not stored."""
    return uuid5(NAMESPACE_URL, f"practice {batch.token} {number}")


def completion_context(batch: Batch, outcome: Outcome) -> dict[str, Any]:
    """Return what a template needs to show a recruiter's code and to redirect there.

    A second part without codes of its own has those of the first, from which its raters came.
    """
    entry = entry_of(batch)
    if batch.follows is not None and not entry.codes:
        entry = entry_of(batch.follows)
    return {
        "completion_code": entry.codes.get(outcome, ""),
        "redirect_url": entry.redirect_url(outcome),
        "redirect_after": entry.redirect_after(outcome),
    }


def message(
    request: HttpRequest,
    what: str,
    status: HTTPStatus,
    outcome: Outcome | None = None,
    **context: Any,
) -> HttpResponse:
    """Show what happened on a separate page, with the recruiter's code for an outcome."""
    if outcome:
        context |= completion_context(context["batch"], outcome)
    return render(request, "annotation/message.html", {"what": what, **context}, status=status)


def see_other(name: str, token: str) -> HttpResponse:
    """Redirect to another of the rater's pages, with GET whatever the method was."""
    response = redirect(f"annotation:{name}", token)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
