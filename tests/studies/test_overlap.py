"""How often a question is asked and of whom: overlaps, groups, and what tests raters."""

from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.models import Enrolment, Item
from annotation.services.batches import rater_enrol
from studies.admin.actions import distribution_in_words, plan_in_words
from studies.analysis.protocols.synthetic import Behaviour
from studies.design.overlap import (
    Planned,
    catch_interval,
    groups,
    overlaps,
    repeat_after,
    share_of_tests,
)
from studies.design.pairs import pairs_of
from studies.models import Study, StudyItem
from studies.selectors.pages import study_plan
from studies.services.building import study_build
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_open
from studies.services.simulation import raters_simulate
from tests import factories
from tests.annotation.browsing import agreed
from tests.studies.stocked import stocked_study

NAMES = ("a", "b", "c")


def asked(neurons: int, conditions: int) -> list[Planned]:
    """Return all pairs on so many neurons, with a catch trial and a repeat of the last."""
    found = [pair for _ in range(neurons) for pair in pairs_of(conditions)]
    main = [Planned(number=n, role="main", conditions=pair) for n, pair in enumerate(found)]
    last = len(main) - 1
    catch = Planned(number=last + 1, role="catch", conditions=())
    return [*main, catch, Planned(number=last, role="repeat", conditions=main[last].conditions)]


# --- How often ------------------------------------------------------------------------------------


@given(neurons=st.integers(1, 30), share=st.integers(0, 100), seed=st.integers(0, 999))
@settings(max_examples=40)
def test_a_share_is_judged_more_often_and_evenly_over_the_pairs(
    neurons: int, share: int, seed: int
) -> None:
    questions = asked(neurons, 3)
    wanted = overlaps(questions, overlap=2, extra_overlap=9, extra_overlap_share=share, seed=seed)
    deep = Counter(q.conditions for q, n in zip(questions[:-2], wanted, strict=False) if n == 9)
    n = 3 * neurons
    assert deep.total() == (max(1, round(n * share / 100)) if share else 0)
    assert max(deep.values(), default=0) - min(deep[pair] for pair in pairs_of(3)) <= 1
    # A catch trial is there for as many raters as there are judgments; a repeat for all who can.
    assert wanted[-2] == sum(wanted[:-2])
    assert wanted[-1] == wanted[-3]


def test_every_rater_meets_a_catch_trial_however_few_questions_they_are_asked() -> None:
    # 10 for each hundred others: one in eleven; and one at least in five.
    assert [catch_interval(10, 40), catch_interval(10, 5), catch_interval(0, 40)] == [11, 5, 0]
    assert [repeat_after(5, 40), repeat_after(5, 8), repeat_after(5, 1)] == [10, 2, 1]
    assert repeat_after(0, 40) == 0


def test_the_share_of_tests_is_that_of_catch_trials_and_of_repeats_among_the_rest() -> None:
    # One in eleven, and of the other ten a sixth, 20 for each hundred, are repeats.
    assert share_of_tests(10, 20, 40) == pytest.approx(1 / 11 + 10 / 11 / 6)
    assert share_of_tests(0, 0, 40) == 0


# --- Of whom --------------------------------------------------------------------------------------


@given(neurons=st.integers(1, 9), conditions=st.integers(2, 5), seed=st.integers(0, 999))
@settings(max_examples=30)
def test_questions_about_the_same_conditions_are_for_the_same_raters(
    neurons: int, conditions: int, seed: int
) -> None:
    questions = asked(neurons, conditions)
    dealt = groups(questions, seed=seed)
    assert dealt[-2] is None
    of_kind = dict(zip((q.conditions for q in questions[:-2]), dealt, strict=False))
    assert sorted(of_kind.values()) == list(range(len(pairs_of(conditions))))  # type: ignore[type-var]
    assert all(
        of_kind[q.conditions] == g for q, g in zip(questions, dealt, strict=True) if q.conditions
    )


def test_the_number_of_a_group_says_nothing_of_its_conditions() -> None:
    first = Counter(groups(asked(1, 3), seed=seed)[0] for seed in range(300))
    assert min(first[number] for number in range(3)) > 60


