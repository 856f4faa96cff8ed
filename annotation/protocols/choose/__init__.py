"""One of several: explanations, excerpts or images; with a right answer or without."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import StrictStr, model_validator

from annotation.protocols.base import Key, Known, Protocol, Stored
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.options import OptionsPayload, chosen, known_key
from annotation.protocols.record import Record


class ChoosePayload(OptionsPayload):
    """What a rater is shown. Which option is right, if any, is never part of it.

    All options are of one kind, so that none stands out by it. Nothing else need be shown: the odd
    one out is found among the options.
    """

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        self.require_count(2)
        if len({"" if each.shown is None else each.shown.kind for each in self.options}) != 1:
            raise ValueError("the options are all of one kind")
        return self

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


class ChooseAnswer(Record):
    """The key of the option chosen; of a gold item, of the one that is right."""

    choice: StrictStr


def parse(payload: ChoosePayload, data: Mapping[str, object]) -> ChooseAnswer:
    """Check `{"choice": key}`."""
    return ChooseAnswer(choice=chosen(data.get("choice"), payload.keys, "choice"))


def read_gold(payload: ChoosePayload, data: object) -> Known:
    """Read `{"choice": key}`: the option that is right."""
    right = known_key(ChooseAnswer.from_json(data).choice, payload.keys, "the known choice")
    return lambda answer: answer.get("choice") == right


def same_choice(one: Stored, other: Stored) -> float:
    """Return 1 for the same choice, 0 for different ones."""
    return float(one["choice"] == other["choice"])


def _keys(payload: ChoosePayload) -> Sequence[Key]:
    choose = Key(("1", "2", "…"), _("Choose A, B and so on"))
    enlarge = (
        Key(("E",), _("Enlarge the image that has the focus")),
        Key(("←", "→"), _("Show the previous or next image, while one is enlarged")),
    )
    return (choose, *(enlarge if payload.images else ()))


CHOOSE = Protocol(
    name="choose",
    payload=ChoosePayload,
    fields=("choice",),
    parse=parse,
    read_gold=read_gold,
    faults={"choice": _("Choose one first.")},
    keys=_keys,
    similarity=same_choice,
    choice=lambda answer: answer.get("choice"),
)
