"""Whether a rater's answers can be trusted: measures, and the rules set on them. Pure.

A rule names a measure, a limit and after how many observations it counts. Rules are set before the
first answer and looked at after each one: a rule is broken at the first answer, from the `after`th
observation on, at which the measure is beyond its limit. No measure looks at a score.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite
from typing import Any, Literal

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer that stands, as the rules see it.

    `right` is None where no answer is known. `is_catch` marks a trial that only inattention fails:
    it counts among the catch trials, not among the gold items. `repeats` is the item that this one
    asks again, if it does; the answer then names its options as that item does. `others` are what
    other raters answered to the same item.
    """

    item: int
    order: tuple[str, ...]
    answer: Answer
    seconds: float
    right: bool | None = None
    is_catch: bool = False
    repeats: int | None = None
    others: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A mean over `n` observations, from 0 to 1; None without any."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A threshold. `pauses` asks the rater nothing more; without it the rule only marks.

    `seconds` is what is too fast, for that measure alone.
    """

    name: str
    limit: float
    after: int
    pauses: bool = True
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in MEASURES:
            raise ValueError(f"rule {self.name!r} is none of {', '.join(MEASURES)}")
        if not _is_number(self.limit) or not 0 <= self.limit <= 1:
            raise ValueError(f"rule {self.name}: limit is a share from 0 to 1")
        if not _is_count(self.after):
            raise ValueError(f"rule {self.name}: after is a whole number from 1")
        if not isinstance(self.pauses, bool):
            raise ValueError(f"rule {self.name}: pauses is true or false")
        timed = _is_number(self.seconds) and self.seconds > 0
        if timed != (self.name == "too_fast") or (not timed and self.seconds != 0):
            raise ValueError(f"rule {self.name}: seconds, above 0, belong to too_fast alone")

    @classmethod
    def from_json(cls, data: object) -> "Rule":
        """Read `{"name", "limit", "after"[, "pauses", "seconds"]}`; ValueError for all else."""
        if not isinstance(data, dict):
            raise ValueError("a rule is an object")
        if missing := sorted({"name", "limit", "after"} - data.keys()):
            raise ValueError(f"a rule lacks the field {missing[0]!r}")
        known = {"name", "limit", "after", "pauses", "seconds"}
        if unknown := sorted(map(str, data.keys() - known)):
            raise ValueError(f"a rule has the unknown field {unknown[0]!r}")
        return cls(**data)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        seconds = {"seconds": self.seconds} if self.seconds else {}
        named = {"name": self.name, "limit": self.limit, "after": self.after}
        return {**named, "pauses": self.pauses, **seconds}

    def broken_by(self, seen: Sequence[Seen]) -> Measured | None:
        """Return the measure if it is beyond the limit; None while it is not, or too few count."""
        measure = MEASURES[self.name]
        measured = measure.of(seen, self)
        if measured.value is None or measured.n < self.after:
            return None
        beyond = (
            measured.value < self.limit
            if measure.must_be == "at least"
            else measured.value > self.limit
        )
        return measured if beyond else None


def _is_count(data: object) -> bool:
    return isinstance(data, int) and not isinstance(data, bool) and data >= 1


def _is_number(data: object) -> bool:
    return isinstance(data, int | float) and not isinstance(data, bool) and isfinite(data)


def read_rules(data: object) -> tuple[Rule, ...]:
    """Read a list of rules, one for each name at most; ValueError names what is wrong."""
    if not isinstance(data, list):
        raise ValueError("rules are a list")
    rules = tuple(map(Rule.from_json, data))
    if twice := [name for name, n in Counter(rule.name for rule in rules).items() if n > 1]:
        raise ValueError(f"rule {twice[0]} is set twice")
    return rules


# --- Measures -------------------------------------------------------------------------------------


def gold_accuracy(seen: Sequence[Seen]) -> Measured:
    """Return the share of gold items answered rightly; who cannot tell is not right."""
    return _mean([float(s.right) for s in seen if s.right is not None and not s.is_catch])


def catch_accuracy(seen: Sequence[Seen]) -> Measured:
    """Return the share of catch trials answered rightly."""
    return _mean([float(s.right) for s in seen if s.right is not None and s.is_catch])


def too_fast(seen: Sequence[Seen], *, seconds: float) -> Measured:
    """Return the share of answers given in less than this time with the page in view."""
    return _mean([float(s.seconds < seconds) for s in seen])


def same_side(seen: Sequence[Seen]) -> Measured:
    """Return the share of choices that fell on the place chosen most; a tie is a place too."""
    places = Counter(_place(s) for s in seen if "choice" in s.answer)
    n = places.total()
    return Measured(value=max(places.values()) / n if n else None, n=n)


def _place(seen: Seen) -> int:
    choice = seen.answer["choice"]
    return seen.order.index(choice) if choice in seen.order else -1


def straight_lining(seen: Sequence[Seen]) -> Measured:
    """Return the share of pages of several ratings on which all ratings are the same."""
    rated = [_ratings(s.answer) for s in seen if "rating" in s.answer]
    return _mean([float(len(set(given)) == 1) for given in rated if len(given) > 1])


def self_consistency(seen: Sequence[Seen]) -> Measured:
    """Return how alike a rater's answers are where an item was asked again (see `likeness`)."""
    answers = {s.item: s.answer for s in seen}
    again = [(s.answer, answers[s.repeats]) for s in seen if s.repeats in answers]
    return _mean_likeness(again)


