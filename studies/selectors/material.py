"""What a study can be built from: its neurons, their explanations and records."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from math import nan
from operator import itemgetter

from django.db.models import Count, Q, QuerySet

from explanations.models import BY_PEOPLE, Explanation, Neuron, Record, Score, Subject
from explanations.records import NeuronRef, RecordKind, Split
from studies.design.excerpts import RecordFacts, choose
from studies.design.items import Candidate, Topic
from studies.models import Condition, Study
from studies.presets.base import ShownRecord
from studies.selectors.heatmap import heated
from studies.selectors.images import image_of

_CHUNK = 500


def chunked(values: Iterable[int]) -> Iterator[list[int]]:
    """Yield the values in lists short enough for one query."""
    left = iter(values)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronCounts:
    """How many neurons a study has picked, by subject and layer, and how many could be compared.

    `explained` have an explanation of every condition; `available` of all neurons have one.
    """

    total: int
    explained: int
    available: int
    by_layer: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What came of looking neurons up: their ids, and the references that name none."""

    found: tuple[int, ...]
    missing: tuple[NeuronRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronRow:
    """One of a study's neurons; `missing` names the conditions that have no explanation of it."""

    pk: int
    subject: str
    ref: NeuronRef
    maximum: float
    missing: tuple[str, ...]


def topics(study: Study, conditions: Sequence[Condition]) -> list[Topic]:
    """Return the study's neurons with their candidates and the records chosen to be shown."""
    candidates = candidates_of(study, conditions)
    records = records_of(study, Split.EXPLAIN)
    rows = study.neurons.order_by("subject__name", "layer", "index").values_list(
        "pk", "subject__name", "layer", "index", "maximum"
    )
    result = []
    for pk, subject, layer, index, maximum in rows:
        name = f"{subject} {NeuronRef(layer=layer, index=index)}"
        chosen = choose(records.get(pk, ()), study.excerpts, seed=study.seed, neuron=name)
        result.append(
            Topic(
                neuron=pk,
                name=name,
                candidates=tuple(candidates.get(pk, ())),
                excerpts=chosen,
                fires=maximum > 0,
            )
        )
    return result


def candidates_of(study: Study, conditions: Sequence[Condition]) -> dict[int, list[Candidate]]:
    """Return the explanations that could stand for each condition, by neuron."""
    number = {condition.method_id: i for i, condition in enumerate(conditions)}
    rows = (
        Explanation.objects.filter(_of_conditions(conditions), neuron__studies=study)
        .order_by("pk")
        .values_list("pk", "neuron", "method", "text")
    )
    by_score = study.pairing == Study.Pairing.ADJACENT
    scores = scores_by_explanation(study.neurons.all()) if by_score else {}
    result = defaultdict[int, list[Candidate]](list)
    for pk, neuron, method, text in rows:
        score = scores.get(pk, nan)
        stands_for = number[method if method in number else None]
        result[neuron].append(
            Candidate(explanation=pk, condition=stands_for, text=text, score=score)
        )
    return result


def _of_conditions(conditions: Iterable[Condition]) -> Q:
    """Return the test for explanations that could stand for one of the conditions."""
    methods = {condition.method_id for condition in conditions}
    of_people = BY_PEOPLE if None in methods else Q(pk__in=[])
    return Q(method__in=methods - {None}) | of_people


def records_of(study: Study, split: Split, *, images: bool = False) -> dict[int, list[RecordFacts]]:
    """Return what a choice of records rests on, by neuron: those of texts, or those of images."""
    rows = (
        Record.objects.filter(
            neuron__studies=study, document__split=split, document__image__isnull=not images
        )
        .order_by("neuron")
        .values_list("neuron", "pk", "kind", "peak", "document")
    )
    return {
        neuron: [
            RecordFacts(record=pk, kind=RecordKind(kind), peak=peak, document=document)
            for _, pk, kind, peak, document in group
        ]
        for neuron, group in groupby(rows.iterator(), key=itemgetter(0))
    }


def records_seen(records: Iterable[int]) -> dict[int, ShownRecord]:
    """Return records by id as raters see them: levels are against the neuron's maximum."""
    result = dict[int, ShownRecord]()
    for chunk in chunked(records):
        found = Record.objects.filter(pk__in=chunk)
        for record in found.select_related("neuron", "document__image"):
            result[record.pk] = ShownRecord(
                record=record.pk,
                excerpt=heated(record.excerpt, record.neuron.maximum),
                values=tuple(record.excerpt.activations.tolist()),
                image=image_of(record),
            )
    return result


def scores_by_explanation(neurons: QuerySet[Neuron]) -> dict[int, float]:
    """Return scores of these neurons' explanations, by the scorer that scored most of them."""
    rows = Score.objects.filter(explanation__neuron__in=neurons.values("pk"), value__isnull=False)
    most = (
        rows.order_by()
        .values("method", "simulation__method")
        .annotate(n=Count("explanation", distinct=True))
        .order_by("-n", "method", "simulation__method")
        .first()
    )
    if most is None:
        return {}
    chosen = rows.filter(method=most["method"], simulation__method=most["simulation__method"])
    found = chosen.order_by("-pk").values_list("explanation", "value")
    return {explanation: value for explanation, value in found if value is not None}


# --- Picking neurons ------------------------------------------------------------------------------


def neuron_counts(study: Study) -> NeuronCounts:
    """Count the neurons picked."""
    by_layer = (
        study.neurons.order_by("subject__name", "layer")
        .values_list("subject__name", "layer")
        .annotate(n=Count("pk"))
    )
    rows = tuple(by_layer)
    conditions = tuple(study.conditions.all())
    comparable = explained_by(conditions)
    return NeuronCounts(
        total=sum(n for _, _, n in rows),
        explained=comparable.filter(studies=study).count(),
        available=comparable.count(),
        by_layer=rows,
    )


def neurons_explained(study: Study) -> tuple[int, ...]:
    """Return the neurons that have an explanation of each of the study's conditions, in order."""
    return tuple(explained_by(tuple(study.conditions.all())).values_list("pk", flat=True))


def explained_by(conditions: Sequence[Condition]) -> QuerySet[Neuron]:
    """Return the neurons that have an explanation of every condition."""
    found = Neuron.objects.order_by("subject", "layer", "index")
    for condition in conditions:
        of_condition = Explanation.objects.filter(_of_conditions([condition]))
        found = found.filter(pk__in=of_condition.values("neuron"))
    return found if conditions else found.none()


def neurons_named(subject: Subject, references: Sequence[NeuronRef]) -> Lookup:
    """Return which neurons of a subject these references name."""
    by_layer = defaultdict[int, list[int]](list)
    for ref in references:
        by_layer[ref.layer].append(ref.index)
    known = dict(_known(subject, by_layer))
    found = (known.get(ref) for ref in references)
    return Lookup(
        found=tuple(pk for pk in found if pk is not None),
        missing=tuple(ref for ref in references if ref not in known),
    )


def _known(
    subject: Subject, by_layer: Mapping[int, Sequence[int]]
) -> Iterator[tuple[NeuronRef, int]]:
    for layer, indices in by_layer.items():
        for chunk in chunked(indices):
            rows = Neuron.objects.filter(subject=subject, layer=layer, index__in=chunk)
            for pk, index in rows.values_list("pk", "index"):
                yield NeuronRef(layer=layer, index=index), pk


def neurons_matching(study: Study, search: str) -> list[int]:
    """Return the ids of a study's neurons, or of those that `layer/index` or `layer/` names."""
    found = study.neurons.order_by("subject__name", "layer", "index")
    if search:
        layer, _, index = search.lstrip("Ll").partition("/")
        wanted = {"layer": layer, "index": index}
        if not all(part.isdecimal() for part in wanted.values() if part):
            return []
        found = found.filter(**{name: int(part) for name, part in wanted.items() if part})
    return list(found.values_list("pk", flat=True))


def neurons_shown(study: Study, neurons: Sequence[int]) -> list[NeuronRow]:
    """Return a few of a study's neurons, with the conditions that explain each."""
    conditions = list(study.conditions.all())
    names = {condition.method_id: condition.name for condition in conditions}
    names_by = defaultdict[int, set[str]](set)
    rows = Explanation.objects.filter(_of_conditions(conditions), neuron__in=list(neurons))
    for neuron, method in rows.values_list("neuron", "method"):
        names_by[neuron].add(names[method if method in names else None])
    found = Neuron.objects.select_related("subject").in_bulk(list(neurons))
    return [
        NeuronRow(
            pk=pk,
            subject=found[pk].subject.name,
            ref=NeuronRef(layer=found[pk].layer, index=found[pk].index),
            maximum=found[pk].maximum,
            missing=tuple(c.name for c in conditions if c.name not in names_by[pk]),
        )
        for pk in neurons
    ]
