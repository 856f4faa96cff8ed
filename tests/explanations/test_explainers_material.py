"""What explainers are given: the right splits, in few queries; and what they saw is not scored."""

import json
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explanations.explainers import EXPLAINERS, Want
from explanations.methods.values import SHOWN, Material
from explanations.models import Corpus, Neuron, Record, Run
from explanations.records import NeuronRef, RecordKind, Split
from explanations.selectors.material import explanations_to_score, neuron_materials
from explanations.services.captures import capture_create, capture_load
from explanations.services.runs import run_create
from explanations.stores.reader import open_store
from explanations.tasks import work_on_chunk
from tests import factories
from tests.explanations.explaining import explained

pytestmark = pytest.mark.django_db

ALL = frozenset(Want)
_numbers = count()


def material(neuron: Neuron, wants: frozenset[Want] = ALL) -> Material:
    return neuron_materials([neuron.pk], wants=wants)[neuron.pk].material


def record(of: Neuron, text: str, peak: float, **values: object) -> Record:
    tokens = [f"{word} " for word in text.split()]
    return factories.record(
        of, tokens=tokens, activations=[peak] + [0] * (len(tokens) - 1), **values
    )


# --- Neighbours in the database -------------------------------------------------------------------


def test_texts_of_neurons_with_most_words_in_common_come_first() -> None:
    corpus = Corpus.objects.create(name="text", digest="d", seed=1)
    sea, ship, bread = factories.neurons(3)

    def said(of: Neuron, text: str, split: Split = Split.EXPLAIN) -> None:
        record(of, text, 5, document=factories.document(split, corpus=corpus))

    said(sea, "waves beat upon the shore")
    said(ship, "a ship upon the waves")
    said(ship, "sails on the mast")
    said(bread, "bread in the oven")
    said(ship, "waves in the score split", Split.SCORE)
    said(ship, "waves in the select split", Split.SELECT)
    negatives = ["".join(text).strip() for text in material(sea).negatives]
    assert negatives[0] == "a ship upon the waves"
    assert sorted(negatives) == ["a ship upon the waves", "bread in the oven", "sails on the mast"]


def test_a_text_of_the_neurons_own_is_no_negative() -> None:
    corpus = Corpus.objects.create(name="text", digest="d", seed=1)
    one, two = factories.neurons(2)
    shared = factories.document(corpus=corpus)
    record(one, "the same window", 5, document=shared)
    record(two, "the same window", 4, document=shared)
    assert material(one).negatives == ()


def test_a_text_of_another_corpus_is_no_negative_for_it_may_be_dealt_otherwise() -> None:
    one, two = factories.neurons(2)
    record(one, "waves beat upon the shore", 5)
    record(two, "waves beat the ship", 5)  # a document of a corpus of its own
    assert material(one).negatives == ()


def test_neurons_of_other_subjects_are_no_neighbours() -> None:
    corpus = Corpus.objects.create(name="text", digest="d", seed=1)
    one, other = factories.neuron(), factories.neuron()
    record(one, "waves beat upon the shore", 5, document=factories.document(corpus=corpus))
    record(other, "waves beat the ship", 5, document=factories.document(corpus=corpus))
    assert material(one).negatives == ()


def test_materials_of_many_neurons_take_as_many_queries_as_of_one(
    django_assert_max_num_queries,
) -> None:
    neurons = factories.fish_neurons(8)
    for wanted in ([neurons[0].pk], [neuron.pk for neuron in neurons]):
        # neurons, two splits of records, others, corpora, and records of the subject's neurons
        with django_assert_max_num_queries(6):
            found = neuron_materials(wanted, wants=ALL)
        assert len(found) == len(wanted)


def test_what_nobody_wants_is_not_looked_up(django_assert_max_num_queries) -> None:
    neuron = factories.neuron_with_records()
    with django_assert_max_num_queries(2):
        seen = material(neuron, frozenset())
    assert (seen.negatives, seen.choosing, seen.others, seen.means) == ((), (), (), ())


def test_records_to_choose_by_are_those_of_the_select_split_highest_first() -> None:
    neuron = factories.neuron_with_records()
    low = factories.record(neuron, split=Split.SELECT, activations=[0, 0, 2, 0])
    high = factories.record(neuron, split=Split.SELECT, activations=[0, 0, 5, 0])
    seen = material(neuron, frozenset({Want.CHOOSING}))
    assert [each.peak for each in seen.choosing] == [high.peak, low.peak]
    assert material(neuron, frozenset()).choosing == ()


