"""Which items a design asks, and that nothing a rater could see depends on what stands behind."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.records import NeuronRef, RecordKind
from studies.design.candidates import Candidate, LeftOut, Unit
from studies.design.excerpts import RecordFacts, choose
from studies.design.questions import DesignedQuestion, in_pairs
from studies.design.references import parse_references
from studies.design.size import half_width, plan
from studies.presets.base import ExplanationText, Material, offered_texts
from studies.presets.examples import shown_record
from studies.presets.pairwise import PRESET as PAIRWISE
from studies.services.items import BuiltItem, Question, keyed

CONDITIONS = ("alpha", "beta", "gamma")


def unit(
    neuron: int, texts: Sequence[str | None] = ("one", "two", "three"), **values: object
) -> Unit:
    """Make a neuron with an explanation by each condition whose text is not None."""
    candidates = tuple(
        Candidate(explanation=100 * neuron + i, condition=i, text=text)
        for i, text in enumerate(texts)
        if text is not None
    )
    defaults = {"neuron": neuron, "name": f"L0/{neuron}"}
    return Unit(**{**defaults, "candidates": candidates, **values})  # type: ignore[arg-type]


def designed(n: int, seed: int = 1) -> list[DesignedQuestion]:
    return paired([unit(i) for i in range(n)], seed=seed)[0]


def paired(
    units: Sequence[Unit], seed: int = 1, longest: int = 500
) -> tuple[list[DesignedQuestion], tuple[LeftOut, ...]]:
    return in_pairs(units, CONDITIONS, longest=longest, seed=seed)


def items(n: int, seed: int) -> list[BuiltItem]:
    """Return the items of a comparison of n neurons."""
    questions = [
        Question(designed=each, material=material, offers=offered_texts(material))
        for each in designed(n, seed)
        if (material := material_of(each))
    ]
    return keyed(PAIRWISE, questions, seed)


def material_of(question: DesignedQuestion) -> Material:
    texts = tuple(
        ExplanationText(explanation=c.explanation, condition=c.condition, text=c.text)
        for c in question.chosen
    )
    return Material(explanations=texts, records={"shown": (shown_record("a ^fish"),)})


def first_and_second(question: DesignedQuestion) -> tuple[int, int]:
    first, second = question.chosen
    return first.condition, second.condition


# --- What is asked --------------------------------------------------------------------------------


def test_every_two_conditions_meet_once_on_every_neuron() -> None:
    met = Counter((i.neuron, frozenset(first_and_second(i))) for i in designed(4))
    pairs = [frozenset(pair) for pair in combinations(range(3), 2)]
    assert met == Counter((neuron, pair) for neuron in range(4) for pair in pairs)


def test_a_neuron_without_an_explanation_of_a_condition_is_left_out_whole_and_counted() -> None:
    made, [left_out] = paired([unit(1), unit(2, ("one", None, "three"))])
    assert {each.neuron for each in made} == {1}
    assert left_out.text == "1 neuron without an explanation by “beta” (L0/2)"


def test_a_pair_of_equal_texts_is_left_out_whatever_their_case_and_spacing() -> None:
    made, left_out = paired([unit(1, ("Fish in water.", "fish  in water", "law"))])
    assert len(made) == 2
    assert [(x.reason, x.n) for x in left_out] == [("pair of identical explanations", 1)]


def test_a_neuron_that_loses_several_pairs_is_one_example_of_them() -> None:
    _, left_out = paired([unit(1, ("fish", "fish", "fish")), unit(2)])
    assert [x.text for x in left_out] == ["3 pairs of identical explanations (L0/1)"]


def test_an_explanation_too_long_for_the_page_is_left_out() -> None:
    made, [left_out] = paired([unit(1, ("x" * 11, "two", "three"))], longest=10)
    assert len(made) == 1
    assert left_out.n == 2


def test_neurons_without_material_are_left_out_with_their_reasons() -> None:
    made, left_out = paired(
        [unit(1, missing="without any activation"), unit(2, missing="without a record to show")]
    )
    assert not made
    assert [x.reason for x in left_out] == [
        "neuron without any activation",
        "neuron without a record to show",
    ]


def test_of_several_explanations_of_a_condition_one_stands_in_all_pairs_of_a_neuron() -> None:
    several = tuple(Candidate(explanation=i, condition=i % 3, text=f"text {i}") for i in range(30))
    made, _ = paired([unit(1, candidates=several)], seed=5)
    used = {each.condition: each.explanation for question in made for each in question.chosen}
    assert all(
        used[each.condition] == each.explanation for question in made for each in question.chosen
    )


def test_the_same_seed_gives_the_same_design_and_another_a_different_one() -> None:
    assert designed(20, seed=3) == designed(20, seed=3)
    assert designed(20, seed=3) != designed(20, seed=4)


# --- Blinding -------------------------------------------------------------------------------------


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=st.integers(-(2**63), 2**63 - 1), n=st.integers(1, 60))
def test_each_of_two_conditions_is_listed_first_equally_often(seed: int, n: int) -> None:
    listed = Counter(first_and_second(item) for item in designed(n, seed))
    for a, b in combinations(range(3), 2):
        assert abs(listed[a, b] - listed[b, a]) <= 1


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 40))
def test_a_study_stopped_early_has_judged_all_pairs_about_equally_often(seed: int, n: int) -> None:
    so_far = Counter[frozenset[int]]()
    for item in designed(n, seed):
        so_far[frozenset(first_and_second(item))] += 1
        assert len(so_far) < 3 or max(so_far.values()) - min(so_far.values()) <= 1


@settings(derandomize=True, max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_neither_keys_nor_places_tell_the_condition(seed: int) -> None:
    # 900 items: 600 options of each condition among 1,800. The mean of 600 uniform numbers on
    # (0, 1) has a standard deviation of sqrt(1/12/600) = .0118; five of them are .059.
    made = items(300, seed)
    for condition in range(3):
        mine = [(i, o) for i, item in enumerate(made) for o in item.options]
        mine = [(i, o) for i, o in mine if o.condition == condition]
        assert len(mine) == 600
        assert sum(int(o.key, 16) for _, o in mine) / 600 / 16**8 == pytest.approx(0.5, abs=0.059)
        assert sum(i for i, _ in mine) / 600 / 900 == pytest.approx(0.5, abs=0.059)


def test_keys_are_opaque_distinct_and_in_the_order_of_the_payload() -> None:
    made = items(50, seed=1)
    keys = [option.key for item in made for option in item.options]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 8 and int(key, 16) >= 0 for key in keys)
    assert all(first.key < second.key for first, second in (item.options for item in made))


def test_the_order_of_items_does_not_follow_the_order_of_neurons() -> None:
    neurons = [item.neuron for item in designed(50)]
    rising = sum(a < b for a, b in pairwise(neurons))
    # 149 neighbours; about half rise. Five standard deviations of a fair coin are 5 * 6.1 = 31.
    assert rising == pytest.approx(75, abs=31)


# --- Excerpts -------------------------------------------------------------------------------------


def records(n_top: int, n_random: int, documents: int = 1000) -> list[RecordFacts]:
    """Return records with falling peaks; the random ones peak lowest."""
    kinds = [RecordKind.TOP] * n_top + [RecordKind.RANDOM] * n_random
    return [
        RecordFacts(record=i, kind=kind, peak=100 - i, document=i % documents)
        for i, kind in enumerate(kinds)
    ]


def test_two_thirds_of_the_excerpts_are_the_highest_peaks_and_the_others_are_drawn() -> None:
    chosen = choose(records(10, 10), 6, seed=1, neuron="a")
    assert chosen[:4] == (0, 1, 2, 3)
    assert all(record >= 10 for record in chosen[4:])
    assert {choose(records(10, 10), 6, seed=s, neuron="a")[4:] for s in range(9)} != {chosen[4:]}


def test_excerpts_come_highest_peak_first() -> None:
    chosen = choose(records(5, 20), 9, seed=1, neuron="a")
    assert list(chosen) == sorted(chosen)


def test_no_document_is_shown_twice_while_another_is_left() -> None:
    chosen = choose(records(20, 0, documents=5), 5, seed=1, neuron="a")
    assert len({record % 5 for record in chosen}) == 5


@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 10))
def test_as_many_excerpts_are_shown_as_asked_for_or_as_there_are(
    top: int, low: int, n: int
) -> None:
    chosen = choose(records(top, low), n, seed=1, neuron="a")
    assert len(set(chosen)) == len(chosen) == min(n, top + low)


# --- References and size --------------------------------------------------------------------------


def test_neurons_are_read_as_people_write_them() -> None:
    refs = parse_references("3/120, L3/121\n0/5-7; 3/120")
    assert [str(ref) for ref in refs] == ["L3/120", "L3/121", "L0/5", "L0/6", "L0/7"]


@pytest.mark.parametrize("wrong", ["3", "3/", "a/1", "3/9-2", "3/0-99999999", "-1/2"])
def test_what_is_no_reference_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"“{wrong}”"):
        parse_references(f"1/1 {wrong}")


@given(st.integers(0, 99), st.integers(0, 9999))
def test_a_reference_is_read_back_as_it_is_shown(layer: int, index: int) -> None:
    ref = NeuronRef(layer=layer, index=index)
    assert parse_references(str(ref)) == (ref,)


def test_the_plan_counts_judgments_raters_and_hours() -> None:
    # 100 items x 3 = 300 judgments; 40 a rater: 7.5, so 8 raters; 300 x 30 s = 2.5 hours.
    made = plan(items=100, neurons=50, judgments=300, most=3, items_per_rater=40)
    assert (made.judgments, made.raters, made.hours) == (300, 8, 2.5)
    # m = 6 votes a neuron: 1 + 5 x .3 = 2.5; 1.96 x sqrt(.25 x 2.5 / 300) = .0895.
    assert made.half_width == pytest.approx(0.0895, abs=1e-4)


def test_no_rater_takes_an_item_twice_so_few_items_still_need_as_many_raters() -> None:
    assert plan(items=4, neurons=4, judgments=20, most=5, items_per_rater=40).raters == 5


def test_what_tests_raters_takes_time_and_groups_take_raters() -> None:
    # A fifth of 375 questions are tests: 300 judgments are left, 32 of each rater's 40 questions.
    # Two groups of 50 items: 150 / 32 = 4.7, so five raters in each.
    sizes = {"items": 100, "neurons": 50, "judgments": 300, "most": 3, "items_per_rater": 40}
    made = plan(**sizes, groups=2, tests=0.2)
    assert (made.tests, made.raters, made.hours) == (75, 10, 3.125)


def test_precision_of_nothing_is_not_a_number() -> None:
    assert half_width(judgments=0, neurons=0) != half_width(judgments=0, neurons=0)
