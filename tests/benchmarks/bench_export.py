"""A study of a million judgments: analysis and page, export, results from the export alone.

Run: python -m tests.benchmarks.bench_export [JUDGMENTS]. Each step is a process of its own, whose
highest resident size is read at its end; the database is SQLite in a folder that is thrown away.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from tests.benchmarks.stopwatch import emit

JUDGMENTS, EACH, RATERS = 1_000_000, 10, 1_000
CONDITIONS = ("plain", "fancy", "long")
PAIRS = ((0, 1), (0, 2), (1, 2))
STEPS = ("fill", "analyse", "export", "recompute")
SLUG, DAY = "million", "2026-01-01 00:00:00"


def main() -> None:
    """Do the steps one after the other; or be one of them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("judgments", nargs="?", type=int, default=JUDGMENTS)
    options.add_argument("--step", choices=STEPS)
    chosen = options.parse_args()
    if chosen.step:
        globals()[chosen.step](chosen.judgments)
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CONCORDANCE_VAR_DIR": folder}
        for step in STEPS:
            command = [sys.executable, "-m", __spec__.name, str(chosen.judgments), "--step", step]
            subprocess.run(command, env=environment, check=True)


def measured(what: str, began: float, limit: str = "") -> None:
    """Print how long something took, all this process took so far, and the limit that is set."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    highest, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    emit(
        f"{what}: {time.perf_counter() - began:.1f} s; this process {cpu:.1f} s of processor, "
        f"highest resident size {highest:,.0f} MiB{limit and f' (limit: {limit})'}"
    )


def django() -> float:
    """Start Django; return when that was done."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    from django import setup

    setup()
    return time.perf_counter()


def place() -> Path:
    """Return where the export is written."""
    return Path(os.environ["CONCORDANCE_VAR_DIR"]) / "export.zip"


# --- Steps ----------------------------------------------------------------------------------------


def analyse(judgments: int) -> None:
    """Compute and store the results, as a worker does, and make their page."""
    began = django()
    from django.utils import timezone

    from studies import tasks
    from studies.models import Study
    from studies.services.analyses import analysis_request

    study = Study.objects.get(slug=SLUG)
    asked = analysis_request(study=study, at=timezone.now())
    if not tasks.analyse(asked.pk):
        raise RuntimeError("nothing was analysed")
    measured(f"analysis of {judgments:,} judgments: read, computed, drawn, stored", began)
    size = page()
    measured(f"and its page of {size / 1024:,.0f} KiB", began, "30 s")


def page() -> int:
    """Make the results page, as the site does for a researcher; return its bytes."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_superuser("researcher"))
    answer = client.get(reverse("studies:results", args=[SLUG]))
    if answer.status_code != 200:
        raise RuntimeError(f"no results page: status {answer.status_code}")
    return len(answer.content)


def export(judgments: int) -> None:
    """Write the zip."""
    began = django()
    from studies.exports.archive import archive
    from studies.models import Study

    measured("before the export", began)
    began = time.perf_counter()
    with place().open("wb") as file:
        file.writelines(archive(Study.objects.get(slug=SLUG)))
    size = place().stat().st_size / 2**20
    measured(f"export of {judgments:,} judgments, {size:,.0f} MiB", began, "200 MB")


def recompute(judgments: int) -> None:
    """Compute the results from the zip."""
    began = time.perf_counter()
    from studies.analysis.archive.read import recompute as from_zip

    computed = from_zip(place())
    same = "the same" if computed.recomputed == computed.exported else "NOT THE SAME"
    measured(f"results from the export alone ({same})", began)


# --- A study of that size -------------------------------------------------------------------------


def fill(judgments: int) -> None:
    """Make the database: three conditions, each two of them on every neuron, two scorers."""
    began = django()
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    items = judgments // EACH
    with transaction.atomic():
        study = described(items)
        ask(study, items)
        answer(items)
    measured(f"made {judgments:,} judgments of {items:,} items by {RATERS:,} raters", began)


def insert(model: Any, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """Store rows of raw values quickly; columns that are not named take their defaults."""
    from django.db import connection

    rest = {
        field.attname: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if field.attname not in columns and not field.has_db_default() and not field.primary_key
    }
    names = ", ".join(f'"{name}"' for name in (*columns, *rest))
    marks = ", ".join(["%s"] * (len(columns) + len(rest)))
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, ((*row, *rest.values()) for row in rows))


def described(items: int) -> Any:
    """Make neurons, an explanation of each by every condition, and their scores; the study."""
    from annotation.models import Batch
    from explanations.models import Explanation, Method, Neuron, Score, Subject
    from studies.models import Condition, Study

    subject = Subject.objects.create(name="subject", source="none", layers=12, width=items)
    methods = [Method.objects.create(kind="explainer", name=name) for name in CONDITIONS]
    scorers = [Method.objects.create(kind="scorer", name=n) for n in ("correlation", "detection")]
    neurons = range(1, -(-items // 3) + 1)
    insert(
        Neuron,
        ("id", "subject_id", "layer", "index", "maximum"),
        ((n, subject.pk, n % 12, n, 1.0) for n in neurons),
    )
    insert(
        Explanation,
        ("id", "neuron_id", "text", "author_kind", "method_id"),
        (
            (said(n, c), n, f"fish {n} " * (c + 2), "model", methods[c].pk)
            for n in neurons
            for c in range(3)
        ),
    )
    worth = np.random.default_rng(1).normal(size=3 * len(neurons) + 1)
    insert(
        Score,
        ("explanation_id", "method_id", "value", "n"),
        (
            (each, scorer.pk, float(np.tanh(worth[each] / (place + 1))), 20)
            for place, scorer in enumerate(scorers)
            for each in range(1, len(worth))
        ),
    )
    batch = Batch.objects.create(
        title=SLUG, protocol="compare", consent="yes", instructions="read",
        items_per_rater=items, state=Batch.State.OPEN,
    )  # fmt: skip
    study = Study.objects.create(title=SLUG, slug=SLUG, batch=batch, state=Study.State.OPEN)
    for name, method in zip(CONDITIONS, methods, strict=True):
        Condition.objects.create(study=study, name=name, method=method)
    return study


def said(neuron: int, condition: int) -> int:
    """Return the id of a condition's explanation of a neuron, both as `described` numbers them."""
    return 3 * (neuron - 1) + condition + 1


