"""The answers to a batch that count, as rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from annotation.models import Batch, Judgment


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentRow:
    """The latest answer to an assignment, with what was shown.

    `order` holds the option keys from left (or first) to right (or last); `seconds` is the time
    with the page in view.
    """

    key: UUID
    item_id: int
    position: int
    rater: UUID
    synthetic: bool
    order: tuple[str, ...]
    answer: Mapping[str, Any]
    seconds: float
    submitted: datetime


def judgments_of(batch: Batch) -> tuple[JudgmentRow, ...]:
    """Return the latest answer to each judged assignment, in the order they were given."""
    latest = Judgment.objects.standing().filter(assignment__item__batch=batch)
    rows: Iterable[Mapping[str, Any]] = latest.order_by("submitted", "pk").values(
        "key",
        "answer",
        "seconds",
        "submitted",
        item_id=F("assignment__item_id"),
        position=F("assignment__item__position"),
        rater=F("assignment__rater__key"),
        synthetic=F("assignment__rater__synthetic"),
        order=F("assignment__order"),
    )
    return tuple(JudgmentRow(**{**row, "order": tuple(row["order"])}) for row in rows)
