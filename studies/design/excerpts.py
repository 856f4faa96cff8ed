"""Which of a neuron's records raters see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from explanations.records import RecordKind
from studies.design.seeds import stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What a record is chosen by: its id, why it was kept, its peak, its document."""

    record: int
    kind: RecordKind
    peak: float
    document: int


def choose(records: Sequence[RecordFacts], n: int, *, seed: int, neuron: str) -> tuple[int, ...]:
    """Return the ids of at most `n` records to show, highest peak first.

    Two thirds (rounded up) are the highest peaks; the others are sampled with the seed from the
    records that were kept as quantiles or at random, so that raters can spot a description that is
    too broad. If there are too few of one kind, the other fills in. A document is shown twice only
    if no other is left. All items of a neuron show the same records.
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
    """Add candidates in order until there are `n`, preferring documents not shown yet."""
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
"""A record is quiet if its peak is at most this share of the neuron's maximum."""


def highest(records: Sequence[RecordFacts], n: int, *, maximum: float) -> tuple[int, ...]:
    """Return the ids of up to `n` records with the highest peaks, none of them quiet."""
    loud = [record for record in records if record.peak > QUIET * maximum]
    by_peak = sorted(loud, key=lambda record: (-record.peak, record.record))
    return tuple(record.record for record in _extend((), by_peak, n))


def sample(records: Sequence[RecordFacts], n: int, *, seed: int, neuron: str) -> tuple[int, ...]:
    """Sample at most `n` of the records kept as quantiles or at random; return their ids."""
    kept = [record for record in records if record.kind is not RecordKind.TOP]
    return _some(kept, n, seed, "drawn", neuron)


def quiet(
    records: Sequence[RecordFacts], n: int, *, maximum: float, seed: int, neuron: str
) -> tuple[int, ...]:
    """Sample at most `n` quiet records; return their ids."""
    return _some([r for r in records if r.peak <= QUIET * maximum], n, seed, "quiet", neuron)


def lowest(records: Sequence[RecordFacts], n: int, *, maximum: float) -> tuple[int, ...]:
    """Return the ids of up to `n` quiet records, lowest peaks first."""
    hushed = [record for record in records if record.peak <= QUIET * maximum]
    by_peak = sorted(hushed, key=lambda record: (record.peak, record.record))
    return tuple(record.record for record in _extend((), by_peak, n))


def foreign(
    own: Sequence[RecordFacts], others: Sequence[RecordFacts], n: int, *, seed: int, neuron: str
) -> tuple[int, ...]:
    """Sample at most `n` records of other neurons, from documents the neuron has no record of."""
    documents = {record.document for record in own}
    strange = [record for record in others if record.document not in documents]
    return _some(strange, n, seed, "foreign", neuron)


def _some(
    records: Sequence[RecordFacts], n: int, seed: int, purpose: str, neuron: str
) -> tuple[int, ...]:
    ordered = sorted(records, key=lambda record: record.record)
    stream(seed, purpose, neuron).shuffle(ordered)
    return tuple(record.record for record in _extend((), ordered, n))
