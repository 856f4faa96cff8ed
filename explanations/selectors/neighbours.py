"""Texts on which neurons like a given one fire: in its capture's files, or else in the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from explanations.explainers.tfidf import most_similar, most_similar_words, word_set
from explanations.models import Neuron, Record
from explanations.records import NeuronRef, RecordKind, Split, TokenActivations
from explanations.selectors.neuron_views import relations_of, store_of_neuron
from explanations.stores.reader import CaptureStore
from explanations.stores.relations import similar_by_activation

Text = tuple[str, ...]

_NEIGHBOURS = 5
_TEXTS = 20
_LOOKED_AT = 1000
"""Neurons of a subject among which those like one are looked for in the database."""
_TOPS = 3
"""Records by which neurons of the database are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Other:
    """A neuron of the database: its highest records, and the words in them."""

    neuron: int
    corpora: frozenset[int]
    texts: tuple[Text, ...]
    words: frozenset[str]


def texts_of_neighbours(
    neurons: Mapping[int, Neuron], own: Mapping[int, Sequence[TokenActivations]]
) -> dict[int, tuple[Text, ...]]:
    """Return for each neuron texts of the explain split on which neurons like it fire.

    Those come first that look most like its `own` highest; a text that is among its own is left
    out. Whether the neuron itself fires on them is not known.
    """
    found: dict[int, list[Text]] = {}
    by_words: list[Neuron] = []
    for pk, neuron in neurons.items():
        store = store_of_neuron(neuron)
        if store is None:
            by_words.append(neuron)
        else:
            found[pk] = _captured(store, neuron.ref)
    found |= _stored(by_words, own)
    return {pk: _likest(texts, own[pk]) for pk, texts in found.items()}


def _likest(texts: Sequence[Text], own: Sequence[TokenActivations]) -> tuple[Text, ...]:
    known = {record.tokens for record in own}
    new = list(dict.fromkeys(text for text in texts if text not in known))
    tops = chain.from_iterable(record.tokens for record in own[:_TOPS])
    return tuple(new[place] for place in most_similar(new, tops)[:_TEXTS])


def _captured(store: CaptureStore, neuron: NeuronRef) -> list[Text]:
    return [
        record.excerpt.tokens
        for each in _related(store, neuron)
        for record in store.records(each, Split.EXPLAIN)
        if record.kind == RecordKind.TOP
    ]


def _related(store: CaptureStore, neuron: NeuronRef) -> list[NeuronRef]:
    """Return the neurons most like one: by activation, then by weight."""
    relations = relations_of(store)
    alike = relations.similar_by_activation(neuron) if relations else None
    if alike is None:
        alike = similar_by_activation(store, neuron, keep=_NEIGHBOURS) or ()
    weighed = (relations.of(neuron).similar_weights if relations else None) or ()
    both = chain(alike[:_NEIGHBOURS], weighed[:_NEIGHBOURS])
    return list(dict.fromkeys(each.neuron for each in both if each.neuron != neuron))


def _stored(
    neurons: Sequence[Neuron], own: Mapping[int, Sequence[TokenActivations]]
) -> dict[int, list[Text]]:
    corpora = _corpora(neurons)
    others = {subject: _others(subject) for subject in {each.subject_id for each in neurons}}
    return {
        neuron.pk: _alike(
            own[neuron.pk],
            [
                other
                for other in others[neuron.subject_id]
                # Another corpus may deal the same text to another split.
                if other.neuron != neuron.pk and other.corpora <= corpora[neuron.pk]
            ],
        )
        for neuron in neurons
    }


def _alike(own: Sequence[TokenActivations], others: Sequence[_Other]) -> list[Text]:
    """Return the texts of the neurons whose highest records share most words with these."""
    words = word_set(chain.from_iterable(record.tokens for record in own[:_TOPS]))
    nearest = most_similar_words([other.words for other in others], words)[:_NEIGHBOURS]
    return [text for place in nearest for text in others[place].texts]


def _corpora(neurons: Sequence[Neuron]) -> dict[int, set[int]]:
    """Return the corpora that each neuron's records are from."""
    records = Record.objects.filter(neuron__in=[neuron.pk for neuron in neurons]).order_by()
    found: dict[int, set[int]] = defaultdict(set)
    for neuron, corpus in records.values_list("neuron", "document__corpus").distinct():
        found[neuron].add(corpus)
    return found


def _others(subject: int) -> list[_Other]:
    """Return neurons of a subject with their highest records of the explain split."""
    first = Neuron.objects.filter(subject=subject).order_by("pk").values("pk")[:_LOOKED_AT]
    place = Window(RowNumber(), partition_by=F("neuron"), order_by=[F("peak").desc(), F("pk")])
    records = (
        Record.objects.filter(neuron__in=first, document__split=Split.EXPLAIN, peak__gt=0)
        .annotate(place=place)
        .filter(place__lte=_TOPS)
        .order_by("neuron", "place")
    )
    rows: dict[int, list[tuple[int, Text]]] = defaultdict(list)
    for neuron, corpus, tokens in records.values_list("neuron", "document__corpus", "tokens"):
        rows[neuron].append((corpus, tuple(tokens)))
    return [
        _Other(
            neuron=neuron,
            corpora=frozenset(corpus for corpus, _ in few),
            texts=tuple(text for _, text in few),
            words=word_set(chain.from_iterable(text for _, text in few)),
        )
        for neuron, few in rows.items()
    ]
