"""What a design draws is balanced, covers what it should, and is the same for the same seed."""

from collections import Counter
from itertools import combinations, pairwise
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.design.candidates import Candidate, Unit
from studies.design.orders import balanced_orders, latin_square
from studies.design.pairs import (
    adjacent_pairs,
    balanced_blocks,
    balanced_pairs,
    pairs_of,
    random_pairs,
)
from studies.design.questions import in_pairs, one_each, share_of, side_by_side, with_extras
from studies.design.sampling import score_strata, spread

LETTERS = ("a", "b", "c", "d")
quick = settings(derandomize=True, max_examples=40, deadline=None)
seeds = st.integers(0, 2**32)


def drawing(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# --- Pairs and blocks -----------------------------------------------------------------------------


@quick
@given(n=st.integers(0, 40), k=st.integers(2, 6), each=st.integers(1, 20), seed=seeds)
def test_balanced_pairs_occur_equally_often_and_never_twice_on_a_neuron(
    n: int, k: int, each: int, seed: int
) -> None:
    dealt = balanced_pairs(n, k, each, drawing(seed))
    assert [len(set(pairs)) for pairs in dealt] == [min(each, len(pairs_of(k)))] * n
    used = Counter(pair for pairs in dealt for pair in pairs)
    counts = [used[pair] for pair in pairs_of(k)]
    assert max(counts) - min(counts) <= 1


@quick
@given(n=st.integers(0, 40), k=st.integers(2, 6), each=st.integers(1, 20), seed=seeds)
def test_random_pairs_are_different_ones_on_each_neuron(
    n: int, k: int, each: int, seed: int
) -> None:
    drawn = random_pairs(n, k, each, drawing(seed))
    assert all(len(set(pairs)) == min(each, len(pairs_of(k))) for pairs in drawn)
    assert drawn == random_pairs(n, k, each, drawing(seed))


def test_each_random_pair_is_as_likely() -> None:
    # 3 of 6 pairs on 2,000 neurons: 1,000 of each, standard deviation sqrt(2000 / 4) = 22.
    used = Counter(p for pairs in random_pairs(2000, 4, 3, drawing(1)) for p in pairs)
    assert all(count == pytest.approx(1000, abs=112) for count in used.values())


@quick
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8))
def test_neighbours_in_score_are_a_chain_through_all_conditions(scores: list[float]) -> None:
    pairs = adjacent_pairs(scores)
    assert len(pairs) == len(scores) - 1
    assert {each for pair in pairs for each in pair} == set(range(len(scores)))
    gaps = sum(abs(scores[a] - scores[b]) for a, b in pairs)
    assert gaps == pytest.approx(max(scores) - min(scores))


def test_neighbours_of_unknown_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="a score is missing"):
        adjacent_pairs([0.1, nan])


@quick
@given(n=st.integers(0, 30), k=st.integers(2, 8), size=st.integers(2, 5), seed=seeds)
def test_blocks_hold_every_condition_equally_often(n: int, k: int, size: int, seed: int) -> None:
    blocks = balanced_blocks(n, k, size, drawing(seed))
    assert [len(set(block)) for block in blocks] == [min(size, k)] * n
    used = Counter(each for block in blocks for each in block)
    counts = [used[each] for each in range(k)]
    assert max(counts) - min(counts) <= 1


def test_in_blocks_all_conditions_meet_about_equally_often() -> None:
    # 42 blocks of 3 of 7 hold 126 pairs: 6 of each of the 21.
    blocks = balanced_blocks(42, 7, 3, drawing(3))
    met = Counter(pair for block in blocks for pair in combinations(block, 2))
    assert len(met) == 21
    assert all(abs(count - 6) <= 2 for count in met.values())


# --- Orders ---------------------------------------------------------------------------------------


@quick
@given(n=st.integers(1, 9), seed=seeds)
def test_a_latin_square_has_each_thing_once_in_each_row_and_place(n: int, seed: int) -> None:
    square = latin_square(n, drawing(seed))
    everything = set(range(n))
    assert all(set(row) == everything for row in square)
    assert all(set(column) == everything for column in zip(*square, strict=True))


@quick
@given(n_orders=st.integers(0, 60), n=st.integers(1, 9), seed=seeds)
def test_each_thing_is_in_each_place_equally_often(n_orders: int, n: int, seed: int) -> None:
    orders = balanced_orders(n_orders, n, drawing(seed))
    assert len(orders) == n_orders
    places = Counter((thing, place) for order in orders for place, thing in enumerate(order))
    counts = [places[thing, place] for thing in range(n) for place in range(n)]
    assert max(counts) - min(counts) <= 1


def test_nothing_to_order_has_empty_orders() -> None:
    assert balanced_orders(3, 0, drawing(1)) == [[], [], []]


# --- Sampling -------------------------------------------------------------------------------------


@quick
@given(strata=st.lists(st.integers(0, 4), max_size=60), n=st.integers(0, 70), seed=seeds)
def test_strata_give_equally_many_until_they_have_no_more(
    strata: list[int], n: int, seed: int
) -> None:
    chosen = spread(strata, n, drawing(seed))
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(n, len(strata))
    taken, there = Counter(strata[i] for i in chosen), Counter(strata)
    left = [taken[stratum] for stratum in there if taken[stratum] < there[stratum]]
    assert not left or max(taken.values(), default=0) - min(left) <= 1


