"""Tasks do what a run asks, target by target; one that fails is a stored failure."""

import time
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from explanations.models import (
    Explanation,
    Method,
    Run,
    Score,
    SimulatedRecord,
    Simulation,
    Target,
)
from explanations.records import Split
from explanations.selectors.material import simulations_to_score
from explanations.selectors.runs import (
    RunProgress,
    run_failures,
    run_progress,
    run_reasons,
    run_undefined,
)
from explanations.services.leases import targets_claim
from explanations.services.methods import method_get_or_create
from explanations.services.runs import run_call, run_create
from explanations.tasks import messages_waiting, sweep, work_on_chunk, work_on_run
from explanations.tasks.chunk import Chunk
from explanations.tasks.stopping import Stopped, patience, stopping
from tests import factories

pytestmark = pytest.mark.django_db


def _run(kind: Run.Kind, method: Method, **keys) -> int:
    created = run_create(kind=kind, method=method, **keys)
    assert created.run is not None
    return created.run.pk


def _explain(*neurons, name: str = "token_lookup", **config) -> int:
    method = factories.builtin("explainer", name, **config)
    return _run(Run.Kind.EXPLAIN, method, neurons=[neuron.pk for neuron in neurons])


def _simulate(*explanations: Explanation) -> int:
    method = factories.builtin("simulator", "token_lookup")
    return _run(Run.Kind.SIMULATE, method, explanations=[each.pk for each in explanations])


def _score(*simulations: Simulation, name: str = "correlation") -> int:
    method = factories.builtin("scorer", name)
    return _run(Run.Kind.SCORE, method, simulations=[each.pk for each in simulations])


def _finished(run: int) -> RunProgress:
    while work_on_chunk(run):
        pass
    progress = run_progress(run)
    assert progress.finished
    return progress


@pytest.fixture
def ending():
    """Tell the worker to end."""
    stopping.set()
    yield
    stopping.clear()


# --- The way of the data --------------------------------------------------------------------------


def test_neurons_are_explained_simulated_and_scored() -> None:
    neuron = factories.neuron_with_records()
    assert _finished(_explain(neuron)).done == 1
    explanation = Explanation.objects.get()
    assert explanation.author_kind == "baseline"
    assert '"fish"' in explanation.text
    assert _finished(_simulate(explanation)).done == 1
    assert _finished(_score(Simulation.objects.get())).done == 1
    score = Score.objects.get()
    assert score.value is not None
    assert score.value > 0.9
    assert score.n == 8


def test_an_explainer_is_shown_the_explain_split_only_and_that_is_stored() -> None:
    neuron = factories.neuron_with_records()
    _finished(_explain(neuron))
    shown = Explanation.objects.get().shown.all()
    assert {record.document.split for record in shown} == {Split.EXPLAIN}
    assert shown.count() == 2


@pytest.mark.parametrize("control", ["null", "random_other"])
def test_a_control_that_looks_at_no_record_is_stored_as_shown_none(control: str) -> None:
    neuron = factories.neuron_with_records()
    factories.explanation(factories.neuron(subject=neuron.subject), "of another")
    _finished(_explain(neuron, name=control))
    assert not Explanation.objects.get(author_kind="control").shown.exists()


def test_only_held_out_records_are_simulated_and_none_that_reads_like_a_shown_one() -> None:
    neuron = factories.neuron_with_records()
    words = tuple(f"word{n} " for n in range(9))
    factories.record(neuron, tokens=words, activations=range(9))
    copy = factories.record(neuron, split=Split.SCORE, tokens=words, activations=range(9))
    _finished(_explain(neuron))
    _finished(_simulate(Explanation.objects.get()))
    simulated = {row.record for row in SimulatedRecord.objects.select_related("record__document")}
    assert {record.document.split for record in simulated} == {Split.SCORE}
    assert copy not in simulated
    assert len(simulated) == 2


def test_what_a_revised_explanations_author_saw_is_not_held_out_either() -> None:
    neuron = factories.neuron_with_records()
    words = tuple(f"word{n} " for n in range(9))
    seen = factories.record(neuron, tokens=words, activations=range(9))
    copy = factories.record(neuron, split=Split.SCORE, tokens=words, activations=range(9))
    first = factories.explanation(neuron, "first")
    first.shown.add(seen)
    revised = factories.explanation(neuron, "revised fish", parent=first)
    _finished(_simulate(revised))
    assert copy.pk not in SimulatedRecord.objects.values_list("record", flat=True)


