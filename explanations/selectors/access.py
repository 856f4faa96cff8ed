"""Which subjects a user may browse."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from explanations.models import Subject

INVITED_KEY = "invited_to"
"""Where a session keeps the tokens of the invitations that were opened in it."""


def subject_to_browse(name: str, *, staff: bool, invited: Collection[str]) -> Subject | None:
    """Return a subject by its name, or None if it does not exist or the user may not see it.

    `invited` are tokens of invitations that were opened: what a session has under `INVITED_KEY`.
    """
    return Subject.objects.filter(_open_to(staff, invited), name=name).first()


def subject_of_invitation(token: UUID) -> Subject | None:
    """Return the subject of an invitation; None if it is shown to staff only."""
    shown = Subject.objects.exclude(audience=Subject.Audience.STAFF)
    return shown.filter(browse_token=token).first()


def subjects_to_browse(*, staff: bool, invited: Collection[str]) -> list[Subject]:
    """Return the subjects that a user may browse, by name."""
    return list(Subject.objects.filter(_open_to(staff, invited)).order_by("name"))


def _open_to(staff: bool, invited: Collection[str]) -> Q:
    if staff:
        return Q()
    return Q(audience=Subject.Audience.EVERYONE) | Q(
        audience=Subject.Audience.INVITED, browse_token__in=list(invited)
    )