# --- Splits ---------------------------------------------------------------------------------------


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    records=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 9)), max_size=16, unique=True
    ),
    dealt=st.lists(st.sampled_from(list(Split)), min_size=6, max_size=6),
    corpora=st.lists(st.integers(0, 1), min_size=6, max_size=6),
)
def test_no_record_and_no_document_of_the_score_split_is_in_a_material(
    records: list[tuple[int, int, int]], dealt: list[Split], corpora: list[int]
) -> None:
    # A token names its document and its neuron, so what is shown tells where it is from.
    made = [
        Corpus.objects.create(name="text", digest=f"property {next(_numbers)}", seed=1)
        for _ in range(2)
    ]
    documents = [
        factories.document(split, corpus=made[corpus])
        for split, corpus in zip(dealt, corpora, strict=True)
    ]
    neurons = factories.neurons(4)
    places: dict[tuple[int, int], int] = {}
    for neuron, document, peak in records:
        start = places[neuron, document] = places.get((neuron, document), -1) + 1
        factories.record(
            neurons[neuron],
            document=documents[document],
            start=start,
            tokens=[f"d{document} ", f"n{neuron} ", "word"],
            activations=[peak, 0, 0],
        )
    found = neuron_materials([neuron.pk for neuron in neurons], wants=ALL)
    for number, neuron in enumerate(neurons):
        seen = found[neuron.pk].material
        assert all(dealt[_document(each.tokens)] == Split.EXPLAIN for each in seen.excerpts)
        assert all(dealt[_document(tokens)] == Split.EXPLAIN for tokens in seen.negatives)
        assert all(dealt[_document(each.tokens)] == Split.SELECT for each in seen.choosing)
        assert all(tokens[1] != f"n{number} " for tokens in seen.negatives)
        shown = Record.objects.filter(pk__in=found[neuron.pk].shown)
        assert not shown.exclude(document__split=Split.EXPLAIN).exists()


def _document(tokens: tuple[str, ...]) -> int:
    return int(tokens[0].strip().removeprefix("d"))


def test_a_text_that_an_author_saw_is_not_scored_though_it_is_no_record() -> None:
    neuron = factories.neuron_with_records()
    plain = factories.explanation(neuron)
    told = factories.explanation(
        neuron, "fish that are late", details={SHOWN: [["One", " fish", " was", " late"]]}
    )
    child = factories.explanation(neuron, "fish, late", parent=told)
    tasks = explanations_to_score([plain.pk, told.pk, child.pk])
    texts = {pk: [held.actual.text for held in task.evidence.records] for pk, task in tasks.items()}
    assert sorted(texts[plain.pk]) == ["no bread is left", "one fish was late"]
    assert texts[told.pk] == texts[child.pk] == ["no bread is left"]


# --- A capture's files ----------------------------------------------------------------------------


@pytest.fixture
def animals(settings, tmp_path: Path) -> Neuron:
    """Return a neuron that fires on animals but not after a negation, out of a capture."""
    pytest.importorskip("torch")
    settings.CAPTURE_DIR = tmp_path / "captures"
    names = ("dog", "cat", "fox", "cow", "pig", "wolf", "lion", "frog")
    places = ("house", "river", "wood", "road", "hill", "barn")
    texts = [
        f"There was {'no' if (n + p) % 2 else 'one'} {name} near the {place} when I was there"
        for n, name in enumerate(names)
        for p, place in enumerate(places)
    ]
    path = tmp_path / "text.jsonl"
    path.write_text(
        "\n".join(json.dumps({"id": f"d{i}", "text": text}) for i, text in enumerate(texts))
    )
    planned = capture_create(source="functions:default", text=path, window=16)
    run = run_create(kind=Run.Kind.CAPTURE, capture=planned).run
    assert run is not None
    work_on_chunk(run.pk)
    (pk,) = capture_load(capture_id=planned.pk, neurons=[NeuronRef(layer=0, index=14)])
    return Neuron.objects.get(pk=pk)


def test_texts_of_neurons_that_correlate_come_from_the_captures_files(animals: Neuron) -> None:
    seen = material(animals)
    own = {each.tokens for each in seen.excerpts}
    assert seen.negatives
    assert own.isdisjoint(seen.negatives)
    assert animals.capture is not None
    store = open_store(animals.capture.directory)
    shown = {
        each.excerpt.tokens
        for index in range(store.manifest.subject.width)
        for each in store.records(NeuronRef(layer=0, index=index), Split.EXPLAIN)
        if each.kind == RecordKind.TOP
    }
    assert shown.issuperset(seen.negatives)


def test_the_means_of_tokens_come_from_the_captures_files(animals: Neuron) -> None:
    seen = material(animals)
    assert seen.means
    assert [each.mean for each in seen.means] == sorted(
        (each.mean for each in seen.means), reverse=True
    )
    assert material(animals, frozenset()).means == ()


def test_a_lookup_of_tokens_can_rest_on_the_means_of_the_whole_capture(animals: Neuron) -> None:
    assert Want.MEANS in EXPLAINERS["token_lookup"].wants
    text = explained("token_lookup", material(animals), {}, words=8, means="capture").text
    assert set(text.split('"')[1::2]) == {"dog", "cat", "fox", "cow", "pig", "wolf", "lion", "frog"}
