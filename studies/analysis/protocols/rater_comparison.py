"""Raters compared with each other, whatever they were asked, where answers can be the same."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Codes, encode
from studies.analysis.statistics.alpha import Level
from studies.analysis.statistics.breakdown import SoFar, alpha_by_judgments
from studies.analysis.statistics.drift import Drift, drift
from studies.analysis.statistics.raters import (
    RaterAgreement,
    RaterPairs,
    agreement_with_others,
    rater_agreement,
    rater_pairs,
)

_SHOWN = 40
_POINTS, _POINTS_OF_MANY, _MANY = 20, 5, 100_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgreementInput:
    """Values that can be the same: one row per rater and unit, in the order of the answers.

    `categories` are those that could be given, in order; `judgment` is the answer's row.
    """

    unit: Codes
    rater: Codes
    value: npt.NDArray[np.intp]
    judgment: Codes
    categories: tuple[int, ...]
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterComparison:
    """Raters compared with each other; `pairs` holds the forty with most answers.

    `growth` is alpha at `level` after so many
    judgments; `agreement` tells how often raters give the
    same value as others as they go on.
    """

    level: Level
    raters: tuple[RaterAgreement, ...]
    pairs: RaterPairs
    growth: tuple[SoFar, ...]
    agreement: Drift


def compare_raters(found: AgreementInput, places: Codes) -> RaterComparison:
    """Compare raters; `places` has, by judgment, the how-many-th of its rater it is, from 1."""
    rows = found.unit, found.rater, found.value
    often = np.argsort(-np.bincount(found.rater), kind="stable")[:_SHOWN]
    shown = np.isin(found.rater, often)
    points = _POINTS if len(found.unit) <= _MANY else _POINTS_OF_MANY
    shares = agreement_with_others(encode(*rows)) if len(found.unit) else np.zeros(0)
    known = np.isfinite(shares)
    return RaterComparison(
        level=found.level,
        raters=rater_agreement(*rows, level=found.level, categories=found.categories),
        pairs=rater_pairs(*(column[shown] for column in rows)),
        growth=tuple(
            replace(each, n=int(found.judgment[each.n - 1]) + 1)
            for each in alpha_by_judgments(
                *rows, level=found.level, categories=found.categories, points=points
            )
            if each.n
        ),
        agreement=drift(
            found.unit[known],
            found.rater[known],
            places[found.judgment[known]],
            shares[known],
        ),
    )
