"""Several explanations in order, best first; or only the best and the worst of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import (
    Known,
    QuestionForm,
    integer,
    one_of,
    record,
    sent_number,
)
from annotation.protocols.options import (
    OptionsFrame,
    chosen,
    known_keys,
    options_from_json,
    options_to_json,
)
from annotation.protocols.stimuli import frame_from_json, payload_fields

NAME = "rank"
VERSION = 1
MODES = ("order", "best_worst")


@dataclass(frozen=True, kw_only=True)
class RankPayload(OptionsFrame):
    """What a rater is shown: explanations, to be put in order or for the best and the worst."""

    mode: str = "order"

    def __post_init__(self) -> None:
        self.require_something_shown()
        self.require_texts(2 if self.mode == "order" else 3)
        super().__post_init__()

    @property
    def best_worst(self) -> bool:
        """Whether only the best and the worst are asked for."""
        return self.mode == "best_worst"

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "options": options_to_json(self.options),
            "mode": self.mode,
        }

    @classmethod
    def from_json(cls, data: object) -> "RankPayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("options", "mode"))
        return cls(
            **frame_from_json(fields),
            options=options_from_json(fields["options"]),
            mode=one_of(fields["mode"], MODES, "mode"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """The place of each option, by key: 1 is the best, and no two share one."""

    places: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"place": dict(self.places)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BestWorstAnswer:
    """The keys of the best and of the worst option."""

    best: str
    worst: str

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"best": self.best, "worst": self.worst}


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
    return OrderAnswer(places=places)


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

    Right is who puts at most n pairs of these the other way round; of best and worst, who names no
    option as the best that stands last, nor as the worst that stands first.
    """
    fields = record(data, ("order",), "the known answer", optional=("errors",))
    order = known_keys(fields["order"], payload.keys, "the known order")
    errors = integer(fields.get("errors", 0), "errors")
    if len(order) < 2 or errors < 0:
        raise ValueError("the known order names two options or more, and errors are 0 or more")
    if payload.best_worst:
        return lambda answer: _extremes_agree(answer, order)
    return lambda answer: _inversions(answer, order) <= errors


def _extremes_agree(answer: Mapping[str, Any], order: Sequence[str]) -> bool:
    if "best" not in answer:
        return False
    return bool(answer["best"] != order[-1] and answer["worst"] != order[0])


def _inversions(answer: Mapping[str, Any], order: Sequence[str]) -> float:
    """Return how many pairs the answer has the other way round; infinity if it has none."""
    places = answer.get("place")
    if not places:
        return float("inf")
    return float(sum(places[one] > places[other] for one, other in combinations(order, 2)))


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=RankPayload.from_json,
    fields=("place", "best", "worst"),
    parse=parse,
    read_gold=read_gold,
)
