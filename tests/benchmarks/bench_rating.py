"""Raters on the product's own web processes: next and submit, pairs per second, memory, a kill.

Run: python -m tests.benchmarks.bench_rating [--questions N] [--database sqlite|postgresql]. A study
of 2,000 comparisons with six excerpts each is served by two web processes, on SQLite and on a
PostgreSQL with its own settings. The raters are another process; all share the same two cores. A
pair is one page got and one answer sent, whose status is checked: first in two requests, as without
script, then in one. Of the answers after that, in the middle, all web processes are killed and
started again; at the end every answer that got its reply must be stored once. The exit status is 1
if one is not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.benchmarks.stopwatch import emit
from tests.benchmarks.web import Web, family, processor_seconds

ITEMS, OVERLAP, QUESTIONS, WARMING = 2_000, 3, 240, 10
CLIENTS = (1, 16)
REFUSED = {
    "outside its schema": 422,
    "a question never given": 404,
    "a forged form": 403,
    "nobody's cookie": 403,
}
# Issue 5: measured on another machine of this size, client and server sharing its two cores,
# 16 clients; p50 / p95 in ms of next and of submit, pairs per second.
ELSEWHERE = {
    "elsewhere: oTree, SQLite": ("118 / 435", "115 / 420", 55),
    "elsewhere: doccano, PostgreSQL": ("368 / 658", "336 / 621", 21),
    "elsewhere: Label Studio, PostgreSQL": ("703 / 1195", "734 / 1213", 10),
    "elsewhere: Potato": ("510 / 720", "180 / 330", 22),
    "to be reached": ("p95 < 200", "p95 < 200", 165),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the study is stored; the server's first process, 0 if there is none."""

    name: str
    address: str
    server: int = 0

    def processor_seconds(self) -> float:
        """Return what the server's processes have used."""
        return processor_seconds(family(self.server)) if self.server else 0.0


