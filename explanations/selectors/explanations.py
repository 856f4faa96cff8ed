"""Explanations of neurons, with scores and simulations."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Max, Prefetch, Q, QuerySet

from explanations.models import Explanation, Method, Score, SimulatedRecord, Simulation, Subject
from explanations.records import NeuronRef, Scale, TokenActivations, to_zero_to_ten, unpacked
from explanations.selectors.labels import method_labels, method_name

MAIN_SCORER = "correlation"
"""The scorer by which a neuron's best explanation is chosen where nobody chose another."""

_RANK = {kind: rank for rank, kind in enumerate(Explanation.Author.values)}
Author = Explanation.Author


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """A score with the names of its methods; `value` is None exactly when `reason` says why.

    `simulator` is empty for a score of the explanation itself; `low` and `high` are the ends of its
    95 % interval, None where there is none.
    """

    scorer: str
    simulator: str
    value: float | None
    reason: str
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationView:
    """A simulation by the name of its method, and its score by `MAIN_SCORER` if it has one."""

    pk: int
    simulator: str
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationView:
    """One explanation of a neuron. `method` is empty for what a person wrote without one."""

    pk: int
    text: str
    author: str
    method: str
    scores: tuple[ScoreView, ...]
    simulations: tuple[SimulationView, ...]

    @property
    def best(self) -> ScoreView | None:
        """Its highest score by `MAIN_SCORER`."""
        main = [score for score in self.scores if score.scorer == MAIN_SCORER]
        defined = [score for score in main if score.value is not None]
        return max(defined, key=lambda score: score.value or 0.0, default=None)

    @property
    def headline(self) -> ScoreView | None:
        """Its `best` score, else its first that is defined."""
        defined = (score for score in self.scores if score.value is not None)
        return self.best or next(defined, None)

    @property
    def is_control(self) -> bool:
        """Whether it is a control, which claims nothing about the neuron."""
        return self.author == Author.CONTROL


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationRow:
    """An explanation in a list: `score` is by whatever the list is about."""

    pk: int
    ref: NeuronRef
    text: str
    author: str
    method: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordComparison:
    """A record's real and simulated activations, both zero_to_ten; None with a reason."""

    document: str
    start: int
    real: TokenActivations
    simulated: TokenActivations | None
    reason: str


def explanations_of(neuron: int) -> tuple[ExplanationView, ...]:
    """Return all explanations of a neuron: people's first, then models', baselines, controls."""
    scores = Score.objects.select_related("method", "simulation__method").order_by("pk")
    simulations = Simulation.objects.select_related("method").order_by("pk")
    rows = Explanation.objects.filter(neuron=neuron).select_related("method")
    found = rows.prefetch_related(
        Prefetch("scores", scores), Prefetch("simulations", simulations)
    ).order_by("pk")
    ranked = sorted(found, key=lambda row: _RANK[row.author_kind])
    used = {method.pk: method for row in ranked for method in _methods(row)}
    labels = method_labels(used.values())
    return tuple(_view(row, labels) for row in ranked)


def _methods(row: Explanation) -> Iterator[Method]:
    """Yield the methods of an explanation, its simulations and its scores."""
    if row.method:
        yield row.method
    yield from (score.method for score in row.scores.all())
    yield from (simulation.method for simulation in row.simulations.all())


def _view(row: Explanation, labels: Mapping[int, str]) -> ExplanationView:
    main = {
        score.simulation_id: score.value
        for score in row.scores.all()
        if method_name(score.method) == MAIN_SCORER
    }
    return ExplanationView(
        pk=row.pk,
        text=row.text,
        author=row.author_kind,
        method=labels[row.method.pk] if row.method else "",
        scores=tuple(
            ScoreView(
                scorer=labels[score.method.pk],
                simulator=labels[score.simulation.method.pk] if score.simulation else "",
                value=score.value,
                reason=score.reason,
                n=score.n,
                low=score.low,
                high=score.high,
            )
            for score in row.scores.all()
        ),
        simulations=tuple(
            SimulationView(pk=each.pk, simulator=labels[each.method.pk], score=main.get(each.pk))
            for each in row.simulations.all()
        ),
    )


def best_explanations(
    subject: Subject, refs: Collection[NeuronRef]
) -> dict[NeuronRef, ExplanationRow]:
    """Return one explanation of each neuron that has any: by score, then by who wrote it.

    Controls are left out: they claim nothing about their neuron.
    """
    if not refs:
        return {}
    rows = without_controls(subject).filter(
        neuron__layer__in={ref.layer for ref in refs}, neuron__index__in={r.index for r in refs}
    )
    main = Q(scores__method__name=MAIN_SCORER, scores__method__config__on__isnull=True)
    score = Max("scores__value", filter=main)
    best: dict[NeuronRef, ExplanationRow] = {}
    for row in explanation_rows(rows.annotate(score=score)):
        if row.ref in refs and (row.ref not in best or _better(row, best[row.ref])):
            best[row.ref] = row
    return best


def _better(row: ExplanationRow, than: ExplanationRow) -> bool:
    def merit(each: ExplanationRow) -> tuple[float, int]:
        return (-np.inf if each.score is None else each.score, -_RANK[each.author])

    return merit(row) > merit(than)


def without_controls(subject: Subject) -> QuerySet[Explanation]:
    """Select the explanations of a subject, without controls; for other selectors."""
    return Explanation.objects.filter(neuron__subject=subject).exclude(author_kind=Author.CONTROL)


def explanation_rows(rows: QuerySet[Explanation]) -> Iterable[ExplanationRow]:
    """Return rows that are annotated with `score` as values."""
    columns = ("pk", "neuron__layer", "neuron__index", "text", "author_kind", "score")
    for pk, layer, index, text, author, score, name, version in rows.values_list(
        *columns, "method__name", "method__version"
    ):
        ref = NeuronRef(layer=layer, index=index)
        method = Method(name=name, version=version) if name else None
        yield ExplanationRow(
            pk=pk, ref=ref, text=text, author=author, method=method_name(method), score=score
        )


def simulation_comparisons(
    simulation: int, neuron: int, keep: int | None
) -> tuple[RecordComparison, ...]:
    """Return a simulation's records with their real activations, highest real peak first.

    Empty where the simulation is none of the neuron's. `keep` is the most to return.
    """
    rows = SimulatedRecord.objects.filter(simulation=simulation, record__neuron=neuron)
    rows = rows.select_related("record__document", "record__neuron", "simulation")
    return tuple(_comparison(row) for row in rows.order_by("-record__peak", "pk")[:keep])


def _comparison(row: SimulatedRecord) -> RecordComparison:
    raw, maximum = row.record.excerpt, row.record.neuron.maximum

    def on_ten(values: Sequence[float] | np.ndarray) -> TokenActivations:
        return TokenActivations(
            tokens=raw.tokens,
            activations=np.asarray(values, dtype=np.float32),
            scale=Scale.ZERO_TO_TEN,
        )

    simulated, reason = None, row.reason
    values = unpacked(row.values)
    if left_out := int(np.isnan(values).sum()):
        reason = f"{left_out} of its {values.size} tokens got no value"
    elif row.values is not None:
        is_raw = row.simulation.scale == Scale.RAW
        simulated = on_ten(to_zero_to_ten(values, maximum) if is_raw else values)
    return RecordComparison(
        document=row.record.document.key,
        start=row.record.start,
        real=on_ten(to_zero_to_ten(raw.activations, maximum)),
        simulated=simulated,
        reason=reason,
    )
