"""Behind Redis: a run calls workers when it is committed, and slow work piles nothing up."""

import time

import pytest
import redis

from explanations.models import Explanation, Run
from explanations.selectors.runs import runs_progress
from tests import factories
from tests.services.conftest import Site, ended, until

pytestmark = [
    pytest.mark.services,
    pytest.mark.parametrize("database", ["postgresql"]),
]


def test_a_command_calls_a_worker_and_waits_for_it(service_site: Site) -> None:
    # No sweep will come to help: only the message that follows the commit.
    service_site.settings = {"CONCORDANCE_SWEEP_SECONDS": "600"}
    factories.fish_neurons(50, dead=2)
    worker = service_site.worker("--queues", "cpu", "--concurrency", "1")
    until(lambda: " ready." in service_site.logs)
    done = service_site.manage("explain", "--explainer", "token_lookup", "--wait")
    assert done.returncode == 0, done.stderr
    assert "50/50 (100%), 2 failed" in done.stdout
    assert "2 failed: the neuron never fires" in done.stdout
    assert Explanation.objects.count() == 48
    assert ended(worker) == 0


def test_sweeps_of_a_worker_that_does_other_work_pile_nothing_up(service_site: Site) -> None:
    service_site.settings = {
        "CONCORDANCE_SWEEP_SECONDS": "0.05",
        "CONCORDANCE_LEASE_SECONDS": "0.1",
    }
    factories.fish_neurons(3)
    service_site.manage("explain", "--explainer", "token_lookup", "null")
    assert Run.objects.count() == 2
    client = redis.Redis.from_url(service_site.broker)
    worker = service_site.worker("--queues", "llm")
    until(lambda: " ready." in service_site.logs)
    # Some twenty sweeps, each of which finds that both tickets have run out.
    time.sleep(1)
    assert client.llen("cpu") <= 2
    assert ended(worker) == 0
    assert client.llen("cpu") <= 2
    client.close()
    assert {progress.done for progress in runs_progress()} == {0}


def test_a_worker_that_a_signal_reaches_while_it_waits_exits_0_at_once(
    service_site: Site,
) -> None:
    worker = service_site.worker()
    until(lambda: " ready." in service_site.logs)
    assert ended(worker) == 0


def test_a_queue_that_does_not_exist_is_refused(service_site: Site) -> None:
    worker = service_site.worker("--queues", "cpu,tpu")
    assert worker.wait(60) == 2
    assert "unknown queue: tpu" in service_site.logs
