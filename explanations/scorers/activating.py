"""Held-out records on which the neuron fires, and those on which it is silent.

It fires on a record where an activation reaches 1 of 10, the lowest that is shown to people, and is
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
class FiringAndSilent:
    """Records on which the neuron fires, and those on which it is silent, in random order."""

    firing: tuple[HeldOut, ...]
    silent: tuple[HeldOut, ...]

    @property
    def missing(self) -> str:
        """Return which kind has no record; empty where both have."""
        if not self.firing:
            return "no held-out top or quantile record on which the neuron fires"
        if not self.silent:
            return "no held-out record on which the neuron is silent"
        return ""

    def most(self, count: int) -> "FiringAndSilent":
        """Return the first `count` of each kind."""
        if count < 1:
            raise ValueError(f"at least one record of each kind, not {count}")
        return FiringAndSilent(firing=self.firing[:count], silent=self.silent[:count])

    def only(self, records: Container[int]) -> "FiringAndSilent":
        """Return those of each kind whose keys are among `records`."""
        return FiringAndSilent(
            firing=tuple(each for each in self.firing if each.record in records),
            silent=tuple(each for each in self.silent if each.record in records),
        )


def firing_and_silent(evidence: Evidence, seed: int) -> FiringAndSilent:
    """Return the records by kind; the firing ones alternate between top and quantile ones.

    A random record that fires is of neither kind: it adds nothing to the others.
    """
    drawn = sorted(
        evidence.records, key=lambda each: (seeded_hash(seed, each.actual.text), each.record)
    )
    fired = [each for each in drawn if levels(each, evidence.maximum).any()]
    by_kind = [
        [each for each in fired if each.kind == kind]
        for kind in (RecordKind.TOP, RecordKind.QUANTILE)
    ]
    known = {each.record for each in fired}
    return FiringAndSilent(
        firing=tuple(_alternating(by_kind)),
        silent=tuple(each for each in drawn if each.record not in known),
    )


def auc_score(
    values: Mapping[int, float],
    records: FiringAndSilent,
    details: Mapping[str, object] | None = None,
) -> Scored:
    """Return the chance that a firing record has a higher value than a silent one, ties half.

    `auc_by_length` is the chance that it is longer: what a value gets that depends only on length.
    """
    firing, silent = records.firing, records.silent
    keys = [each.record for each in (*firing, *silent)]
    value = auc([values[each.record] for each in firing], [values[each.record] for each in silent])
    lengths = [[len(each.actual.tokens) for each in few] for few in (firing, silent)]
    counts = {"firing": len(firing), "silent": len(silent), "auc_by_length": auc(*lengths)}
    return with_interval(
        value,
        area(value, len(firing), len(silent)),
        n=len(keys),
        records=keys,
        details={**counts, **(details or {})},
    )


def levels(record: HeldOut, maximum: float) -> NDArray[np.int64]:
    """Return a record's activations from 0 to 10, one a token."""
    return to_zero_to_ten(record.actual.activations, maximum)


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def _alternating(lists: Sequence[Iterable[HeldOut]]) -> list[HeldOut]:
    return [each for each in chain(*zip_longest(*lists)) if each is not None]
