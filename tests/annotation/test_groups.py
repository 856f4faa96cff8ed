"""Items for some raters only, and catch trials and repeats for all of them."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from annotation.allocation import Share, group_for, is_catch_turn
from annotation.models import Assignment, Batch, Enrolment, Item
from annotation.selectors.batches import batch_progress, questions_in
from annotation.selectors.progress import more_may_come
from annotation.services.batches import NewItem, batch_create, batch_open, rater_enrol
from annotation.services.claims import assignment_claim
from tests.annotation.conftest import NOON
from tests.annotation.factories import compare_item
from tests.annotation.test_claims import answer, answer_all

Enrol = Callable[..., Enrolment]


def batch_of(*items: NewItem, **options: int) -> Batch:
    settings: dict[str, Any] = {"items_per_rater": len(items), "title": "t", "consent": "c"}
    settings |= {"instructions": "i", **options}
    batch = batch_create(protocol="compare", items=items, **settings)
    batch_open(batch=batch)
    return batch


def grouped(*groups: int | None, overlap: int = 2) -> Batch:
    return batch_of(*(NewItem(compare_item(n), overlap, group=g) for n, g in enumerate(groups)))


# --- Who is dealt to which group ------------------------------------------------------------------


@given(n=st.integers(1, 6), raters=st.integers(0, 40), seed=st.integers())
def test_groups_have_equally_many_raters_while_nobody_drops_out(
    n: int, raters: int, seed: int
) -> None:
    shares: list[Share] = []
    for _ in range(raters):
        shares.append(Share(group=group_for(range(n), shares, seed=seed), given=1.0))
    counts = Counter(share.group for share in shares)
    assert max(counts.values(), default=0) - min(counts[g] for g in range(n)) <= 1


def test_what_a_rater_leaves_undone_goes_to_the_next_one() -> None:
    # Two raters in each of three groups; one of group 1 left after a tenth.
    shares = [Share(group=g, given=0.1 if i == 4 else 1.0) for i, g in enumerate([0, 1, 2] * 2)]
    assert group_for(range(3), shares, seed=5) == 1


def test_no_group_is_always_dealt_first() -> None:
    first = Counter(group_for(range(3), [], seed=seed) for seed in range(300))
    assert min(first.values()) > 60


def test_a_rater_is_asked_the_items_of_their_group_and_those_for_everybody(enrol: Enrol) -> None:
    batch = grouped(0, 0, 1, 1, None)
    raters = [enrol(batch) for _ in range(4)]
    assert Counter(rater.group for rater in raters) == {0: 2, 1: 2}
    for rater in raters:
        asked = [a.item.group for a in answer_all(rater)]
        assert Counter(asked) <= Counter([rater.group, rater.group, None])
        assert asked.count(rater.group) == 2
        assert not more_may_come(rater)
    assert questions_in(batch) == questions_in(batch, 0) == 3


def test_the_group_of_a_rater_who_left_is_dealt_again(enrol: Enrol) -> None:
    batch = grouped(0, 1)
    gone, stayed = enrol(batch), enrol(batch)
    answer_all(stayed)
    later = NOON + timedelta(seconds=batch.lease_seconds + 1)
    assert rater_enrol(batch=batch, rater=None, at=later).group == gone.group


def test_a_group_that_wants_nothing_more_is_dealt_to_nobody(enrol: Enrol) -> None:
    batch = grouped(0, 1, overlap=1)
    first = enrol(batch)
    answer_all(first)
    left = 1 - (first.group or 0)
    assert [enrol(batch).group for _ in range(3)] == [left] * 3


# --- Catch trials and repeats ---------------------------------------------------------------------


def test_one_question_in_so_many_is_a_catch_trial_at_a_drawn_place() -> None:
    turns = [[is_catch_turn(1, rater, n, 5) for n in range(50)] for rater in range(200)]
    for rater in turns:
        assert [sum(rater[i : i + 5]) for i in range(0, 50, 5)] == [1] * 10
    first = Counter(rater.index(True) for rater in turns)
    assert min(first[place] for place in range(5)) > 20
    assert not any(is_catch_turn(1, 0, n, 0) for n in range(50))


def with_catches(**options: int) -> Batch:
    catches = (
        NewItem(compare_item(n), 99, gold={"choice": "tie"}, is_catch=True) for n in range(3)
    )
    return batch_of(*(NewItem(compare_item(n), 1) for n in range(12)), *catches, **options)


def test_the_last_rater_meets_as_many_catch_trials_as_the_first(enrol: Enrol) -> None:
    batch = with_catches(catch_interval=3, items_per_rater=6)
    asked = [[a.item.is_catch for a in answer_all(enrol(batch))] for _ in range(3)]
    assert [len(each) for each in asked] == [6, 6, 6]
    assert [sum(each) for each in asked] == [2, 2, 2]
    progress = batch_progress(batch)
    assert (progress.wanted, progress.given) == (12, 12)


def test_nobody_is_asked_catch_trials_alone(enrol: Enrol) -> None:
    batch = with_catches(catch_interval=3)
    for _ in range(2):
        answer_all(enrol(batch))
    late = enrol(batch)
    assert len(answer_all(late)) <= 1
    assert not more_may_come(late)


def test_a_rater_is_asked_again_what_they_answered_after_some_time(enrol: Enrol) -> None:
    repeats = (NewItem(compare_item(n), 9, repeats=n) for n in range(12))
    batch = batch_of(
        *(NewItem(compare_item(n), 9) for n in range(12)),
        *repeats,
        items_per_rater=10,
        repeat_after=3,
    )
    asked = [a.item for a in answer_all(enrol(batch))]
    places = {item.pk: place for place, item in enumerate(asked)}
    again = [item for item in asked if item.repeats_id]
    assert len(again) == 4
    assert all(places[item.pk] - places[item.repeats_id or 0] > 3 for item in again)


def test_what_is_left_at_the_end_is_asked_again_at_once(enrol: Enrol) -> None:
    batch = batch_of(
        NewItem(compare_item(), 9), NewItem(compare_item(), 9, repeats=0), repeat_after=5
    )
    rater = enrol(batch)
    first = assignment_claim(enrolment=rater, at=NOON)
    assert isinstance(first, Assignment)
    answer(first)
    assert more_may_come(rater)
    [again] = answer_all(rater)
    assert Item.objects.get(pk=again.item_id).repeats_id == first.item_id
    assert not more_may_come(rater)
