"""What a rater chooses between, under keys that say nothing."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.payload import Payload
from annotation.protocols.record import NotBlank, Record
from annotation.protocols.stimuli import Stimulus

MAX_OPTION_LENGTH = 500
MAX_OPTIONS = 9
TIE = "tie"

ExplanationText = Annotated[NotBlank, Field(max_length=MAX_OPTION_LENGTH)]


class Option(Record):
    """One explanation, or one excerpt or image, under a key that says nothing about it."""

    key: StrictStr
    text: Annotated[StrictStr, Field(max_length=MAX_OPTION_LENGTH)] = ""
    shown: Stimulus | None = None

    @model_validator(mode="after")
    def _has_a_key_and_one_content(self) -> Self:
        if not self.key or self.key == TIE or "." in self.key:
            raise ValueError(f"{self.key!r} cannot be an option's key")
        if bool(self.text.strip()) == (self.shown is not None):
            raise ValueError("an option has a text of 1 to 500 characters, or shows something")
        return self


class OptionsPayload(Payload):
    """A payload with options, in the order of their keys: the order says nothing."""

    options: Annotated[tuple[Option, ...], Field(max_length=MAX_OPTIONS)]

    @model_validator(mode="after")
    def _in_the_order_of_their_keys(self) -> Self:
        keys = [option.key for option in self.options]
        if keys != sorted(set(keys)):
            raise ValueError("the options have different keys and stand in their order")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The option keys, sorted."""
        return tuple(option.key for option in self.options)

    def in_order(self, order: Sequence[str]) -> tuple[Option, ...]:
        """Return the options from left (or first) to right (or last)."""
        by_key = {option.key: option for option in self.options}
        return tuple(by_key[key] for key in order)

    @property
    def stimuli(self) -> Iterator[Stimulus]:
        """Everything that the question is about, then what the options show."""
        yield from super().stimuli
        yield from (option.shown for option in self.options if option.shown is not None)

    def require_texts(self, least: int) -> None:
        """Refuse options that are not texts, and too few of them."""
        if any(option.shown is not None for option in self.options):
            raise ValueError("the options of this protocol are texts")
        self.require_count(least)

    def require_count(self, least: int) -> None:
        """Refuse too few options."""
        if len(self.options) < least:
            raise ValueError(f"{least} options or more are needed, not {len(self.options)}")


def chosen(data: object, keys: Sequence[str], field: str) -> str:
    """Return the key that was answered; `AnswerError` if it is none of those shown."""
    if not isinstance(data, str) or data not in keys:
        raise AnswerError(field, "is none of those shown")
    return data


def known_key(key: str, keys: Sequence[str], where: str) -> str:
    """Return a key of a gold item's answer; ValueError if it is none of those shown."""
    if key not in keys:
        raise ValueError(f"{where} is none of those shown")
    return key


def known_keys(given: Sequence[str], keys: Sequence[str], where: str) -> tuple[str, ...]:
    """Return different keys of a gold item's answer; ValueError if one is not shown or is twice."""
    if len(set(given)) != len(given):
        raise ValueError(f"{where} names one twice")
    return tuple(known_key(key, keys, where) for key in given)
