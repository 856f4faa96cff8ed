"""Explainers that choose, contrast, revise and try, in runs: a server, a subject, a database."""

from collections.abc import Iterator
from typing import Any

import pytest

from explanations.methods.values import SHOWN
from explanations.models import Corpus, Explanation, Neuron, Run, Score, Target
from explanations.records import Split
from explanations.selectors.runs import RunProgress, run_failures, run_progress, run_reasons
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import OpenAIServer, Reply, chat, serving

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alone(one_thread: None) -> Iterator[None]:
    """Forget the servers of other tests."""
    _backend.cache_clear()
    yield
    _backend.cache_clear()


@pytest.fixture
def animals() -> Neuron:
    """Return a function that fires on words for animals, among functions, with its records."""
    of = factories.subject(source="functions:default", revision="1", layers=1, width=20)
    corpus = Corpus.objects.create(name="text", digest="animals", seed=1)

    def made(index: int, *texts: tuple[Split, str, str]) -> Neuron:
        neuron = factories.neuron(subject=of, index=index, maximum=1.0)
        for split, text, fires in texts:
            words = text.split()
            factories.record(
                neuron,
                tokens=[words[0], *(f" {word}" for word in words[1:])],
                activations=[float(word == fires) for word in words],
                document=factories.document(split, corpus=corpus),
            )
        return neuron

    explain, select, score = Split.EXPLAIN, Split.SELECT, Split.SCORE
    # "she" is a neighbour: its texts share words with those of the animals.
    made(
        0,
        (explain, "Then she ran to the wood", "she"),
        (explain, "There she saw the dog at home", "she"),
    )
    return made(
        1,
        (explain, "Then a dog ran to the wood", "dog"),
        (explain, "The cow was at home", "cow"),
        (select, "One fox slept under a tree", "fox"),
        (select, "Nobody came along that day", ""),
        (score, "A wolf sang of the moon", "wolf"),
    )


def _run(name: str, neuron: Neuron, queue: Run.Queue, **config: Any) -> RunProgress:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.builtin("explainer", name, **config),
        neurons=[neuron.pk],
    )
    assert created.run is not None
    assert created.run.queue == queue
    while work_on_chunk(created.run.pk):
        pass
    return run_progress(created.run.pk)


def _explained(name: str, neuron: Neuron, queue: Run.Queue, **config: Any) -> Explanation:
    progress = _run(name, neuron, queue, **config)
    assert progress.done == 1, list(run_reasons(progress.run))
    return Explanation.objects.get(neuron=neuron, method__name=name)


def _asked(server: OpenAIServer) -> list[str]:
    """Return the last message of each request."""
    return [request["messages"][-1]["content"] for request in server.requests]


def test_the_best_of_several_is_stored_with_all_candidates(settings, animals: Neuron) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        cold = request["temperature"] == 0
        return chat('the word "tree"' if cold else 'the words "fox", "dog"')

    with serving(answer) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("best_of_k", animals, Run.Queue.LLM, k=2, simulator="token_lookup")
    assert stored.text == 'the words "fox", "dog"'
    scores = {each["text"]: each["score"] for each in stored.details["candidates"]}
    assert scores['the words "fox", "dog"'] == pytest.approx(1.0)
    assert scores['the word "tree"'] < 0
    assert not any("fox" in asked or "wolf" in asked for asked in _asked(server))
    assert stored.shown.count() == 2
    assert not stored.shown.exclude(document__split=Split.EXPLAIN).exists()


def test_candidates_are_scored_by_a_model_that_plays_the_neuron(settings, animals: Neuron) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        asked = request["messages"][-1]["content"]
        if asked.endswith("..."):
            return chat("living things" if request["temperature"] == 0 else "words for animals")
        fires = "9" if "words for animals" in asked else "0"
        tokens = [line.split("\t")[0] for line in asked.splitlines() if line.strip()]
        start = max(i for i, line in enumerate(asked.splitlines()) if line.endswith(":"))
        del tokens[: start + 1]
        lines = [f"{each}\t{fires if each == 'fox' else 0}" for each in tokens]
        return chat("\n".join(lines))

    with serving(answer) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained(
            "best_of_k",
            animals,
            Run.Queue.LLM,
            k=2,
            simulator_config={"way": "written", "excerpts_a_prompt": 1},
        )
    assert stored.text == "words for animals"
    kept = {each["text"]: each for each in stored.details["candidates"]}
    assert kept["words for animals"]["score"] == pytest.approx(1.0)
    assert kept["living things"]["reason"] == "the simulated or the actual activations are constant"


