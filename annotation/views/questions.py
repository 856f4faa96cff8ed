"""Questions: claim, show, answer, change, skip; and the last page."""

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.protocols import PROTOCOLS
from annotation.selectors.assignments import answer_to, assignment_of
from annotation.selectors.progress import RaterProgress, more_may_come, rater_progress
from annotation.selectors.raters import second_part_of
from annotation.services.answers import judgment_submit
from annotation.services.batches import enrolment_finish
from annotation.services.claims import assignment_hold, assignment_renew, assignment_skip
from annotation.services.errors import (
    AnswerDiffers,
    BatchClosed,
    InvalidAnswer,
    LeaseExpired,
    NotYours,
)
from annotation.services.next_question import question_claim
from annotation.submission import NOTICES, QuestionState, read_answer, read_submission
from annotation.views.common import (
    completion_context,
    entry_of,
    for_raters,
    image_sent,
    kept_by_the_browser,
    practice_key,
    question_page,
    require_open,
    see_other,
)


@for_raters
def _ask(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Show the next question, or redirect to the check, the practice or the last page."""
    if before := _before(enrolment):
        require_open(enrolment)
        return see_other(before, enrolment.batch.token)
    assignment = question_claim(enrolment=enrolment, at=now())
    if assignment is None:
        if not more_may_come(enrolment):
            enrolment_finish(enrolment=enrolment, at=now())
        return see_other("done", enrolment.batch.token)
    state = QuestionState(assignment=assignment, answer=assignment.draft or {})
    return _question(request, enrolment, state)


next_question = require_GET(_ask)


@require_http_methods(["GET", "POST"])
@for_raters
def answer(request: HttpRequest, enrolment: Enrolment, key: UUID) -> HttpResponseBase:
    """Take an answer, or show one's own question again, to answer or change it."""
    assignment = _own(enrolment, key)
    if request.method == "POST":
        return _take_answer(request, enrolment, assignment)
    require_open(enrolment)
    if assignment.state == Assignment.State.JUDGED:
        before = answer_to(assignment)
        return _question(
            request, enrolment, QuestionState(assignment=assignment, answer=before, editing=True)
        )
    return see_other("next", enrolment.batch.token)


@require_POST
@for_raters
def skip(request: HttpRequest, enrolment: Enrolment, key: UUID) -> HttpResponse:
    """Skip a question, with a reason, and continue."""
    assignment = _own(enrolment, key)
    require_open(enrolment)
    try:
        assignment_skip(assignment=assignment, reason=request.POST.get("reason", ""), at=now())
    except InvalidAnswer:
        state = QuestionState(assignment=assignment, problem="skip")
        return _question(request, enrolment, state, HTTPStatus.UNPROCESSABLE_ENTITY)
    except LeaseExpired:
        pass  # It was answered or skipped already: continuing is what the rater wants.
    return see_other("next", enrolment.batch.token)


@require_POST
@for_raters
def hold(request: HttpRequest, enrolment: Enrolment, key: UUID) -> HttpResponse:
    """Extend the lease of an open page and store its form: 204, or a status that says why not."""
    assignment = _own(enrolment, key)
    try:
        assignment_hold(assignment=assignment, draft=read_answer(request.POST), at=now())
    except InvalidAnswer:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except LeaseExpired:
        return HttpResponse(status=HTTPStatus.CONFLICT)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@require_GET
@kept_by_the_browser
@for_raters
def image(
    request: HttpRequest, enrolment: Enrolment, key: UUID, name: str, size: str = "file"
) -> HttpResponseBase:
    """Return an image of one's own question. Images are served at no other address.

    `size` is "file" for the whole image, or "thumbnail", which is the same where there is none.
    """
    item = _practised(enrolment, key) or _own(enrolment, key).item
    payload = PROTOCOLS[enrolment.batch.protocol].read(item.payload)
    path = Path(settings.IMAGE_DIR) / item.pictures.get(name, {}).get(size, name)
    if name not in payload.images or not path.is_file():
        raise NotYours(name)
    return image_sent(path, name=name)


@require_GET
@for_raters
def done(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Thank the rater."""
    progress = rater_progress(enrolment)
    more = enrolment.batch.state == Batch.State.OPEN and more_may_come(enrolment)
    context = {"batch": enrolment.batch, "progress": progress, "more": more}
    if enrolment.finished and not more:
        second = second_part_of(enrolment)
        is_over = completion_context(enrolment.batch, "completed")
        context |= is_over if second is None else {"second_part": second}
    return render(request, "annotation/done.html", context)


def _before(enrolment: Enrolment) -> str:
    entry = entry_of(enrolment.batch)
    if entry.checks and not enrolment.qualified:
        return "check"
    return "practice" if enrolment.practised < len(entry.practice) else ""


def _take_answer(
    request: HttpRequest, enrolment: Enrolment, assignment: Assignment, *, renewal: bool = False
) -> HttpResponseBase:
    """Store the answer and continue; a late one too, if nobody else has the question by now."""
    at = now()
    sent = read_submission(request.POST, assignment=assignment, at=at)
    state = QuestionState(assignment=assignment, answer=sent.answer, editing=sent.edit)
    try:
        judgment_submit(
            assignment=assignment,
            answer=sent.answer,
            key=sent.key,
            seconds=sent.seconds,
            at=at,
            edit=sent.edit,
            away=sent.away,
        )
    except InvalidAnswer as error:
        state = replace(state, problem=error.field)
        return _question(request, enrolment, state, HTTPStatus.UNPROCESSABLE_ENTITY)
    except AnswerDiffers as error:
        state = replace(state, problem="differs", editing=True, before=error.before)
        return _question(request, enrolment, state, HTTPStatus.CONFLICT)
    except LeaseExpired:
        renewed = None if renewal else assignment_renew(assignment=assignment, at=at)
        if renewed is not None:
            return _take_answer(request, enrolment, renewed, renewal=True)
        state = replace(state, problem="gone")
        return _question(request, enrolment, state, HTTPStatus.CONFLICT)
    except BatchClosed:
        state = replace(state, problem="closed")
        return _question(request, enrolment, state, HTTPStatus.GONE)
    return _go_on(request, enrolment.batch.token)


def _go_on(request: HttpRequest, token: str) -> HttpResponseBase:
    """Redirect to the next question; or show it in this response if the page's script can take it.

    The next question is claimed only when it is shown, so that none is leased unseen.
    """
    if request.POST.get("at_once") == "1":
        state = _ask(request, token=token)
        if state.status_code == HTTPStatus.OK:
            return state
    return see_other("next", token)


def _question(
    request: HttpRequest,
    enrolment: Enrolment,
    state: QuestionState,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    progress = rater_progress(enrolment)
    return question_page(
        request,
        enrolment.batch,
        state,
        status,
        action=reverse("annotation:answer", args=[enrolment.batch.token, state.assignment.key]),
        address=_address(request, enrolment, state),
        lease_url=_lease_url(enrolment, state),
        progress=progress,
        suggests_break=_suggests_break(enrolment, state, progress),
        key=uuid4(),
        probe=_probe(state.assignment, enrolment.batch),
    )


def _address(request: HttpRequest, enrolment: Enrolment, state: QuestionState) -> str:
    """Return the address of a question that came in the reply to an answer."""
    is_reply = request.method == "POST" and not state.problem
    return reverse("annotation:next", args=[enrolment.batch.token]) if is_reply else ""


def _lease_url(enrolment: Enrolment, state: QuestionState) -> str:
    """Return where the page extends its lease; empty if nothing is claimed any more."""
    if state.editing or state.problem in NOTICES:
        return ""
    return reverse("annotation:hold", args=[enrolment.batch.token, state.assignment.key])


def _suggests_break(enrolment: Enrolment, state: QuestionState, progress: RaterProgress) -> bool:
    """Return whether this page suggests a break."""
    after = entry_of(enrolment.batch).break_after
    is_due = after > 0 and progress.done > 0 and progress.done % after == 0
    return is_due and not state.editing and not state.problem


def _probe(assignment: Assignment, batch: Batch) -> str:
    """Return where texts can be tried on the unit, if the question offers that and there is one.

    What a unit is, this app does not know: the app that built the item answers.
    """
    payload = PROTOCOLS[batch.protocol].read(assignment.item.payload)
    if not getattr(payload, "probe", False):
        return ""
    return str(import_string(settings.RATER_PROBE)(assignment.item_id))


def _practised(enrolment: Enrolment, key: UUID) -> Item | None:
    """Return the practice question with that key, as an item that is not stored."""
    batch = enrolment.batch
    for number, trial in enumerate(entry_of(batch).practice):
        if practice_key(batch, number) == key:
            return Item(batch=batch, payload=trial.payload)
    return None


def _own(enrolment: Enrolment, key: UUID) -> Assignment:
    assignment = assignment_of(enrolment, key)
    if assignment is None:
        raise NotYours(key)
    return assignment
