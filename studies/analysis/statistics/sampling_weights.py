"""Agreement of votes with scores where pairs were chosen adaptively, as for a random sample."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array
from studies.analysis.data.tables import Draws
from studies.analysis.statistics.jackknife import estimate, of_cells
from studies.analysis.statistics.score_votes import ScoreAgreement, score_agreement
from studies.analysis.statistics.votes import Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAgreement:
    """A score's agreement with votes, corrected for the choice of pairs in two ways.

    `random_arm` has the votes on pairs drawn at random alone. `weighted` is strict agreement over
    all votes, each weighing one over the probability of its draw.
    """

    random_arm: ScoreAgreement
    weighted: Estimate


def drawn_agreement(votes: Votes, gap: Array, draws: Draws) -> DrawnAgreement:
    """Return how a score agrees with votes on pairs that were drawn; `gap` is nan without scores.

    Rows are those of `draws`. The weighted share is Hajek's (1971) ratio: each draw represents all
    the pairs that could have been drawn.
    """
    return DrawnAgreement(
        random_arm=score_agreement(votes.scored(np.where(draws.at_random, gap, np.nan))),
        weighted=_weighted(votes, gap, 1 / draws.probability),
    )


def _weighted(votes: Votes, gap: Array, weight: Array) -> Estimate:
    rows = np.isfinite(gap) & np.isfinite(weight) & (votes.outcome != 0)
    rows[rows] = np.round(gap[rows], 9) != 0
    share = (1 + np.sign(gap[rows]) * votes.outcome[rows]) / 2
    features = np.column_stack([weight[rows] * share, weight[rows]])
    return estimate(
        of_cells(votes.neuron[rows], votes.rater[rows], features),
        method="agreement with the score, decided votes weighted by one over their probability",
        unit="neuron",
        bounds=(0.0, 1.0),
        undefined_reason="no vote between different scores was decided",
    )
