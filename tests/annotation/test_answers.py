"""Answers are stored once and never changed."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotation.models import Assignment, Batch, Enrolment, Judgment
from annotation.services.answers import judgment_submit
from annotation.services.batches import batch_close
from annotation.services.claims import assignment_claim, assignment_skip
from annotation.services.errors import (
    AnswerDiffers,
    BatchClosed,
    InvalidAnswer,
    LeaseExpired,
    NotYours,
)
from tests.annotation.conftest import NOON
from tests.annotation.factories import open_batch
from tests.annotation.judgments import judgments_of
from tests.refusals import refused

Enrol = Callable[..., Enrolment]


@pytest.fixture
def assignment(enrol: Enrol) -> Assignment:
    return claimed(enrol())


def claimed(enrolment: Enrolment) -> Assignment:
    assignment = assignment_claim(enrolment=enrolment, at=NOON)
    assert assignment is not None
    return assignment


def submit(assignment: Assignment, **changes: object) -> Judgment:
    values: dict[str, object] = {
        "answer": {"choice": "tie"},
        "key": uuid4(),
        "seconds": 4.2,
        "at": NOON,
        **changes,
    }
    return judgment_submit(assignment=assignment, **values)  # type: ignore[arg-type]


def test_an_answer_is_stored_with_the_order_that_was_shown(assignment: Assignment) -> None:
    choice = assignment.order[0]
    submit(assignment, answer={"choice": choice})
    (row,) = judgments_of(assignment.item.batch)
    assert row.answer == {"choice": choice, "confidence": None}
    assert row.order == tuple(assignment.order)
    assert (row.item_id, row.seconds, row.submitted) == (assignment.item_id, 4.2, NOON)
    assert (row.rater, row.synthetic) == (assignment.rater.key, False)


def test_an_answer_ends_the_claim(assignment: Assignment) -> None:
    submit(assignment)
    assignment.refresh_from_db()
    assert (assignment.state, assignment.ended) == ("judged", NOON)


def test_a_resend_is_the_same_answer(assignment: Assignment) -> None:
    key = uuid4()
    assert submit(assignment, key=key) == submit(assignment, key=key)
    assert Judgment.objects.count() == 1


def test_a_resend_is_acknowledged_after_the_batch_has_closed(assignment: Assignment) -> None:
    key = uuid4()
    first = submit(assignment, key=key)
    batch_close(batch=assignment.item.batch)
    assert submit(assignment, key=key) == first


def test_a_second_form_with_the_same_answer_changes_nothing(assignment: Assignment) -> None:
    assert submit(assignment) == submit(assignment)
    assert Judgment.objects.count() == 1


def test_another_answer_that_is_no_edit_is_refused_and_not_taken_for_the_first(
    assignment: Assignment,
) -> None:
    used = submit(assignment).key
    for key in (used, uuid4()):
        with pytest.raises(AnswerDiffers) as caught:
            submit(assignment, key=key, answer={"choice": assignment.order[0]})
        assert caught.value.before == {"choice": "tie", "confidence": None}
    assert Judgment.objects.count() == 1


def test_an_edit_is_not_edited_by_another_answer_under_its_key(assignment: Assignment) -> None:
    submit(assignment)
    used = submit(assignment, answer={"choice": assignment.order[0]}, edit=True).key
    with pytest.raises(AnswerDiffers):
        submit(assignment, key=used, edit=True)
    assert Judgment.objects.count() == 2


def test_another_answer_after_the_batch_has_closed_is_refused(assignment: Assignment) -> None:
    key = submit(assignment).key
    batch_close(batch=assignment.item.batch)
    with pytest.raises(BatchClosed):
        submit(assignment, key=key, answer={"choice": assignment.order[0]})


def test_an_edit_supersedes_and_the_first_answer_stays(assignment: Assignment) -> None:
    first = submit(assignment)
    second = submit(assignment, answer={"choice": assignment.order[1]}, edit=True)
    assert second.supersedes == first
    assert Judgment.objects.count() == 2
    (row,) = judgments_of(assignment.item.batch)
    assert row.key == second.key


def test_a_resent_edit_is_one_edit(assignment: Assignment) -> None:
    submit(assignment)
    key = uuid4()
    assert submit(assignment, key=key, edit=True) == submit(assignment, key=key, edit=True)
    assert Judgment.objects.count() == 2


def test_a_key_of_another_assignment_is_refused(assignment: Assignment, enrol: Enrol) -> None:
    stolen = submit(assignment).key
    with pytest.raises(NotYours):
        submit(claimed(enrol()), key=stolen)


def test_an_answer_after_the_lease_is_refused(assignment: Assignment) -> None:
    with pytest.raises(LeaseExpired):
        submit(assignment, at=NOON + timedelta(minutes=30))
    assert not Judgment.objects.exists()


def test_an_answer_to_a_skipped_question_is_refused(assignment: Assignment) -> None:
    assignment_skip(assignment=assignment, reason="unclear", at=NOON)
    with pytest.raises(LeaseExpired):
        submit(assignment)


def test_an_answer_to_a_closed_batch_is_refused(assignment: Assignment) -> None:
    batch_close(batch=assignment.item.batch)
    with pytest.raises(BatchClosed):
        submit(assignment)
    assert not Judgment.objects.exists()


def test_an_answer_outside_the_schema_is_refused_by_name(assignment: Assignment) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        submit(assignment, answer={"choice": "left"})
    assert caught.value.field == "choice"
    assert not Judgment.objects.exists()


def test_confidence_is_stored_where_it_is_asked_for(enrol: Enrol) -> None:
    assignment = claimed(enrol(open_batch(ask_confidence=True)))
    answer = {"choice": "tie", "confidence": "2"}
    assert submit(assignment, answer=answer).answer == {"choice": "tie", "confidence": 2}


def test_time_is_never_negative(assignment: Assignment) -> None:
    assert submit(assignment, seconds=-3.0).seconds == 0


def test_a_judgment_is_neither_saved_again_nor_deleted(assignment: Assignment) -> None:
    judgment = submit(assignment)
    with pytest.raises(ValidationError):
        judgment.save()
    with pytest.raises(ValidationError):
        judgment.delete()


def test_the_database_refuses_to_update_a_judgment(assignment: Assignment) -> None:
    submit(assignment)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Judgment.objects.update(seconds=1)


def test_the_database_holds_one_first_judgment_and_one_successor(assignment: Assignment) -> None:
    first = submit(assignment)
    submit(assignment, edit=True)
    for supersedes, constraint in (
        (None, "one_first_judgment_per_assignment"),
        (first, "annotation_judgment.supersedes_id"),
    ):
        with refused(constraint):
            Judgment.objects.create(
                key=uuid4(),
                assignment=assignment,
                answer={},
                seconds=0,
                submitted=NOON,
                supersedes=supersedes,
            )


def test_judgments_of_another_batch_are_not_among_them(
    assignment: Assignment, enrol: Enrol
) -> None:
    submit(assignment)
    other: Batch = open_batch(items=1)
    assert judgments_of(other) == ()
