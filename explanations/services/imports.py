"""Importing: one neuron with all that is said about it, whatever file it comes from.

What is there already stays as it is, so a file can be imported twice. What contradicts it raises
`ImportFault`, and then nothing of that neuron is stored.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction

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
    Corpus,
    Document,
    Explanation,
    Method,
    Neuron,
    Record,
    Score,
    SimulatedRecord,
    Simulation,
    Subject,
)
from explanations.records import Scale
from explanations.services.methods import method_get_or_create
from explanations.services.results import packed


class ImportFault(ValueError):
    """A neuron that contradicts what is stored; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(slots=True)
class Counts:
    """How many rows were new."""

    neurons: int = 0
    records: int = 0
    explanations: int = 0
    simulations: int = 0
    scores: int = 0

    def add(self, more: "Counts") -> None:
        """Count more rows."""
        for name in ("neurons", "records", "explanations", "simulations", "scores"):
            setattr(self, name, getattr(self, name) + getattr(more, name))


@dataclass(slots=True)
class _Import:
    """One neuron while it is imported; explanations are known by their id in the line."""

    neuron: Neuron
    records: list[Record] = field(default_factory=list)
    explanations: dict[str, Explanation] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)


@transaction.atomic
def neuron_import(*, line: NeuronLine) -> Counts:
    """Store a neuron, its records, explanations, simulations and scores; return what was new."""
    subject = _subject(line.subject)
    neuron, created = Neuron.objects.get_or_create(
        subject=subject,
        layer=line.layer,
        index=line.index,
        defaults={
            "maximum": line.maximum,
            "mean": line.mean,
            "firing_rate": line.firing_rate,
        },
    )
    if neuron.maximum != line.maximum:
        raise ImportFault("maximum", f"{neuron} is stored with {neuron.maximum}")
    work = _Import(neuron)
    work.counts.neurons = int(created)
    _records(work, line.records)
    for explanation in line.explanations:
        _explanation(work, explanation)
    return work.counts


def _subject(line: SubjectLine) -> Subject:
    subject, _ = Subject.objects.get_or_create(
        name=line.name,
        defaults={
            "source": line.source,
            "revision": line.revision,
            "hook": line.hook,
            "dtype": line.dtype,
            "tokenizer": line.tokenizer,
            "layers": line.layers,
            "width": line.width,
        },
    )
    for name in ("layers", "width", "revision", "hook"):
        stored, given = getattr(subject, name), getattr(line, name)
        if given and stored and stored != given:
            raise ImportFault(f"subject.{name}", f"{subject} is stored with {stored!r}")
    return subject


def _records(work: _Import, lines: Sequence[RecordLine]) -> None:
    if not lines:
        return
    documents = _documents(work.neuron, lines)
    made = [_record(work.neuron, documents[line.document], line) for line in lines]
    before = work.neuron.records.count()
    Record.objects.bulk_create(made, ignore_conflicts=True)
    work.counts.records = work.neuron.records.count() - before
    stored = {
        (record.document_id, record.start): record
        for record in work.neuron.records.filter(document__in=documents.values())
    }
    for position, given in enumerate(made):
        record = stored[given.document_id, given.start]
        _same_record(f"records[{position}]", record, given)
        work.records.append(record)


def _same_record(at: str, stored: Record, given: Record) -> None:
    if stored.tokens != given.tokens:
        raise ImportFault(f"{at}.tokens", "other tokens are stored there")
    if not _equal(stored.values, given.values):
        raise ImportFault(f"{at}.activations", "other activations are stored there")
    _agree(f"{at}.kind", stored.kind, given.kind)
    _agree(f"{at}.quantile", stored.quantile, given.quantile)


def _documents(neuron: Neuron, lines: Sequence[RecordLine]) -> dict[str, Document]:
    """Return a line's documents, which belong to the text that its neuron's records are of."""
    corpus = _corpus(neuron)
    splits = {line.document: line.split for line in lines}
    Document.objects.bulk_create(
        (Document(corpus=corpus, key=key, split=split) for key, split in splits.items()),
        ignore_conflicts=True,
    )
    found = {each.key: each for each in corpus.documents.filter(key__in=list(splits))}
    for position, line in enumerate(lines):
        if found[line.document].split != line.split:
            raise ImportFault(
                f"records[{position}].split",
                f"document {line.document!r} is stored in {found[line.document].split}",
            )
    return found


def _corpus(neuron: Neuron) -> Corpus:
    """Return the text that a neuron's records are of.

    Where it has none yet, that of its subject's newest finished capture; where that has none, a
    text that stands for what was imported.
    """
    subject = neuron.subject
    shown = Corpus.objects.filter(documents__records__neuron=neuron).order_by("pk")
    captured = Corpus.objects.filter(captures__subject=subject, captures__tokens__gt=0)
    there = shown.first() or captured.order_by("-captures__pk").first()
    if there is not None:
        return there
    digest = hashlib.sha256(f"imported:{subject.name}".encode()).hexdigest()
    corpus, _ = Corpus.objects.get_or_create(
        digest=digest, seed=0, defaults={"name": f"imported with {subject.name}"[:200]}
    )
    return corpus