@quick
@given(st.lists(st.floats(-1, 1), min_size=4, max_size=40, unique=True))
def test_quarters_of_scores_rise_with_the_score_and_are_alike_in_size(scores: list[float]) -> None:
    strata = score_strata(scores)
    ordered = [stratum for _, stratum in sorted(zip(scores, strata, strict=True))]
    assert all(a <= b for a, b in pairwise(ordered))
    sizes = Counter(strata)
    assert max(sizes.values()) - min(sizes[q] for q in range(4)) <= 1


def test_what_has_no_score_is_a_stratum_of_its_own() -> None:
    assert score_strata([nan, 0.5, nan]) == [4, 0, 4]


# --- Questions ------------------------------------------------------------------------------------


def units(n: int, k: int) -> list[Unit]:
    return [
        Unit(
            neuron=i,
            name=f"L0/{i}",
            candidates=tuple(
                Candidate(explanation=10 * i + c, condition=c, text=f"text {c} of {i}")
                for c in range(k)
            ),
        )
        for i in range(n)
    ]


@quick
@given(n=st.integers(1, 30), k=st.integers(1, 5), seed=seeds)
def test_a_study_of_single_explanations_stopped_early_is_balanced(
    n: int, k: int, seed: int
) -> None:
    asked, left_out = one_each(units(n, k), [f"c{i}" for i in range(k)], longest=500, seed=seed)
    assert not left_out
    assert len({(each.neuron, each.chosen[0].condition) for each in asked}) == n * k
    first = Counter(each.chosen[0].condition for each in asked[:n])
    assert max(first.values()) - min(first[c] for c in range(k)) <= 1
    assert {each.neuron for each in asked[:n]} == set(range(n))


def test_a_neuron_whose_conditions_say_the_same_is_left_out_of_a_ranking() -> None:
    same = tuple(Candidate(explanation=c, condition=c, text="Fish.") for c in range(2))
    asked, [left_out] = side_by_side(
        [*units(2, 2), Unit(neuron=9, name="L0/9", candidates=same)],
        ["a", "b"],
        most=5,
        longest=500,
        seed=1,
    )
    assert len(asked) == 2
    assert left_out.text == "1 neuron with two identical explanations (L0/9)"


@quick
@given(n=st.integers(1, 40), catches=st.integers(0, 50), repeats=st.integers(0, 50), seed=seeds)
def test_extras_are_as_many_as_asked_for_and_change_no_order(
    n: int, catches: int, repeats: int, seed: int
) -> None:
    asked, _ = one_each(units(n, 1), ["a"], longest=500, seed=seed)
    numbers = [each.number for each in asked]
    made = with_extras(asked, catchable=numbers, catches=catches, repeats=repeats, seed=seed)
    roles = Counter(each.role for each in made)
    assert (roles["catch"], roles["repeat"]) == (share_of(n, catches), share_of(n, repeats))
    assert [each for each in made if each.role == "main"] == asked
    place = {each.number: i for i, each in enumerate(made) if each.role != "repeat"}
    assert all(place[e.number] < i for i, e in enumerate(made) if e.role == "repeat")
    again = with_extras(asked, catchable=numbers, catches=catches, repeats=repeats, seed=seed)
    assert again == made


# --- Comparisons ----------------------------------------------------------------------------------


def scored_units(n: int, k: int) -> list[Unit]:
    return [
        Unit(
            neuron=i,
            name=f"L0/{i}",
            candidates=tuple(
                Candidate(explanation=10 * i + c, condition=c, text=f"t{c} {i}", score=c / 10)
                for c in range(k)
            ),
        )
        for i in range(n)
    ]


def test_of_neighbours_in_score_only_those_meet() -> None:
    made, _ = in_pairs(scored_units(5, 4), LETTERS, longest=500, seed=1, pairing="adjacent")
    met = {frozenset(each.condition for each in question.chosen) for question in made}
    assert met == {frozenset(pair) for pair in ((0, 1), (1, 2), (2, 3))}


def test_without_scores_there_are_no_neighbours_and_it_is_said() -> None:
    bare = Unit(
        neuron=1,
        name="L0/1",
        candidates=tuple(Candidate(explanation=c, condition=c, text=f"{c}") for c in range(2)),
    )
    _, left_out = in_pairs([bare], ["a", "b"], longest=500, seed=1, pairing="adjacent")
    assert [each.text for each in left_out] == [
        "1 neuron without a score of every explanation (L0/1)"
    ]


def test_a_balanced_part_asks_so_many_pairs_of_each_neuron() -> None:
    made, _ = in_pairs(
        scored_units(12, 4), LETTERS, longest=500, seed=1, pairing="balanced", each=2
    )
    assert Counter(question.neuron for question in made) == dict.fromkeys(range(12), 2)
    met = Counter(frozenset(each.condition for each in question.chosen) for question in made)
    assert set(met.values()) == {4}
