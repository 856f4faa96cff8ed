"""What a rater's browser does, for tests of the pages."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.test import Client

from annotation.models import Assignment, Batch


def agreed(client: Client, batch: Batch) -> Client:
    client.post(f"/rate/{batch.token}/")
    return client


def address(assignment: Assignment, verb: str = "answer") -> str:
    return f"/rate/{assignment.item.batch.token}/{verb}/{assignment.key}/"


def asked(rater: Client, batch: Batch) -> Assignment:
    """Return the question that the rater's next page shows."""
    page = rater.get(f"/rate/{batch.token}/next/")
    assert page.status_code == HTTPStatus.OK
    shown: Assignment = page.context["state"].assignment
    return shown


def send(rater: Client, assignment: Assignment, **changes: object) -> Any:
    data = {"choice": "tie", "key": str(uuid4()), "seconds": "2.5", **changes}
    return rater.post(address(assignment), data)


def let_time_pass(assignment: Assignment) -> None:
    """Make a claim older than its lease."""
    hour = timedelta(hours=1)
    Assignment.objects.filter(pk=assignment.pk).update(
        claimed=assignment.claimed - hour, expires=assignment.expires - hour
    )
