"""Two explanations side by side: the first, the second, or a tie; optionally how sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from annotation.protocols.base import (
    AnswerError,
    QuestionForm,
    integer,
    record,
    sequence,
    text,
)
from annotation.protocols.excerpt import Excerpt

NAME = "compare"
VERSION = 1
TIE = "tie"
MAX_OPTION_LENGTH = 500
Confidence = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One explanation under a key that says nothing about it."""

    key: str
    text: str

    def __post_init__(self) -> None:
        if not self.key or self.key == TIE:
            raise ValueError(f"{self.key!r} cannot be an option's key")
        if not self.text.strip() or len(self.text) > MAX_OPTION_LENGTH:
            raise ValueError(
                f"an option's text has 1 to {MAX_OPTION_LENGTH} characters, not {len(self.text)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePayload:
    """What a rater is shown. The options stand in the order of their keys: order tells nothing."""

    excerpts: tuple[Excerpt, ...]
    options: tuple[Option, Option]

    def __post_init__(self) -> None:
        if not self.excerpts:
            raise ValueError("a comparison shows at least one excerpt")
        first, second = self.options
        if first.key >= second.key:
            raise ValueError("the two options have different keys and stand in their order")

    @property
    def keys(self) -> tuple[str, str]:
        """The two option keys, sorted."""
        first, second = self.options
        return first.key, second.key

    def in_order(self, order: Sequence[str]) -> tuple[Option, ...]:
        """Return the options from left (or first) to right (or last)."""
        by_key = {option.key: option for option in self.options}
        return tuple(by_key[key] for key in order)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            "excerpts": [excerpt.to_json() for excerpt in self.excerpts],
            "options": [{"key": option.key, "text": option.text} for option in self.options],
        }

    @classmethod
    def from_json(cls, data: object) -> "ComparePayload":
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        fields = record(data, ("version", "excerpts", "options"), "the payload")
        if integer(fields["version"], "version") != VERSION:
            raise ValueError(f"the payload's version is {fields['version']}, not {VERSION}")
        options = tuple(map(_option, sequence(fields["options"], "options")))
        if len(options) != 2:
            raise ValueError(f"a comparison has 2 options, not {len(options)}")
        excerpts = sequence(fields["excerpts"], "excerpts")
        return cls(
            excerpts=tuple(map(Excerpt.from_json, excerpts)),
            options=(options[0], options[1]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAnswer:
    """The key of the option that fits better, or `TIE`."""

    choice: str
    confidence: Confidence | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores."""
        return {"choice": self.choice, "confidence": self.confidence}


def parse_answer(
    payload: ComparePayload, data: Mapping[str, object], ask_confidence: bool
) -> CompareAnswer:
    """Check an answer `{"choice": key | "tie", "confidence": 1 | 2 | 3 | null}`.

    Confidence is required where it is asked for and refused where it is not. A number may come as
    text, as a form sends it. Raises `AnswerError`, a ValueError that names the field.
    """
    if unknown := sorted(data.keys() - {"choice", "confidence"}):
        raise AnswerError(unknown[0], "is not part of the answer")
    choice = data.get("choice")
    if not isinstance(choice, str) or choice not in (*payload.keys, TIE):
        raise AnswerError("choice", "is none of those shown")
    return CompareAnswer(
        choice=choice,
        confidence=_confidence(data.get("confidence"), asked=ask_confidence),
    )


def _confidence(data: object, *, asked: bool) -> Confidence | None:
    if not asked:
        if data is not None:
            raise AnswerError("confidence", "was not asked for")
        return None
    levels: dict[str, Confidence] = {"1": 1, "2": 2, "3": 3}
    if isinstance(data, bool) or str(data) not in levels:
        raise AnswerError("confidence", "is 1, 2 or 3")
    return levels[str(data)]


def _option(data: object) -> Option:
    fields = record(data, ("key", "text"), "an option")
    return Option(
        key=text(fields["key"], "an option's key"), text=text(fields["text"], "an option's text")
    )


FORM = QuestionForm(
    name=NAME,
    version=VERSION,
    template="annotation/compare.html",
    read=ComparePayload.from_json,
    parse_answer=parse_answer,
)
