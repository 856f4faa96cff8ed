"""What a run is said to do before it is made is what it then does."""

import pytest

from explanations.models import Explanation, Method, Run, Subject
from explanations.services.start_run import METHOD_KINDS, RunWanted, run_estimate, run_start
from tests import factories

pytestmark = pytest.mark.django_db

METHODS = [
    (Run.Kind.EXPLAIN, "token_lookup"),
    (Run.Kind.SIMULATE, "token_lookup"),
    (Run.Kind.SCORE, "correlation"),
    (Run.Kind.SCORE, "detection"),
]


def _subject(neurons: int) -> Subject:
    """Make neurons with an explanation each, the even ones with two, all simulated."""
    subject = factories.subject()
    simulator = factories.method("simulator")
    for neuron in factories.neurons(neurons, subject=subject):
        for text in ("a", "b")[: 2 - neuron.index % 2]:
            factories.simulation(factories.explanation(neuron, text), method=simulator)
    return subject


def _done_already(kind: Run.Kind, method: Method) -> None:
    """Give one explanation a result of the method that no run made, as an import does."""
    explanation = Explanation.objects.earliest("pk")
    if kind == Run.Kind.EXPLAIN:
        factories.explanation(explanation.neuron, "c", method=method, author_kind="baseline")
    elif kind == Run.Kind.SIMULATE:
        factories.simulation(explanation, method=method)
    else:
        rests = explanation.simulations.get() if method.name == "correlation" else None
        explanation.scores.create(method=method, simulation=rests, value=0.5, n=1)


@pytest.mark.parametrize(("kind", "name"), METHODS)
@pytest.mark.parametrize("neurons", ["", "0/1-3", "0/0 0/4"])
def test_an_estimate_is_what_the_run_then_adds(kind: Run.Kind, name: str, neurons: str) -> None:
    subject, _ = _subject(5), _subject(2)
    method = factories.builtin(METHOD_KINDS[kind], name)
    _done_already(kind, method)
    some = RunWanted(kind=kind, method=name, subject=subject.name, neurons="0/3")
    run_start(wanted=some)
    wanted = RunWanted(kind=kind, method=name, subject=subject.name, neurons=neurons)
    estimate = run_estimate(wanted=wanted)
    created = run_start(wanted=wanted)
    assert (estimate.new, estimate.already) == (created.added, created.already)
    assert estimate.new
    assert run_estimate(wanted=wanted).new == 0


def test_an_estimate_takes_few_queries_for_many_neurons(django_assert_max_num_queries) -> None:
    factories.neurons(3000)
    wanted = RunWanted(kind=Run.Kind.EXPLAIN, method="token_lookup")
    with django_assert_max_num_queries(2):
        assert run_estimate(wanted=wanted).new == 3000
