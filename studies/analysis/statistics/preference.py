"""Preference between two options, and whether a score predicts it: the entry for notebooks.

One row per vote, in any order. `outcome` is +1 when the left (or first) was preferred, -1 for the
right, 0 for a tie; `score_gap` is the left's score less the right's. Intervals are over neurons and
raters both; all the votes of one rater on one neuron are left out together.
"""

from studies.analysis.data.ratings import Labels, Values
from studies.analysis.statistics import calibration as calibrations
from studies.analysis.statistics import score_votes
from studies.analysis.statistics.luce import plackett_luce
from studies.analysis.statistics.noise_ceiling import noise_ceiling
from studies.analysis.statistics.paired import bradley_terry, davidson
from studies.analysis.statistics.votes import read_votes

__all__ = [
    "bradley_terry",
    "calibration",
    "davidson",
    "noise_ceiling",
    "plackett_luce",
    "score_agreement",
]


def score_agreement(
    neurons: Labels, raters: Labels, score_gap: Values, outcome: Values
) -> score_votes.ScoreAgreement:
    """Return how often the higher score won the vote; ValueError as in `votes.read_votes`."""
    return score_votes.score_agreement(read_votes(neurons, raters, score_gap, outcome))


def calibration(
    neurons: Labels, raters: Labels, score_gap: Values, outcome: Values
) -> calibrations.Calibration:
    """Return how the chance of a vote rises with the gap; ValueError as in `votes.read_votes`."""
    return calibrations.calibration(read_votes(neurons, raters, score_gap, outcome))
