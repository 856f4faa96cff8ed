"""What the models of this package share."""

from enum import StrEnum

from django.db.models import Q


def choices(names: type[StrEnum]) -> list[tuple[str, str]]:
    """Return model choices from an enumeration: the stored value, and the value in words."""
    return [(name.value, name.value.replace("_", " ")) for name in names]


def one_of(field: str, names: type[StrEnum]) -> Q:
    """Return the condition that a column holds one of an enumeration's values."""
    return Q(**{f"{field}__in": [name.value for name in names]})
