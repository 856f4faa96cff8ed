"""Which of these excerpts fit the explanation: detection by people."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, Stored
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.options import ExplanationText, OptionsPayload, known_keys
from annotation.protocols.record import Record


class MarkPayload(OptionsPayload):
    """What a rater is shown: one explanation, and excerpts or images that may fit it.

    The excerpts carry no activations: they would give the answer away.
    """

    explanation: ExplanationText

    @model_validator(mode="after")
    def _to_be_marked(self) -> Self:
        self.require_count(2)
        for option in self.options:
            if option.shown is None:
                raise ValueError("the options of this protocol are excerpts or images")
            if isinstance(option.shown, Excerpt):
                raise ValueError('what is to be marked shows no activations: use the kind "text"')
        self.refuse_stimuli()
        return self


class MarkAnswer(Record):
    """The keys of the excerpts that fit, sorted; none may."""

    marked: tuple[str, ...]


class _Gold(Record):
    marked: tuple[StrictStr, ...]
    errors: Annotated[StrictInt, Field(ge=0)] = 0


def parse(payload: MarkPayload, data: Mapping[str, object]) -> MarkAnswer:
    """Check `{"marked": [keys]}`. An empty list says that none fits.

    A form says that with `none`: an empty one says nothing.
    """
    marked, none = data.get("marked"), data.get("none") in ("1", True)
    if marked is None and not none:
        raise AnswerError("marked", "is missing")
    if not isinstance(marked, Sequence) and marked is not None:
        raise AnswerError("marked", "is not a list")
    keys = {key for key in marked or () if isinstance(key, str)}
    if len(keys) < len(marked or ()) or keys - set(payload.keys):
        raise AnswerError("marked", "names what is not shown, or one twice")
    if keys and none:
        raise AnswerError("none", "is ticked, and some are marked")
    return MarkAnswer(marked=tuple(sorted(keys)))


def read_gold(payload: MarkPayload, data: object) -> Known:
    """Read `{"marked": [keys], "errors": n}`: right if all but at most n are marked rightly."""
    gold = _Gold.from_json(data)
    right = set(known_keys(gold.marked, payload.keys, "the known marks"))

    def is_right(answer: Mapping[str, Any]) -> bool:
        return "marked" in answer and len(right ^ set(answer["marked"])) <= gold.errors

    return is_right


def _overlap(one: Stored, other: Stored) -> float:
    """Return the marks in both among those in either (Jaccard); 1 if there are none."""
    a, b = set(one["marked"]), set(other["marked"])
    return len(a & b) / len(a | b) if a | b else 1.0


MARK = Protocol(
    name="mark",
    payload=MarkPayload,
    fields=("marked", "none"),
    parse=parse,
    read_gold=read_gold,
    faults={
        "marked": _("Mark what fits, or tick “None of them”."),
        "none": _("You marked some and also ticked “None of them”. Which is it?"),
    },
    keys=lambda _payload: (
        Key(("1", "2", "…"), _("Mark A, B and so on, or unmark it")),
        Key(("N",), _("None of them fits")),
    ),
    similarity=_overlap,
)
