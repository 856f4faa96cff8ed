"""Scorers that ask a language model about what a subject did, from a run to a stored score."""

from pathlib import Path
from typing import Any

import pytest

from explanations.ground_truth.pairs import Pair
from explanations.models import Neuron, Score, Target
from explanations.records import RecordKind, Split
from explanations.scorers.activating import one_line
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import Reply, chat, serving
from tests.explanations.test_tasks_scorers import scored

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_thread")]

BEGINNINGS = ("Once upon a time there was a little girl", "One day Tom went to the park with")


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Forget the servers of other tests."""
    _backend.cache_clear()


def test_a_language_model_that_knows_the_truth_predicts_what_a_function_gives(settings) -> None:
    subject = factories.subject(
        source="functions:numeric-1@7", tokenizer="inputs", layers=1, width=1
    )
    neuron = factories.neuron(subject=subject)
    for given in range(9):
        pair = Pair(given=float(given), output=3.0 * given).excerpt
        _held_out(neuron, pair.tokens, pair.activations.tolist())
    explanation = factories.explanation(neuron, "three times the number")

    def tripling(request: dict[str, Any]) -> Reply:
        if (asked := _after(request, "The input: ")) is None:
            return chat("10")
        outputs = _after(request, "The outputs:\n") or ""
        return chat(next(o.partition(":")[0] for o in outputs.split("\n") if _triple(o, asked)))

    with serving(tripling) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "predict_function")
    assert isinstance(score, Score)
    assert (score.value, score.n, score.details["failed"]) == (1, 9, 0)
    assert score.details["chance"] == pytest.approx(1 / 3)


def test_a_language_model_judges_what_a_clamped_neuron_makes_the_subject_say(
    small_model: Path, settings
) -> None:
    source = str(small_model)
    subject = factories.subject(source=source, layers=5, width=172)
    neuron = factories.neuron(subject=subject, layer=4, index=143, maximum=9.3, mean=0.065)
    for text in BEGINNINGS:
        words = text.split()
        tokens = [words[0], *(f" {word}" for word in words[1:])]
        _held_out(neuron, tokens, [0.0] * len(tokens))
    explanation = factories.explanation(neuron, "words for animals and people")
    with serving(chat("A")) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "intervention", tokens=12)
    assert isinstance(score, Score)
    assert score.n == 2
    # Who always says A is right where the clamped text stands first.
    right = sum(
        f"A: {one_line(clamped)}" in request["messages"][-1]["content"]
        for _, _, clamped in score.details["texts"]
        for request in server.requests
        if "messages" in request
    )
    assert score.value == right / 2
    begun, plain, clamped = score.details["texts"][0]
    assert begun in BEGINNINGS
    assert plain != clamped


def test_a_subject_that_cannot_go_on_fails_the_target_with_the_reason(settings) -> None:
    subject = factories.subject(source="functions:default", layers=1, width=20)
    neuron = factories.neuron(subject=subject, index=1, maximum=1.0)
    _held_out(neuron, ["a", " cat"], [0.0, 1.0])
    with serving(chat("A")) as server:
        settings.OPENAI_BASE_URL = server.url
        target = scored(factories.explanation(neuron, "animals"), "intervention")
    assert isinstance(target, Target)
    assert target.reason.startswith("no text was continued: ")


def _held_out(neuron: Neuron, tokens: Any, activations: list[float]) -> None:
    kind = RecordKind.RANDOM
    factories.record(neuron, split=Split.SCORE, tokens=tokens, activations=activations, kind=kind)


def _after(request: dict[str, Any], mark: str) -> str | None:
    """Return what a question says after a mark, up to the next empty line."""
    _, found, rest = request["messages"][-1]["content"].partition(mark)
    return rest.split("\n\n")[0] if found else None


def _triple(offered: str, given: str) -> bool:
    return float(offered.partition(":")[2]) == 3 * float(given)
