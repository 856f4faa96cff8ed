"""Which of a neuron's records raters see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from explanations.records import RecordKind
from studies.design.seeds import stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What the choice rests on: the record's id, why it was kept, its peak, its document."""

    record: int
    kind: RecordKind
    peak: float
    document: int


def choose(records: Sequence[RecordFacts], n: int, *, seed: int, neuron: str) -> tuple[int, ...]:
    """Return the ids of at most `n` records to show, highest peak first.

    Two thirds (rounded up) are the highest peaks; the others are drawn with the seed from the
    records that were kept as quantiles or at random, so that a description which claims too much
    can be seen to. Where one kind runs short the other fills in. No document is shown twice while
    another is left. All items of one neuron show the same records.
    """
    by_peak = sorted(records, key=lambda record: (-record.peak, record.record))
    drawn = [record for record in by_peak if record.kind is not RecordKind.TOP]
    stream(seed, "excerpts", neuron).shuffle(drawn)
    tops = [record for record in by_peak if record.kind is RecordKind.TOP] or by_peak
    chosen = _extend((), tops, ceil(n * 2 / 3))
    chosen = _extend(chosen, [*drawn, *by_peak], n)
    return tuple(record.record for record in sorted(chosen, key=by_peak.index))


def _extend(
    chosen: tuple[RecordFacts, ...], candidates: Iterable[RecordFacts], n: int
) -> tuple[RecordFacts, ...]:
    """Add candidates in order until there are `n`, those of documents not yet shown first."""
    left = [record for record in dict.fromkeys(candidates) if record not in chosen]
    result = list(chosen)
    documents = {record.document for record in chosen}
    for record in left:
        if len(result) < n and record.document not in documents:
            result.append(record)
            documents.add(record.document)
    result += [record for record in left if record not in result][: max(n - len(result), 0)]
    return tuple(result)


QUIET = 0.2
"""The share of the neuron's maximum that a quiet record's peak does not exceed."""


def highest(records: Sequence[RecordFacts], n: int, *, maximum: float) -> tuple[int, ...]:
    """Return the ids of at most `n` records with the highest peaks that are not quiet."""
    loud = [record for record in records if record.peak > QUIET * maximum]
    by_peak = sorted(loud, key=lambda record: (-record.peak, record.record))
    return tuple(record.record for record in _extend((), by_peak, n))


def sample(records: Sequence[RecordFacts], n: int, *, seed: int, neuron: str) -> tuple[int, ...]:
    """Return the ids of at most `n` of the records kept as quantiles or at random, drawn."""
    kept = [record for record in records if record.kind is not RecordKind.TOP]
    return _some(kept, n, seed, "drawn", neuron)


def quiet(
    records: Sequence[RecordFacts], n: int, *, maximum: float, seed: int, neuron: str
) -> tuple[int, ...]:
    """Return the ids of at most `n` records on which the neuron hardly fires, drawn."""
    return _some([r for r in records if r.peak <= QUIET * maximum], n, seed, "quiet", neuron)


def lowest(records: Sequence[RecordFacts], n: int, *, maximum: float) -> tuple[int, ...]:
    """Return the ids of at most `n` records with the lowest peaks, all of them quiet."""
    hushed = [record for record in records if record.peak <= QUIET * maximum]
    by_peak = sorted(hushed, key=lambda record: (record.peak, record.record))
    return tuple(record.record for record in _extend((), by_peak, n))


def foreign(
    own: Sequence[RecordFacts], others: Sequence[RecordFacts], n: int, *, seed: int, neuron: str
) -> tuple[int, ...]:
    """Return the ids of at most `n` of others' records, drawn from documents it has none of."""
    documents = {record.document for record in own}
    strange = [record for record in others if record.document not in documents]
    return _some(strange, n, seed, "foreign", neuron)


def _some(
    records: Sequence[RecordFacts], n: int, seed: int, purpose: str, neuron: str
) -> tuple[int, ...]:
    ordered = sorted(records, key=lambda record: record.record)
    stream(seed, purpose, neuron).shuffle(ordered)
    return tuple(record.record for record in _extend((), ordered, n))
