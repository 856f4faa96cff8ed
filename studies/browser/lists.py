"""Ways into a subject: lists of neurons, and search in their explanations."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from explanations.api.questions import remember, remembered
from explanations.models import Question
from explanations.selectors.explanations import best_explanations
from explanations.selectors.layers import PAGE
from explanations.selectors.lists import (
    ExplanationPage,
    explanations_found,
    explanations_with,
    neurons_by_score,
    neurons_saved,
    scorers_of,
)
from explanations.selectors.questions import question_state
from explanations.services.questions import QuestionRefused, TooManyQuestions, question_ask
from studies.analysis.report.wording import synthetic_notice
from studies.browser.access import Visit, for_visitors
from studies.browser.neurons import page_number
from studies.selectors.preference import neurons_disputed

_FOUND = 50
"""Explanations by meaning that are shown."""
_LOOK_AGAIN = 2
"""Seconds after which a page that waits is asked for again."""


# --- Lists ----------------------------------------------------------------------------------------


@require_safe
@for_visitors
def neuron_list(request: HttpRequest, visit: Visit, which: str) -> HttpResponse:
    """Show one of the lists of neurons; lists by scores or votes are hidden from raters."""
    show = LISTS.get(which)
    if show is None:
        raise Http404(f"there is no list {which}")
    if visit.blind and show is not _saved:
        context = {"visit": visit, "subject": visit.subject, "which": which, "closed": True}
        return render(request, "neurons/list.html", context)
    return show(request, visit)


def _scored(request: HttpRequest, visit: Visit) -> HttpResponse:
    best_first = _which(request) == "best"
    scorers = scorers_of(visit.subject)
    asked = request.GET.get("by", "")
    by = next((each for each in scorers if each.key == asked), scorers[0] if scorers else None)
    page = page_number(request)
    found = (
        neurons_by_score(visit.subject, by, best_first=best_first, page=page)
        if by
        else ExplanationPage(rows=(), total=0)
    )
    context = {
        "scorers": scorers,
        "by": by,
        "rows": found.rows,
        "page": Paginator(range(found.total), PAGE).get_page(page),
    }
    return _list(request, visit, context)


def _disputed(request: HttpRequest, visit: Visit) -> HttpResponse:
    rows = neurons_disputed(visit.subject)
    best = best_explanations(visit.subject, {row.ref for row in rows})
    synthetic = sum(row.synthetic for row in rows)
    context = {
        "rows": [(row, best.get(row.ref)) for row in rows],
        "synthetic_notice": synthetic_notice(synthetic, sum(row.judgments for row in rows)),
    }
    return _list(request, visit, context)


def _saved(request: HttpRequest, visit: Visit) -> HttpResponse:
    user = request.user
    refs = neurons_saved(user.pk, visit.subject) if user.is_authenticated else ()
    best = {} if visit.blind else best_explanations(visit.subject, set(refs))
    return _list(request, visit, {"rows": [(ref, best.get(ref)) for ref in refs]})


def _list(request: HttpRequest, visit: Visit, context: Mapping[str, object]) -> HttpResponse:
    common = {"visit": visit, "subject": visit.subject, "which": _which(request)}
    return render(request, "neurons/list.html", {**common, **context})


def _which(request: HttpRequest) -> str:
    return str(request.resolver_match.kwargs["which"]) if request.resolver_match else ""


LISTS: dict[str, Callable[[HttpRequest, Visit], HttpResponse]] = {
    "best": _scored,
    "worst": _scored,
    "disputed": _disputed,
    "saved": _saved,
}


# --- Search ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_visitors
def search(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Find explanations by their words; a form that is sent here may ask for their meaning too."""
    if visit.blind:
        return _searched(request, visit)
    if request.method == "POST":
        return _ask(request, visit)
    text = request.GET.get("words", "").strip()
    words = text.split()[:20]
    page = page_number(request)
    found = explanations_with(visit.subject, words, page=page)
    context: dict[str, Any] = {
        "text": text,
        "words": words,
        "rows": found.rows,
        "total": found.total,
        "page": Paginator(range(found.total), PAGE).get_page(page),
    }
    return _searched(request, visit, **context)


def _ask(request: HttpRequest, visit: Visit) -> HttpResponse:
    text = request.POST.get("text", "").strip()
    if request.POST.get("by") != "meaning":
        address = reverse("studies:search", args=[visit.subject.name], query={"words": text})
        return redirect(address)
    try:
        question = question_ask(
            kind=Question.Kind.MEANING,
            subject=visit.subject,
            text=text,
            asker=request.user if request.user.is_authenticated else None,
            earlier=remembered(request.session),
        )
    except QuestionRefused as error:
        busy = isinstance(error, TooManyQuestions)
        status = HTTPStatus.TOO_MANY_REQUESTS if busy else HTTPStatus.UNPROCESSABLE_ENTITY
        return _searched(request, visit, status=status, text=text, fault=str(error))
    remember(request.session, question.token)
    return redirect("studies:found", visit.subject.name, question.token)


@require_safe
@never_cache
@for_visitors
def found(request: HttpRequest, visit: Visit, token: UUID) -> HttpResponse:
    """Show the explanations closest in meaning to a text, once a worker has found them."""
    state = question_state(token)
    if state is None or (state.kind, state.subject) != (Question.Kind.MEANING, visit.subject.name):
        raise Http404("nothing was asked under this address; old questions are deleted")
    if visit.blind:
        return _searched(request, visit)
    near = dict((state.result or {}).get("explanations", [])[:_FOUND])
    by_key = explanations_found(visit.subject, list(near))
    rows = [(by_key[pk], similarity) for pk, similarity in near.items() if pk in by_key]
    shown = _searched(request, visit, text=state.text, question=state, near=rows)
    if state.state in ("waiting", "working"):
        shown["Refresh"] = _LOOK_AGAIN
    return shown


def _searched(
    request: HttpRequest, visit: Visit, *, status: int = HTTPStatus.OK, **context: Any
) -> HttpResponse:
    common = {"visit": visit, "subject": visit.subject}
    return render(request, "neurons/search.html", {**common, **context}, status=status)
