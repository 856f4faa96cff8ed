"""A run holds what is left to do; leases say who does it; each target ends once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from explanations.methods.values import Explained, Scored, Simulated, Unusable
from explanations.models import (
    Explanation,
    Method,
    Neuron,
    Run,
    Score,
    SimulatedRecord,
    Simulation,
    Target,
)
from explanations.records import AuthorKind
from explanations.selectors.material import simulations_to_score
from explanations.selectors.runs import (
    run_failures,
    run_progress,
    run_reasons,
    runs_progress,
    runs_to_call,
)
from explanations.services.leases import (
    MAX_ATTEMPTS,
    Claim,
    Cost,
    lease_extend,
    lease_release,
    target_fail,
    target_progress,
    targets_claim,
)
from explanations.services.methods import method_get_or_create
from explanations.services.results import explanation_store, score_store, simulation_store
from explanations.services.runs import (
    RunCreated,
    run_answer,
    run_call,
    run_create,
    run_finish,
    run_retry_failures,
)
from tests import factories
from tests.refusals import refused

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


def _explain(neurons: list[Neuron], method: Method | None = None) -> RunCreated:
    return run_create(
        kind=Run.Kind.EXPLAIN,
        method=method or factories.method(),
        neurons=[neuron.pk for neuron in neurons],
    )


def _run(neurons: list[Neuron]) -> int:
    run = _explain(neurons).run
    assert run is not None
    return run.pk


def _claim(run: int, limit: int = 10, at=NOW) -> Claim:
    return targets_claim(run_id=run, limit=limit, at=at)


def _store(claim: Claim, text: str = "fish", **values) -> Explanation | None:
    return explanation_store(
        target_id=claim.targets[0],
        lease=claim.lease,
        explained=Explained(text=text),
        author_kind=Explanation.Author.BASELINE,
        shown=[],
        at=NOW,
        **values,
    )


# --- What a run is made of ------------------------------------------------------------------------


def test_a_run_leaves_out_what_its_method_is_done_with_or_works_on() -> None:
    method = factories.method()
    explained, waiting, new = factories.neurons(3)
    factories.explanation(explained, author_kind="baseline", method=method)
    _explain([waiting], method)
    created = _explain([explained, waiting, new, new], method)
    assert (created.added, created.already) == (1, 2)
    assert created.run is not None
    assert created.run.targets.get().neuron == new


def test_a_run_over_nothing_new_is_not_made() -> None:
    method = factories.method()
    neurons = factories.neurons(2)
    _explain(neurons, method)
    again = _explain(neurons, method)
    assert (again.run, again.added, again.already) == (None, 0, 2)
    assert Run.objects.count() == 1


def test_another_configuration_is_another_method_and_has_its_own_outcomes() -> None:
    neurons = factories.neurons(2)
    _explain(neurons, factories.builtin("explainer", "token_lookup"))
    other = _explain(neurons, factories.builtin("explainer", "token_lookup", words=5))
    assert other.added == 2


def test_a_run_over_many_neurons_takes_few_queries(django_assert_max_num_queries) -> None:
    neurons = factories.neurons(5000)
    with django_assert_max_num_queries(110):
        assert _explain(neurons).added == 5000


def test_a_simulation_with_a_language_model_waits_on_its_own_queue() -> None:
    explanation = factories.explanation()
    local = run_create(
        kind=Run.Kind.SIMULATE,
        method=factories.builtin("simulator", "token_lookup"),
        explanations=[explanation.pk],
    )
    assert local.run is not None
    assert local.run.queue == Run.Queue.CPU


# --- Leases ---------------------------------------------------------------------------------------


def test_a_claim_takes_no_more_than_its_limit_and_nothing_twice() -> None:
    run = _run(factories.neurons(5))
    first, second, third = _claim(run, 3), _claim(run, 3), _claim(run, 3)
    assert (len(first.targets), len(second.targets), third.targets) == (3, 2, ())
    assert not set(first.targets) & set(second.targets)


def test_a_lease_that_ran_out_is_taken_over_and_the_late_worker_stores_nothing() -> None:
    run = _run(factories.neurons(1))
    late = _claim(run)
    prompt = _claim(run, at=LATER)
    assert prompt.targets == late.targets
    assert not lease_extend(Target, lease=late.lease, at=LATER)
    assert _store(late, "too late") is None
    assert not target_fail(target_id=late.targets[0], lease=late.lease, reason="too late", at=LATER)
    assert _store(prompt, "in time") is not None
    assert [explanation.text for explanation in Explanation.objects.all()] == ["in time"]


def test_a_heartbeat_keeps_a_lease() -> None:
    run = _run(factories.neurons(1))
    claim = _claim(run)
    assert lease_extend(Target, lease=claim.lease, at=LATER)
    assert _claim(run, at=LATER).targets == ()


def test_a_stranger_with_another_lease_can_neither_store_nor_hand_back() -> None:
    run = _run(factories.neurons(2))
    mine, strangers = _claim(run, 1), _claim(run, 1)
    forged = Claim(lease=strangers.lease, targets=mine.targets)
    assert _store(forged) is None
    assert lease_release(Target, lease=strangers.lease) == 1
    assert Target.objects.get(pk=mine.targets[0]).lease == mine.lease


def test_what_was_handed_back_can_be_claimed_at_once_and_was_no_attempt() -> None:
    run = _run(factories.neurons(2))
    lease_release(Target, lease=_claim(run).lease)
    assert set(Target.objects.values_list("attempts", flat=True)) == {0}
    assert len(_claim(run).targets) == 2


def test_a_target_that_kills_its_workers_is_given_up_and_its_neighbours_are_not() -> None:
    run, at = _run(factories.neurons(40)), NOW
    deadly = Target.objects.earliest("pk").pk
    deaths = 0
    while (claim := _claim(run, 32, at)).targets:
        for target in claim.targets:
            if target == deadly:
                deaths += 1
                at += timedelta(hours=1)
                break
            target_fail(target_id=target, lease=claim.lease, reason="done", at=at)
    assert deaths == MAX_ATTEMPTS
    reasons = run_reasons(run)
    assert reasons == {"done": 39, "given up: its worker ended 3 times without an outcome": 1}


# --- Outcomes -------------------------------------------------------------------------------------


def test_storing_twice_stores_once() -> None:
    claim = _claim(_run(factories.neurons(1)))
    assert _store(claim) is not None
    assert _store(claim, "again") is None
    assert Explanation.objects.count() == 1


def test_an_explanation_keeps_what_its_author_was_shown_and_what_it_cost() -> None:
    neuron = factories.neuron()
    record = factories.record(neuron)
    claim = _claim(_run([neuron]))
    stored = explanation_store(
        target_id=claim.targets[0],
        lease=claim.lease,
        explained=Explained(text="fish"),
        author_kind=Explanation.Author.MODEL,
        shown=[record.pk],
        at=NOW,
        cost=Cost(tokens_in=100, tokens_out=7, seconds=1.5),
    )
    assert stored is not None
    assert list(stored.shown.all()) == [record]
    target = Target.objects.get()
    assert (target.tokens_in, target.tokens_out, target.seconds) == (100, 7, 1.5)


def test_a_simulation_keeps_why_an_excerpt_has_no_values() -> None:
    neuron = factories.neuron_with_records()
    good, bad = neuron.records.filter(document__split="score").order_by("pk")
    created = run_create(
        kind=Run.Kind.SIMULATE,
        method=factories.method("simulator"),
        explanations=[factories.explanation(neuron).pk],
    )
    assert created.run is not None
    claim = _claim(created.run.pk)
    simulated = Simulated(values=factories.values(0, 9, 0, 0))
    simulation = simulation_store(
        target_id=claim.targets[0],
        lease=claim.lease,
        outcomes={good.pk: simulated, bad.pk: Unusable(reason="tokens were dropped")},
        at=NOW,
    )
    assert simulation is not None
    (held_out,) = simulations_to_score([simulation.pk])[simulation.pk].evidence.records
    assert held_out.record == good.pk
    assert held_out.simulated is not None
    assert held_out.simulated.activations.tolist() == [0, 9, 0, 0]
    assert held_out.actual.activations.tolist() == good.excerpt.activations.tolist()
    assert simulation.records.get(record=bad).reason == "tokens were dropped"


def test_an_undefined_score_is_stored_with_its_reason() -> None:
    simulation = factories.simulation(factories.explanation())
    created = run_create(
        kind=Run.Kind.SCORE, method=factories.method("scorer"), simulations=[simulation.pk]
    )
    assert created.run is not None
    claim = _claim(created.run.pk)
    score_store(
        target_id=claim.targets[0],
        lease=claim.lease,
        scored=Scored(value=None, n=12, reason="the simulation is constant"),
        at=NOW,
    )
    score = Score.objects.get()
    assert (score.value, score.n, score.reason) == (None, 12, "the simulation is constant")


def test_a_reason_of_many_lines_is_kept_as_one_that_fits() -> None:
    claim = _claim(_run(factories.neurons(1)))
    target_fail(target_id=claim.targets[0], lease=claim.lease, reason="a\nb\0 " + "x" * 999, at=NOW)
    reason = Target.objects.get().reason
    assert reason.startswith("a b x")
    assert len(reason) == 300


def test_a_run_is_finished_exactly_when_nothing_is_open() -> None:
    run = _run(factories.neurons(2))
    first, second = _claim(run, 1), _claim(run, 1)
    _store(first)
    assert not run_finish(run_id=run, at=NOW)
    target_fail(target_id=second.targets[0], lease=second.lease, reason="no", at=NOW)
    assert run_finish(run_id=run, at=NOW)
    assert not run_finish(run_id=run, at=LATER)


def test_failures_are_reported_with_reasons_and_can_be_tried_again() -> None:
    run = _run(factories.neurons(3))
    claim = _claim(run)
    for target, reason in zip(claim.targets, ["dead", "dead", "no records"], strict=True):
        target_fail(target_id=target, lease=claim.lease, reason=reason, raw="{", at=NOW)
    run_finish(run_id=run, at=NOW)
    assert run_reasons(run) == {"dead": 2, "no records": 1}
    assert run_failures(run)[2].reason == "no records"
    assert run_failures(run)[2].raw == "{"
    assert run_retry_failures(run_id=run) == 3
    progress = run_progress(run)
    assert (progress.left, progress.finished) == (3, None)
    assert len(_claim(run).targets) == 3


def test_progress_counts_the_share_of_a_long_target() -> None:
    run = _run(factories.neurons(2))
    # Which claims still run is asked of the clock, and this file may have been read long ago.
    done, long = (_claim(run, 1, at=timezone.now()) for _ in range(2))
    _store(done)
    assert target_progress(target_id=long.targets[0], lease=long.lease, share=0.5)
    progress = run_progress(run)
    assert (progress.share, progress.done, progress.working) == (0.75, 1, 1)
    assert progress.line.endswith("1/2 (75%)")


def test_progress_of_many_runs_takes_two_queries(django_assert_num_queries) -> None:
    for _ in range(5):
        _run(factories.neurons(2))
    with django_assert_num_queries(2):
        assert [run.total for run in runs_progress()] == [2] * 5


# --- Calling workers ------------------------------------------------------------------------------


def test_a_run_has_one_valid_message_at_a_time() -> None:
    run = _run(factories.neurons(1))
    assert run_call(run_id=run, at=NOW)
    assert not run_call(run_id=run, at=NOW)
    first = Run.objects.get(pk=run).ticket
    assert first is not None
    # Lost, or not fetched for longer than a lease: another is sent, and the first is void.
    assert run_call(run_id=run, at=LATER)
    second = Run.objects.get(pk=run).ticket
    assert second is not None
    assert not run_answer(run_id=run, ticket=first, at=LATER)
    assert run_answer(run_id=run, ticket=second, at=LATER)
    assert not run_answer(run_id=run, ticket=second, at=LATER)


def test_a_worker_is_called_only_where_something_can_be_claimed() -> None:
    run = _run(factories.neurons(1))
    assert [waiting.run for waiting in runs_to_call(at=NOW)] == [run]
    _claim(run)
    assert runs_to_call(at=NOW) == []
    assert [waiting.run for waiting in runs_to_call(at=LATER)] == [run]


# --- Rules that the database keeps ----------------------------------------------------------------


def test_a_neuron_has_one_outcome_for_a_method() -> None:
    neuron, method = factories.neuron(), factories.method()
    runs = [Run.objects.create(kind="explain", queue="cpu", method=method) for _ in range(2)]
    Target.objects.create(run=runs[0], method=method, neuron=neuron)
    with refused("one_outcome_per_method_and_neuron"):
        Target.objects.create(run=runs[1], method=method, neuron=neuron)


def test_a_failed_target_has_a_reason_and_a_done_one_has_none() -> None:
    _run(factories.neurons(1))
    targets = Target.objects.all()
    for fields in (
        {"state": "failed", "finished": NOW},
        {"state": "done", "finished": NOW, "reason": "why"},
        {"state": "done"},
    ):
        with refused("target_failed_exactly_with_a_reason"):
            targets.update(**fields)


def test_only_an_open_target_is_leased() -> None:
    claim = _claim(_run(factories.neurons(1)))
    targets = Target.objects.filter(lease=claim.lease)
    with refused("only_open_targets_are_leased"):
        targets.update(state="done", finished=NOW)


def test_a_score_that_rests_on_no_simulation_is_stored_once() -> None:
    explanation, scorer = factories.explanation(), factories.method("scorer")
    Score.objects.create(explanation=explanation, method=scorer, value=0.5, n=3)
    with refused("one_direct_score_per_explanation_and_method"):
        Score.objects.create(explanation=explanation, method=scorer, value=0.6, n=3)


def test_a_simulated_record_has_values_or_a_reason() -> None:
    neuron = factories.neuron_with_records()
    simulation = factories.simulation(factories.explanation(neuron))
    record = neuron.records.first()
    for values in ({}, {"values": b"\0\0\0\0", "reason": "both"}):
        with refused("simulated_record_has_values_or_a_reason"):
            SimulatedRecord.objects.create(simulation=simulation, record=record, **values)
    assert Simulation.objects.count() == 1


def test_a_method_is_stored_once_for_a_configuration_whatever_the_order_of_its_settings() -> None:
    kind = Method.Kind.EXPLAINER
    one = method_get_or_create(kind=kind, name="x", config={"a": 1, "b": 2})
    two = method_get_or_create(kind=kind, name="x", config={"b": 2, "a": 1})
    assert one == two
    assert one != method_get_or_create(kind=kind, name="x", config={"a": 1, "b": 3})


def test_a_setting_that_a_method_does_not_have_is_refused() -> None:
    with pytest.raises(LookupError, match="no setting called wrods"):
        factories.builtin("explainer", "token_lookup", wrods=3)


def test_the_database_knows_the_authors_that_the_library_knows() -> None:
    assert Explanation.Author.values == list(AuthorKind)
