"""Whether a higher score wins the vote."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import GAP_EDGES
from studies.analysis.data.ratings import (
    Array,
    Labels,
    Values,
    codes,
    interaction,
    same_length,
    within_group_pairs,
)
from studies.analysis.statistics.jackknife import divide, estimate, of_cells
from studies.analysis.statistics.votes import Votes, mean_share


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAgreement:
    """How often the higher score won the vote; every estimate is a share from 0 to 1.

    `strict`: of decided votes between different scores. `ties_half`: of all votes, a tie of votes
    or of scores counting half. `ties_half_between_scores`: of votes between different scores, a tie
    of votes counting half.
    """

    strict: Estimate
    ties_half: Estimate
    ties_half_between_scores: Estimate
    n_votes: int
    n_ties: int
    n_equal_scores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GapBin:
    """Strict agreement among votes whose absolute score gap is above `low` and at most `high`."""

    low: float
    high: float
    agreement: Estimate
    n_votes: int
    n_ties: int


def score_agreement(votes: Votes) -> ScoreAgreement:
    """Return how often the higher score won the vote, with two-way 95% intervals.

    Each estimate is undefined when no vote is left to it.
    """
    unequal = votes.only(votes.gap != 0)
    return ScoreAgreement(
        strict=_strict(votes),
        ties_half=_agreement(votes, "agreement with the score, any tie as half"),
        ties_half_between_scores=_agreement(unequal, "agreement with the score, ties as half"),
        n_votes=len(votes.gap),
        n_ties=int((votes.outcome == 0).sum()),
        n_equal_scores=int((votes.gap == 0).sum()),
    )


def _strict(votes: Votes) -> Estimate:
    decided = votes.only((votes.gap != 0) & (votes.outcome != 0))
    return _agreement(decided, "agreement with the score, decided votes")


def _agreement(votes: Votes, method: str) -> Estimate:
    share = (1 + np.sign(votes.gap) * votes.outcome) / 2
    return mean_share(votes, share, method, "no vote between different scores was decided")


def agreement_by_gap(votes: Votes, edges: tuple[float, ...] = GAP_EDGES) -> tuple[GapBin, ...]:
    """Return how often the higher score won the vote, by absolute score gap.

    One bin between each two `edges`, its low end left out and its high end included; equal scores
    are in no bin. ValueError when edges do not increase from zero or above.
    """
    if len(edges) < 2 or edges[0] < 0 or not (np.diff(edges) > 0).all():
        raise ValueError(f"edges: {edges} do not increase from zero or above")
    bins = np.digitize(np.abs(votes.gap), edges, right=True)
    return tuple(
        _gap_bin(votes.only((bins == i) & (votes.gap != 0)), low, high)
        for i, (low, high) in enumerate(pairwise(edges), start=1)
    )


def _gap_bin(votes: Votes, low: float, high: float) -> GapBin:
    return GapBin(
        low=low,
        high=high,
        agreement=_strict(votes),
        n_votes=len(votes.gap),
        n_ties=int((votes.outcome == 0).sum()),
    )


def kendall_tau_b(neurons: Labels, raters: Labels, scores: Values, values: Values) -> Estimate:
    """Compute Kendall's tau-b of scores and raters' values, within neuron and rater.

    One row per rated option: its score, and one rater's rating or rank of it (higher is better).
    Only options that one rater judged on one neuron are compared; concordance and ties are summed
    over all such pairs. From -1 to 1. Undefined when no pair differs in score, or none in value.
    ValueError: lengths differ, scores or values not finite. Source: Kendall (1945).
    """
    columns = same_length(neurons=neurons, raters=raters, scores=scores, values=values)
    x, y = columns["scores"].astype(np.float64), columns["values"].astype(np.float64)
    for name, numbers in (("scores", x), ("values", y)):
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name}: not finite; leave the rows without one out")
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    first, second = within_group_pairs(interaction(neuron, rater))
    signs = np.column_stack([np.sign(x[first] - x[second]), np.sign(y[first] - y[second])])
    features = np.column_stack([signs.prod(axis=1), np.abs(signs)])
    return estimate(
        of_cells(codes(neuron[first]), codes(rater[first]), features, to=tau_b_of_sums),
        method="Kendall's tau-b within neuron and rater",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason="no pair within a neuron and rater differs in score, or none in value",
        n_ratings=len(x),
    )


def tau_b_of_sums(sums: Array) -> Array:
    """Return tau-b from concordance, untied pairs in scores, and untied pairs in values (m, 3)."""
    return divide(sums[:, 0], np.sqrt(sums[:, 1] * sums[:, 2]))
