"""Import one neuron with its explanations, simulations and scores, from any format.

What is there already stays as it is, so a file can be imported twice. What contradicts it raises
`ImportProblem`, and then nothing of that neuron is stored.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction

from explanations.formats.fields import text_fault
from explanations.formats.lines import (
    ROUNDING,
    ExplanationLine,
    MethodLine,
    NeuronLine,
    RecordLine,
    SimulatedLine,
    SimulationLine,
)
from explanations.models import (
    Corpus,
    Document,
    Explanation,
    Method,
    Neuron,
    Record,
    SimulatedRecord,
    Simulation,
    Subject,
)
from explanations.records import Scale, packed, unpacked
from explanations.services.imports_scores import (
    Counts,
    ImportProblem,
    agree,
    imported_method,
    score_add,
)


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
    subject = _subject(line)
    neuron, created = _neuron(subject, line)
    work = _Import(neuron)
    work.counts.neurons = int(created)
    _records(work, line.records)
    for explanation in line.explanations:
        _explanation(work, explanation)
    return work.counts


def _subject(line: NeuronLine) -> Subject:
    told = line.subject
    for name, text in (("name", told.name), ("hook", told.hook)):
        if fault := text_fault(text, 200, empty=name == "hook"):
            raise ImportProblem(f"subject.{name}", fault)
    subject, _ = Subject.objects.get_or_create(
        name=told.name,
        defaults={
            "source": told.source,
            "revision": told.revision,
            "hook": told.hook,
            "dtype": told.dtype,
            "tokenizer": told.tokenizer,
        },
    )
    for name in ("revision", "hook"):
        stored, given = getattr(subject, name), getattr(told, name)
        if given and stored and stored != given:
            raise ImportProblem(f"subject.{name}", f"{subject} is stored with {stored!r}")
    subject_fit(subject, "layers", told.layers, "layer", line.layer)
    subject_fit(subject, "width", told.width, "index", line.index)
    return subject


def subject_fit(subject: Subject, name: str, told: int, place: str, at: int) -> None:
    """Let a subject grow to its stated size, or to hold a neuron, unless it was captured."""
    stored = getattr(subject, name)
    if told and at >= told:
        raise ImportProblem(place, f"{at} is beyond the subject's stated size of {told}")
    if told and told < stored:
        raise ImportProblem(f"subject.{name}", f"{subject} is stored with {stored!r}")
    wanted = max(told, at + 1)
    if wanted > stored:
        if subject.captures.filter(tokens__gt=0).exists():
            raise ImportProblem(f"subject.{name}", f"{subject} was captured with {stored!r}")
        setattr(subject, name, wanted)
        subject.save(update_fields=[name])


def _neuron(subject: Subject, line: NeuronLine) -> tuple[Neuron, bool]:
    """Return the neuron, and whether it is new.

    One of which only texts were known, and so a maximum of 0, learns what this line tells.
    """
    peak = max((max(record.activations, default=0.0) for record in line.records), default=None)
    first = line.maximum if line.maximum is not None else peak
    neuron, created = Neuron.objects.get_or_create(
        subject=subject,
        layer=line.layer,
        index=line.index,
        defaults={
            "maximum": 0.0 if first is None else first,
            "mean": line.mean,
            "firing_rate": line.firing_rate,
        },
    )
    if first is not None and neuron.maximum != first:
        if _only_texts(neuron):
            neuron.maximum, neuron.mean, neuron.firing_rate = first, line.mean, line.firing_rate
            neuron.save(update_fields=["maximum", "mean", "firing_rate"])
        elif line.maximum is not None:
            raise ImportProblem("maximum", f"{neuron} is stored with {neuron.maximum}")
    for position, record in enumerate(line.records):
        _not_above(f"records[{position}].activations", record, neuron.maximum)
    return neuron, created


def _only_texts(neuron: Neuron) -> bool:
    return neuron.maximum == 0 and neuron.capture_id is None and not neuron.records.exists()


def _not_above(at: str, record: RecordLine, maximum: float) -> None:
    peak = max(record.activations, default=maximum)
    if peak > maximum and not math.isclose(peak, maximum, rel_tol=ROUNDING):
        raise ImportProblem(at, f"{peak:g} is above the neuron's maximum, {maximum:g}")


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
        raise ImportProblem(f"{at}.tokens", "other tokens are stored there")
    if not _equal(stored.values, given.values):
        raise ImportProblem(f"{at}.activations", "other activations are stored there")
    agree(f"{at}.kind", stored.kind, given.kind)
    agree(f"{at}.quantile", stored.quantile, given.quantile)


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
            raise ImportProblem(
                f"records[{position}].split",
                f"document {line.document!r} is stored in {found[line.document].split}",
            )
    return found


def _corpus(neuron: Neuron) -> Corpus:
    """Return the text that a neuron's records are of.

    Where it has none yet, that of its subject's newest finished capture; where that has none, a
    text that represents the import.
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
    explanation, created = _text(work, line)
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
        work.counts.scores += score_add(
            explanation=explanation,
            simulation=simulated.get(_key(score.simulator)),
            line=score,
            records=[work.records[each].pk for each in score.records],
            at=_at(work, f"scores[{position}]."),
        )
    work.explanations[line.id] = explanation


