"""What a rater chooses between, under keys that tell nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import record, sequence, text
from annotation.protocols.stimuli import Frame, Stimulus, stimulus

MAX_OPTION_LENGTH = 500
MAX_OPTIONS = 9
TIE = "tie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One explanation, or one excerpt or image, under a key that says nothing about it."""

    key: str
    text: str = ""
    shown: Stimulus | None = None

    def __post_init__(self) -> None:
        if not self.key or self.key == TIE or "." in self.key:
            raise ValueError(f"{self.key!r} cannot be an option's key")
        if self.shown is not None:
            if self.text:
                raise ValueError("an option is a text or shows something, not both")
        elif not self.text.strip() or len(self.text) > MAX_OPTION_LENGTH:
            raise ValueError(
                f"an option's text has 1 to {MAX_OPTION_LENGTH} characters, not {len(self.text)}"
            )

    @classmethod
    def from_json(cls, data: object) -> "Option":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        content = "shown" if isinstance(data, dict) and "shown" in data else "text"
        fields = record(data, ("key", content), "an option")
        key = text(fields["key"], "an option's key")
        if content == "shown":
            return cls(key=key, shown=stimulus(fields["shown"]))
        return cls(key=key, text=text(fields["text"], "an option's text"))

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        if self.shown is not None:
            return {"key": self.key, "shown": self.shown.to_json()}
        return {"key": self.key, "text": self.text}


@dataclass(frozen=True, kw_only=True)
class OptionsFrame(Frame):
    """A payload with options, which stand in the order of their keys: the order tells nothing."""

    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        keys = [option.key for option in self.options]
        if keys != sorted(set(keys)):
            raise ValueError("the options have different keys and stand in their order")
        if len(keys) > MAX_OPTIONS:
            raise ValueError(f"a question has at most {MAX_OPTIONS} options, not {len(keys)}")
        super().__post_init__()

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


def options_from_json(data: object) -> tuple[Option, ...]:
    """Read a payload's options."""
    return tuple(map(Option.from_json, sequence(data, "options")))


def options_to_json(options: Sequence[Option]) -> list[dict[str, Any]]:
    """Return a payload's options, for storing."""
    return [option.to_json() for option in options]


def chosen(data: object, keys: Sequence[str], field: str) -> str:
    """Return the key that was answered; `AnswerError` if it is none of those shown."""
    if not isinstance(data, str) or data not in keys:
        raise AnswerError(field, "is none of those shown")
    return data


def known_key(data: object, keys: Sequence[str], where: str) -> str:
    """Return a key of a gold item's answer; ValueError if it is none of those shown."""
    if not isinstance(data, str) or data not in keys:
        raise ValueError(f"{where} is none of those shown")
    return data


def known_keys(data: object, keys: Sequence[str], where: str) -> tuple[str, ...]:
    """Return different keys of a gold item's answer; ValueError if one is not shown or is twice."""
    found = tuple(known_key(key, keys, where) for key in sequence(data, where))
    if len(set(found)) != len(found):
        raise ValueError(f"{where} names one twice")
    return found