def test_a_simulation_of_shown_records_is_refused_a_score() -> None:
    neuron = factories.neuron_with_records()
    explanation = factories.explanation(neuron)
    simulation = factories.simulation(explanation)
    held_out = neuron.records.filter(document__split=Split.SCORE).first()
    factories.simulated_record(simulation, held_out, [0, 9, 0, 0])
    explanation.shown.add(held_out)
    progress = _finished(_score(simulation))
    assert progress.failed == 1
    reason = "1 of 1 records are not held out or were shown to the explanation's author"
    assert run_reasons(progress.run) == {reason: 1}
    assert not Score.objects.exists()


@pytest.mark.parametrize("alike", ["document", "tokens"])
def test_a_simulation_of_what_shares_a_document_or_reads_like_a_shown_record_is_refused_a_score(
    alike: str,
) -> None:
    neuron = factories.neuron_with_records()
    words = {each: tuple(f"{each}{n} " for n in range(9)) for each in ("one", "other")}
    document = factories.document(Split.SCORE)
    scored = factories.record(neuron, document=document, tokens=words["one"], activations=range(9))
    same = {"document": document} if alike == "document" else {}
    text = words["one" if alike == "tokens" else "other"]
    explanation = factories.explanation(neuron)
    explanation.shown.add(
        factories.record(neuron, start=16, tokens=text, activations=range(9), **same)
    )
    simulation = factories.simulation(explanation)
    factories.simulated_record(simulation, scored, range(9))
    clean = neuron.records.filter(document__split=Split.SCORE).exclude(document=document).first()
    factories.simulated_record(simulation, clean, [0, 9, 0, 0])
    progress = _finished(_score(simulation))
    (reason,) = run_reasons(progress.run)
    assert reason.startswith("1 of 2 records are not held out")
    assert not Score.objects.exists()


def test_what_must_not_be_scored_is_found_in_as_many_queries_for_many_as_for_one(
    django_assert_max_num_queries,
) -> None:
    simulations = []
    for _ in range(5):
        neuron = factories.neuron_with_records()
        explanation = factories.explanation(neuron)
        explanation.shown.set(neuron.records.filter(document__split=Split.EXPLAIN))
        simulations.append(factories.simulation(explanation))
        for record in neuron.records.filter(document__split=Split.SCORE):
            factories.simulated_record(simulations[-1], record, [0, 9, 0, 0])
    with django_assert_max_num_queries(5):
        tasks = simulations_to_score([each.pk for each in simulations])
    assert all(len(task.evidence.records) == 2 and not task.leaked for task in tasks.values())


def test_a_score_that_is_undefined_is_an_outcome_with_a_reason() -> None:
    neuron = factories.neuron_with_records()
    explanation = factories.explanation(neuron, 'the word "zebra"')
    _finished(_simulate(explanation))
    progress = _finished(_score(Simulation.objects.get()))
    score = Score.objects.get()
    assert score.value is None
    assert score.reason
    assert run_undefined(progress.run) == {score.reason: 1}


def test_what_is_undefined_is_told_for_the_run_that_scored_it() -> None:
    zebra = factories.explanation(factories.neuron_with_records(), 'the word "zebra"')
    _finished(_simulate(zebra))
    _finished(_score(Simulation.objects.get()))
    fish = factories.explanation(factories.neuron_with_records(), 'the word "fish"')
    _finished(_simulate(fish))
    later = _finished(_score(Simulation.objects.get(explanation=fish)))
    assert run_undefined(later.run) == {}


# --- Failures -------------------------------------------------------------------------------------


def test_one_neuron_that_cannot_be_explained_does_not_hinder_the_others() -> None:
    dead, fish = factories.neuron(maximum=0.0), factories.neuron_with_records()
    progress = _finished(_explain(dead, fish))
    assert (progress.done, progress.failed) == (1, 1)
    failure = run_failures(progress.run)[0]
    assert failure.about == str(dead)
    assert "never fires" in failure.reason


def test_a_record_that_cannot_be_read_fails_its_neuron_alone() -> None:
    broken, fish = factories.neuron_with_records(), factories.neuron_with_records()
    factories.record(broken, tokens=["one"], activations=[1.0, 2.0])
    progress = _finished(_explain(broken, fish))
    assert (progress.done, progress.failed) == (1, 1)
    assert run_failures(progress.run)[0].about == str(broken)


