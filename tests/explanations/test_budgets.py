"""A run stops cleanly when its budget is spent, says why, and goes on with a larger one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from explanations.models import Call, Method, Run, Target
from explanations.prices import Prices
from explanations.selectors.calls import call_totals
from explanations.selectors.runs import RunProgress, run_progress, runs_to_call, runs_unfinished
from explanations.services.budgets import RunRefused, run_may_ask
from explanations.services.leases import targets_claim
from explanations.services.runs import run_call, run_create, run_resume
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import chat, serving

pytestmark = pytest.mark.django_db

# 11 tokens in and 7 out a call: 11 * 0.001 + 7 * 0.01 = 0.081 dollars.
PRICES = Prices.read({"tiny": {"in": 1_000, "out": 10_000}})
CALL = 0.081


@pytest.fixture(autouse=True)
def priced(settings) -> None:
    """Ask one question at a time, of a model that has a price."""
    _backend.cache_clear()
    settings.LLM_MODEL = "tiny"
    settings.LLM_CONCURRENCY = 1
    settings.PRICES = PRICES


def _method() -> Method:
    return factories.builtin("explainer", "token_activation")


def _run(neurons: int, budget: float | None) -> int:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=_method(),
        neurons=[factories.neuron_with_records().pk for _ in range(neurons)],
        budget=budget,
    )
    assert created.run is not None
    return created.run.pk


def _worked(run: int) -> RunProgress:
    while work_on_chunk(run):
        pass
    return run_progress(run)


def test_no_question_is_asked_once_the_budget_is_spent_and_a_larger_one_goes_on(settings) -> None:
    run = _run(neurons=6, budget=2.5 * CALL)
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _worked(run)
        # 2 calls cost less than 2.5, 3 cost more: the fourth is not asked.
        assert len(server.requests) == 3
        assert (progress.done, progress.failed, progress.left) == (3, 0, 3)
        assert progress.halted == "its budget of $0.20 is spent"
        assert progress.dollars == pytest.approx(3 * CALL)
        assert progress.finished is None
        assert not Target.objects.exclude(lease=None).exists()
        assert not Target.objects.filter(state="open").exclude(attempts=0).exists()
        run_resume(run_id=run, budget=10)
        resumed = _worked(run)
        assert len(server.requests) == 6
    assert (resumed.done, resumed.halted, resumed.budget) == (6, "", 10)
    assert resumed.finished
    assert resumed.dollars == pytest.approx(6 * CALL)


def test_no_more_is_overspent_than_the_calls_under_way(settings) -> None:
    settings.LLM_CONCURRENCY = 4
    run = _run(neurons=8, budget=0.5 * CALL)
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _worked(run)
        assert len(server.requests) <= 4
    assert progress.done == len(server.requests)
    assert progress.dollars <= 4 * CALL + 1e-9


def test_a_run_that_needs_no_more_than_its_budget_is_not_halted(settings) -> None:
    run = _run(neurons=2, budget=2 * CALL)
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _worked(run)
    assert (progress.done, progress.halted) == (2, "")
    assert progress.finished


def test_workers_are_not_called_to_a_halted_run(settings) -> None:
    run = _run(neurons=1, budget=1)
    at = timezone.now()
    assert [each.run for each in runs_to_call(at=at)] == [run]
    Run.objects.update(halted="its budget is spent")
    assert runs_to_call(at=at) == []
    assert runs_unfinished() == {}
    assert not run_call(run_id=run, at=at)
    assert work_on_chunk(run) == 0
    assert not Target.objects.exclude(lease=None).exists()


def test_a_worker_that_lost_its_lease_asks_no_more() -> None:
    run = _run(neurons=1, budget=None)
    lost = targets_claim(run_id=run, limit=1, at=timezone.now()).lease
    Target.objects.update(leased_until=timezone.now() - timedelta(hours=1))
    held = targets_claim(run_id=run, limit=1, at=timezone.now()).lease
    for lease, may in ((lost, False), (held, True)):
        asked = run_may_ask(run_id=run, lease=lease, model="tiny", price=PRICES["tiny"])
        assert asked is may


def test_a_budget_needs_a_price() -> None:
    method = factories.builtin("explainer", "token_activation", model="unheard-of")
    neurons = [factories.neuron().pk]
    with pytest.raises(RunRefused, match="unheard-of has no price") as refused:
        run_create(kind=Run.Kind.EXPLAIN, method=method, neurons=neurons, budget=1)
    assert refused.value.field == "budget"
    assert not Run.objects.exists()


def test_a_worker_that_knows_no_price_halts_the_run_before_it_asks(settings) -> None:
    run = _run(neurons=1, budget=1)
    settings.PRICES = Prices()
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _worked(run)
        assert server.requests == []
    assert progress.halted.startswith("tiny has no price")


def test_without_a_price_the_dollars_are_not_known_and_not_zero(settings) -> None:
    settings.PRICES = Prices()
    run = _run(neurons=1, budget=None)
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        _worked(run)
    assert Call.objects.get().dollars is None
    assert call_totals(run).unpriced == 1


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
def test_what_is_no_amount_of_dollars_is_refused(budget: float) -> None:
    with pytest.raises(RunRefused, match="is no budget"):
        _run(neurons=1, budget=budget)


def test_a_budget_that_is_spent_already_does_not_let_a_run_go_on() -> None:
    run = _run(neurons=1, budget=1)
    Run.objects.update(dollars=1.5, halted="its budget is spent")
    with pytest.raises(RunRefused, match=r"cost \$1.5000 so far: give more"):
        run_resume(run_id=run, budget=1.5)
    run_resume(run_id=run, budget=None)
    assert Run.objects.get().halted == ""


def test_a_finished_run_is_not_resumed(settings) -> None:
    run = _run(neurons=1, budget=None)
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        _worked(run)
    with pytest.raises(RunRefused, match="is finished"):
        run_resume(run_id=run, budget=5)
