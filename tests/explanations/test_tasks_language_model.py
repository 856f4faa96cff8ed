"""Runs that ask a language model: what it answers, what that took, and what it fails at."""

import pytest

from explanations.models import Explanation, Method, Run, SimulatedRecord, Target
from explanations.selectors.runs import RunProgress, run_failures, run_progress, run_reasons
from explanations.services.methods import method_builtin
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend, backend_of
from tests import factories
from tests.explanations.openai_server import chat, failure, serving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Forget the servers of other tests."""
    _backend.cache_clear()


def _explained(*neurons, queue=Run.Queue.LLM, **config) -> RunProgress:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.builtin("explainer", "token_activation", **config),
        neurons=[neuron.pk for neuron in neurons],
    )
    assert created.run is not None
    assert created.run.queue == queue
    while work_on_chunk(created.run.pk):
        pass
    return run_progress(created.run.pk)


def test_an_answer_is_stored_with_its_cost_and_what_was_shown(settings) -> None:
    with serving(chat("fish in water")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _explained(factories.neuron_with_records())
    assert (progress.done, progress.tokens_in, progress.tokens_out) == (1, 11, 7)
    explanation = Explanation.objects.get()
    assert (explanation.text, explanation.author_kind) == ("fish in water", "model")
    assert explanation.shown.count() == 2
    assert explanation.method is not None
    assert explanation.method.config["model"] == settings.LLM_MODEL


def test_only_the_records_in_the_prompt_are_stored_as_shown(settings) -> None:
    neuron = factories.neuron_with_records()
    with serving(chat("fish in water")) as server:
        settings.OPENAI_BASE_URL = server.url
        _explained(neuron, records=1)
    (shown,) = Explanation.objects.get().shown.all()
    assert shown.peak == 9


def test_a_refused_call_is_a_failure_with_what_came_back(settings) -> None:
    with serving(failure(401, "wrong key")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _explained(factories.neuron_with_records(), factories.neuron_with_records())
    assert progress.failed == 2
    assert "wrong key" in run_failures(progress.run)[0].raw


def test_without_a_server_and_a_key_the_failure_says_what_to_set(settings) -> None:
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    progress = _explained(factories.neuron_with_records())
    (reason,) = run_reasons(progress.run)
    assert "set OPENAI_API_KEY, or OPENAI_BASE_URL" in reason


def test_a_method_may_name_a_model_that_the_worker_loads_itself(settings, small_model) -> None:
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    model = f"local:{small_model}"
    method = factories.builtin("explainer", "token_activation", model=model)
    found = backend_of(method)
    assert found is backend_of(method)
    assert found.capabilities().number_logprobs


def test_a_local_model_that_is_not_there_is_a_failure_that_names_it() -> None:
    progress = _explained(
        factories.neuron_with_records(), queue=Run.Queue.GPU, model="local:/no/such/model"
    )
    (reason,) = run_reasons(progress.run)
    assert "local:/no/such/model cannot be loaded" in reason


def test_a_neuron_that_never_fires_costs_nothing(settings) -> None:
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _explained(factories.neuron(maximum=0.0))
        assert server.requests == []
    assert (progress.failed, progress.tokens_in) == (1, 0)


def test_an_answer_without_the_tokens_is_a_failure_and_never_zeros(settings) -> None:
    with serving(chat("I would rather not.")) as server:
        settings.OPENAI_BASE_URL = server.url
        created = run_create(
            kind=Run.Kind.SIMULATE,
            method=method_builtin(
                kind=Method.Kind.SIMULATOR, name="llm", config={"way": "written"}
            ),
            explanations=[factories.explanation(factories.neuron_with_records()).pk],
        )
        assert created.run is not None
        while work_on_chunk(created.run.pk):
            pass
    target = Target.objects.get()
    assert target.state == "failed"
    assert target.raw == "I would rather not."
    assert not SimulatedRecord.objects.exists()
