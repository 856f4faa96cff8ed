"""Neurons with explanations, simulations and scores, as the lines that formats write."""

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Prefetch, QuerySet

from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    NeuronLine,
    RecordLine,
    ScoreLine,
    SimulatedLine,
    SimulationLine,
    SubjectLine,
)
from explanations.models import (
    Explanation,
    Method,
    Neuron,
    Record,
    Score,
    SimulatedRecord,
    Simulation,
    Subject,
)
from explanations.records import AuthorKind, RecordKind, Scale, Split, unpacked

_BATCH = 50


def neuron_lines(neurons: Sequence[int]) -> Iterator[NeuronLine]:
    """Yield each neuron's line; only a few neurons are held at a time."""
    for start in range(0, len(neurons), _BATCH):
        found = _with_everything().in_bulk(list(neurons[start : start + _BATCH]))
        yield from (_neuron(found[pk]) for pk in neurons[start : start + _BATCH])


def _with_everything() -> QuerySet[Neuron]:
    simulated = SimulatedRecord.objects.order_by("pk")
    simulations = Simulation.objects.select_related("method").order_by("pk")
    scores = Score.objects.select_related("method", "simulation__method").order_by("pk")
    said = Explanation.objects.select_related("method").order_by("pk")
    return Neuron.objects.select_related("subject").prefetch_related(
        Prefetch("records", Record.objects.select_related("document").order_by("pk")),
        Prefetch(
            "explanations",
            said.prefetch_related(
                "shown",
                Prefetch("scores", scores),
                Prefetch(
                    "simulations", simulations.prefetch_related(Prefetch("records", simulated))
                ),
            ),
        ),
    )


def _neuron(neuron: Neuron) -> NeuronLine:
    records = list(neuron.records.all())
    positions = {record.pk: position for position, record in enumerate(records)}
    said = list(neuron.explanations.all())
    ids = {explanation.pk: str(number) for number, explanation in enumerate(said, start=1)}
    return NeuronLine(
        subject=_subject(neuron.subject),
        layer=neuron.layer,
        index=neuron.index,
        maximum=neuron.maximum,
        mean=neuron.mean,
        firing_rate=neuron.firing_rate,
        records=tuple(_record(record) for record in records),
        explanations=tuple(_explanation(each, ids, positions) for each in said),
    )


def _subject(subject: Subject) -> SubjectLine:
    return SubjectLine(
        name=subject.name,
        layers=subject.layers,
        width=subject.width,
        source=subject.source,
        revision=subject.revision,
        hook=subject.hook,
        dtype=subject.dtype,
        tokenizer=subject.tokenizer,
    )


def _record(record: Record) -> RecordLine:
    return RecordLine(
        document=record.document.key,
        start=record.start,
        split=Split(record.document.split),
        kind=RecordKind(record.kind),
        quantile=record.quantile,
        tokens=tuple(record.tokens),
        activations=_numbers(record.values),
    )


def _numbers(values: bytes | memoryview) -> tuple[float, ...]:
    return tuple(unpacked(values).tolist())


def _explanation(
    explanation: Explanation, ids: Mapping[int, str], positions: Mapping[int, int]
) -> ExplanationLine:
    shown = sorted(positions[record.pk] for record in explanation.shown.all())
    return ExplanationLine(
        id=ids[explanation.pk],
        text=explanation.text,
        author_kind=AuthorKind(explanation.author_kind),
        method=_method(explanation.method) if explanation.method else None,
        parent=ids.get(explanation.parent_id) if explanation.parent_id else None,
        shown=tuple(shown),
        scores=tuple(_score(score, positions) for score in explanation.scores.all()),
        simulations=tuple(
            _simulation(simulation, positions) for simulation in explanation.simulations.all()
        ),
        details=explanation.details,
    )


def _method(method: Method) -> MethodLine:
    return MethodLine(name=method.name, version=method.version, config=method.config)


def _score(score: Score, positions: Mapping[int, int]) -> ScoreLine:
    """Return a score; records that were deleted since are not among what it rests on."""
    return ScoreLine(
        method=_method(score.method),
        simulator=_method(score.simulation.method) if score.simulation else None,
        value=score.value,
        reason=score.reason,
        n=score.n,
        low=score.low,
        high=score.high,
        records=tuple(positions[record] for record in score.records if record in positions),
        details=score.details,
    )


def _simulation(simulation: Simulation, positions: Mapping[int, int]) -> SimulationLine:
    return SimulationLine(
        method=_method(simulation.method),
        scale=Scale(simulation.scale),
        records=tuple(
            SimulatedLine(
                record=positions[row.record_id],
                values=None if row.values is None else _numbers(row.values),
                reason=row.reason,
            )
            for row in simulation.records.all()
        ),
        details=simulation.details,
    )
