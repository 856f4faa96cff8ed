"""What a question is about: excerpts of texts, images, what a model predicted, and their groups."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from annotation.protocols.asks import Asks
from annotation.protocols.base import integer, number, record, sequence, text
from annotation.protocols.excerpt import Excerpt

MAX_TEXT_LENGTH = 5000
MAX_ALTERNATIVE_LENGTH = 500
# Named by what is in it, so that a name tells nothing; no SVG: it can carry script.
IMAGE_NAME = re.compile(r"[0-9a-f]{16,64}\.(png|jpg|jpeg|gif|webp)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text without marks."""

    kind: ClassVar[str] = "text"
    text: str

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > MAX_TEXT_LENGTH:
            raise ValueError(f"a text has 1 to {MAX_TEXT_LENGTH} characters, not {len(self.text)}")

    @classmethod
    def from_json(cls, data: object) -> "Text":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        return cls(text=text(record(data, ("kind", "text"), "a text")["text"], "a text"))

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A stored image by its name, its size in pixels, and the words for those who cannot see it."""

    kind: ClassVar[str] = "image"
    name: str
    width: int
    height: int
    alternative: str

    def __post_init__(self) -> None:
        if not IMAGE_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no image's name: 16 to 64 hex digits and a type")
        if not (0 < self.width <= 20_000 and 0 < self.height <= 20_000):
            raise ValueError(f"image {self.name} is {self.width} by {self.height} pixels")
        if not self.alternative.strip() or len(self.alternative) > MAX_ALTERNATIVE_LENGTH:
            raise ValueError(
                f"image {self.name} has no alternative text of 1 to {MAX_ALTERNATIVE_LENGTH} "
                "characters"
            )

    @classmethod
    def from_json(cls, data: object) -> "Image":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        names = ("kind", "name", "width", "height", "alternative")
        fields = record(data, names, "an image")
        return cls(
            name=text(fields["name"], "an image's name"),
            width=integer(fields["width"], "an image's width"),
            height=integer(fields["height"], "an image's height"),
            alternative=text(fields["alternative"], "an image's alternative text"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        size = {"width": self.width, "height": self.height}
        return {"kind": self.kind, "name": self.name, **size, "alternative": self.alternative}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A token, and how probable the model held it to come next (0 to 1), before and after."""

    token: str
    before: float
    after: float

    def __post_init__(self) -> None:
        if not (0 <= self.before <= 1 and 0 <= self.after <= 1):
            raise ValueError(f"the probabilities of {self.token!r} are not from 0 to 1")

    @classmethod
    def from_json(cls, data: object) -> "Share":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        fields = record(data, ("token", "before", "after"), "a predicted token")
        return cls(
            token=text(fields["token"], "a predicted token"),
            before=number(fields["before"], "a probability"),
            after=number(fields["after"], "a probability"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {"token": self.token, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """What a model predicted after a text before and after the neuron was clamped."""

    kind: ClassVar[str] = "intervention"
    text: str
    shares: tuple[Share, ...]

    def __post_init__(self) -> None:
        Text(text=self.text)
        if not 1 <= len(self.shares) <= 20:
            raise ValueError(f"an intervention shows 1 to 20 tokens, not {len(self.shares)}")

    @classmethod
    def from_json(cls, data: object) -> "Intervention":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        fields = record(data, ("kind", "text", "shares"), "an intervention")
        return cls(
            text=text(fields["text"], "an intervention's text"),
            shares=tuple(map(Share.from_json, sequence(fields["shares"], "shares"))),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        shares = [share.to_json() for share in self.shares]
        return {"kind": self.kind, "text": self.text, "shares": shares}


Stimulus = Excerpt | Text | Image | Intervention
_READERS: dict[str, Callable[[object], Stimulus]] = {
    Text.kind: Text.from_json,
    Image.kind: Image.from_json,
    Intervention.kind: Intervention.from_json,
}


def stimulus(data: object) -> Stimulus:
    """Read any stimulus; what names no kind is an excerpt."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind is None:
        return Excerpt.from_json(data)
    if kind not in _READERS:
        raise ValueError(f"{kind!r} is no kind of stimulus: {', '.join(_READERS)} are")
    return _READERS[str(kind)](data)


def stimuli(data: object, where: str) -> tuple[Stimulus, ...]:
    """Read a list of stimuli."""
    return tuple(map(stimulus, sequence(data, where)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Stimuli under one heading, such as "These make the unit respond most"."""

    heading: str
    excerpts: tuple[Stimulus, ...]

    def __post_init__(self) -> None:
        if not self.heading.strip() or not self.excerpts:
            raise ValueError("a group has a heading and at least one excerpt")

    @classmethod
    def from_json(cls, data: object) -> "Group":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        fields = record(data, ("heading", "excerpts"), "a group")
        return cls(
            heading=text(fields["heading"], "a group's heading"),
            excerpts=stimuli(fields["excerpts"], "a group's excerpts"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {"heading": self.heading, "excerpts": [each.to_json() for each in self.excerpts]}


FRAME_FIELDS = ("excerpts", "groups", "question", "asks")
MAX_QUESTION_LENGTH = 300


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What every payload may have: what it is about, its wording, and what is asked besides.

    `excerpts` are stimuli of any kind. An empty `question` leaves the wording to the protocol.
    """

    excerpts: tuple[Stimulus, ...] = ()
    groups: tuple[Group, ...] = ()
    question: str = ""
    asks: Asks = field(default_factory=Asks)

    def __post_init__(self) -> None:
        if len(self.question) > MAX_QUESTION_LENGTH:
            raise ValueError(f"a question has at most {MAX_QUESTION_LENGTH} characters")
        keys = {row.key for shown in self.stimuli for row in getattr(shown, "simulated", ())}
        if unknown := sorted(keys - set(self.keys)):
            raise ValueError(f"the simulation of {unknown[0]!r} belongs to no option")

    @property
    def keys(self) -> tuple[str, ...]:
        """The opaque keys of what is shown in an order of the rater's own: by default nothing."""
        return ()

    def in_order(self, order: Sequence[str]) -> tuple[Any, ...]:
        """Return what the keys stand for."""
        return ()

    @property
    def stimuli(self) -> Iterator[Stimulus]:
        """Everything that is shown, groups first."""
        for group in self.groups:
            yield from group.excerpts
        yield from self.excerpts

    @property
    def shows_something(self) -> bool:
        """Whether the question is about anything besides its options."""
        return bool(self.excerpts or self.groups)

    @property
    def images(self) -> frozenset[str]:
        """The names of the images that a rater of this may fetch."""
        return frozenset(shown.name for shown in self.stimuli if isinstance(shown, Image))

    @property
    def has_marks(self) -> bool:
        """Whether any text is marked, so that marks need explaining."""
        return any(isinstance(each, Excerpt) and any(each.levels) for each in self.stimuli)

    @property
    def has_interventions(self) -> bool:
        """Whether any prediction is shown before and after."""
        return any(isinstance(each, Intervention) for each in self.stimuli)

    def require_something_shown(self) -> None:
        """Refuse a payload that is about nothing."""
        if not self.shows_something:
            raise ValueError("a question shows at least one excerpt")

    def frame_to_json(self) -> dict[str, Any]:
        """Return the fields that are set."""
        fields = {
            "excerpts": [each.to_json() for each in self.excerpts],
            "groups": [group.to_json() for group in self.groups],
            "question": self.question,
            "asks": self.asks.to_json(),
        }
        return {name: value for name, value in fields.items() if value}


def frame_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read a payload's common fields, as arguments for its class."""
    return {
        "excerpts": stimuli(data.get("excerpts", []), "excerpts"),
        "groups": tuple(map(Group.from_json, sequence(data.get("groups", []), "groups"))),
        "question": text(data.get("question", ""), "question"),
        "asks": Asks.from_json(data.get("asks", {})),
    }


def payload_fields(
    data: object, version: int, names: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a payload's fields if they are exactly those of this version."""
    optional = (*FRAME_FIELDS, *optional)
    fields = record(data, ("version", *names), "the payload", optional=optional)
    if integer(fields["version"], "version") != version:
        raise ValueError(f"the payload's version is {fields['version']}, not {version}")
    return fields
