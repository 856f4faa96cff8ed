"""No scored record was shown to who explained, chose, calibrated or revised: whatever the texts."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import SHOWN, Evidence, Scored
from explanations.models import (
    Explanation,
    Method,
    Neuron,
    Record,
    Run,
    Score,
    Simulation,
    Target,
)
from explanations.records import RecordKind, Split
from explanations.scorers import SCORERS, RestsOn, Scorer
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import OpenAIServer, chat, failure, serving
from tests.explanations.test_tasks_scorers import excerpts

pytestmark = pytest.mark.django_db

# Phrases of four words: two texts with the same two phrases in a row share eight tokens in a row.
PHRASES = [tuple(f"{letter}{n} " for n in range(4)) for letter in "abcde"]

texts = st.lists(st.sampled_from(PHRASES), min_size=1, max_size=5).map(
    lambda phrases: tuple(word for phrase in phrases for word in phrase)
)
kinds = st.sampled_from([RecordKind.TOP, RecordKind.RANDOM])
splits = st.sampled_from([Split.EXPLAIN, Split.SELECT, Split.SCORE, Split.SCORE])
records = st.lists(st.tuples(splits, texts, kinds), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    """Run a server that says yes to every other excerpt and explains everything alike."""

    def answered(request: dict[str, Any]) -> Any:
        if "messages" not in request:
            return failure(404)
        lines = [f"{at}: {('yes', 'no')[at % 2]}" for at, _ in enumerate(excerpts(request), 1)]
        return chat("\n".join(lines) or "words that begin with b")

    with serving(answered) as running:
        yield running


@pytest.fixture(autouse=True)
def asked(server: OpenAIServer, settings) -> None:
    _backend.cache_clear()
    settings.OPENAI_BASE_URL = server.url


def _neuron(drawn: Sequence[tuple[Split, tuple[str, ...], RecordKind]]) -> Neuron:
    """Make a neuron with records of their own documents; random ones stay silent."""
    neuron = factories.neuron()
    for at, (split, tokens, kind) in enumerate(drawn):
        fires = 0 if kind == RecordKind.RANDOM else 9
        values = [fires if place == at % len(tokens) else 0 for place in range(len(tokens))]
        factories.record(neuron, split=split, tokens=tokens, activations=values, kind=kind)
    return neuron


def _done(kind: Run.Kind, method: Method, **keys: list[int]) -> None:
    created = run_create(kind=kind, method=method, **keys)
    while created.run and work_on_chunk(created.run.pk):
        pass


def _scored(explanations: list[int]) -> None:
    """Simulate explanations, plainly and calibrated; score them and their simulations."""
    for config in ({}, {"calibration": "linear"}):
        simulator = factories.builtin("simulator", "token_lookup", **config)
        _done(Run.Kind.SIMULATE, simulator, explanations=explanations)
    simulations = list(Simulation.objects.values_list("pk", flat=True))
    for name in ("correlation", "detection", "fuzzing"):
        _done(
            Run.Kind.SCORE,
            factories.builtin("scorer", name),
            explanations=explanations,
            simulations=simulations,
        )


def _grams(tokens: Sequence[str], size: int) -> set[tuple[str, ...]]:
    """Return every run of so many tokens."""
    return {tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)}


def _seen(score: Score) -> tuple[set[int], list[Sequence[str]]]:
    """Return the documents and the texts that anybody saw before a score."""
    documents: set[int] = set()
    seen: list[Sequence[str]] = []
    explanation: Explanation | None = score.explanation
    while explanation:
        shown = list(explanation.shown.all())
        if explanation.method and explanation.method.name == "best_of_k":
            shown += explanation.neuron.records.filter(document__split=Split.SELECT)
        if score.simulation:
            shown += Record.objects.filter(pk__in=score.simulation.details.get("calibrated_on", []))
        documents |= {record.document_id for record in shown}
        seen += [record.tokens for record in shown] + explanation.details.get(SHOWN, [])
        explanation = explanation.parent
    return documents, seen


def _assert_held_out(score: Score) -> None:
    documents, seen = _seen(score)
    for record in Record.objects.filter(pk__in=score.records).select_related("document"):
        size = min(8, len(record.tokens))
        assert record.document.split == Split.SCORE
        assert record.document_id not in documents
        assert all(_grams(record.tokens, size).isdisjoint(_grams(text, size)) for text in seen)


# Each example runs through a server; to shrink a failure would take minutes.
@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(records, texts)
def test_no_scored_record_was_shown_to_who_explained_chose_calibrated_or_revised(
    drawn: list[tuple[Split, tuple[str, ...], RecordKind]], tried: tuple[str, ...]
) -> None:
    with transaction.atomic():
        neuron = _neuron(drawn)
        for name, config in (
            ("token_lookup", {}),
            ("best_of_k", {"simulator": "token_lookup", "k": 2}),
        ):
            explainer = factories.builtin("explainer", name, **config)
            _done(Run.Kind.EXPLAIN, explainer, neurons=[neuron.pk])
        first = factories.explanation(neuron, "first", details={SHOWN: [list(tried)]})
        before = factories.explanation(neuron, 'the word "a1"', parent=first)
        before.shown.set(neuron.records.filter(document__split=Split.EXPLAIN)[:1])
        factories.explanation(neuron, 'the word "b2"', parent=before)
        _scored(list(Explanation.objects.values_list("pk", flat=True)))
        for score in Score.objects.select_related("explanation__method", "simulation"):
            _assert_held_out(score)
        transaction.set_rollback(True)


def test_what_shares_nothing_with_what_was_seen_is_scored() -> None:
    fires, stays = RecordKind.TOP, RecordKind.RANDOM
    pairs = [first + second for first, second in pairwise(PHRASES)]
    neuron = _neuron(
        [
            (Split.EXPLAIN, pairs[0], fires),
            (Split.SELECT, pairs[1], fires),
            (Split.SCORE, pairs[0], fires),  # shown to the explainer
            (Split.SCORE, pairs[1], fires),  # like what the calibration is fitted on
            (Split.SCORE, pairs[2], fires),
            (Split.SCORE, pairs[3], stays),
        ]
    )
    lookup = factories.builtin("explainer", "token_lookup")
    _done(Run.Kind.EXPLAIN, lookup, neurons=[neuron.pk])
    _scored([Explanation.objects.get().pk])
    explain, select, copied, like, new, silent = neuron.records.order_by("pk")
    assert {*Score.objects.get(method__name="detection").records} == {like.pk, new.pk, silent.pk}
    plain, calibrated = Score.objects.filter(method__name="correlation").order_by("pk")
    assert {*plain.records} == {like.pk, new.pk, silent.pk}
    assert calibrated.simulation is not None
    assert calibrated.simulation.details["calibrated_on"] == [select.pk]
    assert {*calibrated.records} == {new.pk, silent.pk}
    assert {explain.pk, copied.pk}.isdisjoint({*plain.records, *calibrated.records})


def test_what_a_grandparent_saw_is_not_scored_when_its_descendants_are_read_along() -> None:
    pairs = [first + second for first, second in pairwise(PHRASES)]
    neuron = _neuron(
        [
            (Split.SCORE, pairs[0], RecordKind.TOP),  # reads like what the first author tried
            (Split.SCORE, pairs[1], RecordKind.TOP),
            (Split.SCORE, pairs[3], RecordKind.RANDOM),
        ]
    )
    first = factories.explanation(neuron, "first", details={SHOWN: [list(pairs[0])]})
    second = factories.explanation(neuron, "second", parent=first)
    third = factories.explanation(neuron, "third", parent=second)
    _, new, silent = neuron.records.order_by("pk").values_list("pk", flat=True)
    keys = [first.pk, second.pk, third.pk]
    _done(Run.Kind.SCORE, factories.builtin("scorer", "detection"), explanations=keys)
    assert [{*each.records} for each in Score.objects.all()] == [{new, silent}] * 3


def test_a_score_of_records_that_its_scorer_was_not_given_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = factories.record(factories.neuron())

    def score(evidence: Evidence, _settings: Settings) -> Scored:
        return Scored(value=1.0, n=1, records=(shown.pk,))

    peeking = Scorer(
        name="peeking", version=1, rests_on=RestsOn.EXPLANATION, run=as_dialogue(score)
    )
    monkeypatch.setitem(SCORERS, "peeking", peeking)
    keys = [factories.explanation(factories.neuron_with_records()).pk]
    _done(Run.Kind.SCORE, factories.builtin("scorer", "peeking"), explanations=keys)
    assert not Score.objects.exists()
    assert "records that the scorer did not get" in Target.objects.get().reason
