"""Who is let in, and the pages that say why somebody is not."""

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
from django.views.decorators.cache import never_cache

from annotation.entry import Entry, read_entry
from annotation.forms import RULES_BROKEN
from annotation.models import Batch, Enrolment, Rater
from annotation.protocols import PROTOCOLS
from annotation.selectors.progress import rater_progress
from annotation.selectors.raters import broken_rules, enrolment_of
from annotation.services.errors import BatchClosed, NotYours

COOKIE = "rater"
COOKIE_SECONDS = 180 * 24 * 3600
SALT = "annotation.rater"

# Opened by itself an image is centred by a style of the browser's own.
_IMAGE_ALONE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

View = Callable[..., HttpResponseBase]


def for_raters(view: View) -> View:
    """Let in whoever is enrolled behind the token; send others to the invitation.

    A closed batch answers 410, someone else's question 404, whoever was screened out or
    paused 403; nothing is cached.
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


# SQLite takes one writer at a time, and who finds it taken sleeps, each time for longer. Threads of
# a process that wait for each other here waste nothing (docs/running.md has the figures). Other
# requests wait for no turn: a long export holds up nobody.
_TURN = threading.RLock()


def _in_turn(view: View) -> View:
    """Answer raters one after another in each process, where the database is SQLite."""

    @wraps(view)
    def wait(*args: object, **kwargs: object) -> HttpResponseBase:
        with _TURN if connection.vendor == "sqlite" else nullcontext():
            return view(*args, **kwargs)

    return wait


def kept_by_the_browser(view: View) -> View:
    """Let a rater's own browser, and nobody between, keep what was found for an hour."""

    @wraps(view)
    def keep(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK:
            del response.headers["Expires"]
            response.headers["Cache-Control"] = "private, max-age=3600, immutable"
        return response

    return keep


def image_sent(path: Path, *, name: str) -> FileResponse:
    """Return an image's file under a name; it may do nothing but be seen."""
    response = FileResponse(path.open("rb"), filename=name)
    response.headers["Content-Security-Policy"] = _IMAGE_ALONE
    return response


def rater_of(request: HttpRequest) -> UUID | None:
    """Return the key that the rater's cookie holds; None without one or with a forged one."""
    signed = request.get_signed_cookie(COOKIE, "", salt=SALT, max_age=COOKIE_SECONDS)
    return UUID(signed) if signed else None


def remember(response: HttpResponse, rater: Rater) -> HttpResponse:
    """Let a browser be known as a rater's."""
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


def asked_besides(batch: Batch, payload: Any) -> dict[str, Any]:
    """Return what a template needs to show what is asked beside the protocol's own question."""
    form = PROTOCOLS[batch.protocol]
    return {"form": form, "asks": form.asks(payload, batch.ask_confidence)}


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
    """Say that the batch takes no answers, and that those given are stored."""
    progress = rater_progress(enrolment) if enrolment else None
    batch = batch or (enrolment.batch if enrolment else None)
    return message(request, "closed", HTTPStatus.GONE, batch=batch, progress=progress)


def shut_out(enrolment: Enrolment) -> bool:
    """Return whether the rater is asked nothing: screened out by the check, or paused by a rule."""
    return bool(enrolment.paused or enrolment.screened_out)


def out_of_reach(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Say that nothing more is asked; of a pause also why, where the batch says so."""
    batch = enrolment.batch
    context: dict[str, Any] = {"batch": batch, "code": "screened_out"}
    if enrolment.screened_out:
        return message(request, "screened_out", HTTPStatus.FORBIDDEN, **context)
    broken = broken_rules(enrolment) if batch.tells_raters else ()
    context["reasons"] = [RULES_BROKEN[rule] for rule in broken]
    context["progress"] = rater_progress(enrolment)
    return message(request, "paused", HTTPStatus.FORBIDDEN, **context)


def entry_of(batch: Batch) -> Entry:
    """Return what stands before the batch's first question and after its last."""
    return read_entry(batch.entry, PROTOCOLS[batch.protocol])


def practice_key(batch: Batch, number: int) -> UUID:
    """Return what stands for the claim on a practice question, of which none is stored."""
    return uuid5(NAMESPACE_URL, f"practice {batch.token} {number}")


def way_out(batch: Batch, code: str) -> dict[str, Any]:
    """Return what a template needs to lead back to a recruiter.

    A second part without codes of its own has those of the first, from which its raters came.
    """
    entry = entry_of(batch)
    if batch.follows is not None and not entry.codes:
        entry = entry_of(batch.follows)
    return {
        "out_code": entry.codes.get(code, ""),
        "out_address": entry.way_out(code),
        "out_after": entry.leaves_after(code),
    }


def message(
    request: HttpRequest, what: str, status: HTTPStatus, code: str = "", **context: Any
) -> HttpResponse:
    """Say what happened, on a page of its own, and lead back to a recruiter with a code."""
    if code:
        context |= way_out(context["batch"], code)
    return render(request, "annotation/message.html", {"what": what, **context}, status=status)


def see_other(name: str, token: str) -> HttpResponse:
    """Go on to another of the rater's pages, with GET whatever came."""
    response = redirect(f"annotation:{name}", token)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
