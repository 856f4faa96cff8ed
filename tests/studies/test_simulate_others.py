"""Synthetic raters answer every design, plausibly, and are marked."""

import pytest
from django.core.management import call_command

from annotation.models import Judgment, Rater
from studies.models import Study
from studies.presets import PRESETS
from studies.selectors.answers import StudyAnswer, study_answers
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db
OTHERS = [name for name in PRESETS if name != "pairwise"]


def rated(name: str, *, raters: int = 2, **behaviour: float) -> list[StudyAnswer]:
    """Return what synthetic raters answer to a study that follows a preset."""
    # One of eight takes the truths of eight others.
    study = stocked_study(name, neurons=9 if name == "casper-2023" else 4, overlap=raters)
    study_build(study=study)
    study_open(study=study)
    call_command("simulate_raters", study.slug, raters=raters, seed=3, **behaviour)
    return list(study_answers(Study.objects.get(pk=study.pk)))


@pytest.mark.parametrize("name", OTHERS)
def test_synthetic_raters_answer_every_design_and_are_marked(name: str) -> None:
    answers = rated(name)
    assert answers
    assert all(answer.synthetic for answer in answers)
    assert Judgment.objects.count() == len(answers)
    assert not Rater.objects.filter(synthetic=False).exists()
    assert len({str(answer.answer) for answer in answers}) > 1


def test_better_raters_find_the_right_answer_more_often() -> None:
    def accuracy(of: float) -> float:
        answers = rated("casper-2023", accuracy=of)
        right = [a.about and a.answer["choice"] == (a.about.known or {})["choice"] for a in answers]
        return sum(map(bool, right)) / len(right)

    assert accuracy(0.95) > accuracy(0.3)
