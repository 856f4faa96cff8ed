"""Raters and their enrolments, the parts of a study, and exclusions."""

from uuid import UUID

from django.db.models import CharField, UUIDField

from annotation.models import Batch, Enrolment, Exclusion, Rater
from annotation.prepared import Prepared, Slot
from annotation.quality import read_rules

_ENROLMENT = Prepared(
    lambda: Enrolment.objects.select_related("batch", "rater").filter(
        batch__token=Slot("token", CharField()), rater__entry_key=Slot("rater", UUIDField())
    )
)


def enrolment_of(token: str, rater: UUID) -> Enrolment | None:
    """Return a rater's enrolment in the batch behind an invitation, with both."""
    return _ENROLMENT.first(token=token, rater=rater)


def first_part_to_finish(batch: Batch, rater: Rater | None) -> Batch | None:
    """Return the part of a study that a rater has to finish before this one, if there is one."""
    first = batch.follows
    if first is None:
        return None
    enrolment = enrolment_of(first.token, rater.entry_key) if rater else None
    return None if enrolment is not None and enrolment.finished else first


def second_part_of(enrolment: Enrolment) -> Batch | None:
    """Return the part that a rater who has finished this one goes on to, if there is one."""
    second = enrolment.batch.second_part
    if second is None:
        return None
    known = enrolment_of(second.token, enrolment.rater.entry_key)
    return None if known is not None and known.finished else second


def rater_named(key: UUID) -> Rater | None:
    """Return the rater whose cookie has that key, with their account."""
    return Rater.objects.select_related("user").filter(entry_key=key).first()


def rater_recruited(external: str) -> Rater | None:
    """Return the rater with that recruiter's id."""
    return Rater.objects.filter(external=external).first()


def is_rating(rater: UUID) -> bool:
    """Return whether a rater still has questions in a batch that takes answers.

    Also between two parts of a study, because the second asks about the same things.
    """
    own = Enrolment.objects.filter(rater__entry_key=rater)
    done = own.exclude(finished=None).values("batch")
    second = Batch.objects.filter(state=Batch.State.OPEN, follows__in=done).exclude(pk__in=done)
    return own.filter(finished=None, batch__state=Batch.State.OPEN).exists() or second.exists()


def broken_rules(enrolment: Enrolment) -> tuple[str, ...]:
    """Return the names of the rules that pause a rater now."""
    pausing = enrolment.exclusions.filter(pauses=True, lifted=None)
    return tuple(pausing.order_by("pk").values_list("rule", flat=True))


def excluded_raters(batch: Batch) -> dict[str, frozenset[int]]:
    """Return the ids of the raters excluded by each of the batch's rules; all rules, in order."""
    excluded: dict[str, set[int]] = {rule.name: set() for rule in read_rules(batch.rules)}
    rows = Exclusion.objects.filter(enrolment__batch=batch, lifted=None)
    for rule, rater in rows.values_list("rule", "enrolment__rater"):
        excluded.setdefault(rule, set()).add(rater)
    return {rule: frozenset(raters) for rule, raters in excluded.items()}
