"""A worker that is killed loses nothing and repeats nothing that is stored."""

import signal

import pytest
from django.utils import timezone

from explanations.models import Explanation, Run, Target
from explanations.selectors.runs import run_progress
from explanations.services.runs import run_create
from tests import factories
from tests.services.conftest import Site, ended, killed_when, until

pytestmark = pytest.mark.services

NEURONS, DEAD = 1000, 7


def _explain() -> int:
    """Make a run over neurons of which some never fire, so that results and failures come."""
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.builtin("explainer", "token_lookup"),
        neurons=[neuron.pk for neuron in factories.fish_neurons(NEURONS, dead=DEAD)],
    )
    assert created.run is not None
    assert created.added == NEURONS
    return created.run.pk


def _ended_targets(run: int) -> int:
    progress = run_progress(run)
    return progress.done + progress.failed


def _each_neuron_has_exactly_one_outcome(run: int) -> None:
    progress = run_progress(run)
    assert (progress.total, progress.done, progress.failed) == (NEURONS, NEURONS - DEAD, DEAD)
    explained = set(Explanation.objects.values_list("neuron", flat=True))
    failed = set(Target.objects.filter(state="failed").values_list("neuron", flat=True))
    assert Explanation.objects.count() == len(explained) == NEURONS - DEAD
    assert len(failed) == DEAD
    assert not explained & failed
    assert not Target.objects.exclude(lease=None).exists()


def _killed_in_the_middle(site: Site, run: int) -> None:
    """Kill a worker while it holds work."""
    killed_when(
        site.worker(),
        lambda: _ended_targets(run) >= 30 and Target.objects.exclude(lease=None).exists(),
    )
    assert _ended_targets(run) < NEURONS, "it was to be killed in the middle"


@pytest.mark.parametrize("database", ["sqlite"])
def test_after_a_kill_a_new_embedded_worker_finishes_with_one_outcome_each(site: Site) -> None:
    run = _explain()
    _killed_in_the_middle(site, run)
    worker = site.worker()
    until(lambda: run_progress(run).finished)
    _each_neuron_has_exactly_one_outcome(run)
    assert ended(worker) == 0


@pytest.mark.parametrize("database", ["postgresql"])
def test_after_a_kill_the_other_worker_behind_redis_finishes(service_site: Site) -> None:
    run = _explain()
    # The other worker stands still meanwhile, so what is held is held by the one that dies.
    other = service_site.worker("--concurrency", "1", "--name", "other")
    other.send_signal(signal.SIGSTOP)
    _killed_in_the_middle(service_site, run)
    other.send_signal(signal.SIGCONT)
    until(lambda: run_progress(run).finished)
    _each_neuron_has_exactly_one_outcome(run)
    assert ended(other) == 0


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_worker_told_to_end_exits_0_and_holds_nothing(site: Site, number: signal.Signals) -> None:
    run = _explain()
    worker = site.worker()
    until(lambda: _ended_targets(run) >= 30)
    told = timezone.now()
    assert ended(worker, number) == 0
    assert (timezone.now() - told).total_seconds() < 5
    assert 30 <= _ended_targets(run) < NEURONS
    assert not Target.objects.exclude(lease=None).exists()
    # What it handed back does not count as an attempt that went wrong.
    assert not Target.objects.filter(state="open").exclude(attempts=0).exists()


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_worker_behind_redis_told_to_end_exits_0_and_holds_nothing(service_site: Site) -> None:
    run = _explain()
    worker = service_site.worker()
    until(lambda: _ended_targets(run) >= 30)
    assert ended(worker) == 0
    assert _ended_targets(run) < NEURONS
    assert not Target.objects.exclude(lease=None).exists()
