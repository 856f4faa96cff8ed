"""Practice: questions like those to come, with feedback; nothing of them is stored."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from annotation import allocation
from annotation.entry import Trial
from annotation.forms import Shown, fault_of, faults_of, placed, read_answer
from annotation.models import Assignment, Enrolment, Item
from annotation.protocols import PROTOCOLS
from annotation.protocols.asks import AnswerError
from annotation.services.entry import enrolment_practise
from annotation.views.common import (
    asked_besides,
    entry_of,
    for_raters,
    practice_key,
    require_open,
    see_other,
)


@require_http_methods(["GET", "POST"])
@for_raters
def practice(request: HttpRequest, enrolment: Enrolment) -> HttpResponse:
    """Ask a practice question, and say what the answer should have been and why."""
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
    form = PROTOCOLS[enrolment.batch.protocol]
    payload = form.read(trials[number].payload)
    try:
        given = form.parse_answer(payload, sent, enrolment.batch.ask_confidence).to_json()
    except AnswerError as error:
        return _page(request, enrolment, trials[number], about, answer=sent, problem=error.field)
    enrolment_practise(enrolment=enrolment, number=number)
    gold = trials[number].gold
    is_right = None if gold is None else form.read_gold(payload, gold)(given)
    told = {"is_right": is_right, "is_known": gold is not None, "why": trials[number].why}
    return _page(request, enrolment, trials[number], {**about, "told": told}, answer=given)


def _page(
    request: HttpRequest, enrolment: Enrolment, trial: Trial, about: dict[str, Any], **said: Any
) -> HttpResponse:
    batch = enrolment.batch
    payload = PROTOCOLS[batch.protocol].read(trial.payload)
    seed = f"practice {batch.seed} {about['number']}"
    order = list(allocation.balanced_order(payload.keys, allocation.FIRST_KEY_FIRST, seed=seed))
    item = Item(batch=batch, payload=trial.payload)
    key = practice_key(batch, about["number"])
    assignment = Assignment(key=key, item=item, order=order, claimed=now())
    shown = Shown(assignment=assignment, **said)
    context = {
        "batch": batch,
        "shown": shown,
        "payload": payload,
        "options": placed(payload, order),
        "faults": faults_of(batch.protocol),
        "fault": fault_of(batch.protocol, shown.problem),
        "practice": about,
        "action": reverse("annotation:practice", args=[batch.token]),
        **asked_besides(batch, payload),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.problem else HTTPStatus.OK
    return render(request, context["form"].template, context, status=status)
