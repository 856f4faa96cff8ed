"""The answer that a browser submits, and the question as its page shows it again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from string import ascii_uppercase
from typing import Any
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.models import Assignment
from annotation.protocols.base import Protocol

BOOKKEEPING = {"csrfmiddlewaretoken", "key", "seconds", "edit", "at_once"}

_FAULTS = {
    "confidence": _("Say how sure you are."),
    "reason": _("Say why, in a few words."),
    "skip": _("Say why you are skipping this question."),
}
MISREAD = _("Something went wrong with the form. Nothing was stored: please try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A posted answer: the protocol's own fields, and what the page added.

    `away` is what of the time since the claim was not with the page in view; None where the page
    did not measure, or where an earlier answer is changed.
    """

    answer: Mapping[str, object]
    key: UUID
    seconds: float
    away: float | None
    edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState:
    """A question as it is put on the page: `problem` names the field at fault, or what happened.

    `before` is the stored answer if the one on the form differs from it without being an edit.
    """

    assignment: Assignment
    answer: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    editing: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names_choice(self) -> bool:
        """Whether both answers are a choice, which has a short name."""
        return "choice" in self.before and "choice" in self.answer

    @property
    def chosen(self) -> object:
        """Which choice is marked on the form; of a comparison, the tie may be of two bad ones."""
        return "both_bad" if self.answer.get("both_bad") else self.answer.get("choice")

    @property
    def is_none(self) -> bool:
        """Whether "none" is ticked on the form, or stored as nothing marked or painted."""
        stored = self.answer.get("marked", self.answer.get("values"))
        rows = stored if isinstance(stored, list) else [True]
        is_empty = not any(any(row) if isinstance(row, list) else row for row in rows)
        return self.answer.get("none") == "1" or is_empty

    @property
    def choice_before(self) -> str:
        """What the page calls the stored choice."""
        return self._name(self.before.get("choice"))

    @property
    def choice_now(self) -> str:
        """What the page calls the choice on the form."""
        return self._name(self.answer.get("choice"))

    def _name(self, choice: object) -> str:
        letters: dict[str, str] = dict(zip(self.assignment.order, ascii_uppercase, strict=False))
        return letters.get(str(choice), str(_("the tie")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An option where this rater sees it: what the page calls it, and the key that chooses it."""

    name: str
    press: str
    key: str
    option: Any


def placed(payload: Any, order: Sequence[str]) -> tuple[Placed, ...]:
    """Return a payload's options as an assignment puts them."""
    options = zip(order, payload.in_order(order), strict=True)
    return tuple(
        Placed(name=ascii_uppercase[place], press=str(place + 1), key=key, option=option)
        for place, (key, option) in enumerate(options)
    )


def faults_of(protocol: Protocol[Any]) -> Mapping[str, str]:
    """Return what a rater reads about each field that may be at fault."""
    own = {field: gettext(text) for field, text in protocol.faults.items()}
    return {**{field: str(text) for field, text in _FAULTS.items()}, **own}


# What happened to a claim has a notice of its own; a field at fault has a message.
NOTICES = {"differs", "gone", "closed"}


def fault_of(protocol: Protocol[Any], problem: str) -> str:
    """Return what a rater reads about the field at fault; nothing if there is none."""
    field = problem.split(".")[0]
    return "" if not field or field in NOTICES else str(faults_of(protocol).get(field, MISREAD))


def read_submission(data: QueryDict, *, assignment: Assignment, at: datetime) -> Submission:
    """Read a posted answer. A page whose script did not run sends no time: then the clock counts.

    The time cannot be longer than the question was open.
    """
    elapsed = max(0.0, (at - assignment.claimed).total_seconds())
    edit = data.get("edit") == "1"
    measured = _measured(data.get("seconds", ""))
    seconds = elapsed if measured is None else min(measured, elapsed)
    return Submission(
        answer=read_answer(data),
        key=_uuid(data.get("key", "")),
        seconds=seconds,
        away=None if edit or measured is None else elapsed - seconds,
        edit=edit,
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


def _measured(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
