"""What a dialogue asks of a subject is answered by the subject of its neuron."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from django.core.management import call_command

from explanations.methods.requests import (
    ComputeActivations,
    Continuation,
    ContinueTexts,
    Intervene,
    Replacement,
    Request,
)
from explanations.methods.values import Unusable
from explanations.models import Method, Neuron, Run, Score, Target
from explanations.records import NeuronRef, Split, TokenActivations
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from explanations.tasks.answering import answer
from explanations.tasks.answering.requests import PendingRequest, Reply
from tests import factories
from tests.small_model.stories import stories

if TYPE_CHECKING:
    from explanations.subjects import TransformersMLP

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_thread")]


def served(*asked: tuple[Neuron, Request[Any]]) -> list[Any]:
    """Return the replies to requests of one kind."""
    method = factories.builtin("scorer", "ablation")
    things = [
        PendingRequest(target=Target(), neuron=neuron.pk, request=each) for neuron, each in asked
    ]
    found = answer(method, things)
    assert all(isinstance(each, Reply) for each in found)
    return [each.value for each in found if isinstance(each, Reply)]


def stories_neuron(small_model: Path, layer: int = 4, index: int = 143) -> Neuron:
    source = str(small_model)
    subject = factories.subject(source=source, layers=5, width=172)
    return factories.neuron(subject=subject, layer=layer, index=index, maximum=9.3, mean=0.065)


def test_neurons_of_several_subjects_are_observed_in_the_order_of_the_requests() -> None:
    default = factories.subject(source="functions:default", layers=1, width=20)
    made = factories.subject(source="functions:text-5@7", layers=1, width=5)
    animals = factories.neuron(subject=default, layer=0, index=1)
    colours = factories.neuron(subject=default, layer=0, index=2)
    other = factories.neuron(subject=made, layer=0, index=0)
    found = served(
        (colours, ComputeActivations(("a red cat", "a cat"))),
        (other, ComputeActivations(("the attic",))),
        (animals, ComputeActivations(("a red cat", " ", "no"))),
    )
    assert [len(each) for each in found] == [2, 1, 3]
    assert [each.activations.tolist() for each in found[0]] == [[0, 1, 0], [0, 0]]
    assert found[1][0].tokens == ("the", " attic")
    assert found[2][0].activations.tolist() == [0, 0, 1]
    assert isinstance(found[2][1], Unusable)


def test_functions_of_numbers_and_strings_are_observed_without_any_model() -> None:
    call_command("make_ground_truth", kind="numeric", n=2, seed=7, verbosity=0)
    call_command("make_ground_truth", kind="string", n=2, seed=7, verbosity=0)
    for neuron in Neuron.objects.all():
        record = neuron.records.first()
        assert record is not None
        (found,) = served((neuron, ComputeActivations((record.tokens[0], ""))))
        again, nothing = found
        assert isinstance(again, TokenActivations)
        assert list(again.tokens) == record.tokens
        assert again.activations.tolist() == record.excerpt.activations.tolist()
        assert isinstance(nothing, Unusable)


@pytest.mark.parametrize(
    ("source", "says"),
    [("/nowhere/model", "no folder /nowhere/model"), ("functions:numeric-5@7", "take no texts")],
)
def test_what_cannot_be_run_has_a_reason_for_each_text(source: str, says: str) -> None:
    neuron = factories.neuron(subject=factories.subject(source=source), layer=0, index=0)
    request = ContinueTexts(Continuation(text=text, clamp=None, tokens=3, seed=0) for text in "ab")
    (found,) = served((neuron, request))
    assert [isinstance(each, Unusable) and says in each.reason for each in found] == [True, True]


def test_a_neuron_that_is_not_there_spoils_the_request_only_with_a_reason() -> None:
    subject = factories.subject(source="functions:default", layers=1, width=20)
    absent = factories.neuron(subject=subject, layer=0, index=99)
    (found,) = served((absent, ComputeActivations(("a cat",))))
    assert "has no neuron L0/99" in found[0].reason


def test_texts_are_replaced_and_continued_by_the_model(small_model: Path) -> None:
    neuron = stories_neuron(small_model)
    tokens = ("Once", " upon", " a")
    values = np.array([[0, 0, 0], [30, 30, 30]], np.float32)
    request = Intervene(Replacement(tokens=tokens, values=each) for each in (values, values[:1]))
    ((both, one),) = served((neuron, request))
    assert (both.shape, one.shape) == ((2, 3), (1, 3))
    assert both[1].mean() > both[0].mean()
    assert np.allclose(both[0], one[0])
    plain = ContinueTexts([Continuation(text="Once upon a", clamp=None, tokens=5, seed=1)])
    clamped = ContinueTexts([Continuation(text="Once upon a", clamp=80.0, tokens=5, seed=1)])
    (first,), (second,) = served((neuron, plain), (neuron, clamped))
    assert isinstance(first, str)
    assert first != second


def test_ablation_runs_from_the_stored_simulation_to_the_stored_score(
    small_model: Path, small_llama: "TransformersMLP"
) -> None:
    neuron = stories_neuron(small_model)
    explanation = factories.explanation(neuron)
    good = factories.simulation(explanation)
    bad = factories.simulation(explanation, method=factories.method("simulator"))
    for excerpt in begun(small_model, small_llama, NeuronRef(layer=4, index=143)):
        record = factories.record(
            neuron,
            split=Split.SCORE,
            tokens=excerpt.tokens,
            activations=excerpt.activations.tolist(),
        )
        right = excerpt.activations / 9.3 * 10
        factories.simulated_record(good, record, right.tolist())
        factories.simulated_record(bad, record, (10 - right).tolist())
    method = factories.builtin("scorer", "ablation")
    run(method, [good.pk, bad.pk])
    scores = {each.simulation_id: each for each in Score.objects.all()}
    assert (scores[good.pk].value or 0) > 0.99
    assert (scores[bad.pk].value or 0) < 0
    assert scores[good.pk].details["jsd_mean"]["top"] > 1e-5


def begun(
    small_model: Path, subject: "TransformersMLP", ref: NeuronRef
) -> Sequence[TokenActivations]:
    """Return the neuron's values on the beginnings of some stories."""
    from explanations.interventions.ablation import observe

    lines = [json.dumps(each) for each in stories(4)]
    looked = [(ref, json.loads(line)["text"][:120]) for line in lines]
    return [each for each in observe(subject, looked) if isinstance(each, TokenActivations)]


def run(method: Method, simulations: list[int]) -> None:
    created = run_create(kind=Run.Kind.SCORE, method=method, simulations=simulations)
    assert created.run is not None
    while work_on_chunk(created.run.pk):
        pass
    assert not created.run.targets.filter(state=Target.State.FAILED).exists()


def test_a_program_is_scored_from_the_command_line() -> None:
    call_command("make_ground_truth", kind="numeric", n=3, seed=7, verbosity=0)
    method = factories.builtin("scorer", "program")
    truths = list(
        Neuron.objects.values_list("explanations", flat=True)
        .filter(explanations__method__name="ground_truth_program")
        .order_by("index")
    )
    created = run_create(kind=Run.Kind.SCORE, method=method, explanations=truths)
    assert created.run is not None
    while work_on_chunk(created.run.pk):
        pass
    values = list(Score.objects.values_list("value", "n"))
    assert len(values) == 3
    assert all(value is not None and value > 0.7 for value, _ in values)
    assert {n for _, n in values} == {36}
