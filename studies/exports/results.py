"""The results in an export: the stored ones, unless they are outdated."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from annotation.models import Judgment
from annotation.selectors.raters import excluded_raters
from studies.analysis.archive.read import FORMAT
from studies.analysis.data.plan import Plan
from studies.analysis.results import VERSION, analyse
from studies.analysis.results_report import SUMMARY, stored_figures, summary
from studies.models import Analysis, Condition, Study
from studies.selectors.analyses import answers_count, scores_mark
from studies.selectors.registrations import departures, registered_plan, registration_of, trust_of
from studies.selectors.tables import study_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedResults:
    """Results ready for JSON, the texts that summarize them, and the figures by name."""

    results: dict[str, Any]
    summary: dict[str, Any]
    figures: Mapping[str, Any]


@contextmanager
def snapshot() -> Iterator[None]:
    """Read from one snapshot of the database, even if raters answer at the same time.

    It blocks nobody: it takes no locks and writes nothing.
    """
    outermost = not connection.in_atomic_block
    with _transaction(outermost):
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        with _little_memory():
            yield


@contextmanager
def _little_memory() -> Iterator[None]:
    """Limit SQLite's cache to 4 MB, also for sorting, instead of the limit in the settings."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        (usual,) = cursor.execute("PRAGMA cache_size").fetchone()
        cursor.execute("PRAGMA cache_size=-4000")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size={usual:d}")


@contextmanager
def _transaction(outermost: bool) -> Iterator[None]:
    """Begin a transaction; in SQLite a deferred one, which locks only when it writes."""
    database: Any = connection
    mode = getattr(database, "transaction_mode", None)
    if not outermost or mode is None:
        with transaction.atomic():
            yield
        return
    with ExitStack() as stack:
        database.transaction_mode = "DEFERRED"
        try:
            stack.enter_context(transaction.atomic())
        finally:
            database.transaction_mode = mode
        yield


def results_for_export(study: Study) -> ExportedResults:
    """Return a study's results: the stored ones, or recomputed ones if these are outdated."""
    stored = _stored(study)
    if stored is not None:
        return stored
    results = analyse(study_tables(study), registered_plan(study))
    return ExportedResults(
        results=results.as_dict(),
        summary={**summary(results), "departures": departures(study, results)},
        figures=stored_figures(results),
    )


def _stored(study: Study) -> ExportedResults | None:
    done = Analysis.objects.filter(study=study, state=Analysis.State.DONE).first()
    if done is None or done.results is None or done.results.get("version") != VERSION:
        return None
    if done.answers != answers_count(study) or done.scores != scores_mark(study):
        return None
    plan = registered_plan(study)
    if Plan.of(done.results["plan"]) != plan or not _same_rules(study, plan, done.results):
        return None
    return ExportedResults(
        results={name: value for name, value in done.results.items() if name not in SUMMARY},
        summary={name: done.results[name] for name in SUMMARY if name in done.results},
        figures=done.figures,
    )


def _same_rules(study: Study, plan: Plan, results: dict[str, Any]) -> bool:
    """Return whether the quality rules exclude the same judgments as in the results."""
    steps = [(each["rule"], each["excluded"]) for each in results["exclusions"][1:]]
    now, by_plan = _excluded(study), bool(plan.min_seconds) + bool(plan.min_judgments)
    return steps[: len(now)] == now and len(steps) == len(now) + by_plan


def _excluded(study: Study) -> list[tuple[str, int]]:
    """Return the quality rules, each with how many judgments it currently excludes."""
    standing = Judgment.objects.standing().filter(assignment__item__batch=study.batch_id)
    before, counts = set[int](), list[tuple[str, int]]()
    for rule, raters in _rules(study).items():
        taken = standing.filter(assignment__rater__in=raters - before)
        analysed = taken.filter(assignment__item__gold=None, assignment__item__repeats=None)
        counts.append((rule, analysed.exclude(answer__has_key="cannot_tell").count()))
        before |= raters
    return counts


def _rules(study: Study) -> dict[str, frozenset[int]]:
    return excluded_raters(study.batch) if study.batch else {}


def study_facts(study: Study, made: ExportedResults) -> dict[str, Any]:
    """Return what an analysis needs in addition to rows, and the study's setup."""
    registered = registration_of(study)
    return {
        "format": FORMAT,
        "slug": study.slug,
        "title": study.title,
        "question": study.question,
        "state": study.state,
        "protocol": study.design.protocol,
        "conditions": [_condition(each) for each in study.conditions.select_related("method")],
        "overlap": study.overlap,
        "items_per_rater": study.items_per_rater,
        "excerpts": study.excerpts,
        "ask_confidence": study.ask_confidence,
        "draws_pairs": study.draws_pairs,
        "budget": study.budget if study.draws_pairs else None,
        "random_share": study.random_share if study.draws_pairs else None,
        "extra_overlap_share": study.extra_overlap_share,
        "extra_overlap": study.extra_overlap,
        "condition_assignment": study.condition_assignment,
        "seed": study.seed,
        "consent": study.consent,
        "instructions": study.instructions,
        "flow": made.results["flow"],
        "registered": registered
        and {
            "sha256": registered.sha256,
            "at": registered.registered.isoformat(),
        },
        "plan": made.results["plan"],
        **trust_of(study),
        "exclusions": list(_rules(study)),
    }


def _condition(condition: Condition) -> dict[str, Any]:
    method = condition.method
    return {
        "name": condition.name,
        "method": method and method.name,
        "method_version": method and method.version,
        "settings": method and method.config,
    }


def last_change(study: Study) -> datetime:
    """Return the time of a study's last answer or, without any, of its creation."""
    answers = Judgment.objects.filter(assignment__item__batch=study.batch_id)
    return answers.aggregate(last=Max("submitted"))["last"] or study.created
