"""One stored sequence of Neuronpedia: tokens, values, and the interval of peaks it was drawn from.

Intervals cut 0 to the maximum into equal parts, five unless the exporter chose otherwise. Draws
from the highest are top records, as are those in no interval; the others' are quantile records.
"""

from dataclasses import dataclass

from explanations.formats.fields import Fields
from explanations.formats.reading import Excerpt, excerpt
from explanations.formats.windows import WindowRecords
from explanations.records import RecordKind

INTERVALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The interval of peaks that a sequence was drawn from."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence as it was read; `drawn` is None for the highest of all."""

    excerpt: Excerpt
    drawn: Bin | None


def sequence(fields: Fields, low: str, high: str) -> Sequence | None:
    """Read a sequence; None where something was wrong with it, and noted."""
    read = excerpt(fields, "values")
    before = len(fields.faults.found)
    drawn = None
    if fields.has(low) and fields.has(high):
        drawn = Bin(low=fields.number(low), high=fields.number(high))
    if read is None or len(fields.faults.found) > before:
        return None
    return Sequence(excerpt=read, drawn=None if drawn is None or drawn.low < 0 else drawn)


def collect(windows: WindowRecords, sequence: Sequence, maximum: float) -> int:
    """Add a sequence to its neuron's records; return its position."""
    interval, of = _interval(sequence.drawn, maximum)
    if sequence.drawn is None or interval >= of - 1 > 0:
        return windows.add(sequence.excerpt, RecordKind.TOP)
    quantile = min(3, 4 * interval // max(1, of - 1))
    return windows.add(sequence.excerpt, RecordKind.QUANTILE, quantile)


def bounds(quantile: int | None, maximum: float) -> tuple[float, float]:
    """Return the interval that is read as a quantile of a neuron; (-1, maximum) for none."""
    if quantile is None:
        return -1.0, maximum
    return maximum * quantile / INTERVALS, maximum * (quantile + 1) / INTERVALS


def _interval(drawn: Bin | None, maximum: float) -> tuple[int, int]:
    """Return an interval's number from 0, and how many there are; both are rounded in the files."""
    if drawn is None or drawn.high <= drawn.low:
        return 0, INTERVALS
    width = drawn.high - drawn.low
    return round(drawn.low / width), max(1, round(maximum / width))
