"""The neurons that a study picked or could pick, and the explanations of its conditions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Count, Q, QuerySet

from explanations.models import BY_PEOPLE, Explanation, Neuron, Score, Subject
from explanations.records import NeuronRef
from studies.models import Condition, Study

_CHUNK = 500


def chunked(values: Iterable[int]) -> Iterator[list[int]]:
    """Yield the values in chunks that are short enough for one query."""
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
    """Neurons that were looked up: their ids, and the references without a neuron."""

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


def of_conditions(conditions: Iterable[Condition]) -> Q:
    """Return the filter for explanations that could represent one of the conditions."""
    methods = {condition.method_id for condition in conditions}
    of_people = BY_PEOPLE if None in methods else Q(pk__in=[])
    return Q(method__in=methods - {None}) | of_people


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
        of_condition = Explanation.objects.filter(of_conditions([condition]))
        found = found.filter(pk__in=of_condition.values("neuron"))
    return found if conditions else found.none()


def neurons_named(subject: Subject, references: Sequence[NeuronRef]) -> Lookup:
    """Look up the neurons of a subject that these references name."""
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
    """Return a page of a study's neurons, each with the conditions without an explanation."""
    conditions = list(study.conditions.all())
    names = {condition.method_id: condition.name for condition in conditions}
    names_by = defaultdict[int, set[str]](set)
    rows = Explanation.objects.filter(of_conditions(conditions), neuron__in=list(neurons))
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
