"""Whether a rater's answers can be trusted: measures, and the rules set on them. Pure.

A rule names a measure, a limit and after how many observations it counts. Rules are set before the
first answer and checked after each one: a rule is broken at the first answer, from the `after`th
observation on, at which the measure is beyond its limit. No measure uses a score.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, model_validator

from annotation.protocols.base import Protocol, gettext_noop
from annotation.protocols.record import Record

_ = gettext_noop
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer that counts, as the rules see it.

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


class Rule(Record):
    """A threshold. With `pauses` the rater gets no more questions; without, they are only flagged.

    `seconds`: faster answers count as too fast; only for that measure.
    """

    name: str
    limit: Annotated[StrictInt | StrictFloat, Field(ge=0, le=1)]
    after: Annotated[StrictInt, Field(ge=1)]
    pauses: StrictBool = True
    seconds: Annotated[StrictInt | StrictFloat, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _of_a_measure(self) -> Self:
        if self.name not in MEASURES:
            raise ValueError(f"rule {self.name!r} is none of {', '.join(MEASURES)}")
        if (self.seconds > 0) != (self.name == "too_fast"):
            raise ValueError(f"rule {self.name}: seconds, above 0, belong to too_fast alone")
        return self

    def broken_by(self, seen: Sequence[Seen], protocol: Protocol[Any]) -> Measured | None:
        """Return the measure if it is beyond the limit; None while it is not, or too few count."""
        measure = MEASURES[self.name]
        measured = measure.of(seen, self, protocol)
        if measured.value is None or measured.n < self.after:
            return None
        beyond = (
            measured.value < self.limit
            if measure.must_be == "at least"
            else measured.value > self.limit
        )
        return measured if beyond else None


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
    """Return the share of gold items answered correctly; "cannot tell" is not correct."""
    return _mean([float(s.right) for s in seen if s.right is not None and not s.is_catch])


def catch_accuracy(seen: Sequence[Seen]) -> Measured:
    """Return the share of catch trials answered correctly."""
    return _mean([float(s.right) for s in seen if s.right is not None and s.is_catch])


def too_fast(seen: Sequence[Seen], *, seconds: float) -> Measured:
    """Return the share of answers given in less than this time with the page in view."""
    return _mean([float(s.seconds < seconds) for s in seen])


def same_side(seen: Sequence[Seen], protocol: Protocol[Any]) -> Measured:
    """Return the share of choices on the position chosen most often; a tie is a position too."""
    chosen = [(protocol.choice(s.answer), s.order) for s in seen]
    positions = Counter(
        order.index(choice) if choice in order else -1
        for choice, order in chosen
        if choice is not None
    )
    n = positions.total()
    return Measured(value=max(positions.values()) / n if n else None, n=n)


def straight_lining(seen: Sequence[Seen], protocol: Protocol[Any]) -> Measured:
    """Return the share of pages of several ratings on which all ratings are the same."""
    pages = [protocol.ratings(s.answer) for s in seen]
    return _mean([float(len(set(ratings)) == 1) for ratings in pages if len(ratings) > 1])


def self_consistency(seen: Sequence[Seen], protocol: Protocol[Any]) -> Measured:
    """Return the mean similarity of a rater's two answers to the items that were asked again."""
    answers = {s.item: s.answer for s in seen}
    again = [(s.answer, answers[s.repeats]) for s in seen if s.repeats in answers]
    return _mean_similarity(again, protocol)


def agreement_with_others(seen: Sequence[Seen], protocol: Protocol[Any]) -> Measured:
    """Return the mean similarity of a rater's answers to those of all others, the rater left out.

    An item counts once, with its mean over the others who answered it.
    """
    means = [_mean_similarity([(s.answer, other) for other in s.others], protocol) for s in seen]
    return _mean([each.value for each in means if each.value is not None])


def similarity(one: Answer, other: Answer, protocol: Protocol[Any]) -> float | None:
    """Return how similar two answers to one item are, from 0 to 1; None where one cannot tell."""
    if one.get("cannot_tell") or other.get("cannot_tell"):
        return None
    return protocol.similarity(one, other)


def _mean_similarity(pairs: Sequence[tuple[Answer, Answer]], protocol: Protocol[Any]) -> Measured:
    values = [similarity(one, other, protocol) for one, other in pairs]
    return _mean([value for value in values if value is not None])


def _mean(values: Sequence[float]) -> Measured:
    return Measured(value=sum(values) / len(values) if values else None, n=len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a measure is taken, and on which side of its limit it must be.

    `title` is its name for researchers, `notice` what a rater who is paused by it reads.
    """

    of: Callable[[Sequence[Seen], Rule, Protocol[Any]], Measured]
    must_be: Literal["at least", "at most"]
    title: str
    notice: str


MEASURES: dict[str, Measure] = {
    "gold_accuracy": Measure(
        of=lambda seen, _rule, _protocol: gold_accuracy(seen),
        must_be="at least",
        title="Known answers",
        notice=_("Several answers to questions with a known answer were wrong."),
    ),
    "catch_trials": Measure(
        of=lambda seen, _rule, _protocol: catch_accuracy(seen),
        must_be="at least",
        title="Catch trials",
        notice=_("Several attention checks were missed."),
    ),
    "too_fast": Measure(
        of=lambda seen, rule, _protocol: too_fast(seen, seconds=rule.seconds),
        must_be="at most",
        title="Too fast",
        notice=_("Many answers came faster than the page can be read."),
    ),
    "same_side": Measure(
        of=lambda seen, _rule, protocol: same_side(seen, protocol),
        must_be="at most",
        title="Same-side answers",
        notice=_("Nearly all answers were on the same side."),
    ),
    "straight_lining": Measure(
        of=lambda seen, _rule, protocol: straight_lining(seen, protocol),
        must_be="at most",
        title="Equal ratings",
        notice=_("Nearly all ratings on a page were the same."),
    ),
    "self_consistency": Measure(
        of=lambda seen, _rule, protocol: self_consistency(seen, protocol),
        must_be="at least",
        title="Self-consistency",
        notice=_("Questions that were asked twice were answered differently."),
    ),
    "agreement_with_others": Measure(
        of=lambda seen, _rule, protocol: agreement_with_others(seen, protocol),
        must_be="at least",
        title="Agreement with others",
        notice=_("Your answers differed from nearly everybody else's."),
    ),
}
