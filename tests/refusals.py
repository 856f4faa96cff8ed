"""Which constraint of the database refused a row."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import UniqueConstraint


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Expect the database to refuse what is done here by this constraint.

    That is the constraint's name, or "table.column" of a field that is unique by itself.
    """
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        yield
    assert _broken(caught.value) == _told(name)


def _broken(error: IntegrityError) -> str:
    """Return the name of the constraint, or on SQLite the columns that have to be unique."""
    if connection.vendor == "postgresql":
        return str(getattr(error.__cause__, "diag").constraint_name)  # noqa: B009 (psycopg's alone)
    found = re.fullmatch(r"(?:CHECK|UNIQUE) constraint failed: (.+)", str(error))
    assert found, error
    return found[1]


def _told(name: str) -> str:
    """Return how the database names a constraint: SQLite names columns where one is unique."""
    if "." in name:
        return name if connection.vendor == "sqlite" else f"{name.replace('.', '_')}_key"
    [(model, constraint)] = [
        (model, constraint)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if constraint.name == name
    ]
    if connection.vendor == "sqlite" and isinstance(constraint, UniqueConstraint):
        fields = (model._meta.get_field(field) for field in constraint.fields)
        return ", ".join(f"{model._meta.db_table}.{vars(each)['column']}" for each in fields)
    return name
