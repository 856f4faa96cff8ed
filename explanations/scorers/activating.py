"""Held-out records on which the neuron fires, and those on which it is silent.

It fires on a record where an activation reaches 1 of 10, the least that people are shown, and is
silent where none does.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from explanations.methods.values import Evidence, HeldOut, Scored
from explanations.records import RecordKind, seeded_hash, to_zero_to_ten
from explanations.scorers.intervals import area, with_interval
from explanations.scorers.metrics import auc


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Records on which the neuron fires and on which it is silent, in an order that a seed drew."""

    firing: tuple[HeldOut, ...]
    silent: tuple[HeldOut, ...]

    @property
    def missing(self) -> str:
        """Say which side has no record; empty where both have."""
        if not self.firing:
            return "no held-out top or quantile record on which the neuron fires"
        if not self.silent:
            return "no held-out record on which the neuron is silent"
        return ""

    def most(self, count: int) -> "Sides":
        """Return the first `count` of each side."""
        if count < 1:
            raise ValueError(f"at least one record of each side, not {count}")
        return Sides(firing=self.firing[:count], silent=self.silent[:count])

    def only(self, records: Container[int]) -> "Sides":
        """Return those of each side whose keys are among `records`."""
        return Sides(
            firing=tuple(each for each in self.firing if each.record in records),
            silent=tuple(each for each in self.silent if each.record in records),
        )


def sides(evidence: Evidence, seed: int) -> Sides:
    """Part the records; the firing ones alternate between top and quantile while both last.

    A random record that fires is on neither side: it says nothing that those do not.
    """
    drawn = sorted(evidence.records, key=lambda each: (_draw(seed, each), each.record))
    fired = [each for each in drawn if levels(each, evidence.maximum).any()]
    by_kind = [
        [each for each in fired if each.kind == kind]
        for kind in (RecordKind.TOP, RecordKind.QUANTILE)
    ]
    known = {each.record for each in fired}
    return Sides(
        firing=tuple(_alternating(by_kind)),
        silent=tuple(each for each in drawn if each.record not in known),
    )


def separated(
    values: Mapping[int, float], both: Sides, details: Mapping[str, object] | None = None
) -> Scored:
    """Return the chance that a firing record has a higher value than a silent one, ties half.

    `auc_by_length` is that chance of being longer: what a value that follows length alone gets.
    """
    records = [each.record for each in (*both.firing, *both.silent)]
    value = auc(
        [values[each.record] for each in both.firing],
        [values[each.record] for each in both.silent],
    )
    lengths = [[len(each.actual.tokens) for each in few] for few in (both.firing, both.silent)]
    known = {
        "firing": len(both.firing),
        "silent": len(both.silent),
        "auc_by_length": auc(*lengths),
    }
    return with_interval(
        value,
        area(value, len(both.firing), len(both.silent)),
        n=len(records),
        records=records,
        details={**known, **(details or {})},
    )


def levels(record: HeldOut, maximum: float) -> NDArray[np.int64]:
    """Return a record's activations from 0 to 10, one a token."""
    return to_zero_to_ten(record.actual.activations, maximum)


def one_line(text: str) -> str:
    """Return a text as a list of texts can hold it: on one line."""
    return " ".join(text.split())


def _draw(seed: int, record: HeldOut) -> int:
    return seeded_hash(seed, record.actual.text)


def _alternating(lists: Sequence[Iterable[HeldOut]]) -> list[HeldOut]:
    return [each for each in chain(*zip_longest(*lists)) if each is not None]
