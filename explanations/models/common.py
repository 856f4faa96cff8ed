"""What the models of this package share."""

from enum import StrEnum

from django.db import models
from django.db.models import Q


def choices(names: type[StrEnum]) -> list[tuple[str, str]]:
    """Return model choices from an enumeration: the stored value, and the value in words."""
    return [(name.value, name.value.replace("_", " ")) for name in names]


def one_of(field: str, names: type[StrEnum]) -> Q:
    """Return the condition that a column holds one of an enumeration's values."""
    return Q(**{f"{field}__in": [name.value for name in names]})


class Leased(models.Model):
    """Work that one worker at a time may hold, for as long as its lease lasts."""

    lease = models.UUIDField(null=True, help_text="The worker that holds it")
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Times it was claimed; work that ends its workers is given up"
    )

    class Meta:
        abstract = True