def ask(study: Any, items: int) -> None:
    """Make the items with what stands behind them."""
    from annotation.models import Item
    from studies.models import StudyItem, StudyOption

    payload = json.dumps(
        {"version": 1, "excerpts": [], "options": [{"key": k, "text": "fish"} for k in "ab"]}
    )
    ids = range(1, items + 1)
    insert(
        Item,
        ("id", "batch_id", "position", "payload", "payload_version", "overlap", "claims"),
        ((i, study.batch_id, i - 1, payload, 1, EACH, EACH) for i in ids),
    )
    insert(
        StudyItem,
        ("id", "study_id", "item_id", "neuron_id"),
        ((i, study.pk, i, about(i)) for i in ids),
    )
    conditions = list(study.conditions.values_list("pk", flat=True))
    insert(
        StudyOption,
        ("study_item_id", "key", "place", "explanation_id", "condition_id"),
        (
            (i, "ab"[place], place, said(about(i), condition), conditions[condition])
            for i in ids
            for place, condition in enumerate(PAIRS[i % 3])
        ),
    )


def about(item: int) -> int:
    """Return the id of the neuron that an item is about."""
    return (item - 1) // 3 + 1


def answer(items: int) -> None:
    """Make the raters and what they answered."""
    from annotation.models import Assignment, Enrolment, Judgment, Rater

    raters = range(1, RATERS + 1)
    keys = ((r, UUID(int=r).hex) for r in raters)
    insert(Rater, ("id", "key", "entry_key"), ((r, key, key) for r, key in keys))
    insert(
        Enrolment,
        ("batch_id", "rater_id", "ordinal", "consent_version", "consented"),
        ((1, r, r - 1, 1, DAY) for r in raters),
    )
    insert(
        Assignment,
        ("id", "key", "item_id", "rater_id", "order", "state", "claimed", "expires", "ended"),
        (
            (n, UUID(int=n).hex, item, rater, order, "judged", DAY, DAY, DAY)
            for n, item, rater, order in claims(items)
        ),
    )
    choices = np.random.default_rng(2).choice(
        ["a", "b", "tie"], p=[0.5, 0.4, 0.1], size=items * EACH
    )
    seconds = np.random.default_rng(3).gamma(2, 8, size=items * EACH).tolist()
    insert(
        Judgment,
        ("key", "assignment_id", "answer", "seconds", "submitted"),
        (
            (UUID(int=n).hex, n, f'{{"choice": "{choice}", "confidence": null}}', taken, DAY)
            for n, (choice, taken) in enumerate(zip(choices.tolist(), seconds, strict=True), 1)
        ),
    )


def claims(items: int) -> Iterator[tuple[int, int, int, str]]:
    """Yield each judgment's number, item, rater and order; no rater has an item twice."""
    first = np.random.default_rng(4).integers(RATERS, size=items).tolist()
    for n in range(items * EACH):
        item, turn = n % items, n // items
        rater = (first[item] + turn * (RATERS // EACH)) % RATERS
        yield n + 1, item + 1, rater + 1, ('["a", "b"]', '["b", "a"]')[(n + turn) % 2]


if __name__ == "__main__":
    main()
