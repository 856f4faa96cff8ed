"""A score that rests on no simulation is shown, listed and analysed like any other."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from explanations.models import Explanation, Method, Score, Subject
from studies.analysis.protocols.compare.columns import judgments_of
from studies.analysis.protocols.synthetic import Behaviour
from studies.analysis.results import analyse
from studies.models import Study
from studies.selectors.tables import study_tables
from studies.services.simulation import raters_simulate
from tests import factories

pytestmark = pytest.mark.django_db


def score(of: Explanation, scorer: Method, value: float | None, **values: Any) -> Score:
    reason = "no held-out record on which the neuron is silent" if value is None else ""
    return Score.objects.create(
        explanation=of, method=scorer, value=value, reason=reason, n=24, **values
    )


def shown(client: Client, path: str) -> str:
    """Return the words of a page about neurons."""
    answer = client.get(f"/neurons/{path}")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]*>", " ", answer.content.decode())
    return " ".join(text.replace("\N{EN DASH}", "-").split())


# --- A neuron's page and lists --------------------------------------------------------------------


@pytest.fixture
def said() -> Explanation:
    subject = factories.subject(name="shown", audience="everyone")
    return factories.explanation(factories.neuron_with_records(subject=subject, index=3))


def test_a_neurons_page_shows_a_direct_score_with_its_interval(
    client: Client, said: Explanation
) -> None:
    score(said, factories.method("scorer", "detection"), 0.875, low=0.7, high=0.95)
    score(said, factories.method("scorer", "fuzzing"), 0.5)
    score(said, factories.method("scorer", "surprisal"), None)
    words = shown(client, "shown/0/3/")
    assert "Detection 0.88 (0.70 to 0.95), 3 scores in all" in words
    assert "detection - 0.88 0.70 to 0.95 24" in words
    assert "fuzzing - 0.50 - 24" in words
    assert "surprisal - undefined: no held-out record on which the neuron is silent" in words


def test_the_headline_is_the_correlation_over_all_records_where_there_is_one(
    client: Client, said: Explanation
) -> None:
    score(said, factories.method("scorer", "detection"), 0.9)
    score(said, factories.method("scorer", "correlation", config={"on": "top"}), 0.8)
    score(said, factories.method("scorer", "correlation"), 0.25)
    words = shown(client, "shown/0/3/")
    assert "Correlation 0.25, 3 scores in all" in words
    assert "correlation on top - 0.80" in words


def test_a_layer_orders_explanations_by_the_correlation_over_all_records(
    client: Client, said: Explanation
) -> None:
    other = factories.explanation(said.neuron, "water")
    score(said, factories.method("scorer", "correlation", config={"on": "top"}), 0.9)
    score(said, factories.method("scorer", "correlation"), 0.1)
    score(other, Method.objects.get(config={}), 0.5)
    assert "water" in shown(client, "shown/0/")


def test_neurons_are_listed_by_a_direct_score_of_each_configuration(
    client: Client, said: Explanation
) -> None:
    mini, maxi = (
        factories.method("scorer", "detection", config={"model": name, "per_prompt": 5})
        for name in ("mini", "maxi")
    )
    score(said, mini, 0.6)
    score(said, maxi, 0.8)
    words = shown(client, f"shown/lists/best/?by={mini.pk}-0")
    assert "detection, model maxi detection, model mini" in words
    assert "0.60" in words
    assert "0.80" not in words


# --- Studies --------------------------------------------------------------------------------------


def judged_study() -> tuple[Study, Method]:
    """Return a study in which people prefer what detection scores higher, and the scorer."""
    study = factories.open_study(neurons=4, scores=(0.6, 0.3))
    detection = factories.method("scorer", "detection")
    for condition, value in zip(study.conditions.order_by("pk"), (0.7, 0.9), strict=True):
        for explanation in Explanation.objects.filter(method=condition.method):
            score(explanation, detection, value)
    factories.judged(study, ["fancy", "fancy", "fancy", "plain"])
    return study, detection


def test_a_study_analyses_a_direct_score_beside_one_of_simulations() -> None:
    study, _ = judged_study()
    simulator = factories.method("simulator", "lookup")
    on_simulations = factories.method("scorer", "r_squared")
    for explanation in Explanation.objects.filter(method__in=study.conditions.values("method")):
        simulation = factories.simulation(explanation, method=simulator)
        score(explanation, on_simulations, 0.1 * explanation.pk, simulation=simulation)
    found = {each.scorer: each for each in analyse(study_tables(study)).details.scorers}
    assert set(found) == {"correlation", "detection", "r squared · lookup"}
    # "fancy" won 3 of 4 votes: detection scores it higher, the correlation of this study lower
    assert found["detection"].agreement.strict.value == pytest.approx(0.75)
    assert found["correlation"].agreement.strict.value == pytest.approx(0.25)
    assert found["detection"].n_unscored == 0


def test_a_direct_score_that_is_undefined_is_counted_with_its_reason() -> None:
    study, detection = judged_study()
    one = Score.objects.filter(method=detection).first()
    assert one is not None
    Score.objects.filter(pk=one.pk).update(value=None, reason="no silent record")
    found = {each.scorer: each for each in analyse(study_tables(study)).details.scorers}
    (undefined,) = found["detection"].undefined
    assert (undefined.reason, undefined.n) == ("no silent record", 1)
    assert found["detection"].n_unscored == 1


def test_synthetic_raters_can_follow_a_direct_score() -> None:
    study, _ = judged_study()
    simulated = raters_simulate(
        study=study,
        raters=2,
        behaviour=Behaviour(accuracy=1.0),
        seed=1,
        at=timezone.now(),
        scorer="detection",
    )
    assert (simulated.scorer, simulated.judgments) == ("detection", 8)
    assert set(judgments_of(study_tables(study).answers).outcome.tolist()) <= {1, -1}


def test_two_configurations_of_a_scorer_are_two_scorers_named_by_what_differs() -> None:
    study, detection = judged_study()
    other = factories.method("scorer", "detection", config={"answers": "graded"})
    for each in Score.objects.filter(method=detection):
        score(each.explanation, other, each.value)
    labels = {each.scorer for each in study_tables(study).scores}
    assert "detection, answers graded" in labels
    assert len(labels) == 3


def test_no_score_of_another_subject_is_listed(client: Client, said: Explanation) -> None:
    hidden = factories.explanation(factories.neuron_with_records())
    score(hidden, factories.method("scorer", "intruder"), 0.9)
    Subject.objects.filter(pk=said.neuron.subject_id).update(audience="everyone")
    assert "No explanation has a score yet." in shown(client, "shown/lists/best/")
