"""Brevity: the words of an explanation."""

from explanations.scorers import SCORERS
from tests.explanations.dialogues import carried_on
from tests.explanations.evidence import evidence


def test_four_words_score_seven_tenths() -> None:
    # 1 - (4 - 1) / 10
    about = evidence(explanation="fish in fresh water")
    found = carried_on(SCORERS["brevity"].score(about, {}, 0))
    assert (found.value, found.n) == (0.7, 4)
