"""Practice questions, with feedback; answers to them are not stored."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from annotation import allocation
from annotation.entry import Trial
from annotation.models import Assignment, Enrolment, Item
from annotation.protocols import PROTOCOLS
from annotation.protocols.asks import AnswerError
from annotation.services.entry import enrolment_practise
from annotation.submission import QuestionState, read_answer
from annotation.views.common import (
    entry_of,
    for_raters,
    practice_key,
    question_page,
    require_open,
    see_other,
)


@require_http_methods(["GET", "POST"])
@for_raters
def practice(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Ask a practice question, then say whether the answer was right, and why."""
    require_open(enrolment)
    trials = entry_of(enrolment.batch).practice
    number = enrolment.practised
    is_stale = request.method == "POST" and request.POST.get("number") != str(number)
    if number >= len(trials) or is_stale:
        return see_other("next", enrolment.batch.token)
    about = {"number": number, "place": number + 1, "total": len(trials)}
    if request.method == "GET":
        return _page(request, enrolment, trials[number], about)
    sent = read_answer(request.POST)
    sent.pop("number", None)
    protocol = PROTOCOLS[enrolment.batch.protocol]
    payload = protocol.read(trials[number].payload)
    try:
        answer = protocol.parse_answer(payload, sent, enrolment.batch.ask_confidence).to_json()
    except AnswerError as error:
        return _page(request, enrolment, trials[number], about, answer=sent, problem=error.field)
    enrolment_practise(enrolment=enrolment, number=number)
    gold = trials[number].gold
    is_right = None if gold is None else protocol.read_gold(payload, gold)(answer)
    feedback = {"is_right": is_right, "is_known": gold is not None, "why": trials[number].why}
    return _page(request, enrolment, trials[number], {**about, "feedback": feedback}, answer=answer)


def _page(
    request: HttpRequest, enrolment: Enrolment, trial: Trial, about: dict[str, Any], **state: Any
) -> HttpResponse:
    batch = enrolment.batch
    keys = PROTOCOLS[batch.protocol].read(trial.payload).keys
    seed = f"practice {batch.seed} {about['number']}"
    assignment = Assignment(
        key=practice_key(batch, about["number"]),
        item=Item(batch=batch, payload=trial.payload),
        order=list(allocation.balanced_order(keys, allocation.FIRST_KEY_FIRST, seed=seed)),
        claimed=now(),
    )
    return question_page(
        request,
        batch,
        QuestionState(assignment=assignment, **state),
        HTTPStatus.UNPROCESSABLE_ENTITY if "problem" in state else HTTPStatus.OK,
        practice=about,
        action=reverse("annotation:practice", args=[batch.token]),
    )
