"""Who is asked what next, and which option is shown first. Pure: counts in, a choice out.

An item leans by how many more of its claims show its first-keyed option first than second; a rater
leans by the same count over the items they were given. Both are kept at 0 or 1 off:

*   For a rater, always. A rater who leans is given the other order next, whatever the item. Claims
    that end without an answer leave both counts, and at most one claim is open. So at any moment
    the two orders differ by at most one among a rater's answers, and are equal when these are even.
*   For an item, whenever that is possible at all. A rater who does not lean takes the order that
    the item needs. A rater who leans is given an item that does not need the opposite, and only
    when every item still open to that rater does, is an item unbalanced further (and brought back
    by those who come later).

Of more than two options, the side is which of the first- and the last-keyed comes before the other.
What has no options to change places leans nowhere.

Both at once cannot be promised to raters who come one after another and leave when they like; the
rater's side is the one that is, because a bias for one side is a property of raters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

Side = Literal[-1, 1]
FIRST_KEY_FIRST: Side = 1
FIRST_KEY_LAST: Side = -1

# A prime above any batch's size, small enough for its square to fit a database's 64-bit integers.
PRIME = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffle:
    """A rater's own order of the items, as arithmetic that a database can do too."""

    multiplier: int
    offset: int

    def rank(self, position: int) -> int:
        """Return the item's place in this order: different for all positions below `PRIME`."""
        return (position * self.multiplier + self.offset) % PRIME


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An item that wants more judgments and that the rater has not had."""

    id: int
    position: int
    claims: int
    lean: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An item to offer, and the order to show its options in."""

    item: OpenItem
    side: Side


def shuffle_of(seed: int, ordinal: int) -> Shuffle:
    """Return the order of the items for the batch's rater number `ordinal`."""
    return Shuffle(
        multiplier=1 + _draw(f"multiplier {seed} {ordinal}") % (PRIME - 1),
        offset=_draw(f"offset {seed} {ordinal}") % PRIME,
    )


def coin(seed: int, ordinal: int, asked: int) -> Side:
    """Return the side for a rater and items that need neither."""
    return 1 if _draw(f"coin {seed} {ordinal} {asked}") % 2 else -1


def lean_of(orders: Iterable[Sequence[str]]) -> int:
    """Return how many more of these orders put the first key first than not."""
    return sum(side_of(order) for order in orders)


def side_of(order: Sequence[str]) -> Literal[-1, 0, 1]:
    """Return which side an order is; 0 if there are no two options to change places."""
    if len(order) < 2:
        return 0
    first_key_first = order.index(min(order)) < order.index(max(order))
    return FIRST_KEY_FIRST if first_key_first else FIRST_KEY_LAST


def balanced_order(keys: Sequence[str], side: Side, *, seed: str = "") -> tuple[str, ...]:
    """Return the keys in an order of that side; the seed decides where there are several.

    Over all seeds every order of the side is as likely as any other.
    """
    shuffled = sorted(keys, key=lambda key: _draw(f"order {seed} {key}"))
    return tuple(shuffled if side_of(shuffled) == side else reversed(shuffled))


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a rater of a group has given, from 0 to 1 of what they are asked; 1 while at it."""

    group: int
    given: float


def group_for(groups: Sequence[int], shares: Iterable[Share], *, seed: int) -> int:
    """Return the group of the next rater: the one in which least has been given.

    While nobody drops out, each block of as many raters as there are groups holds every group once,
    in an order that the seed draws for the block. What a rater leaves undone goes to the next one.
    """
    load = dict.fromkeys(groups, 0.0)
    for share in shares:
        if share.group in load:
            load[share.group] += share.given

    def turn(group: int) -> tuple[float, int]:
        return load[group], _draw(f"group {seed} {int(load[group])} {group}")

    return min(groups, key=turn)


def is_catch_turn(seed: int, ordinal: int, asked: int, every: int) -> bool:
    """Tell whether a rater's next question is a catch trial: one drawn place in each `every`."""
    if not every:
        return False
    block, place = divmod(asked, every)
    return _draw(f"catch {seed} {ordinal} {block}") % every == place


def forced_side(rater_lean: int) -> Side | None:
    """Return the side that a rater who leans must be given next; None leaves it to the items."""
    if not rater_lean:
        return None
    return -1 if rater_lean > 0 else 1


def choices(
    items: Iterable[OpenItem], *, rater_lean: int, shuffle: Shuffle, otherwise: Side
) -> tuple[Choice, ...]:
    """Return what to offer a rater, best first; the next ones serve when others were quicker.

    Items that the side would unbalance further come last; then those with the fewest claims come
    first, and among equals the rater's own shuffle decides. A rater who does not lean is given the
    side that more of the items need, so that few are left that only one kind of rater could take.
    """
    candidates = tuple(items)
    side = forced_side(rater_lean) or _side_needed(candidates) or otherwise
    ranked = sorted(
        candidates,
        key=lambda item: (_against(item, side), item.claims, shuffle.rank(item.position)),
    )
    return tuple(Choice(item=item, side=side) for item in ranked)


def _against(item: OpenItem, side: Side) -> bool:
    return item.lean * side > 0


def _side_needed(items: Iterable[OpenItem]) -> Side | None:
    need = sum((item.lean < 0) - (item.lean > 0) for item in items)
    return forced_side(-need)


def _draw(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8])
