"""Who is given which question."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.services.answers import judgment_submit
from annotation.services.batches import batch_close
from annotation.services.claims import (
    assignment_claim,
    assignment_renew,
    assignment_skip,
    assignments_expire,
)
from annotation.services.errors import BatchClosed, InvalidAnswer, LeaseExpired
from tests.annotation.conftest import NOON
from tests.annotation.factories import open_batch
from tests.refusals import refused

Enrol = Callable[..., Enrolment]
HOUR = timedelta(hours=1)


def claim(enrolment: Enrolment, at: timedelta = timedelta()) -> Assignment:
    assignment = assignment_claim(enrolment=enrolment, at=NOON + at)
    assert assignment is not None
    return assignment


def answer(assignment: Assignment) -> None:
    judgment_submit(
        assignment=assignment, answer={"choice": "tie"}, key=uuid4(), seconds=3, at=NOON
    )


def answer_all(enrolment: Enrolment) -> list[Assignment]:
    """Answer until nothing is left; return what was asked, in order."""
    asked = []
    while assignment := assignment_claim(enrolment=enrolment, at=NOON):
        answer(assignment)
        asked.append(assignment)
    return asked


def test_a_rater_is_asked_every_item_once(enrol: Enrol) -> None:
    asked = answer_all(enrol())
    assert len({a.item_id for a in asked}) == len(asked) == 6


def test_a_rater_is_asked_no_more_than_the_batch_says(enrol: Enrol) -> None:
    assert len(answer_all(enrol(open_batch(items=6, items_per_rater=4)))) == 4


def test_no_item_is_judged_more_often_than_wanted(enrol: Enrol) -> None:
    raters = [enrol() for _ in range(3)]
    assert [len(answer_all(rater)) for rater in raters] == [6, 6, 0]
    assert set(Item.objects.values_list("claims", flat=True)) == {2}


def test_the_open_question_is_asked_again_until_it_is_answered(enrol: Enrol) -> None:
    rater = enrol()
    assert claim(rater) == claim(rater)


def test_items_with_the_fewest_claims_come_first(enrol: Enrol) -> None:
    first = [claim(enrol()) for _ in range(6)]
    assert len({a.item_id for a in first}) == 6


def test_raters_meet_the_items_in_different_orders(enrol: Enrol) -> None:
    batch = open_batch(items=12, overlap=9)
    orders = {tuple(a.item.position for a in answer_all(enrol(batch))) for _ in range(5)}
    assert len(orders) == 5


def test_sides_are_balanced_for_every_rater_and_every_item(enrol: Enrol) -> None:
    batch = open_batch(items=8, overlap=4)
    for _ in range(4):
        left_first = [a.order == sorted(a.order) for a in answer_all(enrol(batch))]
        assert sum(left_first) == 4
    assert set(batch.items.values_list("claims", "order_balance")) == {(4, 0)}


def test_a_lapsed_claim_goes_back_to_the_pool(enrol: Enrol) -> None:
    lapsed = claim(enrol(open_batch(items=1, overlap=1)))
    assert assignments_expire(at=NOON + HOUR) == 1
    lapsed.refresh_from_db()
    assert (lapsed.state, lapsed.ended) == ("expired", NOON + HOUR)
    assert Item.objects.values_list("claims", "order_balance").get(pk=lapsed.item_id) == (0, 0)


def test_a_lapsed_claim_goes_to_whoever_asks_next(enrol: Enrol) -> None:
    batch = open_batch(items=1, overlap=1)
    lapsed = claim(enrol(batch))
    assert claim(enrol(batch), HOUR).item_id == lapsed.item_id


def test_a_running_claim_does_not_expire(enrol: Enrol) -> None:
    claim(enrol())
    assert assignments_expire(at=NOON + timedelta(minutes=29)) == 0


def test_a_lapsed_claim_is_taken_up_again_while_nobody_else_has_the_item(enrol: Enrol) -> None:
    lapsed = claim(enrol(open_batch(items=1, overlap=1)))
    assignments_expire(at=NOON + HOUR)
    renewed = assignment_renew(assignment=lapsed, at=NOON + HOUR)
    assert renewed is not None
    assert (renewed.item_id, renewed.order) == (lapsed.item_id, lapsed.order)
    assert (renewed.claimed, renewed.expires > NOON + HOUR) == (NOON, True)


def test_an_overdue_claim_that_nobody_swept_is_prolonged(enrol: Enrol) -> None:
    lapsed = claim(enrol())
    assert assignment_renew(assignment=lapsed, at=NOON + HOUR) == lapsed
    assert assignments_expire(at=NOON + HOUR) == 0


def test_a_lapsed_claim_is_not_taken_from_somebody_else(enrol: Enrol) -> None:
    batch = open_batch(items=1, overlap=1)
    lapsed = claim(enrol(batch))
    claim(enrol(batch), HOUR)
    assert assignment_renew(assignment=lapsed, at=NOON + HOUR) is None


def test_a_lapsed_claim_is_over_once_the_rater_has_gone_on(enrol: Enrol) -> None:
    rater = enrol()
    lapsed = claim(rater)
    claim(rater, HOUR)
    assert assignment_renew(assignment=lapsed, at=NOON + HOUR) is None


def test_a_skipped_item_goes_to_others_and_not_to_the_same_rater(enrol: Enrol) -> None:
    batch = open_batch(items=2, overlap=1)
    rater = enrol(batch)
    skipped = claim(rater)
    assignment_skip(assignment=skipped, reason="The excerpts are empty", at=NOON)
    assert [a.item_id for a in answer_all(rater)] != [skipped.item_id]
    assert claim(enrol(batch)).item_id == skipped.item_id


def test_a_skip_keeps_its_reason_and_twice_is_once(enrol: Enrol) -> None:
    assignment = claim(enrol())
    for _ in range(2):
        assignment_skip(assignment=assignment, reason=" unclear ", at=NOON)
    assignment.refresh_from_db()
    assert (assignment.state, assignment.skip_reason) == ("skipped", "unclear")
    assert Item.objects.get(pk=assignment.item_id).claims == 0


def test_a_skip_without_a_reason_is_refused(enrol: Enrol) -> None:
    with pytest.raises(InvalidAnswer, match="reason"):
        assignment_skip(assignment=claim(enrol()), reason=" ", at=NOON)


def test_an_answered_question_cannot_be_skipped(enrol: Enrol) -> None:
    assignment = claim(enrol())
    answer(assignment)
    with pytest.raises(LeaseExpired):
        assignment_skip(assignment=assignment, reason="unclear", at=NOON)


def test_a_closed_batch_gives_no_more_questions(batch: Batch, enrol: Enrol) -> None:
    rater = enrol()
    batch_close(batch=batch)
    with pytest.raises(BatchClosed):
        assignment_claim(enrolment=rater, at=NOON)


def test_the_database_holds_the_overlap(enrol: Enrol) -> None:
    item = claim(enrol(open_batch(items=1, overlap=1))).item
    with refused("overlap_never_exceeded"):
        Item.objects.filter(pk=item.pk).update(claims=2)


def test_the_database_gives_a_rater_an_item_once(enrol: Enrol) -> None:
    rater = enrol()
    had = claim(rater)
    with refused("a_rater_gets_an_item_once"):
        Assignment.objects.create(
            item=had.item, rater=rater.rater, order=had.order, claimed=NOON, expires=NOON + HOUR
        )


@pytest.mark.parametrize("protocol", ["write", "simulate", "rate"])
def test_a_question_without_options_to_change_places_leans_nowhere(
    enrol: Enrol, protocol: str
) -> None:
    raters = [enrol(open_batch(items=1, overlap=4, protocol=protocol))]
    raters += [enrol(raters[0].batch) for _ in range(3)]
    held = [claim(rater) for rater in raters]
    assert [len(assignment.order) < 2 for assignment in held] == [True] * 4
    assert Item.objects.get(pk=held[0].item_id).order_balance == 0
    assignment_skip(assignment=held[0], reason="unclear", at=NOON)
    assignments_expire(at=NOON + 2 * HOUR)
    assert assignment_renew(assignment=held[3], at=NOON + 2 * HOUR) is not None
    assert Item.objects.values_list("claims", "order_balance").get(pk=held[0].item_id) == (1, 0)


def test_of_several_options_the_order_differs_and_its_side_is_balanced(enrol: Enrol) -> None:
    batch = open_batch(items=8, overlap=2, protocol="rank")
    orders = []
    for rater in (enrol(batch), enrol(batch)):
        held = []
        while assignment := assignment_claim(enrolment=rater, at=NOON):
            assignment_skip(assignment=assignment, reason="unclear", at=NOON)
            held.append(assignment.order)
        assert len(held) == 8
        orders += held
    assert len({tuple(sorted(order).index(key) for key in order) for order in orders}) > 4
    assert set(Item.objects.values_list("claims", "order_balance")) == {(0, 0)}
