"""What a question is about: excerpts of texts, images, what a model predicted, and their groups."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StrictInt, StrictStr, Tag

from annotation.protocols.excerpt import Excerpt
from annotation.protocols.record import NotBlank, Number, Record

LongText = Annotated[NotBlank, Field(max_length=5000)]
Probability = Annotated[Number, Field(ge=0, le=1)]
Pixels = Annotated[StrictInt, Field(gt=0, le=20_000)]


class Text(Record):
    """A text without marks."""

    kind: Literal["text"] = "text"
    text: LongText


class Image(Record):
    """A stored image by its name, its size in pixels, and its alternative text."""

    kind: Literal["image"] = "image"
    # Named by what is in it, so that a name tells nothing; no SVG: it can carry script.
    name: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{16,64}\.(png|jpg|jpeg|gif|webp)$")]
    width: Pixels
    height: Pixels
    alternative: Annotated[NotBlank, Field(max_length=500)]


class Share(Record):
    """A token, and how probable the model held it to come next (0 to 1), before and after."""

    token: StrictStr
    before: Probability
    after: Probability


class Intervention(Record):
    """What a model predicted after a text before and after the neuron was clamped."""

    kind: Literal["intervention"] = "intervention"
    text: LongText
    shares: Annotated[tuple[Share, ...], Field(min_length=1, max_length=20)]


def _kind(data: Any) -> str | None:
    """Return a stimulus's kind; JSON that names none is an excerpt."""
    if not isinstance(data, dict):
        return getattr(data, "kind", None)
    kind = data.get("kind", "excerpt")
    return kind if isinstance(kind, str) else None


Stimulus = Annotated[
    Annotated[Excerpt, Tag("excerpt")]
    | Annotated[Text, Tag("text")]
    | Annotated[Image, Tag("image")]
    | Annotated[Intervention, Tag("intervention")],
    Discriminator(_kind),
]


class Group(Record):
    """Stimuli under one heading, such as "These make the unit respond most"."""

    heading: NotBlank
    excerpts: Annotated[tuple[Stimulus, ...], Field(min_length=1)]
