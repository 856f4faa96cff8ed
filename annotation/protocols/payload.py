"""Exactly what a rater is shown, and nothing else."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictStr, model_validator

from annotation.protocols.asks import Asks
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.record import Record
from annotation.protocols.stimuli import Group, Image, Intervention, Stimulus


class Payload(Record):
    """What every payload may have: what it is about, its wording, and what else is asked.

    `excerpts` are stimuli of any kind. An empty `question` leaves the wording to the protocol.
    """

    version: Literal[1] = 1
    excerpts: tuple[Stimulus, ...] = ()
    groups: tuple[Group, ...] = ()
    question: Annotated[StrictStr, Field(max_length=300)] = ""
    asks: Asks = Asks()

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what `to_json` wrote; ValueError for anything else, unknown fields included."""
        if isinstance(data, dict) and "version" not in data:
            raise ValueError("the payload lacks the field 'version'")
        return super().from_json(data)

    @model_validator(mode="after")
    def _simulations_belong_to_options(self) -> Self:
        keys = {row.key for shown in self.stimuli for row in getattr(shown, "simulated", ())}
        if unknown := sorted(keys - set(self.keys)):
            raise ValueError(f"the simulation of {unknown[0]!r} belongs to no option")
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The opaque keys of what is shown in an order of the rater's own, sorted; may be none."""
        return ()

    def in_order(self, order: Sequence[str]) -> tuple[Any, ...]:
        """Return what the keys stand for, in an assignment's order."""
        return ()

    @property
    def stimuli(self) -> Iterator[Stimulus]:
        """Everything that is shown, groups first."""
        for group in self.groups:
            yield from group.excerpts
        yield from self.excerpts

    @property
    def shows_something(self) -> bool:
        """Whether the question shows anything in addition to its options."""
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

    def require_stimuli(self) -> None:
        """Refuse a payload that is about nothing."""
        if not self.shows_something:
            raise ValueError("a question shows at least one excerpt")

    def refuse_stimuli(self) -> None:
        """Refuse a payload that shows more than its explanation and what is asked about it."""
        if self.shows_something:
            raise ValueError("this protocol shows nothing else: leave out excerpts and groups")
