"""Dimensions to rate on: yes or no, points with labels, or a slider from 0 to 100."""

import re
from dataclasses import dataclass
from typing import Any

from annotation.protocols.base import integer, one_of, record, sequence, text

KINDS = ("binary", "likert", "slider")
KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a scale: the number that is stored, and the words beside it."""

    value: int
    label: str

    @classmethod
    def from_json(cls, data: object) -> "Point":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        fields = record(data, ("value", "label"), "a point")
        return cls(
            value=integer(fields["value"], "a point's value"),
            label=text(fields["label"], "a point's label"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {"value": self.value, "label": self.label}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One thing to rate. The points are in order, lowest first, and their values are 0 to 100.

    A Likert scale has 2 to 9 points; a slider has two, which name its ends 0 and 100; a binary
    question has two, 0 and 1.
    """

    key: str
    name: str
    kind: str
    points: tuple[Point, ...]
    hint: str = ""

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no key of a dimension: up to 30 letters, a to z")
        if not self.name.strip() or len(self.name) > 120 or len(self.hint) > 300:
            raise ValueError(f"dimension {self.key}: 1 to 120 characters name it, 300 hint")
        values = [point.value for point in self.points]
        if values != sorted(set(values)) or not all(0 <= value <= 100 for value in values):
            raise ValueError(f"dimension {self.key}: values rise from point to point, 0 to 100")
        if not all(point.label.strip() for point in self.points):
            raise ValueError(f"dimension {self.key}: every point has a label")
        self._check_kind(values)

    def _check_kind(self, values: list[int]) -> None:
        if self.kind == "slider" and values != [0, 100]:
            raise ValueError(f"dimension {self.key}: a slider has the points 0 and 100")
        if self.kind == "binary" and values != [0, 1]:
            raise ValueError(f"dimension {self.key}: a binary question has the points 0 and 1")
        if self.kind == "likert" and values[-1] > 9:
            raise ValueError(
                f"dimension {self.key}: points have the values 0 to 9: keys choose them"
            )
        if not 2 <= len(values) <= 9:
            raise ValueError(f"dimension {self.key}: a scale has 2 to 9 points, not {len(values)}")

    @property
    def is_slider(self) -> bool:
        """Whether any whole number between the ends can be given."""
        return self.kind == "slider"

    def allows(self, value: int) -> bool:
        """Tell whether a number can be given on it."""
        if self.is_slider:
            return 0 <= value <= 100
        return any(point.value == value for point in self.points)

    @classmethod
    def from_json(cls, data: object) -> "Dimension":
        """Read what `to_json` wrote; ValueError names what is wrong."""
        names = ("key", "name", "kind", "points")
        fields = record(data, names, "a dimension", optional=("hint",))
        return cls(
            key=text(fields["key"], "a dimension's key"),
            name=text(fields["name"], "a dimension's name"),
            kind=one_of(fields["kind"], KINDS, "a dimension's kind"),
            points=tuple(map(Point.from_json, sequence(fields["points"], "points"))),
            hint=text(fields.get("hint", ""), "a dimension's hint"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return {
            "key": self.key,
            "name": self.name,
            "kind": self.kind,
            "points": [point.to_json() for point in self.points],
            **({"hint": self.hint} if self.hint else {}),
        }