def _record(neuron: Neuron, document: Document, line: RecordLine) -> Record:
    values = np.asarray(line.activations, dtype=np.float32)
    return Record(
        neuron=neuron,
        document=document,
        start=line.start,
        kind=line.kind,
        quantile=line.quantile,
        tokens=list(line.tokens),
        values=packed(values),
        peak=float(values.max(initial=0.0)),
    )


def _explanation(work: _Import, line: ExplanationLine) -> None:
    method = _method(Method.Kind.EXPLAINER, line.method)
    made: dict[str, Any] = {
        "text": line.text,
        "author_kind": line.author_kind,
        "parent": work.explanations[line.parent] if line.parent is not None else None,
    }
    if method is None:
        explanation, created = Explanation.objects.get_or_create(
            neuron=work.neuron,
            method=None,
            text=line.text,
            author_kind=line.author_kind,
            defaults=made,
        )
    else:
        explanation, created = Explanation.objects.get_or_create(
            neuron=work.neuron, method=method, defaults=made
        )
    shown = [work.records[position] for position in line.shown]
    if created:
        explanation.shown.set(shown)
    else:
        _same_explanation(work, explanation, line, shown)
    work.counts.explanations += int(created)
    simulated = {
        _key(each.method): _simulation(work, explanation, position, each)
        for position, each in enumerate(line.simulations)
    }
    for position, score in enumerate(line.scores):
        simulation = simulated.get(_key(score.simulator))
        _score(work, explanation, simulation, position, score)
    work.explanations[line.id] = explanation


def _same_explanation(
    work: _Import, stored: Explanation, line: ExplanationLine, shown: Sequence[Record]
) -> None:
    if stored.text != line.text:
        raise ImportFault(_at(work, "text"), f"{stored.method} is stored with another text")
    _agree(_at(work, "author_kind"), stored.author_kind, line.author_kind)
    if set(stored.shown.all()) != set(shown):
        raise ImportFault(_at(work, "shown"), "its author is stored as shown other records")


def _at(work: _Import, name: str) -> str:
    return f"explanations[{len(work.explanations)}].{name}"


def _simulation(
    work: _Import, explanation: Explanation, position: int, line: SimulationLine
) -> Simulation:
    method = _method(Method.Kind.SIMULATOR, line.method)
    simulation, created = Simulation.objects.get_or_create(
        explanation=explanation, method=method, defaults={"scale": line.scale}
    )
    made = [_simulated(simulation, work.records[each.record], each) for each in line.records]
    if created:
        SimulatedRecord.objects.bulk_create(made)
    else:
        _same_simulation(_at(work, f"simulations[{position}]"), simulation, line.scale, made)
    work.counts.simulations += int(created)
    return simulation


def _same_simulation(
    at: str, stored: Simulation, scale: Scale, made: Sequence[SimulatedRecord]
) -> None:
    _agree(f"{at}.scale", stored.scale, scale)
    rows = {row.record_id: row for row in stored.records.all()}
    for position, given in enumerate(made):
        row, where = rows.get(given.record_id), f"{at}.records[{position}]"
        if row is None:
            raise ImportFault(f"{where}.record", "it is stored without this record")
        if not _equal(row.values, given.values):
            raise ImportFault(f"{where}.values", "other values are stored there")
        _agree(f"{where}.reason", row.reason, given.reason)


def _simulated(simulation: Simulation, record: Record, line: SimulatedLine) -> SimulatedRecord:
    values = None if line.values is None else packed(np.asarray(line.values, dtype=np.float32))
    return SimulatedRecord(simulation=simulation, record=record, values=values, reason=line.reason)


def _score(
    work: _Import,
    explanation: Explanation,
    simulation: Simulation | None,
    position: int,
    line: ScoreLine,
) -> None:
    method = _method(Method.Kind.SCORER, line.method)
    score, created = Score.objects.get_or_create(
        explanation=explanation,
        simulation=simulation,
        method=method,
        defaults={"value": line.value, "reason": line.reason, "n": line.n},
    )
    for name in ("value", "reason", "n"):
        where = _at(work, f"scores[{position}].{name}")
        _agree(where, getattr(score, name), getattr(line, name))
    work.counts.scores += int(created)


def _agree(at: str, stored: object, given: object) -> None:
    if stored != given:
        raise ImportFault(at, f"is stored as {stored!r}")


def _equal(stored: bytes | memoryview | None, given: bytes | memoryview | None) -> bool:
    """Tell whether two columns hold the same numbers, or both none."""
    if stored is None or given is None:
        return stored is given
    return np.array_equal(np.frombuffer(stored, dtype="<f4"), np.frombuffer(given, dtype="<f4"))


def _method(kind: Method.Kind, line: MethodLine | None) -> Method | None:
    if line is None:
        return None
    return method_get_or_create(kind=kind, name=line.name, version=line.version, config=line.config)


def _key(line: MethodLine | None) -> str:
    if line is None:
        return ""
    return Method.digest_of("", line.name, line.version, dict(line.config))
