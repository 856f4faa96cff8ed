"""The reasons why an answer is not accepted."""

from collections.abc import Mapping
from typing import Any


class RatingError(Exception):
    """What a rater sent is not accepted. Nothing was written."""


class BatchClosed(RatingError):
    """The batch takes no answers now."""


class LeaseExpired(RatingError):
    """The rater's claim on the item has ended: its time ran out, or it was skipped."""


class NotYours(RatingError):
    """The assignment is another rater's, or does not exist."""


class AnswerDiffers(RatingError):
    """The question has another answer already, `before`; only an edit may change it."""

    def __init__(self, before: Mapping[str, Any]) -> None:
        super().__init__("another answer is stored")
        self.before = before


class InvalidAnswer(RatingError):
    """The answer is outside its schema; `field` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class BatchRefused(ValueError):
    """The batch cannot be opened as it is."""
