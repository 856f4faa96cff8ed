"""A worker that is killed in the middle of paid dialogues pays for none of its answers twice."""

import json
import re
from collections import Counter

import pytest

from explanations.models import Call, Explanation, Neuron, Record, Run, Target
from explanations.records import RecordKind, Split
from explanations.selectors.runs import run_progress
from explanations.services.runs import run_create
from tests import factories
from tests.explanations.openai_server import OpenAIServer, Reply, chat, failure, serving
from tests.services.conftest import Site, ended, killed_when, until

pytestmark = pytest.mark.services

NEURONS = 200
# Of these, the model's answer fails.
REFUSED = range(0, NEURONS, 20)
WORKERS, AT_ONCE = 2, 4


def _word(index: int) -> str:
    return f"zq{index:03d}"


def _play(request: dict) -> Reply:
    """Name the word that only this neuron's records have, and simulate it from that name."""
    content = request["messages"][-1]["content"]
    word = re.findall(r"zq\d{3}", content)[0]
    if int(word[2:]) in REFUSED:
        return failure(400, "not this one")
    if "The neuron responds to:" not in content:
        return chat(f'the word "{word}"')
    texts = content.split("\n\n", 1)[1].removeprefix("The text:\n").splitlines()
    return chat("\n".join(map(_played, texts)))


def _played(line: str) -> str:
    if not line or re.fullmatch(r"Text \d+:", line):
        return line
    return f"{line}\t{9 if line.startswith('zq') else 0}"


def _neurons() -> list[Neuron]:
    """Make neurons that each fire on a word of their own, one record a split."""
    found = factories.neurons(NEURONS)
    documents = [factories.document(split) for split in (Split.EXPLAIN, Split.SELECT)]
    values = factories.packed([0, 8, 1])
    Record.objects.bulk_create(
        Record(
            neuron=neuron,
            document=document,
            start=0,
            kind=RecordKind.TOP,
            tokens=["a ", f"{_word(neuron.index)} ", opening],
            values=values,
            peak=8.0,
        )
        for neuron in found
        for document, opening in zip(documents, ("swims", "sleeps"), strict=True)
    )
    return found


def _explain() -> int:
    """Make a run whose dialogues ask for an explanation, and then have it simulated."""
    method = factories.builtin(
        "explainer",
        "best_of_k",
        model="tiny",
        k=1,
        simulator_config={"way": "written"},
    )
    created = run_create(
        kind=Run.Kind.EXPLAIN, method=method, neurons=[neuron.pk for neuron in _neurons()]
    )
    assert created.run is not None
    return created.run.pk


def _calls() -> Counter[int]:
    """Return how many calls are stored for each neuron, by its index."""
    return Counter(Call.objects.values_list("target__neuron__index", flat=True))


def _asked(server: OpenAIServer) -> Counter[int]:
    """Return how many questions the server was asked about each neuron."""
    return Counter(
        int(re.findall(r"zq(\d{3})", request["messages"][-1]["content"])[0])
        for request in server.requests
    )


def _half_way(run: int) -> bool:
    """Whether half is done, and an unfinished dialogue has answers already."""
    progress = run_progress(run)
    begun = Target.objects.filter(state="open", calls__isnull=False)
    return progress.done + progress.failed >= NEURONS // 2 and begun.exists()


def _each_neuron_has_exactly_one_outcome(run: int) -> None:
    progress = run_progress(run)
    assert (progress.total, progress.failed) == (NEURONS, len(REFUSED))
    assert progress.done == NEURONS - len(REFUSED)
    texts = Explanation.objects.values_list("neuron__index", "text")
    expected = [(index, f'the word "{_word(index)}"') for index in range(NEURONS)]
    assert sorted(texts) == [pair for pair in expected if pair[0] not in REFUSED]
    failed = Target.objects.filter(state="failed").values_list("neuron__index", flat=True)
    assert sorted(failed) == list(REFUSED)


def _killed_and_restarted(site: Site) -> None:
    run = _explain()
    with serving(_play) as server:
        site.settings |= {
            "OPENAI_BASE_URL": server.url,
            "CONCORDANCE_LLM_CONCURRENCY": str(AT_ONCE),
            "CONCORDANCE_PRICES": json.dumps({"tiny": {"in": 1000, "out": 1000}}),
        }
        killed_when(site.worker("--concurrency", str(WORKERS)), lambda: _half_way(run))
        stored, before = _calls(), _asked(server)
        assert run_progress(run).left
        worker = site.worker("--concurrency", str(WORKERS))
        until(lambda: run_progress(run).finished, seconds=240)
        assert ended(worker) == 0
        asked = _asked(server)
    _each_neuron_has_exactly_one_outcome(run)
    # What the dead worker had stored, of finished targets and of those in their middle, is not
    # asked again; only what was under way when it died is.
    assert asked - before == _calls() - stored
    assert (asked - _calls()).total() <= WORKERS * AT_ONCE
    assert run_progress(run).dollars == pytest.approx(
        0.018 * Call.objects.filter(reason="").count()
    )
    assert not Call.objects.filter(void=True).exists()


@pytest.mark.parametrize("database", ["sqlite"])
def test_after_a_kill_no_stored_answer_is_asked_for_again(site: Site) -> None:
    _killed_and_restarted(site)


@pytest.mark.parametrize("database", ["postgresql"])
def test_after_a_kill_no_stored_answer_is_asked_for_again_behind_redis(service_site: Site) -> None:
    _killed_and_restarted(service_site)