def _text(work: _Import, line: ExplanationLine) -> tuple[Explanation, bool]:
    """Return the explanation, and whether it is new: one a method, without one by its text."""
    made: dict[str, Any] = {
        "text": line.text,
        "author_kind": line.author_kind,
        "parent": work.explanations[line.parent] if line.parent is not None else None,
        "details": dict(line.details),
    }
    if line.method is not None:
        method = imported_method(Method.Kind.EXPLAINER, line.method)
        return Explanation.objects.get_or_create(neuron=work.neuron, method=method, defaults=made)
    return Explanation.objects.get_or_create(
        neuron=work.neuron,
        method=None,
        text=line.text,
        author_kind=line.author_kind,
        defaults=made,
    )


def _same_explanation(
    work: _Import, stored: Explanation, line: ExplanationLine, shown: Sequence[Record]
) -> None:
    if stored.text != line.text:
        raise ImportProblem(_at(work, "text"), f"{stored.method} is stored with another text")
    agree(_at(work, "author_kind"), stored.author_kind, line.author_kind)
    if set(stored.shown.all()) != set(shown):
        raise ImportProblem(_at(work, "shown"), "its author is stored as shown other records")


def _at(work: _Import, name: str) -> str:
    return f"explanations[{len(work.explanations)}].{name}"


def _simulation(
    work: _Import, explanation: Explanation, position: int, line: SimulationLine
) -> Simulation:
    method = imported_method(Method.Kind.SIMULATOR, line.method)
    simulation, created = Simulation.objects.get_or_create(
        explanation=explanation,
        method=method,
        defaults={"scale": line.scale, "details": dict(line.details)},
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
    agree(f"{at}.scale", stored.scale, scale)
    rows = {row.record_id: row for row in stored.records.all()}
    for position, given in enumerate(made):
        row, where = rows.get(given.record_id), f"{at}.records[{position}]"
        if row is None:
            raise ImportProblem(f"{where}.record", "it is stored without this record")
        if not _equal(row.values, given.values):
            raise ImportProblem(f"{where}.values", "other values are stored there")
        agree(f"{where}.reason", row.reason, given.reason)


def _simulated(simulation: Simulation, record: Record, line: SimulatedLine) -> SimulatedRecord:
    values = None if line.values is None else packed(np.asarray(line.values, dtype=np.float32))
    return SimulatedRecord(simulation=simulation, record=record, values=values, reason=line.reason)


def _equal(stored: bytes | memoryview | None, given: bytes | memoryview | None) -> bool:
    """Return whether two columns hold the same numbers, or both none."""
    if stored is None or given is None:
        return stored is given
    one, other = (unpacked(values) for values in (stored, given))
    return np.array_equal(one, other, equal_nan=True)


def _key(line: MethodLine | None) -> str:
    if line is None:
        return ""
    return Method.digest_of("", line.name, line.version, dict(line.config))
