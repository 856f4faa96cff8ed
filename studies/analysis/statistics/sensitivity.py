"""Whether the headline depends on analysis choices: ties, exclusions, clustering."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import same_length
from studies.analysis.statistics.calibration import Ties, calibration
from studies.analysis.statistics.jackknife import Clustering, estimate, of_mean
from studies.analysis.statistics.votes import Votes

Exclusions: TypeAlias = Literal["none", "applied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The headline under one set of choices.

    `slope` (log-odds per 0.1 of score gap) is given two-way clustered only, else None.
    """

    ties: Ties
    exclusions: Exclusions
    clustering: Clustering
    agreement: Estimate
    slope: Estimate | None


def sensitivity(votes: Votes, excluded: npt.ArrayLike) -> tuple[Choice, ...]:
    """Return agreement with a score under every choice of ties, exclusions and clustering.

    `excluded` marks the votes that the plan's rules take out. Ties, of votes or scores, are dropped
    or count half. Clustering other than two-way is shown for comparison: with one kind of cluster
    or none, intervals are too narrow where both neurons and raters differ. ValueError: lengths
    differ, `excluded` is not true or false.
    """
    marks = same_length(outcome=votes.outcome, excluded=excluded)["excluded"]
    if not np.isin(marks, (0, 1)).all():
        raise ValueError("excluded: true or false, nothing else")
    out = marks.astype(np.bool_)
    without = tuple(choice for ties in get_args(Ties) for choice in _choices(votes, ties, "none"))
    if not out.any():
        return (*without, *(replace(choice, exclusions="applied") for choice in without))
    left = votes.only(~out)
    applied = (choice for ties in get_args(Ties) for choice in _choices(left, ties, "applied"))
    return (*without, *applied)


def _choices(votes: Votes, ties: Ties, exclusions: Exclusions) -> Iterator[Choice]:
    slope = calibration(votes, ties=ties).slope
    if ties == "drop":
        votes = votes.only((votes.gap != 0) & (votes.outcome != 0))
    share = (1 + np.sign(votes.gap) * votes.outcome) / 2
    replicates = of_mean(votes.neuron, votes.rater, share, cell=votes.cell)
    for clustering in get_args(Clustering):
        yield Choice(
            ties=ties,
            exclusions=exclusions,
            clustering=clustering,
            agreement=estimate(
                replicates,
                method=f"agreement with the score, ties: {ties}",
                unit="neuron",
                bounds=(0.0, 1.0),
                undefined_reason="no vote between different scores was decided",
                clustering=clustering,
            ),
            slope=slope if clustering == "two-way" else None,
        )
