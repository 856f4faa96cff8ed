"""Two explanations side by side: the first, the second, or a tie."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Known, QuestionForm, record, sent_number, truth
from annotation.protocols.options import (
    MAX_OPTION_LENGTH,
    TIE,
    Option,
    OptionsFrame,
    chosen,
    known_key,
    options_from_json,
    options_to_json,
)
from annotation.protocols.stimuli import frame_from_json, payload_fields

__all__ = ["FORM", "MAX_OPTION_LENGTH", "NAME", "TIE", "CompareAnswer", "ComparePayload", "Option"]

NAME = "compare"
VERSION = 1
STRENGTHS = 3


@dataclass(frozen=True, kw_only=True)
class ComparePayload(OptionsFrame):
    """What a rater is shown. `strength` asks how much better the better one fits, from 1 to 3.

    `both_bad` offers, beside the tie, that neither fits.
    """

    strength: bool = False
    both_bad: bool = False

    def __post_init__(self) -> None:
        self.require_something_shown()
        if len(self.options) != 2:
            raise ValueError(f"a comparison has 2 options, not {len(self.options)}")
        self.require_texts(2)
        super().__post_init__()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        flags = {"strength": self.strength, "both_bad": self.both_bad}
        return {
            "version": VERSION,
            **self.frame_to_json(),
            "options": options_to_json(self.options),
            **{name: True for name, asked in flags.items() if asked},
        }

    @classmethod
    def from_json(cls, data: object) -> "ComparePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = payload_fields(data, VERSION, ("options",), ("strength", "both_bad"))
        return cls(
            **frame_from_json(fields),
            options=options_from_json(fields["options"]),
            strength=truth(fields.get("strength", False), "strength"),
            both_bad=truth(fields.get("both_bad", False), "both_bad"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAnswer:
    """The key of the option that fits better, or `TIE`; a tie may be one of two that do not fit.

    `strength` is 1 (slightly) to 3 (by far), where it is asked and one fits better.
    """

    choice: str
    strength: int | None = None
    both_bad: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores of it."""
        strength = {} if self.strength is None else {"strength": self.strength}
        both_bad = {"both_bad": True} if self.both_bad else {}
        return {"choice": self.choice, **strength, **both_bad}


def parse(payload: ComparePayload, data: Mapping[str, object]) -> CompareAnswer:
    """Check an answer `{"choice": key | "tie", "strength": 1 | 2 | 3, "both_bad": true}`.

    A form sends both that are bad as the choice "both_bad": it is stored as a tie of that kind.
    """
    both_bad = data.get("choice") == "both_bad" or data.get("both_bad") is True
    if both_bad and not payload.both_bad:
        raise AnswerError("choice", "cannot be that both are bad")
    if both_bad and data.get("choice") not in ("both_bad", TIE):
        raise AnswerError("choice", "is a tie if both are bad")
    choice = TIE if both_bad else chosen(data.get("choice"), (*payload.keys, TIE), "choice")
    strength = _strength(payload, data.get("strength"), is_tie=choice == TIE)
    return CompareAnswer(choice=choice, strength=strength, both_bad=both_bad)


def _strength(payload: ComparePayload, data: object, *, is_tie: bool) -> int | None:
    if not payload.strength:
        if data is not None:
            raise AnswerError("strength", "was not asked for")
        return None
    # A form without script still sends what was marked before the tie was chosen.
    return None if is_tie else sent_number(data, "strength", 1, STRENGTHS)


def read_gold(payload: ComparePayload, data: object) -> Known:
    """Read `{"choice": key | "tie"}`: the choice that is right."""
    right = known_key(
        record(data, ("choice",), "the known answer")["choice"],
        (*payload.keys, TIE),
        "the known choice",
    )
    return lambda answer: answer.get("choice") == right


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    read=ComparePayload.from_json,
    fields=("choice", "strength", "both_bad"),
    parse=parse,
    read_gold=read_gold,
)
