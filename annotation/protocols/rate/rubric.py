"""Dimensions to rate on: yes or no, points with labels, or a slider from 0 to 100."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StrictStr, model_validator

from annotation.protocols.record import NotBlank, Record


class Point(Record):
    """One point of a scale: the number that is stored, and its label."""

    value: Annotated[StrictInt, Field(ge=0, le=100)]
    label: NotBlank


class Dimension(Record):
    """One thing to rate. The points are in order, lowest first, and their values are 0 to 100.

    A Likert scale has 2 to 9 points; a slider has two, which name its ends 0 and 100; a binary
    question has two, 0 and 1.
    """

    key: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    name: Annotated[NotBlank, Field(max_length=120)]
    kind: Literal["binary", "likert", "slider"]
    points: Annotated[tuple[Point, ...], Field(min_length=2, max_length=9)]
    hint: Annotated[StrictStr, Field(max_length=300)] = ""

    @model_validator(mode="after")
    def _points_of_its_kind(self) -> Self:
        values = [point.value for point in self.points]
        if values != sorted(set(values)):
            raise ValueError(f"dimension {self.key}: values rise from point to point")
        if self.is_slider and values != [0, 100]:
            raise ValueError(f"dimension {self.key}: a slider has the points 0 and 100")
        if self.kind == "binary" and values != [0, 1]:
            raise ValueError(f"dimension {self.key}: a binary question has the points 0 and 1")
        if self.kind == "likert" and values[-1] > 9:
            raise ValueError(f"dimension {self.key}: points have the values 0 to 9, as the keys do")
        return self

    @property
    def is_slider(self) -> bool:
        """Whether any whole number between the ends can be given."""
        return self.kind == "slider"

    def allows(self, value: int) -> bool:
        """Return whether a number can be given on it."""
        if self.is_slider:
            return 0 <= value <= 100
        return any(point.value == value for point in self.points)
