"""Neurons by how their explanations score, explanations by their words, and what people saved."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, FloatField, Max, Q, QuerySet, Value

from explanations.models import Explanation, Method, SavedNeuron, Score, Subject
from explanations.records import NeuronRef
from explanations.selectors.explanations import (
    MAIN_SCORER,
    ExplanationRow,
    explanation_rows,
    without_controls,
)
from explanations.selectors.labels import method_labels, method_name
from explanations.selectors.layers import PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredBy:
    """A scorer, and the simulator on whose simulations it rests if on any."""

    scorer: int
    simulator: int | None
    label: str

    @property
    def key(self) -> str:
        """Its name in addresses."""
        return f"{self.scorer}-{self.simulator or 0}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationPage:
    """Some explanations of many."""

    rows: tuple[ExplanationRow, ...]
    total: int


def scorers_of(subject: Subject) -> tuple[ScoredBy, ...]:
    """Return what scored a subject's explanations, `MAIN_SCORER` first, then by name.

    Of simulations by one person there are too few to rank neurons by.
    """
    pairs = (
        Score.objects.filter(explanation__neuron__subject=subject, value__isnull=False)
        .order_by()
        .values_list("method", "simulation__method")
        .distinct()
    )
    found = list(pairs)
    methods = Method.objects.in_bulk({pk for pair in found for pk in pair if pk})
    labels = method_labels(methods.values())
    rows = [
        (
            method_name(methods[scorer]) != MAIN_SCORER,
            f"{labels[scorer]} · {labels[simulator]}" if simulator else labels[scorer],
            scorer,
            simulator,
        )
        for scorer, simulator in found
        if not (simulator and methods[simulator].is_person)
    ]
    return tuple(
        ScoredBy(scorer=scorer, simulator=simulator, label=label)
        for _, label, scorer, simulator in sorted(rows, key=lambda row: row[:2])
    )


def neurons_by_score(
    subject: Subject, by: ScoredBy, *, best_first: bool, page: int
) -> ExplanationPage:
    """Return each neuron's best explanation by one scorer, the best or the worst ones first.

    A neuron is as well explained as its best explanation says; controls do not count.
    """
    score = Max(
        "explanations__scores__value",
        filter=Q(
            explanations__scores__method=by.scorer,
            explanations__scores__simulation__method=by.simulator,
        )
        & ~Q(explanations__author_kind=Explanation.Author.CONTROL),
    )
    neurons = subject.neurons.annotate(best=score).filter(best__isnull=False)
    order = F("best").desc() if best_first else F("best").asc()
    first = (page - 1) * PAGE
    places = neurons.order_by(order, "layer", "index").values_list("pk", "best")
    chosen = dict(places[first : first + PAGE])
    own = Max(
        "scores__value",
        filter=Q(scores__method=by.scorer, scores__simulation__method=by.simulator),
    )
    rows = without_controls(subject).filter(neuron__in=list(chosen)).annotate(score=own)
    by_neuron: dict[NeuronRef, ExplanationRow] = {}
    for row in explanation_rows(rows.filter(score__isnull=False).order_by("-score", "pk")):
        by_neuron.setdefault(row.ref, row)
    worth = sorted(by_neuron.values(), key=lambda row: (row.ref.layer, row.ref.index))
    worth.sort(key=lambda row: row.score or 0.0, reverse=best_first)
    return ExplanationPage(rows=tuple(worth), total=neurons.count())


def explanations_with(subject: Subject, words: Sequence[str], *, page: int) -> ExplanationPage:
    """Return the explanations that hold every one of the words, in either case, by neuron."""
    if not words:
        return ExplanationPage(rows=(), total=0)
    found = without_controls(subject)
    for word in words:
        found = found.filter(text__icontains=word)
    first = (page - 1) * PAGE
    ordered = found.order_by("neuron__layer", "neuron__index", "pk")
    return ExplanationPage(rows=_unscored(ordered[first : first + PAGE]), total=found.count())


def explanations_found(subject: Subject, keys: Sequence[int]) -> dict[int, ExplanationRow]:
    """Return those of the explanations that the subject has, by their key."""
    return {row.pk: row for row in _unscored(without_controls(subject).filter(pk__in=list(keys)))}


def _unscored(rows: QuerySet[Explanation]) -> tuple[ExplanationRow, ...]:
    return tuple(explanation_rows(rows.annotate(score=Value(None, output_field=FloatField()))))


def neurons_saved(user: int, subject: Subject) -> tuple[NeuronRef, ...]:
    """Return the neurons of a subject that a user saved, newest first."""
    rows = SavedNeuron.objects.filter(user=user, subject=subject).order_by("-created", "-pk")
    return tuple(
        NeuronRef(layer=layer, index=index) for layer, index in rows.values_list("layer", "index")
    )


def is_saved(user: int, subject: Subject, ref: NeuronRef) -> bool:
    """Tell whether a user saved a neuron."""
    return SavedNeuron.objects.filter(
        user=user, subject=subject, layer=ref.layer, index=ref.index
    ).exists()
