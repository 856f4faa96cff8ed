"""SQLite and PostgreSQL refuse what is not to be, by the same constraints."""

import pytest

from explanations.models import Method, Run, Target
from tests import factories
from tests.refusals import refused
from tests.services.conftest import Site

pytestmark = pytest.mark.services


def test_a_refusal_names_its_constraint(site: Site) -> None:
    neuron, method = factories.neuron(), factories.method()
    runs = [Run.objects.create(kind="explain", queue="cpu", method=method) for _ in range(2)]
    Target.objects.create(run=runs[0], method=method, neuron=neuron)
    with refused("one_outcome_per_method_and_neuron"):
        Target.objects.create(run=runs[1], method=method, neuron=neuron)
    with refused("method_kind_known"):
        Method.objects.update(kind="prophet")
    with refused("explanations_subject.name"):
        factories.subject(name=neuron.subject.name)


def test_another_constraint_than_the_expected_one_fails_the_test(site: Site) -> None:
    factories.method()
    with pytest.raises(AssertionError), refused("only_open_targets_are_leased"):
        Method.objects.update(kind="prophet")