class Raters:
    """The process of the raters."""

    def __init__(self, port: int, token: str, count: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.rating_client"]
        self._process = subprocess.Popen(
            [*command, str(port), token, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.hear()

    def ask(self, **what: Any) -> None:
        """Say what to do next."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Return what the raters say next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the raters gave up")
        said: dict[str, Any] = json.loads(line)
        return said

    def judge(
        self, questions: int, *, at_once: bool = False, half: Callable[[], None] = lambda: None
    ) -> dict[str, Any]:
        """Let every rater answer so many; `half` is called when half of the answers are in."""
        self.ask(questions=questions, at_once=at_once)
        self.hear()
        half()
        return self.hear()

    def leave(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def main() -> int:
    """Measure on each database; the exit status is 1 if an answer was lost or doubled."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--questions", type=int, default=QUESTIONS, help="for each of 16 raters")
    options.add_argument("--database", choices=["sqlite", "postgresql"])
    chosen = options.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    emit(f"{'':36}{'next ms, p50 / p95':>20}{'submit ms':>18}{'pairs/s':>9}")
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "deploy.settings", "CONCORDANCE_VAR_DIR": folder}
        from django import setup

        setup()
        for database in databases(Path(folder)):
            if chosen.database in (None, database.name):
                faults += measured(database, Path(folder), chosen.questions)
    for name, (got, sent, pairs) in ELSEWHERE.items():
        row(name, got, sent, pairs)
    for fault in faults:
        emit(f"WRONG: {fault}")
    return bool(faults)


def databases(folder: Path) -> Iterator[Database]:
    """Yield an empty SQLite file, and a PostgreSQL where one is installed, with their tables."""
    from tests.databases import initdb, migrated, postgres, sqlite

    file = sqlite(folder / "rating.sqlite3")
    migrated(file)
    yield Database(name="sqlite", address=file)
    program = initdb()
    if program is None:
        emit("PostgreSQL is not installed: left out")
        return
    with postgres(program) as server:
        migrated(server.address)
        yield Database(name="postgresql", address=server.address, server=server.pid)


def measured(database: Database, folder: Path, questions: int) -> list[str]:
    """Measure with one rater and with sixteen; return what went wrong."""
    from tests.databases import connected, free_port

    web = Web(
        free_port(),
        {"CONCORDANCE_DATABASE_URL": database.address},
        folder / f"web-{database.name}.log",
    )
    with connected(database.address):
        web.start()
        try:
            return [
                fault
                for count in CLIENTS
                for fault in rated(database, web, count, questions * (4 if count == 1 else 1))
            ]
        except RuntimeError as error:
            raise RuntimeError(f"{error}; the site's last words:\n{web.said()}") from error
        finally:
            web.kill()


def rated(database: Database, web: Web, count: int, questions: int) -> list[str]:
    """Let raters judge a study of their own, its last half through a kill."""
    batch = study()
    with at_work(web.port, batch.token, count) as raters:
        done = [raters.judge(WARMING)]
        for at_once in (False, True):
            used = web.processor_seconds(), database.processor_seconds()
            done.append(raters.judge(questions // 4, at_once=at_once))
            tell(
                f"{database.name}, {count}{', in one request' if at_once else ''}",
                done[-1],
                web.processor_seconds() - used[0],
                database.processor_seconds() - used[1],
            )
        memory = web.memory()
        emit(f"  web processes: PSS {memory.proportional:.0f} MB, RSS {memory.resident:.0f} MB")

        def fall() -> None:
            web.kill()
            web.start()

        done.append(raters.judge(questions - 2 * (questions // 4), half=fall))
        raters.ask(refusals=True)
        refused = raters.hear()
    acknowledged = [each for some in done for each in some["acknowledged"]]
    faults = [f"{refused[why]} for {why}" for why in REFUSED if refused[why] != REFUSED[why]]
    faults += lost_or_doubled(batch, acknowledged)
    emit(
        f"  killed and started again: {done[-1]['resent']} requests sent again; of "
        f"{len(acknowledged)} acknowledged judgments "
        f"{'ALL IS NOT WELL' if faults else 'none is missing, none double'}"
    )
    return [f"{database.name}, {count}: {fault}" for fault in faults]


@contextmanager
def at_work(port: int, token: str, count: int) -> Iterator[Raters]:
    """Have raters who have agreed."""
    raters = Raters(port, token, count)
    try:
        yield raters
    finally:
        raters.leave()


def study() -> Any:
    """Return a new open batch of comparisons as the demo's."""
    from tests.browser.material import realistic_batch

    return realistic_batch(items=ITEMS, overlap=OVERLAP)


def tell(what: str, work: dict[str, Any], web: float, database: float) -> None:
    """Print a row of figures, and who used the processors."""
    pairs = len(work["submit"])
    got = spread(work["next"]) if work["next"] else "with it"
    row(what, got, spread(work["submit"]), pairs / work["seconds"])
    of_client = work["processor"] / (web + database + work["processor"])
    emit(
        f"  processor ms per pair: web {1000 * web / pairs:.2f}, database server "
        f"{1000 * database / pairs:.2f}, raters {1000 * work['processor'] / pairs:.2f} "
        f"({of_client:.0%} of what was used)"
    )


def row(what: str, got: str, sent: str, pairs: float) -> None:
    """Print a row of the table."""
    emit(f"{what:36}{got:>20}{sent:>18}{pairs:9.0f}")


def spread(milliseconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile."""
    cuts = quantiles(milliseconds, n=20)
    return f"{cuts[9]:.1f} / {cuts[18]:.1f}"


def lost_or_doubled(batch: Any, acknowledged: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what is wrong with what is stored, given the answers that got their reply."""
    from annotation.models import Judgment

    of_batch = Judgment.objects.filter(assignment__item__batch=batch)
    stored = {
        str(key): (str(assignment), answer["choice"])
        for key, assignment, answer in of_batch.values_list("key", "assignment__key", "answer")
    }
    lost = sum(stored.get(key) != (assignment, choice) for assignment, key, choice in acknowledged)
    per_item = Counter(of_batch.values_list("assignment__item"))
    per_rater = Counter(of_batch.values_list("assignment__item", "assignment__rater"))
    wrong = {
        "acknowledged answers are missing or differ": lost,
        "answers are stored that got no reply": len(stored) - len(acknowledged),
        "items have more judgments than wanted": sum(n > OVERLAP for n in per_item.values()),
        "times a rater judged an item again": sum(n > 1 for n in per_rater.values()),
    }
    return [f"{count} {what}" for what, count in wrong.items() if count]


if __name__ == "__main__":
    sys.exit(main())
