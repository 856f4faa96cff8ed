"""A rater's own explanation of what the excerpts have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Known, QuestionForm, integer, record, sequence, text, truth
from annotation.protocols.options import MAX_OPTION_LENGTH
from annotation.protocols.stimuli import Frame, frame_from_json, payload_fields

NAME = "write"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class WritePayload(Frame):
    """What a rater is shown. `probe` lets them try texts on the unit before they write.

    The text has `shortest` to `longest` characters: it will stand beside others of that length.
    """

    shortest: int = 10
    longest: int = 300
    probe: bool = False

    def __post_init__(self) -> None:
        self.require_something_shown()
        if not 1 <= self.shortest <= self.longest <= MAX_OPTION_LENGTH:
            raise ValueError(f"shortest and longest rise from 1 to {MAX_OPTION_LENGTH}")
        super().__post_init__()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "shortest": self.shortest,
            "longest": self.longest,
            "probe": self.probe,
        }

    @classmethod
    def from_json(cls, data: object) -> "WritePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("shortest", "longest", "probe"))
        return cls(
            **frame_from_json(fields),
            shortest=integer(fields["shortest"], "shortest"),
            longest=integer(fields["longest"], "longest"),
            probe=truth(fields["probe"], "probe"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAnswer:
    """The explanation, on one line."""

    text: str

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"text": self.text}


def parse(payload: WritePayload, data: Mapping[str, object]) -> WriteAnswer:
    """Check `{"text": explanation}`; white space is made single."""
    given = data.get("text")
    if not isinstance(given, str) or "\0" in given:
        raise AnswerError("text", "is not text")
    said = " ".join(given.split())
    if not payload.shortest <= len(said) <= payload.longest:
        raise AnswerError("text", f"has not {payload.shortest} to {payload.longest} characters")
    return WriteAnswer(text=said)


def read_gold(payload: WritePayload, data: object) -> Known:
    """Read `{"words": [word]}`: right is who uses one of them, in any case."""
    words = sequence(record(data, ("words",), "the known answer")["words"], "words")
    known = [text(word, "a known word").casefold() for word in words]
    if not known or not all(word.strip() for word in known):
        raise ValueError("the known words are at least one, and none is empty")
    return lambda answer: any(word in answer.get("text", "").casefold() for word in known)


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=WritePayload.from_json,
    fields=("text",),
    parse=parse,
    read_gold=read_gold,
)
