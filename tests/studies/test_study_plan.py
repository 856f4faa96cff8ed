"""What a built study is said to take and to buy, before and after there are judgments."""

import pytest
from django.utils import timezone

from studies.admin.actions import plan_in_words
from studies.models import Study
from studies.presets import PRESETS
from studies.selectors.pages import study_plan
from studies.services.analyses import analysis_request
from studies.services.building import study_build
from studies.tasks import analyse
from tests import factories
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db
MIXED = ["fancy", "fancy", "plain", "fancy"]


def test_precision_follows_what_was_measured_once_there_is_a_pilot() -> None:
    study = factories.open_study(neurons=12, overlap=6)
    for shift in range(4):
        factories.judged(study, [*MIXED[shift:], *MIXED, *MIXED, *MIXED[:shift]])
    assert not study_plan(study).is_measured
    analyse(analysis_request(study=study, at=timezone.now()).pk)
    plan = study_plan(Study.objects.get(pk=study.pk))
    assert plan.is_measured
    assert 0 < plan.half_width <= 0.5
    assert "agreement with the score will be known" in plan_in_words(plan, "compare")
    assert study_plan(Study.objects.get(pk=study.pk)) == plan


def test_before_there_are_judgments_the_designs_pace_and_an_assumption_count() -> None:
    study = stocked_study("bricken-2023")
    study_build(study=study)
    plan = study_plan(study)
    # 9 neurons x 3 conditions x 3 judgments at 60 s: 81 judgments in 1.35 hours.
    assert (plan.judgments, plan.seconds_per_judgment) == (81, PRESETS["bricken-2023"].seconds)
    assert plan.hours == pytest.approx(1.35)
    assert plan_in_words(plan, "rate").endswith("at 60\N{NO-BREAK SPACE}s each.")
    assert "A share near one half will be known" in plan_in_words(plan, "choose")
