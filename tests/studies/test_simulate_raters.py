"""Synthetic raters: through the same services as people, with the stated parameters, and marked."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from annotation.models import Assignment, Batch, Judgment, Rater
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from explanations.models import Score
from studies.analysis.protocols.synthetic import Behaviour, outcome, seconds
from studies.analysis.results import Results, analyse
from studies.presets import PRESETS
from studies.selectors.tables import study_tables
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from tests import factories


def drawn(gap: float, behaviour: Behaviour, n: int = 20_000) -> np.ndarray:
    random = np.random.default_rng(1)
    return np.array([outcome(gap, behaviour, random) for _ in range(n)])


def test_the_higher_score_is_preferred_as_often_as_stated() -> None:
    # Five standard deviations of a share near .75 of 20,000: 5 * sqrt(.1875 / 20000) = .0153.
    assert (drawn(0.2, Behaviour(accuracy=0.75)) == 1).mean() == pytest.approx(0.75, abs=0.0153)
    assert (drawn(-0.2, Behaviour(accuracy=0.75)) == -1).mean() == pytest.approx(0.75, abs=0.0153)


def test_ties_are_as_frequent_as_stated_and_the_side_bias_goes_to_the_left() -> None:
    outcomes = drawn(0.2, Behaviour(accuracy=0.7, side_bias=0.1, tie_rate=0.2))
    assert (outcomes == 0).mean() == pytest.approx(0.2, abs=0.015)
    assert (outcomes[outcomes != 0] == 1).mean() == pytest.approx(0.8, abs=0.016)


@pytest.mark.parametrize("gap", [0.0, float("nan")])
def test_without_a_gap_only_the_side_decides(gap: float) -> None:
    outcomes = drawn(gap, Behaviour(accuracy=0.9, side_bias=0.1))
    assert (outcomes == 1).mean() == pytest.approx(0.6, abs=0.018)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", 1.2),
        ("accuracy", -0.1),
        ("accuracy", float("nan")),
        ("tie_rate", 2.0),
        ("side_bias", 0.4),
        ("side_bias", float("nan")),
    ],
)
def test_a_parameter_outside_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        Behaviour(**{"accuracy": 0.75, name: value})


def test_hardly_any_of_their_answers_is_too_fast_for_its_design() -> None:
    for preset in PRESETS.values():
        (limit,) = (it.rule.seconds for it in preset.rules if it.rule.name == "too_fast")
        random = np.random.default_rng(5)
        times = np.array([seconds(random, pace=preset.seconds) for _ in range(2000)])
        assert (times < limit).mean() < 0.02, preset.name


# --- The command ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_all_their_judgments_are_marked_synthetic() -> None:
    study = factories.open_study(neurons=3)
    call_command("simulate_raters", study.slug, raters=2)
    assert Rater.objects.count() == Rater.objects.filter(synthetic=True).count() == 2
    assert analyse(study_tables(study)).n_synthetic == Judgment.objects.count() == 6


@pytest.mark.django_db
def test_overlap_is_never_exceeded_however_many_raters_come() -> None:
    study = factories.open_study(neurons=3, overlap=2)
    call_command("simulate_raters", study.slug, raters=5)
    assert Judgment.objects.count() == 6


@pytest.mark.django_db
def test_a_person_keeps_what_they_are_answering_and_no_judgment_is_of_the_future() -> None:
    # 60 answers of several pretended seconds each are longer than the lease.
    study = factories.open_study(neurons=60, items_per_rater=60)
    assert study.batch is not None
    Batch.objects.filter(pk=study.batch.pk).update(lease_seconds=60)
    person = rater_enrol(batch=study.batch, rater=None, at=timezone.now(), synthetic=False)
    claimed = assignment_claim(enrolment=person, at=timezone.now())
    assert claimed is not None
    call_command("simulate_raters", study.slug, raters=2)
    claimed.refresh_from_db()
    assert claimed.state == Assignment.State.OPEN
    assert not Judgment.objects.filter(submitted__gt=timezone.now()).exists()


@pytest.mark.django_db
def test_confidence_is_given_where_the_study_asks_for_it() -> None:
    study = factories.open_study(neurons=2, ask_confidence=True)
    call_command("simulate_raters", study.slug, raters=1)
    given = {judgment.answer["confidence"] for judgment in Judgment.objects.all()}
    assert given <= {1, 2, 3}


@pytest.mark.django_db
def test_results_recover_the_parameters() -> None:
    study = factories.open_study(neurons=60, overlap=10, items_per_rater=60)
    call_command(
        "simulate_raters", study.slug, raters=10, accuracy=0.8, side_bias=0.1, tie_rate=0.15, seed=7
    )
    made = analyse(study_tables(study))
    # 600 votes, about 510 decided: four standard deviations of .8 are 4 * sqrt(.16 / 510) = .071.
    assert made.details.scorers[0].agreement.strict.value == pytest.approx(0.8, abs=0.071)
    assert made.details.sides.left_share.value == pytest.approx(0.6, abs=0.087)
    assert made.details.sides.tie_share.value == pytest.approx(0.15, abs=0.058)


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_judgments() -> None:
    made = list[Results]()
    for _ in range(2):
        study = factories.study(neurons=8)
        study_build(study=study)
        study_open(study=study)
        call_command("simulate_raters", study.slug, raters=2, seed=3)
        made.append(analyse(study_tables(study)))
    assert made[0].details.sides == made[1].details.sides


@pytest.mark.django_db
def test_raters_may_go_by_any_of_the_scorers() -> None:
    study = factories.open_study(neurons=10)
    backwards = factories.method("scorer", "backwards")
    for score in list(Score.objects.all()):
        Score.objects.create(
            explanation=score.explanation, method=backwards, value=-(score.value or 0), n=1
        )
    call_command("simulate_raters", study.slug, raters=2, accuracy=1.0, scorer="backwards")
    made = {
        s.scorer: s.agreement.strict.value for s in analyse(study_tables(study)).details.scorers
    }
    assert made == {"correlation": 0.0, "backwards": 1.0}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"accuracy": 1.5}, "accuracy: 1.5"),
        ({"tie_rate": -1}, "tie_rate: -1"),
        ({"side_bias": 0.9}, "side_bias: 0.9"),
        ({"raters": 0}, "raters: 0"),
        ({"scorer": "nothing"}, "scorer: no scores by “nothing”; there are “correlation”"),
    ],
)
def test_the_command_refuses_what_it_cannot_do_by_name(
    parameters: dict[str, object], message: str
) -> None:
    study = factories.open_study()
    with pytest.raises(CommandError, match=message):
        call_command("simulate_raters", study.slug, **parameters)
    assert not Rater.objects.exists()


@pytest.mark.django_db
def test_a_study_that_is_not_open_is_refused() -> None:
    draft = factories.study()
    with pytest.raises(CommandError, match="study: it is draft, not open"):
        call_command("simulate_raters", draft.slug)
    with pytest.raises(CommandError, match="There is no study 'nothing'"):
        call_command("simulate_raters", "nothing")
