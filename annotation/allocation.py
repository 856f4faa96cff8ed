"""Which item a rater is asked next, and which option is shown first. Pure: counts in, a choice out.

The order balance of an item is how many more of its claims show its first-keyed option first than
second; a rater's is the same count over the items they were given. Raters prefer positions (often
the first), so both balances are kept at 0, or 1 off:

*   For a rater, always. A rater whose balance is off is given the other order next, whatever the
    item. Claims that end without an answer are removed from both counts, and at most one claim is
    open. So the two orders differ by at most one among a rater's answers, and are equal when these
    are even.
*   For an item, whenever possible. A rater whose balance is 0 takes the order that the item needs.
    Any other rater is given an item that does not need the opposite order; only when every item
    still open to that rater does, is an item unbalanced further (later raters bring it back).

With more than two options, the first position says whether the smallest key is shown before the
largest. Items with fewer than two options have no order balance.

Both at once cannot be promised for raters who come one after another and leave when they like. The
rater's balance is the one that is promised, because a position bias is a property of raters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

FirstPosition = Literal[-1, 1]
FIRST_KEY_FIRST: FirstPosition = 1
FIRST_KEY_LAST: FirstPosition = -1

# A prime above any batch's size, small enough for its square to fit a database's 64-bit integers.
PRIME = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffle:
    """A rater's own order of the items, as arithmetic that a database can do too."""

    multiplier: int
    offset: int

    def rank(self, position: int) -> int:
        """Return the item's rank in this order: different for all positions below `PRIME`."""
        return (position * self.multiplier + self.offset) % PRIME


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An item that wants more judgments and that the rater has not had."""

    id: int
    position: int
    claims: int
    order_balance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An item to offer, and which key to show first."""

    item: OpenItem
    first: FirstPosition


def shuffle_of(seed: int, ordinal: int) -> Shuffle:
    """Return the order of the items for the batch's rater number `ordinal`."""
    return Shuffle(
        multiplier=1 + _draw(f"multiplier {seed} {ordinal}") % (PRIME - 1),
        offset=_draw(f"offset {seed} {ordinal}") % PRIME,
    )


def coin(seed: int, ordinal: int, asked: int) -> FirstPosition:
    """Toss for the order when neither rater nor items need a particular one."""
    return 1 if _draw(f"coin {seed} {ordinal} {asked}") % 2 else -1


def order_balance_of(orders: Iterable[Sequence[str]]) -> int:
    """Return how many more of these orders put the first key first than last."""
    return sum(first_position(order) for order in orders)


def first_position(order: Sequence[str]) -> Literal[-1, 0, 1]:
    """Return whether the first or the last key comes first; 0 with fewer than two options."""
    if len(order) < 2:
        return 0
    first_key_first = order.index(min(order)) < order.index(max(order))
    return FIRST_KEY_FIRST if first_key_first else FIRST_KEY_LAST


def balanced_order(keys: Sequence[str], first: FirstPosition, *, seed: str = "") -> tuple[str, ...]:
    """Return the keys in an order in which the smallest comes before (1) or after (-1) the largest.

    The seed decides if there are several; over all seeds every such order is equally likely.
    """
    shuffled = sorted(keys, key=lambda key: _draw(f"order {seed} {key}"))
    return tuple(shuffled if first_position(shuffled) == first else reversed(shuffled))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The share of their questions that a rater of a group has answered; 1 while still active."""

    group: int
    given: float


def group_for(groups: Sequence[int], shares: Iterable[Share], *, seed: int) -> int:
    """Return the group of the next rater: the one with the fewest answers.

    While nobody drops out, each block of as many raters as there are groups has every group once,
    in an order drawn from the seed. What a rater leaves unanswered goes to the next one.
    """
    load = dict.fromkeys(groups, 0.0)
    for share in shares:
        if share.group in load:
            load[share.group] += share.given

    def turn(group: int) -> tuple[float, int]:
        return load[group], _draw(f"group {seed} {int(load[group])} {group}")

    return min(groups, key=turn)


def is_catch_turn(seed: int, ordinal: int, asked: int, every: int) -> bool:
    """Return whether a rater's next question is a catch trial: one at random in each `every`."""
    if not every:
        return False
    block, place = divmod(asked, every)
    return _draw(f"catch {seed} {ordinal} {block}") % every == place


def required_first(rater_balance: int) -> FirstPosition | None:
    """Return the order that a rater must be given next; None leaves it to the items."""
    if not rater_balance:
        return None
    return -1 if rater_balance > 0 else 1


def choices(
    items: Iterable[OpenItem], *, rater_balance: int, shuffle: Shuffle, otherwise: FirstPosition
) -> tuple[Choice, ...]:
    """Return what to offer a rater, best first; the next ones serve when others were quicker.

    Items that the order would unbalance further come last; then those with the fewest claims come
    first, and among equals the rater's own shuffle decides. A rater whose balance is 0 is given the
    order that more of the items need, so that few are left that only one kind of rater could take.
    """
    candidates = tuple(items)
    first = required_first(rater_balance) or _first_needed(candidates) or otherwise
    ranked = sorted(
        candidates,
        key=lambda item: (_against(item, first), item.claims, shuffle.rank(item.position)),
    )
    return tuple(Choice(item=item, first=first) for item in ranked)


def _against(item: OpenItem, first: FirstPosition) -> bool:
    return item.order_balance * first > 0


def _first_needed(items: Iterable[OpenItem]) -> FirstPosition | None:
    need = sum((item.order_balance < 0) - (item.order_balance > 0) for item in items)
    return required_first(-need)


def _draw(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8])
