"""A rater's own explanation of what the excerpts have in common."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.options import MAX_OPTION_LENGTH
from annotation.protocols.payload import Payload
from annotation.protocols.record import NotBlank, Record


class WritePayload(Payload):
    """What a rater is shown. `probe` lets them try texts on the unit before they write.

    The text has `shortest` to `longest` characters: it will be compared with others of that length.
    """

    shortest: StrictInt = 10
    longest: StrictInt = 300
    probe: StrictBool = False

    @model_validator(mode="after")
    def _of_some_length(self) -> Self:
        self.require_stimuli()
        if not 1 <= self.shortest <= self.longest <= MAX_OPTION_LENGTH:
            raise ValueError(f"shortest and longest rise from 1 to {MAX_OPTION_LENGTH}")
        return self


class WriteAnswer(Record):
    """The explanation, on one line."""

    text: str


class _Gold(Record):
    words: Annotated[tuple[NotBlank, ...], Field(min_length=1)]


def parse(payload: WritePayload, data: Mapping[str, object]) -> WriteAnswer:
    """Check `{"text": explanation}`; runs of white space become one space."""
    given = data.get("text")
    if not isinstance(given, str) or "\0" in given:
        raise AnswerError("text", "is not text")
    text = " ".join(given.split())
    if not payload.shortest <= len(text) <= payload.longest:
        raise AnswerError("text", f"has not {payload.shortest} to {payload.longest} characters")
    return WriteAnswer(text=text)


def read_gold(_payload: WritePayload, data: object) -> Known:
    """Read `{"words": [word]}`: right if the text uses one of them, in any case."""
    known = [word.casefold() for word in _Gold.from_json(data).words]
    return lambda answer: any(word in answer.get("text", "").casefold() for word in known)


def _keys(payload: WritePayload) -> Sequence[Key]:
    write = Key(("W",), _("Write; Escape leaves the field"))
    return (write, Key(("T",), _("Try a text"))) if payload.probe else (write,)


WRITE = Protocol(
    name="write",
    payload=WritePayload,
    fields=("text",),
    parse=parse,
    read_gold=read_gold,
    faults={"text": _("The description is too short or too long.")},
    keys=_keys,
    similarity=lambda _one, _other: None,
)
