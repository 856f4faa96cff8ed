"""Preference between two options, and whether a score predicts it.

One row per vote, in any order. `outcome` is +1 when the left (or first) was preferred, -1 for the
right, 0 for a tie; `score_gap` is the left's score less the right's. Intervals are over neurons and
raters both; all the votes of one rater on one neuron are left out together.
"""

from studies.analysis.statistics.best_worst import best_worst
from studies.analysis.statistics.calibration import calibration
from studies.analysis.statistics.leaderboard import leaderboard
from studies.analysis.statistics.luce import plackett_luce
from studies.analysis.statistics.noise_ceiling import noise_ceiling
from studies.analysis.statistics.paired import bradley_terry, davidson
from studies.analysis.statistics.score_votes import agreement_by_gap, kendall_tau_b, score_agreement
from studies.analysis.statistics.votes import read_votes
from studies.analysis.statistics.wins import side_bias, win_matrix, win_rates
from studies.analysis.statistics.within_neurons import neuron_abilities

__all__ = [
    "agreement_by_gap",
    "best_worst",
    "bradley_terry",
    "calibration",
    "davidson",
    "kendall_tau_b",
    "leaderboard",
    "neuron_abilities",
    "noise_ceiling",
    "plackett_luce",
    "read_votes",
    "score_agreement",
    "side_bias",
    "win_matrix",
    "win_rates",
]