def test_a_contrast_is_with_what_the_subject_shows_to_be_silent(settings, animals: Neuron) -> None:
    with serving(chat("words for animals")) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("contrastive", animals, Run.Queue.GPU)
    (asked,) = _asked(server)
    silent = asked.partition("silent:")[2]
    assert "Then she ran to the wood" in silent
    # the neighbour's other text holds a dog, on which the function fires
    assert "There she saw the dog" not in asked
    counts = {"neighbours": 1, "own": 0, "fired": 1, "unseen": ""}
    assert stored.details["negatives"] == counts
    assert stored.details[SHOWN] == [["Then", " she", " ran", " to", " the", " wood"]]


def test_a_revision_rests_on_what_the_subject_did_and_keeps_the_other_half(
    settings, animals: Neuron
) -> None:
    script = (
        chat("living beings"),
        chat("A man sat.\nA woman sang.\nOne boy ate.\nA girl read."),
        chat("words for animals"),
    )
    with serving(*script) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("revision", animals, Run.Queue.GPU, sentences=4)
    assert stored.text == "words for animals"
    assert stored.details["first"] == "living beings"
    kept = stored.details["held_out"]
    assert len(kept) == len(stored.details[SHOWN]) == 2
    assert not any("".join(each["tokens"]) in _asked(server)[2] for each in kept)
    assert all(each["activations"] == [0.0] * len(each["tokens"]) for each in kept)
    # The neuron fires on animals, and the sentences are about people: none of the two kept.
    method = factories.builtin("scorer", "generation")
    created = run_create(kind=Run.Kind.SCORE, method=method, explanations=[stored.pk])
    assert created.run is not None
    work_on_chunk(created.run.pk)
    score = Score.objects.get()
    assert (score.value, score.n, score.low) == (0.0, 2, 0.0)


def test_an_agent_probes_the_subject_and_its_transcript_is_kept(settings, animals: Neuron) -> None:
    script = (
        chat("BELIEF: pets\nPROBE: A wolf sat.\nPROBE: A chair fell."),
        chat("I am sure now."),
        chat("ANSWER: words for animals"),
    )
    with serving(*script) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("agent", animals, Run.Queue.GPU)
    assert stored.text == "words for animals"
    transcript = [turn["content"] for turn in stored.details["transcript"]]
    assert "1. A wolf sat.\n   wolf 10\n2. A chair fell.\n   silent" in transcript[2]
    assert transcript[-1] == "ANSWER: words for animals"
    target = Target.objects.get()
    assert (target.tokens_in, target.tokens_out) == (33, 21)
    assert len(server.requests) == 3


def test_an_agent_finds_out_a_made_function_of_numbers(settings) -> None:
    source = "functions:numeric-3@7"
    of = factories.subject(source=source, revision="1", tokenizer="inputs", layers=1, width=3)
    neuron = factories.neuron(subject=of, index=0)
    factories.record(neuron, tokens=["2"], activations=[1.5])
    script = (chat("BELIEF: a line\nPROBE: 1"), chat("ANSWER: a line through 0"))
    with serving(*script) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("agent", neuron, Run.Queue.GPU)
    assert "2 -> 1.5" in _asked(server)[0]
    assert stored.details[SHOWN] == [["1"]]


@pytest.mark.parametrize("name", ["revision", "agent"])
def test_a_subject_that_is_not_at_hand_is_a_failure_that_says_so(
    settings, animals: Neuron, name: str
) -> None:
    animals.subject.source = "/nowhere"
    animals.subject.save()
    with serving(chat("words for animals")) as server:
        settings.OPENAI_BASE_URL = server.url
        progress = _run(name, animals, Run.Queue.GPU)
    assert progress.failed == 1
    (failure,) = run_failures(progress.run)
    assert "/nowhere" in failure.reason
    assert not Explanation.objects.exists()


def test_without_a_subject_the_contrast_is_with_the_neurons_own_records(
    settings, animals: Neuron
) -> None:
    animals.subject.source = "/nowhere"
    animals.subject.save()
    factories.record(animals, tokens=["Then", " a", " man", " ran"], activations=[0, 0, 0, 0])
    with serving(chat("words for animals")) as server:
        settings.OPENAI_BASE_URL = server.url
        stored = _explained("contrastive", animals, Run.Queue.GPU, records=2)
    assert "- Then a man ran" in _asked(server)[0]
    assert stored.details["negatives"]["own"] == 1
    assert "/nowhere" in stored.details["negatives"]["unseen"]
    assert stored.shown.count() == 3
