"""Batches of two parts: who goes on to the second, and from where."""

from typing import Any

from annotation.models import Batch, Enrolment, Rater
from annotation.selectors.raters import enrolment_of


def part_before(batch: Batch, rater: Rater | None) -> Batch | None:
    """Return the part that a rater has to finish before this one, if there is one."""
    first = batch.follows
    if first is None:
        return None
    enrolment = enrolment_of(first.token, rater.entry_key) if rater else None
    return None if enrolment is not None and enrolment.finished else first


def part_after(enrolment: Enrolment) -> dict[str, Any]:
    """Return what a template needs to lead a rater who has finished on to the second part."""
    after = enrolment.batch.part_after
    if after is None:
        return {}
    second = enrolment_of(after.token, enrolment.rater.entry_key)
    return {} if second is not None and second.finished else {"part_after": after}
