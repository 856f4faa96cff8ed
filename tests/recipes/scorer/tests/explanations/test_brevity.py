"""Brevity: the words of an explanation."""

import pytest

from explanations.scorers import SCORERS
from tests.explanations.dialogues import carried_on
from tests.explanations.evidence import evidence


@pytest.mark.parametrize(("cost", "value"), [(0.1, 0.7), (0.2, 0.4), (0.5, 0.0)])
def test_words_after_the_first_cost(cost: float, value: float) -> None:
    # three words after the first: 1 - 3 * cost, and never below 0
    about = evidence(explanation="fish in fresh water")
    found = carried_on(SCORERS["brevity"].score(about, {"cost": cost}))
    assert found.value == pytest.approx(value)
    assert found.n == 4