def test_an_unexpected_error_is_stored_with_its_name() -> None:
    method = method_get_or_create(
        kind=Method.Kind.EXPLAINER, name="token_lookup", config={"words": "ten"}
    )
    fish = factories.neuron_with_records()
    progress = _finished(_run(Run.Kind.EXPLAIN, method, neurons=[fish.pk]))
    (reason,) = run_reasons(progress.run)
    assert reason.startswith("TypeError: ")


def test_a_method_that_is_not_built_in_fails_every_target_with_the_reason() -> None:
    method = factories.method("explainer", "gone")
    neurons = factories.neurons(3)
    run = _run(Run.Kind.EXPLAIN, method, neurons=[neuron.pk for neuron in neurons])
    progress = _finished(run)
    assert progress.failed == 3
    (reason,) = run_reasons(run)
    assert reason.startswith("LookupError: no explainer is called 'gone'")


def test_an_explanation_of_a_neuron_without_held_out_records_is_a_failure() -> None:
    progress = _finished(_simulate(factories.explanation()))
    assert run_reasons(progress.run) == {"the neuron has no held-out records": 1}


def test_an_explainer_that_wants_others_is_given_those_of_other_neurons_only() -> None:
    subject = factories.subject()
    mine, other = (factories.neuron_with_records(subject=subject) for _ in range(2))
    factories.explanation(mine, "mine")
    factories.explanation(other, "of another")
    factories.explanation(factories.neuron(), "of a stranger's subject")
    _finished(_explain(mine, name="random_other"))
    assert Explanation.objects.get(author_kind="control").text == "of another"


# --- Messages, sweeps, ends -----------------------------------------------------------------------


def test_a_void_message_does_nothing() -> None:
    run = _explain(factories.neuron_with_records())
    work_on_run(run, str(uuid4()))
    assert run_progress(run).left == 1


def test_a_valid_message_does_a_chunk() -> None:
    run = _explain(factories.neuron_with_records())
    run_call(run_id=run, at=timezone.now())
    ticket = Run.objects.get(pk=run).ticket
    work_on_run(run, str(ticket))
    progress = run_progress(run)
    assert progress.done == 1
    assert progress.started


def test_sweeps_do_not_pile_messages_up(django_capture_on_commit_callbacks, settings) -> None:
    before = messages_waiting("cpu")
    _explain(factories.neuron_with_records())
    _explain(factories.neuron_with_records(), words=3)
    settings.LEASE_SECONDS = 0.0
    for _ in range(10):
        with django_capture_on_commit_callbacks(execute=True):
            sweep()
    assert messages_waiting("cpu") - before <= 2


def test_a_sweep_finishes_a_run_whose_worker_died_after_the_last_target() -> None:
    run = _explain(factories.neuron_with_records())
    Target.objects.all().update(state="done", finished=timezone.now())
    sweep()
    assert run_progress(run).finished


def test_a_worker_that_ends_hands_back_what_it_holds(ending) -> None:
    run = _explain(factories.neuron_with_records(), factories.neuron_with_records())
    assert work_on_chunk(run) == 2
    target = Target.objects.first()
    assert target is not None
    assert (target.state, target.lease, target.attempts) == ("open", None, 0)


@pytest.mark.parametrize("error", [InterfaceError, OperationalError])
def test_a_heart_outlives_a_connection_and_notices_that_the_lease_is_lost(
    error: type[Exception], settings, monkeypatch
) -> None:
    beats = iter([error("the connection is closed"), False])

    def extend(*_: object, **__: object) -> bool:
        beat = next(beats)
        if isinstance(beat, Exception):
            raise beat
        return beat

    monkeypatch.setattr("explanations.tasks.chunk.lease_extend", extend)
    run = _explain(factories.neuron_with_records())
    claim = targets_claim(run_id=run, limit=1, at=timezone.now())
    settings.LEASE_SECONDS = 0.03
    with Chunk(claim) as chunk:
        chunk._heartbeat._thread.join(10)
        with pytest.raises(Stopped):
            chunk.raise_if_stopped()


def test_waiting_for_a_far_away_answer_ends_soon_after_the_worker_is_told_to() -> None:
    check = patience(grace=0.2)
    check()
    stopping.set()
    try:
        check()  # an answer that comes now is still taken
        time.sleep(0.21)
        with pytest.raises(Stopped):
            check()
    finally:
        stopping.clear()
