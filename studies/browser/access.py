"""Which subjects a visitor may browse, and whether their session is rating."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from annotation.selectors.raters import is_rating
from annotation.views.common import rater_of
from explanations.models import Subject
from explanations.selectors.access import INVITED_KEY, subject_of_invitation, subject_to_browse
from explanations.selectors.neuron_views import store_of
from explanations.stores.reader import CaptureStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A subject that may be looked at, its capture's files, and whether the visitor is `blind`.

    Raters must not see who wrote an explanation, how it scored or what others preferred.
    """

    subject: Subject
    store: CaptureStore | None
    blind: bool


View = Callable[..., HttpResponseBase]


def for_visitors(view: View) -> View:
    """Let visitors in who may browse the subject; others get 404."""

    @wraps(view)
    @cache_control(private=True, no_cache=True)
    def enter(request: HttpRequest, name: str, **kwargs: object) -> HttpResponseBase:
        subject = subject_to_browse(name, staff=is_staff(request), invited=invitations(request))
        if subject is None:
            raise Http404(f"no subject {name} that you may look at")
        store = store_of(subject)
        return view(request, Visit(subject=subject, store=store, blind=rates(request)), **kwargs)

    return enter


def is_staff(request: HttpRequest) -> bool:
    """Return whether the visitor sees every subject."""
    return bool(request.user.is_active and request.user.is_staff)


def invitations(request: HttpRequest) -> list[str]:
    """Return the tokens of the invitations that were opened in this session."""
    found: list[str] = request.session.get(INVITED_KEY, [])
    return found


def rates(request: HttpRequest) -> bool:
    """Return whether the session is rating now."""
    rater = rater_of(request)
    return rater is not None and is_rating(rater)


@require_safe
def invited(request: HttpRequest, token: UUID) -> HttpResponseRedirect:
    """Remember an invitation for this session, and redirect to its subject."""
    subject = subject_of_invitation(token)
    if subject is None:
        raise Http404("no subject is behind this invitation")
    known = invitations(request)
    if str(token) not in known:
        request.session[INVITED_KEY] = [*known, str(token)]
    return redirect("studies:subject", subject.name)