def agreement_with_others(seen: Sequence[Seen]) -> Measured:
    """Return how alike a rater's answers are to those of all others, the rater left out.

    An item counts once, with its mean over the others who answered it.
    """
    each = [_mean_likeness([(s.answer, other) for other in s.others]).value for s in seen]
    return _mean([value for value in each if value is not None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a measure is taken, and on which side of its limit it must be."""

    of: Callable[[Sequence[Seen], Rule], Measured]
    must_be: Literal["at least", "at most"]


MEASURES: dict[str, Measure] = {
    "gold_accuracy": Measure(of=lambda seen, _: gold_accuracy(seen), must_be="at least"),
    "catch_trials": Measure(of=lambda seen, _: catch_accuracy(seen), must_be="at least"),
    "too_fast": Measure(
        of=lambda seen, rule: too_fast(seen, seconds=rule.seconds), must_be="at most"
    ),
    "same_side": Measure(of=lambda seen, _: same_side(seen), must_be="at most"),
    "straight_lining": Measure(of=lambda seen, _: straight_lining(seen), must_be="at most"),
    "self_consistency": Measure(of=lambda seen, _: self_consistency(seen), must_be="at least"),
    "agreement_with_others": Measure(
        of=lambda seen, _: agreement_with_others(seen), must_be="at least"
    ),
}

TITLES = {
    "gold_accuracy": "Known answers",
    "catch_trials": "Catch trials",
    "too_fast": "Too fast",
    "same_side": "One place",
    "straight_lining": "Equal ratings",
    "self_consistency": "Alike when asked twice",
    "agreement_with_others": "Alike to others",
}
"""What researchers call the rules."""


# --- Likeness -------------------------------------------------------------------------------------


def likeness(one: Answer, other: Answer) -> float | None:
    """Return how alike two answers of one protocol are, from 0 to 1.

    Choices: same or not. Orders: the share of pairs put the same way round. Best and worst: the
    share named alike. Ratings: the share that is equal. Marks: those in both among those in either.
    Painted values: 1 less their mean distance, of 10. None for words, where one cannot tell, and
    for answers about different things.
    """
    for field, alike in _ALIKE.items():
        if field in one and field in other and _shape(one[field]) == _shape(other[field]):
            return alike(one, other)
    return None


def _shape(data: Any) -> object:
    """Return what answers to one question share: the options of an object, the sizes of rows."""
    if isinstance(data, dict):
        return {name: _shape(value) for name, value in data.items()}
    rows = isinstance(data, list) and data and isinstance(data[0], list)
    return [len(row) for row in data] if rows else None


def _order(one: Answer, other: Answer) -> float:
    a, b = one["place"], other["place"]
    pairs = [(a[x] < a[y]) == (b[x] < b[y]) for x, y in combinations(sorted(a), 2)]
    return float(sum(pairs) / len(pairs))


def _marks(one: Answer, other: Answer) -> float:
    a, b = set(one["marked"]), set(other["marked"])
    return len(a & b) / len(a | b) if a | b else 1.0


def _equal_ratings(one: Answer, other: Answer) -> float:
    pairs = zip(_ratings(one), _ratings(other), strict=True)
    equal = [a == b for a, b in pairs]
    return sum(equal) / len(equal)


def _nearness(one: Answer, other: Answer) -> float:
    rows = zip(one["values"], other["values"], strict=True)
    gaps = [abs(a - b) for row, beside in rows for a, b in zip(row, beside, strict=True)]
    return float(1 - sum(gaps) / (10 * len(gaps)))


def _ratings(answer: Answer) -> list[int]:
    rows = sorted(answer["rating"].items())
    return [value for _, given in rows for _, value in sorted(given.items())]


_ALIKE: dict[str, Callable[[Answer, Answer], float]] = {
    "choice": lambda one, other: float(one["choice"] == other["choice"]),
    "place": _order,
    "best": lambda one, other: sum(one[x] == other[x] for x in ("best", "worst")) / 2,
    "rating": _equal_ratings,
    "marked": _marks,
    "values": _nearness,
}


def _mean_likeness(pairs: Sequence[tuple[Answer, Answer]]) -> Measured:
    alike = [likeness(one, other) for one, other in pairs]
    return _mean([value for value in alike if value is not None])


def _mean(values: Sequence[float]) -> Measured:
    return Measured(value=sum(values) / len(values) if values else None, n=len(values))
