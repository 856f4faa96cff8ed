"""Which judgments are votes, and whose the rules on raters take out."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from annotation.models import Batch, Enrolment, Exclusion, Item
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from annotation.services.trust import exclusion_lift
from studies.analysis.results import analyse
from studies.models import Study
from studies.selectors.preference import preferences
from studies.selectors.tables import study_tables
from studies.services.lifecycle import study_close
from tests import factories

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = {"name": "too_fast", "limit": 0.5, "after": 1, "seconds": 2.0}


def answer(enrolment: Enrolment, *, seconds: float = 5.0, **answer: object) -> None:
    """Give the next answer; by default that the one on the left fits better."""
    assignment = assignment_claim(enrolment=enrolment, at=NOON)
    assert assignment is not None
    judgment_submit(
        assignment=assignment,
        answer=answer or {"choice": assignment.order[0]},
        key=uuid4(),
        seconds=seconds,
        at=NOON,
    )


def enrol(study: Study) -> Enrolment:
    assert study.batch is not None
    return rater_enrol(batch=study.batch, rater=None, at=NOON)


def test_who_cannot_tell_has_not_voted_and_is_counted_apart() -> None:
    study = factories.open_study(neurons=2)
    for item in Item.objects.all():
        item.payload["asks"] = {"cannot_tell": True}
        item.save()
    rater = enrol(study)
    answer(rater, cannot_tell=True)
    answer(rater)
    tables = study_tables(study)
    assert (len(tables.answers), tables.flow.judgments, tables.flow.cannot_tell) == (1, 1, 1)
    each = [preferences(neuron.pk) for neuron in study.neurons.all()]
    assert sum(row.comparisons for rows in each for row in rows.values()) == 2  # one vote, 2 sides


def test_gold_and_what_is_asked_again_test_the_rater_and_are_no_votes() -> None:
    study = factories.open_study(neurons=3)
    first, again, gold = Item.objects.order_by("position")
    Item.objects.filter(pk=again.pk).update(repeats=first)
    Item.objects.filter(pk=gold.pk).update(gold={"choice": "tie"})
    rater = enrol(study)
    for _ in range(3):
        answer(rater)
    assert study_tables(study).answers.judgments.unit.tolist() == [first.pk]


def test_the_rules_on_raters_are_the_exclusions_of_the_analysis() -> None:
    study = factories.open_study(neurons=2)
    Batch.objects.update(rules=[RULE])
    study.refresh_from_db()
    hasty, careful = enrol(study), enrol(study)
    answer(hasty, seconds=0.5)
    answer(careful)
    marks = study_tables(study).exclusions
    assert {rule: column.tolist() for rule, column in marks.items()} == {"too_fast": [True, False]}
    results = analyse(study_tables(study))
    assert results.n_judgments == 1
    assert [step.excluded for step in results.exclusions] == [0, 1]
    exclusion_lift(exclusion=Exclusion.objects.get(), reason="a slow script", at=NOON)
    assert analyse(study_tables(study)).n_judgments == 2


def test_closing_a_study_looks_at_all_raters_once_more() -> None:
    study = factories.open_study(neurons=1)
    Batch.objects.update(rules=[{"name": "agreement_with_others", "limit": 0.9, "after": 1}])
    study.refresh_from_db()
    for outcome in (0, 1):
        rater = enrol(study)
        assignment = assignment_claim(enrolment=rater, at=NOON)
        assert assignment is not None
        choice = sorted(assignment.order)[outcome]
        judgment_submit(
            assignment=assignment, answer={"choice": choice}, key=uuid4(), seconds=5, at=NOON
        )
    assert Exclusion.objects.count() == 1  # nobody else had answered when the first one did
    study_close(study=study, at=NOON)
    assert Exclusion.objects.count() == 2
