"""Raters' accounts: create, log in, change the password. They open raters' pages only."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from annotation.models import LoginTry, Rater

TRIES = 5
TRIES_FROM_ANYWHERE = 50
WITHIN = timedelta(minutes=15)
LONGEST_NAME = 150


REFUSALS = {
    "unknown": _("The user name or the password is wrong."),
    "often": _("Too many attempts. Wait 15 minutes, then try again."),
    "name": _("A user name has up to 150 letters, digits and the characters @ . + - _."),
    "taken": _("This user name is taken. Choose another one."),
    "has_account": _("You already have a user name."),
    "again": _("The two new passwords are not the same."),
    "old": _("Your current password is wrong."),
}


class AccountRefused(ValueError):
    """What was asked of an account is refused; `field` is at fault, `messages` say why."""

    def __init__(self, field: str, messages: Sequence[str] = ()) -> None:
        super().__init__(f"{field}: {' '.join(messages)}")
        self.field = field
        self.messages = tuple(messages) or (str(REFUSALS[field]),)


class TooManyTries(AccountRefused):
    """The name was tried too often lately, from here or from anywhere."""

    def __init__(self) -> None:
        super().__init__("often")


def account_make(*, rater: Rater | None, name: str, password: str) -> Rater:
    """Give a rater, or a new one, a user name and a password; AccountRefused if that cannot be.

    The account is no researcher's: it opens nothing but raters' pages.
    """
    user = User(username=User.normalize_username(name.strip()))
    _require(user, password)
    try:
        with transaction.atomic():
            user.set_password(password)
            user.save()
            rater = rater or Rater.objects.create()
            if not Rater.objects.filter(pk=rater.pk, user=None).update(user=user):
                raise AccountRefused("has_account")
    except IntegrityError as error:
        raise AccountRefused("taken") from error
    rater.user = user
    return rater


def _require(user: User, password: str) -> None:
    if not user.username or len(user.username) > LONGEST_NAME:
        raise AccountRefused("name")
    try:
        User.username_validator(user.username)
    except ValidationError as error:
        raise AccountRefused("name", error.messages) from error
    if User.objects.filter(username__iexact=user.username).exists():
        raise AccountRefused("taken")
    _require_strong(password, user)


def _require_strong(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefused("password", error.messages) from error


def account_enter(*, name: str, password: str, address: str, at: datetime) -> Rater:
    """Return the rater of a name and its password.

    AccountRefused when these are not a rater's, even if they are a researcher's; TooManyTries after
    five attempts in 15 minutes from one address, or fifty from anywhere.
    """
    tried = _count(name, address, at)
    user = authenticate(username=name.strip(), password=password)
    raters = Rater.objects.select_related("user").filter(user__is_staff=False)
    rater = None if user is None else raters.filter(user_id=user.pk).first()
    if rater is None:
        raise AccountRefused("unknown")
    tried.delete()
    return rater


def _count(name: str, address: str, at: datetime) -> LoginTry:
    """Record an attempt before it is made, so that many at once are counted too."""
    LoginTry.objects.filter(at__lte=at - WITHIN).delete()
    tried = LoginTry.objects.create(
        name=_digest("name", name.strip().casefold()), address=_digest("address", address), at=at
    )
    of_name = LoginTry.objects.filter(name=tried.name)
    if of_name.filter(address=tried.address).count() > TRIES:
        raise TooManyTries
    if of_name.count() > TRIES_FROM_ANYWHERE:
        raise TooManyTries
    return tried


def _digest(kind: str, text: str) -> str:
    return salted_hmac(f"annotation.login.{kind}", text, algorithm="sha256").hexdigest()


def rater_shut_out(*, rater: Rater) -> None:
    """Log a rater out of all browsers and end their personal links."""
    Rater.objects.filter(pk=rater.pk).update(entry_key=uuid.uuid4())


def account_renew(*, rater: Rater, old: str, new: str, address: str, at: datetime) -> Rater:
    """Change the password; other browsers are logged out and personal links end.

    AccountRefused when the old password is wrong or the new one too weak; TooManyTries as above.
    """
    user = User.objects.get(rater=rater)
    tried = _count(user.username, address, at)
    if not user.check_password(old):
        raise AccountRefused("old")
    _require_strong(new, user)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        rater.entry_key = uuid.uuid4()
        rater.save(update_fields=["entry_key"])
        tried.delete()
    return rater
