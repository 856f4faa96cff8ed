"""One of several: explanations, excerpts or images; with a right answer or without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.protocols.base import Known, QuestionForm, record
from annotation.protocols.options import (
    OptionsFrame,
    chosen,
    known_key,
    options_from_json,
    options_to_json,
)
from annotation.protocols.stimuli import frame_from_json, payload_fields

NAME = "choose"
VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ChoosePayload(OptionsFrame):
    """What a rater is shown. Which option is right, if any, is never part of it.

    All options are of one kind, so that none stands out by it. Nothing besides them need be shown:
    the odd one out is found among the options.
    """

    def __post_init__(self) -> None:
        self.require_count(2)
        kinds = {"" if each.shown is None else each.shown.kind for each in self.options}
        if len(kinds) != 1:
            raise ValueError("the options are all of one kind")
        super().__post_init__()

    @property
    def kind(self) -> str:
        """What the options are: "explanation", or the kind of a stimulus."""
        shown = self.options[0].shown
        return "explanation" if shown is None else shown.kind

    @property
    def is_flanked(self) -> bool:
        """Whether two groups of images, one on each side, are what an image is chosen by."""
        kinds = {each.kind for group in self.groups for each in group.excerpts}
        return len(self.groups) == 2 and not self.excerpts and kinds | {self.kind} == {"image"}

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "options": options_to_json(self.options),
        }

    @classmethod
    def from_json(cls, data: object) -> "ChoosePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("options",))
        return cls(**frame_from_json(fields), options=options_from_json(fields["options"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAnswer:
    """The key of the option chosen."""

    choice: str

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        return {"choice": self.choice}


def parse(payload: ChoosePayload, data: Mapping[str, object]) -> ChooseAnswer:
    """Check `{"choice": key}`."""
    return ChooseAnswer(choice=chosen(data.get("choice"), payload.keys, "choice"))


def read_gold(payload: ChoosePayload, data: object) -> Known:
    """Read `{"choice": key}`: the option that is right."""
    choice = record(data, ("choice",), "the known answer")["choice"]
    right = known_key(choice, payload.keys, "the known choice")
    return lambda answer: answer.get("choice") == right


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=ChoosePayload.from_json,
    fields=("choice",),
    parse=parse,
    read_gold=read_gold,
)
