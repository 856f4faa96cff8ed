"""Raters, and what was adopted of their answers."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, F

from annotation.models import Assignment, Enrolment, Exclusion
from annotation.selectors.raters import excluded_raters
from studies.exports.columns import RATER, Column, Row, Table
from studies.models import Adoption, Study

_ROWS = 1000


def _raters(study: Study) -> Iterator[Row]:
    counts: dict[tuple[int, str], int] = {
        (rater, state): n
        for rater, state, n in Assignment.objects.filter(item__batch=study.batch_id)
        .order_by()
        .values_list("rater", "state")
        .annotate(n=Count("pk"))
    }
    rules = excluded_raters(study.batch) if study.batch else {}
    broken = _exclusions(study)
    enrolments = Enrolment.objects.filter(batch=study.batch_id).select_related("rater")
    for each in enrolments.order_by("ordinal").iterator(_ROWS):
        yield {
            "rater": study.pseudonym(each.rater.key),
            "synthetic": each.rater.synthetic,
            "place": each.ordinal,
            "group": each.group,
            "consent_version": each.consent_version,
            "consented": each.consented,
            "finished": each.finished,
            **_check(each),
            "practised": each.practised,
            "paused": each.paused,
            **_counts(each.rater_id, counts),
            "excluded": [rule for rule, raters in rules.items() if each.rater_id in raters],
            "exclusions": broken[each.pk],
            "external": each.rater.external,
            "arrival": each.arrival or None,
        }


def _counts(rater: int, counts: dict[tuple[int, str], int]) -> dict[str, Any]:
    states = {
        "judgments": Assignment.State.JUDGED,
        "skipped": Assignment.State.SKIPPED,
        "lapsed": Assignment.State.EXPIRED,
    }
    return {name: counts.get((rater, state), 0) for name, state in states.items()}


def _check(enrolment: Enrolment) -> Row:
    tries = [
        {
            "seconds": _seconds(enrolment.consented, datetime.fromisoformat(each["at"])),
            "answers": each["answers"],
        }
        for each in enrolment.tries
    ]
    passed, failed = enrolment.qualified, enrolment.screened_out
    return {"tries": tries, "qualified": passed, "screened_out": failed}


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 3)


def _exclusions(study: Study) -> dict[int, list[Row]]:
    """Return the rules that each enrolment broke, with times, lifted or not."""
    broken = defaultdict[int, list[Row]](list)
    rows = Exclusion.objects.filter(enrolment__batch=study.batch_id).order_by("at", "pk")
    names = ("rule", "at", "value", "n", "limit", "pauses", "lifted", "lifted_because")
    for row in rows.values("enrolment", *names).iterator(_ROWS):
        broken[row.pop("enrolment")].append(
            {
                **row,
                "at": row["at"].isoformat(),
                "lifted": row["lifted"] and row["lifted"].isoformat(),
            }
        )
    return broken


def _adoptions(study: Study) -> Iterator[Row]:
    rows = Adoption.objects.filter(study=study).order_by("judgment")
    columns = rows.values(
        "explanation",
        "simulation",
        "reason",
        "adopted",
        key=F("judgment__key"),
        person=F("judgment__assignment__rater__key"),
    )
    for row in columns.iterator(_ROWS):
        yield {
            **row,
            "judgment": str(row["key"]),
            "rater": study.pseudonym(row["person"]),
            "reason": row["reason"] or None,
        }


RATERS = Table(
    about="One row per rater, in order of arrival.",
    columns=(
        RATER,
        Column("synthetic", "truth", "whether the rater is a program"),
        Column("place", "whole", "order of arrival, from 0"),
        Column("group", "whole", "group of items for the rater; empty for all"),
        Column("consent_version", "whole", "version of the consent"),
        Column("consented", "time", "time of consent, in UTC"),
        Column("finished", "time", "when the rater finished; empty if not yet"),
        Column(
            "tries",
            "json",
            "attempts at the comprehension questions: `seconds` after consent, and `answers`, the "
            "position of the option chosen for each question",
        ),
        Column("qualified", "time", "when the comprehension questions were passed; else empty"),
        Column("screened_out", "time", "when the last attempt failed; else empty"),
        Column("practised", "whole", "practice questions answered"),
        Column("paused", "time", "when a rule paused the rater, if any did"),
        Column("judgments", "whole", "items judged"),
        Column("skipped", "whole", "items skipped"),
        Column("lapsed", "whole", "items claimed and not answered in time"),
        Column("excluded", "json", "rules set in advance that exclude the rater"),
        Column(
            "exclusions",
            "json",
            "each rule broken, with `at`, the measured `value` of `n` observations, its `limit`, "
            "whether it `pauses`, and when and why the exclusion was `lifted`, if it was",
        ),
    ),
    identifying=(
        Column("external", "text", "recruiter's ID of the rater, such as a Prolific ID"),
        Column("arrival", "json", "parameters of the recruiter's link"),
    ),
    rows=_raters,
)
ADOPTIONS = Table(
    about="One row per judgment that was adopted, or could not be.",
    columns=(
        Column("judgment", "text", "key of the judgment"),
        RATER,
        Column("explanation", "whole", "explanation that was created from it"),
        Column("simulation", "whole", "simulation that was created from it"),
        Column("reason", "text", "why it could not be adopted"),
        Column("adopted", "time", "when it was adopted, in UTC"),
    ),
    rows=_adoptions,
)
