"""A second design of comparisons: how much better the better explanation fits."""

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from annotation.models import Judgment
from explanations.models import Explanation, Score
from studies.analysis.archive.read import recompute
from studies.analysis.data.tables import Draws, Judgments
from studies.analysis.protocols.compare.columns import answers_of, judgments_of, strength_of
from studies.analysis.results import analyse
from studies.analysis.results_report import figures
from studies.models import Study
from studies.selectors.preference import preferences
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from tests import factories
from tests.studies.columns import by_quality, tables
from tests.studies.stocked import stocked_study


@pytest.fixture
def study(db: None) -> Study:
    made = stocked_study("pairwise-strength", neurons=6, overlap=3)
    scorer = factories.method("scorer", "correlation", config={"n": 1})
    for at, explanation in enumerate(Explanation.objects.order_by("pk")):
        Score.objects.create(explanation=explanation, method=scorer, value=at % 7 / 7, n=4)
    study_build(study=made)
    study_open(study=made)
    call_command("simulate_raters", made.slug, raters=3, seed=1, scorer="correlation")
    return Study.objects.get(pk=made.pk)


def test_raters_say_how_much_better_and_the_results_go_by_it(study: Study, client: Client) -> None:
    answers = [each.answer for each in Judgment.objects.all()]
    assert {answer["strength"] for answer in answers if answer["choice"] != "tie"} <= {1, 2, 3}
    call_command("analyse", study.slug)
    client.force_login(User.objects.create_superuser("staff"))
    page = client.get(reverse("studies:results", args=[study.slug])).content.decode()
    assert "by strength of preference" in page
    assert "Which condition wins?" in page
    assert any(preferences(neuron.pk) for neuron in study.neurons.all())


def test_an_export_alone_gives_the_same_strengths(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    call_command("export_study", study.slug, str(path))
    found = recompute(path)
    assert found.recomputed == found.exported
    by_strength = json.loads(found.recomputed)["details"]["by_strength"]
    assert [each["strength"] for each in by_strength] == [1, 2, 3]
    with ZipFile(path) as export:
        assert "strength" in json.loads(export.read("judgments.jsonl").splitlines()[0])["answer"]


def test_agreement_is_that_of_the_votes_of_each_strength() -> None:
    # k1 scores higher on every neuron; it wins when the preference is strong.
    judged = [
        (neuron, rater, {"choice": "k1" if strong else "k0", "strength": 3 if strong else 1})
        for neuron in range(4)
        for rater, strong in enumerate((True, True, False))
    ]
    found = analyse(tables("compare", judged, shown=2, scores=(by_quality(4),)))
    slight, clear, far = (each.agreement for each in found.details.by_strength)
    assert (slight.value, far.value) == (0.0, 1.0)
    assert clear.reason
    assert figures(found)["strength"].rows[0][0] == "slightly"


def test_without_strengths_there_is_no_figure_of_them() -> None:
    judged = [(neuron, rater, {"choice": "k1"}) for neuron in range(3) for rater in range(2)]
    found = analyse(tables("compare", judged, shown=2, scores=(by_quality(3),)))
    assert found.details.by_strength == ()
    assert "strength" not in figures(found)


def test_votes_become_answers_and_votes_again() -> None:
    rng = np.random.default_rng(1)
    n = 30
    judged = Judgments(
        unit=np.arange(n) // 3,
        neuron=np.arange(n) // 6,
        rater=np.arange(n) % 3,
        outcome=rng.integers(-1, 2, n).astype(np.int8),
        left_explanation=rng.integers(0, 9, n),
        right_explanation=rng.integers(10, 19, n),
        left_condition=np.zeros(n, dtype=np.intp),
        right_condition=np.ones(n, dtype=np.intp),
        left_listed_first=rng.random(n) < 0.5,
        confidence=rng.integers(1, 4, n).astype(np.float64),
        seconds=rng.random(n),
        synthetic=np.zeros(n, dtype=np.bool_),
    )
    strength = np.where(rng.random(n) < 0.5, np.nan, rng.integers(1, 4, n))
    draws = Draws(at_random=rng.random(n) < 0.5, probability=rng.random(n))
    answers = answers_of(judged, strength=strength, draws=draws)
    for name, column in judgments_of(answers).columns().items():
        assert (column == judged.columns()[name]).all(), name
    expected = np.where(judged.outcome == 0, np.nan, strength)
    assert np.array_equal(strength_of(answers), expected, equal_nan=True)
    assert (answers.judgments.draw_probability == draws.probability).all()
