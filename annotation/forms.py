"""What a browser sends with an answer, and what the rater is told of what is wrong in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import Assignment

BOOKKEEPING = {"csrfmiddlewaretoken", "key", "seconds", "edit"}

_FAULTS = {
    "confidence": _("Say how sure you are."),
    "reason": _("Say why, in a few words."),
    "skip": _("Say why you skip this question."),
}
_FAULTS_OF = {
    "compare": {
        "choice": _("Choose A, B or the tie first."),
        "strength": _("Say how much better it fits."),
    },
    "rank": {
        "place": _("Give each description a place of its own."),
        "best": _("Say which one is best."),
        "worst": _("Say which one is worst. It cannot be the best too."),
    },
    "rate": {"rating": _("One answer is missing. Every one is asked for.")},
    "choose": {"choice": _("Choose one first.")},
    "mark": {
        "marked": _("Mark what fits, or say that none does."),
        "none": _("You marked some and said that none fits. Which is it?"),
    },
    "simulate": {
        "values": _("Paint from 0 to 10 where it would respond, or say that it would nowhere."),
        "none": _("You painted some and said that it would respond nowhere. Which is it?"),
    },
    "write": {"text": _("The description is too short or too long.")},
}
MISREAD = _("The page sent something that was not understood. Nothing was stored: try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A posted answer: the protocol's own fields, and what the page added."""

    answer: Mapping[str, object]
    key: UUID
    seconds: float
    edit: bool


def faults_of(protocol: str) -> Mapping[str, Promise]:
    """Return what a rater is told about each field that may be at fault."""
    return {**_FAULTS, **_FAULTS_OF[protocol]}


def read_submission(data: QueryDict, *, assignment: Assignment, at: datetime) -> Submission:
    """Read a posted answer. A page whose script did not run sends no time: then the clock counts.

    The time cannot be longer than the question was open.
    """
    elapsed = max(0.0, (at - assignment.claimed).total_seconds())
    return Submission(
        answer=read_answer(data),
        key=_uuid(data.get("key", "")),
        seconds=_seconds(data.get("seconds", ""), elapsed),
        edit=data.get("edit") == "1",
    )


def read_answer(data: QueryDict) -> dict[str, object]:
    """Return the fields of an answer as its JSON has them.

    `a.b.c` is field c of object b of object a, and `a[]` a list with all of its values. A name that
    fits no other stays as it is, for the protocol to refuse.
    """
    answer: dict[str, object] = {}
    for name, value in data.items():
        if name in BOOKKEEPING:
            continue
        if name.endswith("[]"):
            answer[name.removesuffix("[]")] = data.getlist(name)
        else:
            _put(answer, name, value)
    return answer


def _put(answer: dict[str, object], name: str, value: object) -> None:
    *path, last = name.split(".")
    place = answer
    for step in path:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            answer[name] = value
            return
        place = inner
    place[last] = value


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _seconds(text: str, elapsed: float) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return elapsed
    return min(seconds, elapsed) if math.isfinite(seconds) and seconds >= 0 else elapsed