@pytest.mark.django_db
def test_between_raters_each_meets_one_condition_and_all_as_many_raters() -> None:
    study = stocked_study("bricken-2023", neurons=6, condition_assignment="between", overlap=2)
    study_build(study=study)
    study_open(study=study)
    raters_simulate(
        study=study, raters=6, behaviour=Behaviour(accuracy=0.8), seed=1, at=timezone.now()
    )
    condition = dict(StudyItem.objects.values_list("item", "condition"))
    met = {
        enrolment.pk: {condition[a.item_id] for a in enrolment.rater.assignments.all()}
        for enrolment in Enrolment.objects.all()
    }
    assert all(len(conditions) == 1 for conditions in met.values())
    assert set(Counter(next(iter(each)) for each in met.values()).values()) == {2}
    assert all(item.claims == item.overlap for item in Item.objects.all())


@pytest.mark.django_db
def test_a_pair_of_conditions_has_raters_of_its_own() -> None:
    study = factories.open_study(
        neurons=4, conditions=NAMES, scores=(0.1, 0.2, 0.3), condition_assignment="between"
    )
    met: dict[int, set[frozenset[Any]]] = {}
    for link in StudyItem.objects.select_related("item"):
        pair = frozenset(option.condition_id for option in link.options.all())
        met.setdefault(link.item.group or 0, set()).add(pair)
    assert {number: len(kinds) for number, kinds in met.items()} == {0: 1, 1: 1, 2: 1}
    plan = study_plan(study)
    # 3 groups of 4 items: a rater answers 4 at most, and 3 judgments of each take 3 raters.
    assert (plan.judgments, plan.raters) == (36, 9)
    assert "one condition or one pair" in distribution_in_words(study)


@pytest.mark.django_db
def test_what_is_shown_to_a_rater_does_not_name_their_group(client: Client) -> None:
    study = factories.open_study(neurons=2, condition_assignment="between")
    assert study.batch is not None
    Item.objects.update(group=987_6)
    Enrolment.objects.update(group=987_6)
    agreed(client, study.batch)
    pages = [client.get(f"/rate/{study.batch.token}/{page}") for page in ("next/", "done/")]
    assert all("9876" not in page.content.decode() for page in pages)


@pytest.mark.django_db
def test_questions_that_show_all_conditions_cannot_be_dealt_between_raters() -> None:
    with pytest.raises(StudyRefused, match="between raters"):
        study_build(study=stocked_study("bills-2023-rank", condition_assignment="between"))


@pytest.mark.django_db
def test_a_pilot_share_is_built_and_explained() -> None:
    study = factories.study(neurons=20, overlap=2, extra_overlap_share=10, extra_overlap=6)
    built = study_build(study=study)
    assert Counter(Item.objects.values_list("overlap", flat=True)) == {2: 18, 6: 2}
    assert built.judgments == study_plan(study).judgments == 48
    assert "10% of the items are judged 6 times, the others 2 times" in distribution_in_words(study)


@pytest.mark.django_db
def test_the_plan_counts_what_tests_raters_as_time() -> None:
    study = stocked_study("pairwise", neurons=10, names=("plain", "people"), catches=50, repeats=50)
    study_build(study=study)
    plan = study_plan(study)
    # 10 pairs x 3; one question in three is a catch trial, a third of the rest are repeats: of 67.5
    # questions 37.5 test raters.
    assert (plan.items, plan.judgments, plan.tests) == (10, 30, 38)
    assert "about 38 test answers" in plan_in_words(plan, "compare")
    assert study.batch is not None
    assert (study.batch.catch_interval, study.batch.repeat_after) == (3, 10)


@pytest.mark.django_db
def test_what_is_judged_more_often_is_not_judged_less() -> None:
    with pytest.raises(ValidationError, match="at least the overlap"):
        Study(title="t", slug="s", overlap=5, extra_overlap_share=10, extra_overlap=4).full_clean()


@pytest.mark.django_db
def test_raters_are_dealt_to_groups_in_blocks() -> None:
    study = factories.open_study(
        neurons=9,
        conditions=NAMES,
        scores=(0.1, 0.2, 0.3),
        condition_assignment="between",
        overlap=9,
    )
    assert study.batch is not None
    at = timezone.now()
    dealt = [rater_enrol(batch=study.batch, rater=None, at=at).group for _ in range(9)]
    assert [sorted(dealt[i : i + 3]) for i in (0, 3, 6)] == [[0, 1, 2]] * 3  # type: ignore[type-var]
