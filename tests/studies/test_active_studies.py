"""Studies whose pairs are chosen as votes come in."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from annotation.models import Assignment, Enrolment, Item, Judgment
from annotation.selectors.batches import batch_progress
from annotation.services.answers import judgment_submit
from annotation.services.batches import enrolment_finish, rater_enrol
from annotation.services.next_question import question_claim
from studies import tasks
from studies.analysis.archive.read import recompute
from studies.analysis.protocols.synthetic import Behaviour
from studies.analysis.results import analyse
from studies.analysis.results_report import summary
from studies.exports.archive import archive
from studies.exports.tables import pieces
from studies.models import PairDraw, Study
from studies.selectors.drawing import places_open, study_draws
from studies.selectors.flow import judgments_wanted
from studies.selectors.registrations import design_of
from studies.selectors.tables import study_tables
from studies.services.building import study_build, study_unbuild
from studies.services.drawing import pairs_choose
from studies.services.lifecycle import study_close, study_open
from studies.services.simulation import raters_simulate
from tests import factories
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("plain", "fancy", "odd")


def active(**values: Any) -> Study:
    sizes = {"neurons": 8, "conditions": NAMES, "scores": (0.1, 0.5, 0.3), "overlap": 4}
    settings = {"pairing": "active", "budget": 40, "items_per_rater": 24}
    return factories.open_study(**{**sizes, **settings, **values})


def simulated(study: Study, raters: int) -> int:
    behaviour = Behaviour(accuracy=0.8)
    return raters_simulate(
        study=study, raters=raters, behaviour=behaviour, seed=3, at=NOON
    ).judgments


def enrol(study: Study) -> Enrolment:
    assert study.batch is not None
    return rater_enrol(batch=study.batch, rater=None, at=NOON)


def answer_all(enrolment: Enrolment) -> int:
    given = 0
    while assignment := question_claim(enrolment=enrolment, at=NOON):
        answer = {"choice": "tie"}
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=9.0, at=NOON)
        given += 1
    enrolment_finish(enrolment=enrolment, at=NOON)
    return given


def test_all_pairs_are_built_and_the_first_round_is_drawn_at_random() -> None:
    study = active()
    # 8 neurons x 3 pairs; a round is 10 judgments.
    assert Item.objects.count() == 24
    assert Counter(Item.objects.values_list("overlap", flat=True)) == {0: 14, 1: 10}
    first = PairDraw.objects.filter(study=study)
    assert set(first.values_list("round", "arm")) == {(0, "random")}
    chances = first.order_by("place").values_list("probability", flat=True)
    assert list(chances) == pytest.approx([1 / (24 - place) for place in range(10)])


def test_raters_find_questions_without_a_worker_until_the_budget_is_spent() -> None:
    study = active()
    assert simulated(study, raters=6) == 40
    assert Judgment.objects.count() == PairDraw.objects.count() == 40
    assert places_open(study) == 0
    assert max(Item.objects.values_list("overlap", flat=True)) <= study.overlap
    arms = Counter(PairDraw.objects.filter(round__gt=0).values_list("arm", flat=True))
    assert min(arms["random"], arms["active"]) > 0
    assert set(PairDraw.objects.values_list("round", flat=True)) == {0, 1, 2, 3}


def test_nothing_is_drawn_while_enough_is_open_nor_before_the_study_is() -> None:
    study = active()
    assert pairs_choose(study=study, at=NOON, below=10) == 0
    study_close(study=study, at=NOON)
    assert pairs_choose(study=study, at=NOON, below=99) == 0
    assert PairDraw.objects.count() == 10


def test_a_worker_draws_ahead_when_few_are_left() -> None:
    study = active()
    tasks.sweep()
    assert PairDraw.objects.count() == 10
    first = enrol(study)
    for _ in range(6):
        assignment = question_claim(enrolment=first, at=NOON)
        assert assignment is not None
        answer = {"choice": "tie"}
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=9.0, at=NOON)
    tasks.sweep()
    assert PairDraw.objects.count() == 20


def test_two_who_choose_at_once_make_one_round() -> None:
    study = active()
    later = Study.objects.get(pk=study.pk)
    assert pairs_choose(study=study, at=NOON, below=11) == 10
    assert pairs_choose(study=later, at=NOON, below=11) == 0
    again = PairDraw.objects.latest("pk")
    again.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        again.save()


def test_the_database_holds_draws_to_what_they_were() -> None:
    active()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PairDraw.objects.update(probability=0.5)


def test_too_many_pairs_to_weigh_in_a_request_are_drawn_at_random() -> None:
    study = active()
    assert pairs_choose(study=study, at=NOON, below=99, at_random=True) == 24
    drawn = PairDraw.objects.filter(round=1)
    assert set(drawn.values_list("arm", flat=True)) == {"random"}


def test_a_rater_who_had_all_that_is_open_is_done_and_others_go_on() -> None:
    study = active(budget=200, overlap=2)
    first = answer_all(enrol(study))
    assert 10 < first <= 24
    assert first + sum(answer_all(enrol(study)) for _ in range(3)) == 48
    # All pairs as often as they may be, which is less than the budget, are what can be wanted.
    assert PairDraw.objects.count() == judgments_wanted(study) == 48


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"budget": 0}, "need a budget"),
        ({"random_share": 0.2}, "between 0.3 and 1"),
        ({"repeats": 5}, "cannot be combined with repeats"),
        ({"condition_assignment": "between"}, "for all raters"),
    ],
)
def test_a_choice_without_end_or_chance_is_refused(values: dict[str, Any], refusal: str) -> None:
    made = {"title": "t", "slug": "s", "pairing": "active", "budget": 9, **values}
    with pytest.raises(ValidationError, match=refusal):
        Study(**made).full_clean()


def test_a_study_taken_back_loses_its_draws() -> None:
    study = factories.study(neurons=4, pairing="active", budget=20)
    study_build(study=study)
    assert PairDraw.objects.exists()
    study_unbuild(study=study)
    assert not PairDraw.objects.exists()


def test_catch_trials_are_met_beside_drawn_pairs_and_are_not_in_the_budget() -> None:
    study = stocked_study(
        "pairwise", pairing="active", budget=20, catches=50, items_per_rater=9, names=NAMES
    )
    study_build(study=study)
    study_open(study=study)
    met = [answer_all(enrol(study)) for _ in range(3)]
    assert met == [9, 9, 9]
    judged = Assignment.objects.values_list("rater", "item__is_catch")
    assert Counter(is_catch for _, is_catch in judged) == {True: 9, False: 18}
    assert PairDraw.objects.filter(study_item__item__is_catch=True).count() == 0
    assert batch_progress(study.batch).given == 18  # type: ignore[arg-type]


# --- What is told ---------------------------------------------------------------------------------


def test_exports_and_results_tell_votes_of_the_random_arm_from_the_others() -> None:
    study = active()
    registered = design_of(study)
    simulated(study, raters=4)
    answered = [each.judgment for each in study_draws(study)]
    assert len(set(answered)) == 40
    assert set(answered) == set(Judgment.objects.values_list("key", flat=True))
    lines = b"".join(pieces(study, "judgments", "csv")).decode().splitlines()
    assert {"arm", "probability"} <= set(lines[0].split(","))
    assert len(b"".join(pieces(study, "draws", "jsonl")).splitlines()) == 40
    tables = study_tables(study)
    assert np.isfinite(tables.answers.judgments.draw_probability).all()
    drawn = tables.answers.judgments.drawn_at_random
    assert drawn.sum() == PairDraw.objects.filter(arm="random").count()
    results = analyse(tables)
    assert results.details.drawn is not None
    alone = results.details.drawn.random_arm.strict
    all_votes = results.details.scorers[0].agreement.strict
    assert 0 < alone.n_ratings < all_votes.n_ratings
    assert any("random arm alone" in warning for warning in summary(results)["warnings"])
    assert (results.flow.judgments_wanted, results.flow.drawn) == (40, 40)
    assert results.flow.drawn_at_random == drawn.sum()
    # Rounds that are drawn later are no change of the design.
    assert design_of(study) == registered


def test_an_export_gives_the_same_results_and_tells_how_pairs_were_drawn(tmp_path: Path) -> None:
    study = active(neurons=3, budget=20)
    simulated(study, raters=2)
    path = tmp_path / "export.zip"
    path.write_bytes(b"".join(archive(study)))
    again = recompute(path)
    assert again.recomputed == again.exported
    methods = ZipFile(path).read("methods.md").decode()
    assert "20 judgments were wanted of pairs chosen adaptively as votes arrived" in methods
    assert "on pairs drawn at random alone" in methods


def test_a_study_of_fixed_pairs_says_nothing_of_arms() -> None:
    study = factories.open_study(neurons=2)
    factories.judged(study, ["fancy"])
    results = analyse(study_tables(study))
    assert results.details.drawn is None
    assert not any("random arm" in warning for warning in summary(results)["warnings"])


def test_neither_side_nor_key_goes_with_the_condition() -> None:
    study = active(neurons=12, budget=150, overlap=6, items_per_rater=30)
    assert simulated(study, raters=8) == 150
    keys = {key: name for (_, name), key in factories.options_by_condition(study).items()}
    left = Counter(keys[a.order[0]] for a in Assignment.objects.all())
    shown = Counter(keys[key] for a in Assignment.objects.all() for key in a.order)
    low = Counter(keys[min(a.order)] for a in Assignment.objects.all())
    for name in NAMES:
        # A fair coin stays within five standard deviations of sqrt(n) / 2.
        assert left[name] == pytest.approx(shown[name] / 2, abs=2.5 * shown[name] ** 0.5)
        assert low[name] == pytest.approx(shown[name] / 2, abs=2.5 * shown[name] ** 0.5)
    progress = batch_progress(study.batch)  # type: ignore[arg-type]
    assert progress.given == progress.wanted == 150
