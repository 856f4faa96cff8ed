"""Who is asked what next, and which option comes first: the guarantees, for all histories."""

from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.allocation import (
    PRIME,
    FirstPosition,
    OpenItem,
    balanced_order,
    choices,
    coin,
    first_position,
    order_balance_of,
    shuffle_of,
)


@dataclass
class Batch:
    """A batch played through in memory."""

    overlap: int
    claims: list[int]
    leans: list[int]
    given: dict[int, list[tuple[int, FirstPosition]]] = field(default_factory=dict)
    had: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, items: int, overlap: int) -> "Batch":
        return cls(overlap=overlap, claims=[0] * items, leans=[0] * items)

    def order_balance(self, rater: int) -> int:
        return sum(first for _, first in self.given.get(rater, []))

    def open_to(self, rater: int) -> list[OpenItem]:
        had = self.had.get(rater, set())
        return [
            OpenItem(id=n, position=n, claims=self.claims[n], order_balance=self.leans[n])
            for n in range(len(self.claims))
            if n not in had and self.claims[n] < self.overlap
        ]

    def claim(self, rater: int) -> bool:
        offered = choices(
            self.open_to(rater),
            rater_balance=self.order_balance(rater),
            shuffle=shuffle_of(1, rater),
            otherwise=coin(1, rater, len(self.had.get(rater, ()))),
        )
        if not offered:
            return False
        item, first = offered[0].item, offered[0].first
        if item.order_balance * first > 0:  # unbalances it further: only if there was no other way
            assert all(other.order_balance * first > 0 for other in self.open_to(rater))
        self.claims[item.id] += 1
        self.leans[item.id] += first
        self.given.setdefault(rater, []).append((item.id, first))
        self.had.setdefault(rater, set()).add(item.id)
        return True

    def give_back(self, rater: int) -> None:
        item, first = self.given[rater].pop()
        self.claims[item] -= 1
        self.leans[item] -= first


STEPS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=120)


@settings(deadline=None)
@given(st.integers(1, 15), st.integers(1, 6), STEPS)
def test_a_rater_never_leans_by_more_than_one(
    items: int, overlap: int, steps: list[tuple[int, bool]]
) -> None:
    batch = Batch.of(items, overlap)
    for rater, answered in steps:
        if batch.claim(rater) and not answered:
            batch.give_back(rater)
        assert abs(batch.order_balance(rater)) <= 1


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 8))
def test_items_and_raters_are_both_balanced_when_everybody_answers_everything(
    items: int, raters: int
) -> None:
    batch = Batch.of(items, overlap=raters)
    for rater in range(raters):
        while batch.claim(rater):
            pass
    assert all(abs(batch.order_balance(rater)) <= 1 for rater in range(raters))
    assert all(abs(order_balance) <= 1 for order_balance in batch.leans)


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_few_items_are_off_when_raters_come_and_go(pairs: int, random: Random) -> None:
    # 60 items, raters who answer 10 each, interleaved at random: at an even overlap an item is
    # balanced exactly unless the last raters found nothing that they could balance.
    batch = Batch.of(60, overlap=2 * pairs)
    waiting = [rater for rater in range(12 * pairs) for _ in range(10)]
    random.shuffle(waiting)
    for rater in waiting:
        batch.claim(rater)
    assert all(abs(batch.order_balance(rater)) <= 1 for rater in set(waiting))
    assert sum(order_balance != 0 for order_balance in batch.leans) <= 6


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_shuffle_gives_every_item_a_place_of_its_own(seed: int, ordinal: int) -> None:
    shuffle = shuffle_of(seed, ordinal)
    places = {shuffle.rank(position) for position in range(500)}
    assert len(places) == 500
    assert all(0 <= place < PRIME for place in places)


def test_the_items_with_the_fewest_claims_are_offered_first() -> None:
    items = [OpenItem(id=n, position=n, claims=n % 3, order_balance=0) for n in range(9)]
    offered = choices(items, rater_balance=0, shuffle=shuffle_of(1, 1), otherwise=1)
    assert [choice.item.claims for choice in offered] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_rater_without_a_lean_takes_the_side_that_more_items_need() -> None:
    items = [
        OpenItem(id=n, position=n, claims=1, order_balance=order_balance)
        for n, order_balance in enumerate([1, 1, -1])
    ]
    offered = choices(items, rater_balance=0, shuffle=shuffle_of(1, 1), otherwise=1)
    assert {choice.first for choice in offered} == {-1}


def test_an_order_is_told_from_its_reverse() -> None:
    assert balanced_order(("b", "a"), 1) == ("a", "b")
    assert balanced_order(("b", "a"), -1) == ("b", "a")
    assert first_position(["b", "a"]) == -1
    assert order_balance_of([["a", "b"], ["a", "b"], ["b", "a"]]) == 1


KEYS = st.lists(st.text("abcdef0123", min_size=4, max_size=8), min_size=2, max_size=9, unique=True)


@given(KEYS, st.sampled_from([-1, 1]), st.text(max_size=5))
def test_several_options_stand_in_an_order_of_the_side_asked_for(
    keys: list[str], first: FirstPosition, seed: str
) -> None:
    order = balanced_order(keys, first, seed=seed)
    assert sorted(order) == sorted(keys)
    assert first_position(order) == first
    assert first_position(order[::-1]) == -first
    assert balanced_order(keys[::-1], first, seed=seed) == order


def test_every_option_stands_at_every_place_about_as_often() -> None:
    # 4 options in 2,000 orders, half of each first: a place has each option 500 times, give or take
    # four standard deviations: 4 * sqrt(2000 * 1/4 * 3/4) = 77
    orders = [
        balanced_order("abcd", first, seed=str(seed)) for seed in range(1000) for first in (-1, 1)
    ]
    for place in range(4):
        counts = [sum(order[place] == key for order in orders) for key in "abcd"]
        assert all(abs(count - 500) < 77 for count in counts), counts


def test_what_has_no_options_to_change_places_leans_nowhere() -> None:
    assert (first_position([]), first_position(["a"])) == (0, 0)
    assert balanced_order(["a"], -1) == ("a",)
    assert order_balance_of([[], ["a"], ["b", "a"]]) == -1
