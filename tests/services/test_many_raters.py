"""Sixteen raters at once, on a real database: nobody is asked too much, nothing is lost."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from django.utils.timezone import now

from annotation.allocation import first_position
from annotation.models import Assignment, Batch, Enrolment, Judgment
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim, assignment_skip
from annotation.services.next_question import question_claim
from studies.analysis.protocols.synthetic import Behaviour
from studies.models import PairDraw
from studies.selectors.drawing import places_open
from studies.services.drawing import pairs_choose
from studies.services.simulation import raters_simulate
from tests import factories
from tests.annotation.factories import open_batch
from tests.annotation.judgments import judgments_of
from tests.services.conftest import Site

pytestmark = pytest.mark.services

RATERS = 16
ITEMS = 500


def at_once(work: Callable[[int], None]) -> None:
    """Let every rater work in a thread with a connection of its own, all starting together."""
    start = threading.Barrier(RATERS)

    def one(number: int) -> None:
        start.wait()
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(RATERS) as pool:
        list(pool.map(one, range(RATERS)))


def answer(assignment: Assignment) -> None:
    """Send an answer twice, as an impatient browser does."""
    key = uuid4()
    for _ in range(2):
        judgment_submit(
            assignment=assignment, answer={"choice": "tie"}, key=key, seconds=1, at=now()
        )


def test_raters_at_once_judge_every_item_as_often_as_wanted(site: Site) -> None:
    batch = open_batch(items=ITEMS, overlap=3)

    def rate(_: int) -> None:
        enrolment = rater_enrol(batch=batch, rater=None, at=now())
        while assignment := assignment_claim(enrolment=enrolment, at=now()):
            answer(assignment)

    at_once(rate)
    rows = judgments_of(batch)
    assert len(rows) == Judgment.objects.count() == 3 * ITEMS
    assert set(Counter(row.item_id for row in rows).values()) == {3}
    assert len({(row.item_id, row.rater) for row in rows}) == 3 * ITEMS
    assert set(batch.items.values_list("claims", flat=True)) == {3}
    assert_balanced(batch)


def assert_balanced(batch: Batch) -> None:
    """Check both sides of the balance, and that the items' own counts tell the truth."""
    by_rater: Counter[object] = Counter()
    by_item: Counter[int] = Counter()
    for row in judgments_of(batch):
        by_rater[row.rater] += first_position(row.order)
        by_item[row.item_id] += first_position(row.order)
    assert all(abs(order_balance) <= 1 for order_balance in by_rater.values())
    assert dict(batch.items.values_list("pk", "order_balance")) == dict(by_item)
    # Of an odd number of judgments one is left over; the very last raters may find no match.
    assert sum(abs(order_balance) > 1 for order_balance in by_item.values()) <= 3


def test_skips_and_lapsed_claims_come_back_and_are_judged(site: Site) -> None:
    batch = open_batch(items=24, overlap=2, lease_seconds=0)
    dropouts = [rater_enrol(batch=batch, rater=None, at=now()) for _ in range(4)]
    for dropout in dropouts:
        assert assignment_claim(enrolment=dropout, at=now()) is not None
    Batch.objects.update(lease_seconds=600)

    def rate(number: int) -> None:
        enrolment = rater_enrol(batch=batch, rater=None, at=now())
        while assignment := assignment_claim(enrolment=enrolment, at=now()):
            if number % 4 == 0:
                assignment_skip(assignment=assignment, reason="unclear", at=now())
            else:
                answer(assignment)

    at_once(rate)
    assert len(judgments_of(batch)) == 48
    assert set(batch.items.values_list("claims", flat=True)) == {2}


def test_a_rater_with_many_tabs_holds_one_question(site: Site) -> None:
    batch = open_batch(items=30, overlap=2)
    enrolment = rater_enrol(batch=batch, rater=None, at=now())
    seen: list[Assignment | None] = []
    at_once(lambda _: seen.append(assignment_claim(enrolment=enrolment, at=now())))
    assert len(set(seen)) == 1
    assert Assignment.objects.count() == 1


def test_one_answer_sent_from_many_tabs_is_one_judgment(site: Site) -> None:
    batch = open_batch(items=1, overlap=1)
    enrolment = rater_enrol(batch=batch, rater=None, at=now())
    assignment = assignment_claim(enrolment=enrolment, at=now())
    assert assignment is not None
    at_once(lambda _: answer(assignment))
    assert Judgment.objects.count() == 1


def test_raters_who_come_at_once_are_numbered_without_gaps(site: Site) -> None:
    batch = open_batch(items=1, overlap=1)
    at_once(lambda _: enrol(batch))
    ordinals = Enrolment.objects.order_by("ordinal").values_list("ordinal", flat=True)
    assert list(ordinals) == list(range(RATERS))


def test_processes_that_choose_pairs_at_once_make_one_round(site: Site) -> None:
    study = factories.open_study(neurons=30, pairing="active", budget=200)
    assert places_open(study) == 10
    made: list[int] = []
    at_once(lambda _: made.append(pairs_choose(study=study, at=now(), below=20)))
    assert sorted(made) == [0] * (RATERS - 1) + [10]
    assert places_open(study) == PairDraw.objects.count() == 20


def test_raters_at_once_spend_a_budget_of_chosen_pairs_and_no_more(site: Site) -> None:
    study = factories.open_study(neurons=20, pairing="active", budget=50, overlap=4)
    batch = study.batch
    assert batch is not None

    def rate(_: int) -> None:
        enrolment = rater_enrol(batch=batch, rater=None, at=now())
        while assignment := question_claim(enrolment=enrolment, at=now()):
            answer(assignment)

    at_once(rate)
    assert len(judgments_of(batch)) == PairDraw.objects.count() == 50
    assert max(batch.items.values_list("claims", flat=True)) <= 4


@pytest.mark.parametrize("database", ["postgresql"])
def test_programs_rate_while_pairs_are_chosen_beside_them(site: Site) -> None:
    study = factories.open_study(neurons=20, pairing="active", budget=60)
    over = threading.Event()

    def choose() -> None:
        while not over.is_set():
            pairs_choose(study=study, at=now(), below=60)
        connection.close()

    def rate() -> None:
        raters_simulate(study=study, raters=2, behaviour=Behaviour(), seed=1, at=now())
        over.set()
        connection.close()

    at_it = [threading.Thread(target=work, daemon=True) for work in (choose, rate)]
    for thread in at_it:
        thread.start()
    assert over.wait(60)
    for thread in at_it:
        thread.join()
    assert Judgment.objects.values("assignment__rater").distinct().count() == 2


def enrol(batch: Batch) -> None:
    rater_enrol(batch=batch, rater=None, at=now())
