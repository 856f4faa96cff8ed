"""Whether one explanation fits the excerpts: yes or no."""

from collections.abc import Mapping
from typing import Self

from pydantic import StrictBool, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, Stored
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.options import ExplanationText
from annotation.protocols.payload import Payload
from annotation.protocols.record import Record


class VerdictPayload(Payload):
    """What a rater is shown: one explanation, and excerpts that it may fit."""

    explanation: ExplanationText

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        self.require_stimuli()
        return self


class VerdictAnswer(Record):
    """Whether the explanation fits."""

    fits: StrictBool


class _Gold(Record):
    fits: StrictBool


def parse(_payload: VerdictPayload, data: Mapping[str, object]) -> VerdictAnswer:
    """Check `{"fits": true or false}`; a form sends `yes` or `no`."""
    given = {"yes": True, "no": False}.get(str(data.get("fits")), data.get("fits"))
    if not isinstance(given, bool):
        raise AnswerError("fits", "is neither yes nor no")
    return VerdictAnswer(fits=given)


def read_gold(_payload: VerdictPayload, data: object) -> Known:
    """Read `{"fits": true or false}`."""
    right = _Gold.from_json(data).fits
    return lambda answer: answer.get("fits") is right


def _same(one: Stored, other: Stored) -> float:
    return float(one["fits"] == other["fits"])


VERDICT = Protocol(
    name="verdict",
    payload=VerdictPayload,
    fields=("fits",),
    parse=parse,
    read_gold=read_gold,
    faults={"fits": _("Say whether it fits.")},
    keys=lambda _payload: (Key(("Y", "N"), _("It fits, or it does not")),),
    similarity=_same,
)
