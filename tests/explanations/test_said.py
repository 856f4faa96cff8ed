"""What is said about a neuron, as its page has it."""

import pytest

from explanations.models import Score
from explanations.selectors.explanations import explanations_of
from tests import factories

pytestmark = pytest.mark.django_db


def test_methods_that_share_a_name_are_told_apart_by_their_settings() -> None:
    explanation = factories.explanation()
    for metric in ("auc", "f1"):
        method = factories.method("scorer", "detection", config={"metric": metric})
        Score.objects.create(explanation=explanation, method=method, value=0.5, n=9)
    (said,) = explanations_of(explanation.neuron.pk)
    assert {score.scorer for score in said.scores} == {
        "detection, metric auc",
        "detection, metric f1",
    }
