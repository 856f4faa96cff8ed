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
