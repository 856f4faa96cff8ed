"""Votes in long format, checked once for everything that reads them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.columns import Columns
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Values,
    codes,
    interaction,
    same_length,
)
from studies.analysis.data.tables import Judgments
from studies.analysis.statistics.jackknife import estimate, of_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes(Columns):
    """Checked votes: the neuron and rater (as codes), score gap and outcome of each.

    `cell` is the code of each pair of neuron and rater. Not all codes need occur, so that a subset
    keeps them. Gaps are rounded to nine decimals: 0.3 - 0.2 is 0.1, and a rounding error no gap.
    """

    neuron: Codes
    rater: Codes
    cell: Codes
    gap: Array
    outcome: Array

    def scored(self, gap: Array) -> "Votes":
        """Return the votes that have a gap, which is nan for the others."""
        votes = replace(self, gap=rounded(gap))
        has_gap = np.isfinite(gap)
        return votes if has_gap.all() else votes.only(has_gap)


def every_vote(judged: Judgments) -> Votes:
    """Return a study's votes, with no gap; see `Votes.scored`."""
    return read_votes(judged.neuron, judged.rater, None, judged.outcome)


def read_votes(neurons: Labels, raters: Labels, score_gap: Values | None, outcome: Values) -> Votes:
    """Return checked votes, one per row; without `score_gap` all gaps are zero.

    ValueError, naming the argument: lengths differ, an outcome is none of +1, 0, -1, a score gap is
    not finite.
    """
    gaps = np.zeros(np.size(outcome)) if score_gap is None else score_gap
    columns = same_length(neurons=neurons, raters=raters, score_gap=gaps, outcome=outcome)
    gap = columns["score_gap"].astype(np.float64)
    if not np.isfinite(gap).all():
        raise ValueError("score_gap: not finite; leave the votes without a score out")
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    return Votes(
        neuron=neuron,
        rater=rater,
        cell=interaction(neuron, rater),
        gap=rounded(gap),
        outcome=checked_outcome(columns["outcome"]),
    )


def rounded(gap: Array) -> Array:
    """Return gaps as `Votes` has them."""
    near: Array = np.round(gap, 9)
    return near


def checked_outcome(outcome: npt.NDArray[Any]) -> Array:
    """Return outcomes as numbers; ValueError when one is none of +1, 0, -1."""
    if not np.isin(outcome, (-1, 0, 1)).all():
        raise ValueError("outcome: +1 left preferred, -1 right preferred, 0 tie, nothing else")
    return outcome.astype(np.float64)


def mean_share(
    votes: Votes,
    share: Array,
    method: str,
    reason: str,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    """Return the mean of `share` over the votes, with its interval over neurons and raters."""
    replicates = of_mean(votes.neuron, votes.rater, share, cell=votes.cell)
    return estimate(
        replicates, method=method, unit="neuron", bounds=bounds, undefined_reason=reason
    )
