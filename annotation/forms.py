"""What a rater's browser sends with an answer."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import QueryDict

from annotation.models import Assignment

BOOKKEEPING = {"csrfmiddlewaretoken", "key", "seconds", "edit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A posted answer: the protocol's own fields, and what the page added."""

    answer: Mapping[str, object]
    key: UUID
    seconds: float
    edit: bool


def read_submission(data: QueryDict, *, assignment: Assignment, at: datetime) -> Submission:
    """Read a posted answer. A page whose script did not run sends no time: then the clock counts.

    The time cannot be longer than the question was open.
    """
    elapsed = max(0.0, (at - assignment.claimed).total_seconds())
    return Submission(
        answer={name: value for name, value in data.items() if name not in BOOKKEEPING},
        key=_uuid(data.get("key", "")),
        seconds=_seconds(data.get("seconds", ""), elapsed),
        edit=data.get("edit") == "1",
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _seconds(text: str, elapsed: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return elapsed
    return min(seconds, elapsed) if math.isfinite(seconds) and seconds >= 0 else elapsed
