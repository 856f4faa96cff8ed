"""Which of these excerpts fit the explanation: detection by people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Known, QuestionForm, integer, record, text
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.options import (
    MAX_OPTION_LENGTH,
    OptionsFrame,
    known_keys,
    options_from_json,
    options_to_json,
)
from annotation.protocols.stimuli import frame_from_json, payload_fields

NAME = "mark"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class MarkPayload(OptionsFrame):
    """What a rater is shown: one explanation, and excerpts or images that may fit it.

    The excerpts carry no activations: they would give the answer away.
    """

    explanation: str

    def __post_init__(self) -> None:
        if not self.explanation.strip() or len(self.explanation) > MAX_OPTION_LENGTH:
            raise ValueError(f"the explanation has 1 to {MAX_OPTION_LENGTH} characters")
        self.require_count(2)
        for option in self.options:
            if option.shown is None:
                raise ValueError("the options of this protocol are excerpts or images")
            if isinstance(option.shown, Excerpt):
                raise ValueError('what is to be marked shows no activations: use the kind "text"')
        if self.shows_something:
            raise ValueError("this protocol shows nothing besides: leave out excerpts and groups")
        super().__post_init__()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "explanation": self.explanation,
            "options": options_to_json(self.options),
        }

    @classmethod
    def from_json(cls, data: object) -> "MarkPayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("explanation", "options"))
        return cls(
            **frame_from_json(fields),
            explanation=text(fields["explanation"], "the explanation"),
            options=options_from_json(fields["options"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAnswer:
    """The keys of the excerpts that fit, sorted; none may."""

    marked: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"marked": list(self.marked)}


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
        raise AnswerError("none", "is said, and some are marked")
    return MarkAnswer(marked=tuple(sorted(keys)))


def read_gold(payload: MarkPayload, data: object) -> Known:
    """Read `{"marked": [keys], "errors": n}`: right is who marks all but at most n rightly."""
    fields = record(data, ("marked",), "the known answer", optional=("errors",))
    right = set(known_keys(fields["marked"], payload.keys, "the known marks"))
    errors = integer(fields.get("errors", 0), "errors")
    if errors < 0:
        raise ValueError("errors are 0 or more")

    def is_right(answer: Mapping[str, Any]) -> bool:
        return "marked" in answer and len(right ^ set(answer["marked"])) <= errors

    return is_right


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=MarkPayload.from_json,
    fields=("marked", "none"),
    parse=parse,
    read_gold=read_gold,
)
