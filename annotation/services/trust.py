"""Apply the rules on raters, and lift exclusions. A rater's answers are never deleted."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from annotation.models import Assignment, Batch, Enrolment, Exclusion
from annotation.protocols import PROTOCOLS
from annotation.quality import Rule, Seen, read_rules
from annotation.selectors.trust import answers_seen
from annotation.services.claims import release
from annotation.services.errors import InvalidAnswer


@transaction.atomic
def enrolment_review(*, enrolment: Enrolment, at: datetime) -> tuple[Exclusion, ...]:
    """Store the batch's rules that a rater breaks now; return those newly broken.

    A rule that pauses ends the rater's open claims, which others are then given.
    """
    rules = read_rules(enrolment.batch.rules)
    if not rules:
        return ()
    broken = _newly_broken(enrolment, rules, at)
    if any(exclusion.pauses for exclusion in broken):
        Enrolment.objects.filter(pk=enrolment.pk, paused=None).update(paused=at)
        enrolment.refresh_from_db(fields=["paused"])
        held = Assignment.objects.filter(rater=enrolment.rater_id, item__batch=enrolment.batch_id)
        for assignment in held.filter(state=Assignment.State.OPEN):
            release(assignment, state=Assignment.State.EXPIRED, ended=at)
    return broken


def _newly_broken(
    enrolment: Enrolment, rules: Sequence[Rule], at: datetime
) -> tuple[Exclusion, ...]:
    known = set(enrolment.exclusions.values_list("rule", flat=True))
    seen = answers_seen(enrolment, with_others=_asks_others(rules))
    stored = (_store(enrolment, rule, seen, at) for rule in rules if rule.name not in known)
    return tuple(exclusion for exclusion in stored if exclusion is not None)


def _asks_others(rules: Sequence[Rule]) -> bool:
    return any(rule.name == "agreement_with_others" for rule in rules)


def _store(
    enrolment: Enrolment, rule: Rule, seen: Sequence[Seen], at: datetime
) -> Exclusion | None:
    measured = rule.broken_by(seen, PROTOCOLS[enrolment.batch.protocol])
    if measured is None:
        return None
    found = {"value": measured.value, "n": measured.n, "limit": rule.limit}
    exclusion, made = Exclusion.objects.get_or_create(
        enrolment=enrolment, rule=rule.name, defaults={**found, "pauses": rule.pauses, "at": at}
    )
    return exclusion if made else None


def batch_review(*, batch: Batch, at: datetime) -> int:
    """Review all raters, whose agreement with others may have changed; return how many broke."""
    enrolments = batch.enrolments.select_related("batch", "rater")
    return sum(bool(enrolment_review(enrolment=each, at=at)) for each in enrolments)


@transaction.atomic
def exclusion_lift(*, exclusion: Exclusion, reason: str, at: datetime) -> None:
    """Let a rater continue, with the reason; the row stays. Idempotent."""
    if not reason.strip():
        raise InvalidAnswer("reason", "is empty")
    Exclusion.objects.filter(pk=exclusion.pk, lifted=None).update(
        lifted=at, lifted_because=reason.strip()[:300]
    )
    others = Exclusion.objects.filter(enrolment=exclusion.enrolment_id, lifted=None, pauses=True)
    if not others.exists():
        Enrolment.objects.filter(pk=exclusion.enrolment_id).update(paused=None)
