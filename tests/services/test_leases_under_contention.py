"""Many workers at once, on a real database: no target is handed out twice."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from explanations.models import Run, Target
from explanations.services.leases import target_fail, targets_claim
from explanations.services.runs import run_call, run_create
from tests import factories
from tests.services.conftest import Site

pytestmark = pytest.mark.services


def _run(count: int) -> int:
    neurons = factories.neurons(count)
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.method(),
        neurons=[neuron.pk for neuron in neurons],
    )
    assert created.run is not None
    return created.run.pk


def _claim_all(run: int, limit: int, start: threading.Barrier) -> list[int]:
    claimed: list[int] = []
    start.wait()
    while True:
        claim = targets_claim(run_id=run, limit=limit, at=timezone.now())
        if not claim.targets:
            connection.close()
            return claimed
        claimed += claim.targets


def test_many_threads_are_never_handed_the_same_target(site: Site) -> None:
    run = _run(400)
    start = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: _claim_all(run, 7, start), range(8)))
    counts = Counter(target for claimed in results for target in claimed)
    assert len(counts) == 400
    assert set(counts.values()) == {1}


def test_a_claim_takes_no_more_than_its_limit(site: Site) -> None:
    claim = targets_claim(run_id=_run(400), limit=7, at=timezone.now())
    assert len(claim.targets) == 7
    assert Target.objects.exclude(lease=None).count() == 7


def test_leasing_and_closing_targets_takes_milliseconds(site: Site) -> None:
    run = _run(2000)
    began = time.perf_counter()
    while True:
        claim = targets_claim(run_id=run, limit=32, at=timezone.now())
        if not claim.targets:
            break
        for target in claim.targets:
            target_fail(target_id=target, lease=claim.lease, reason="none", at=timezone.now())
    rate = 2000 / (time.perf_counter() - began)
    assert Target.objects.filter(state=Target.State.FAILED).count() == 2000
    # 917 on SQLite and 391 on PostgreSQL, measured on two busy cores.
    assert rate > 100, "bookkeeping must stay far below the work"


def test_threads_that_call_for_a_worker_at_once_send_one_message(site: Site) -> None:
    run = _run(1)
    start = threading.Barrier(6)

    def call(_: int) -> bool:
        start.wait()
        called = run_call(run_id=run, at=timezone.now())
        connection.close()
        return called

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(call, range(6))) == 1
