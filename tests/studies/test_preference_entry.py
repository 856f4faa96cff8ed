"""The entry for notebooks takes arrays, and gives what the statistics of checked votes give."""

import pytest

from studies.analysis.statistics import calibration, preference, score_votes
from studies.analysis.statistics.votes import read_votes

NEURONS = [0, 0, 0, 1, 1, 1, 2, 2, 2]
RATERS = [0, 1, 2] * 3
GAPS = [0.2, 0.2, 0.2, -0.1, -0.1, -0.1, 0.3, 0.3, 0.3]
OUTCOMES = [1, 1, -1, -1, 1, -1, 1, 0, 1]
COLUMNS = NEURONS, RATERS, GAPS, OUTCOMES


def test_the_higher_score_wins_six_of_eight_decided_votes() -> None:
    # left scores higher on neurons 0 and 2: wins 2 of 3 and 2 of 2; lower on 1: right wins 2 of 3
    found = preference.score_agreement(*COLUMNS)
    assert found.strict.value == pytest.approx(6 / 8)
    assert found == score_votes.score_agreement(read_votes(*COLUMNS))


def test_calibration_is_that_of_the_checked_votes() -> None:
    assert preference.calibration(*COLUMNS) == calibration.calibration(read_votes(*COLUMNS))


def test_a_gap_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="score_gap: not finite"):
        preference.score_agreement([0], [0], [float("nan")], [1])
