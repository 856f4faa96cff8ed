"""Several explanations in order, best first; or only the best and the worst of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, Stored, sent_number
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.options import OptionsPayload, chosen, known_keys
from annotation.protocols.record import Record


class RankPayload(OptionsPayload):
    """What a rater is shown: explanations, to be put in order or for the best and the worst."""

    mode: Literal["order", "best_worst"] = "order"

    @model_validator(mode="after")
    def _enough_texts(self) -> Self:
        self.require_stimuli()
        self.require_texts(3 if self.best_worst else 2)
        return self

    @property
    def best_worst(self) -> bool:
        """Whether only the best and the worst are asked for."""
        return self.mode == "best_worst"


class OrderAnswer(Record):
    """The place of each option, by key: 1 is the best, and no two share one."""

    place: Mapping[str, int]


class BestWorstAnswer(Record):
    """The keys of the best and of the worst option."""

    best: str
    worst: str


class _Gold(Record):
    order: Annotated[tuple[StrictStr, ...], Field(min_length=2)]
    errors: Annotated[StrictInt, Field(ge=0)] = 0


def parse(payload: RankPayload, data: Mapping[str, object]) -> OrderAnswer | BestWorstAnswer:
    """Check `{"place": {key: 1 to k}}`, or `{"best": key, "worst": key}` in that mode."""
    return _best_worst(payload, data) if payload.best_worst else _order(payload, data)


def _order(payload: RankPayload, data: Mapping[str, object]) -> OrderAnswer:
    given = data.get("place")
    if data.keys() - {"place"} or not isinstance(given, Mapping):
        raise AnswerError("place", "names a place for each")
    if unknown := sorted(given.keys() - set(payload.keys)):
        raise AnswerError("place", f"names {unknown[0]!r}, which is not shown")
    last = len(payload.keys)
    places = {key: sent_number(given.get(key), "place", 1, last) for key in payload.keys}
    if len(set(places.values())) < last:
        raise AnswerError("place", "is given to two at once")
    return OrderAnswer(place=places)


def _best_worst(payload: RankPayload, data: Mapping[str, object]) -> BestWorstAnswer:
    if "place" in data:
        raise AnswerError("place", "was not asked for")
    best = chosen(data.get("best"), payload.keys, "best")
    worst = chosen(data.get("worst"), payload.keys, "worst")
    if best == worst:
        raise AnswerError("worst", "is the best too")
    return BestWorstAnswer(best=best, worst=worst)


def read_gold(payload: RankPayload, data: object) -> Known:
    """Read the known order `{"order": [keys, best first], "errors": n}` of some of the options.

    An order is right if at most n pairs of these are reversed; best and worst are right unless the
    last is named the best or the first the worst.
    """
    gold = _Gold.from_json(data)
    order = known_keys(gold.order, payload.keys, "the known order")
    if payload.best_worst:
        return lambda answer: _extremes_agree(answer, order)
    return lambda answer: _inversions(answer, order) <= gold.errors


def _extremes_agree(answer: Stored, order: Sequence[str]) -> bool:
    if "best" not in answer:
        return False
    return bool(answer["best"] != order[-1] and answer["worst"] != order[0])


def _inversions(answer: Stored, order: Sequence[str]) -> float:
    """Return how many pairs the answer has reversed; infinity if it has none."""
    places = answer.get("place")
    if not places:
        return float("inf")
    return float(sum(places[one] > places[other] for one, other in combinations(order, 2)))


def _similarity(one: Stored, other: Stored) -> float | None:
    """Return the share of pairs in the same order; of best and worst, the share that is equal."""
    if "best" in one and "best" in other:
        return sum(bool(one[name] == other[name]) for name in ("best", "worst")) / 2
    a, b = one.get("place", {}), other.get("place", {})
    if not a or a.keys() != b.keys():
        return None
    pairs = [(a[x] < a[y]) == (b[x] < b[y]) for x, y in combinations(sorted(a), 2)]
    return float(sum(pairs) / len(pairs))


def _keys(payload: RankPayload) -> Sequence[Key]:
    digits = ("1", "2", "…")
    if payload.best_worst:
        return (Key(digits, _("First the best, then the worst; press again to undo")),)
    return (
        Key(digits, _("Put A, B and so on in the next place; press again to undo")),
        Key(("↑", "↓"), _("Move the description that has the focus")),
    )


_BEST_AND_WORST = _("Choose a best one and a different worst one.")

RANK = Protocol(
    name="rank",
    payload=RankPayload,
    fields=("place", "best", "worst"),
    parse=parse,
    read_gold=read_gold,
    faults={
        "place": _("Give each description a different place."),
        "best": _BEST_AND_WORST,
        "worst": _BEST_AND_WORST,
    },
    keys=_keys,
    similarity=_similarity,
)
