"""Log in with a user name and a password, see one's studies, log out.

Logging in sets the rater's cookie. It is not a login to the site: there is no session, and pages
for researchers stay closed.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.models import Rater
from annotation.selectors.parts import open_to, parts_of
from annotation.selectors.raters import rater_named
from annotation.services.accounts import (
    AccountRefused,
    TooManyTries,
    account_enter,
    account_make,
    account_renew,
)
from annotation.views.common import COOKIE, rater_of, remember

View = Callable[[HttpRequest, Rater], HttpResponse]
Page = Callable[[HttpRequest], HttpResponse]


def _for_raters(view: View) -> Page:
    """Let in browsers with a rater's cookie; send others to the login."""

    @wraps(view)
    @never_cache
    def enter(request: HttpRequest) -> HttpResponse:
        key = rater_of(request)
        rater = rater_named(key) if key else None
        return _see("login") if rater is None else view(request, rater)

    return enter


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for user name and password, and set the rater's cookie."""
    following = request.POST.get("next") or request.GET.get("next", "")
    context = {"what": "login", "following": following, "name": request.POST.get("name", "")}
    if request.method != "POST":
        return _form(request, context)
    try:
        rater = account_enter(
            name=request.POST.get("name", ""),
            password=request.POST.get("password", ""),
            address=_address(request),
            at=now(),
        )
    except AccountRefused as refusal:
        return _form(request, context, refusal)
    rotate_token(request)
    return remember(_go_on(request, following), rater)


def _go_on(request: HttpRequest, following: str) -> HttpResponse:
    """Redirect to where the rater came from, if that is on this site."""
    hosts, secure = {request.get_host()}, request.is_secure()
    if not url_has_allowed_host_and_scheme(following, hosts, require_https=secure):
        return _see("account")
    return HttpResponseRedirect(following)


@require_POST
@never_cache
def log_out(request: HttpRequest) -> HttpResponse:
    """Delete the rater's cookie from this browser."""
    response = render(request, "annotation/credentials.html", {"what": "logout"})
    response.delete_cookie(COOKIE, path="/", samesite="Lax")
    return response


@require_GET
@_for_raters
def account(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Show the studies that a rater has joined and those they can join."""
    if rater.user is None:
        return _see("account-new")
    context = {"name": rater.user.get_username(), "parts": parts_of(rater), "more": open_to(rater)}
    return render(request, "annotation/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_for_raters
def new_account(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Let a rater choose a user name and a password; their answers stay theirs."""
    if rater.user is not None:
        return _see("account")
    context = {"what": "new", "name": request.POST.get("name", "")}
    if request.method != "POST":
        return _form(request, context)
    try:
        _require_same(request)
        account_make(
            rater=rater,
            name=request.POST.get("name", ""),
            password=request.POST.get("password", ""),
        )
    except AccountRefused as refusal:
        return _form(request, context, refusal)
    return _see("account")


@require_http_methods(["GET", "HEAD", "POST"])
@_for_raters
def new_password(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Change the password, which logs out all other browsers."""
    if rater.user is None:
        return _see("account-new")
    context = {"what": "password", "name": rater.user.get_username()}
    if request.method != "POST":
        return _form(request, context)
    try:
        _require_same(request)
        renewed = account_renew(
            rater=rater,
            old=request.POST.get("old", ""),
            new=request.POST.get("password", ""),
            address=_address(request),
            at=now(),
        )
    except AccountRefused as refusal:
        return _form(request, context, refusal)
    return remember(_see("account"), renewed)


def _require_same(request: HttpRequest) -> None:
    if request.POST.get("password") != request.POST.get("again"):
        raise AccountRefused("again")


def _form(
    request: HttpRequest,
    context: dict[str, str],
    refusal: AccountRefused | None = None,
) -> HttpResponse:
    """Show the form, with what is wrong."""
    status = HTTPStatus.OK
    if isinstance(refusal, TooManyTries):
        status = HTTPStatus.TOO_MANY_REQUESTS
    elif refusal is not None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request, "annotation/credentials.html", {**context, "refusal": refusal}, status=status
    )


def _address(request: HttpRequest) -> str:
    """Return the client's address; behind a proxy, the last one that it forwards."""
    by_proxy = (
        request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    )
    return by_proxy.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _see(name: str) -> HttpResponse:
    response = redirect(f"annotation:{name}")
    response.status_code = HTTPStatus.SEE_OTHER
    return response
