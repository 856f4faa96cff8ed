"""Answers of any form as columns: one row per judgment, and one per thing that it speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Array, Codes
from studies.analysis.data.tables import Flow, Scores, first_seen

NONE = -1
"""No explanation, condition, record or place."""
LENGTH = "length of the text"
PEOPLE = "people"
"""Who wrote an explanation that no method wrote."""


def people_of(slug: str) -> str:
    """Return how the raters of a study are called beside models."""
    return f"people of {slug}"


class AnswerRow(NamedTuple):
    """One judgment that stands; the fields as in `Answers`."""

    unit: int
    neuron: int
    rater: int
    explanation: int
    condition: int
    confidence: float
    seconds: float
    synthetic: bool
    layer: int


class SaidRow(NamedTuple):
    """What a judgment says of one thing; the fields as in `Said`, without the judgment."""

    thing: int
    aspect: int
    place: int
    explanation: int
    condition: int
    record: int
    value: float
    truth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """One thing to rate: its name, and the points of its scale by value, lowest first.

    Of a slider the points are its ends, and any whole number between can be given.
    """

    key: str
    name: str
    points: tuple[tuple[int, str], ...]
    is_slider: bool = False


class _Columns:
    """Columns of one length, by the names of the fields."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Raise ValueError when the columns differ in length."""
        lengths = {name: len(column) for name, column in self.columns().items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(next(iter(self.columns().values())))


@dataclass(frozen=True, kw_only=True, eq=False)
class Given(_Columns):
    """One row per judgment, in the order in which they were given; ids are any integers.

    `unit` is the item. `explanation` and `condition` are those that the whole question is about, or
    `NONE`; conditions are places in `AnswerTables.conditions`. `confidence` is nan where it was not
    given.
    """

    unit: Codes
    neuron: Codes
    rater: Codes
    explanation: Codes
    condition: Codes
    confidence: Array
    seconds: Array
    synthetic: npt.NDArray[np.bool_]
    layer: Codes

    def only(self, rows: npt.NDArray[np.bool_]) -> "Given":
        """Return the judgments of `rows`."""
        return Given(**{name: column[rows] for name, column in self.columns().items()})


@dataclass(frozen=True, kw_only=True, eq=False)
class Said(_Columns):
    """One row per judgment (its row in `Given`), thing and aspect of it.

    A thing is an option by its place in the item's own list, or a token of a text. `aspect` tells
    the dimensions of a rubric apart, or the texts. `place` is where the thing was shown, from 0.
    `value` is what was said of it, `truth` what is so, nan where that is not known; each form says
    in which unit.
    """

    judgment: Codes
    thing: Codes
    aspect: Codes
    place: Codes
    explanation: Codes
    condition: Codes
    record: Codes
    value: Array
    truth: Array

    def only(self, rows: npt.NDArray[np.bool_]) -> "Said":
        """Return the rows of `rows`."""
        return Said(**{name: column[rows] for name, column in self.columns().items()})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What raters answered. The rows of one judgment stand together, judgments in order."""

    given: Given
    said: Said

    def __len__(self) -> int:
        return len(self.given)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Answers":
        """Return the judgments of `rows` with what they say."""
        kept = rows[self.said.judgment]
        number = np.cumsum(rows) - 1
        said = self.said.only(kept)
        return Answers(
            given=self.given.only(rows), said=replace(said, judgment=number[said.judgment])
        )

    def renumbered(self) -> "Answers":
        """Return them with items, neurons and raters numbered from 0 as they first appear."""
        unit, neuron, rater = (
            first_seen(ids) for ids in (self.given.unit, self.given.neuron, self.given.rater)
        )
        given = replace(self.given, unit=unit, neuron=neuron, rater=rater)
        return Answers(given=given, said=self.said)

    def of(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the judgments, one value for each row of what they say."""
        column: npt.NDArray[Any] = getattr(self.given, name)[self.said.judgment]
        return column

    def about(self, name: str) -> Codes:
        """Return `explanation` or `condition` of each row: the thing's own, or the question's."""
        own: Codes = getattr(self.said, name)
        return np.where(own == NONE, self.of(name), own)


def answers(rows: Iterable[tuple[AnswerRow, Iterable[SaidRow]]]) -> Answers:
    """Return answers in the order of the rows, which are not kept."""
    given, said, judgment = list[AnswerRow](), list[SaidRow](), list[int]()
    for number, (row, things) in enumerate(rows):
        given.append(row)
        for thing in things:
            said.append(thing)
            judgment.append(number)
    return Answers(
        given=Given(**_columns(given, AnswerRow)),
        said=Said(judgment=np.array(judgment, dtype=np.intp), **_columns(said, SaidRow)),
    )


_TYPES: dict[Any, Any] = {int: np.intp, float: np.float64, bool: np.bool_}


def _columns(rows: list[Any], kind: Any) -> dict[str, npt.NDArray[Any]]:
    dtype = np.dtype([(name, _TYPES[each]) for name, each in kind.__annotations__.items()])
    table = np.fromiter(rows, dtype=dtype, count=len(rows))
    return {name: np.ascontiguousarray(table[name]) for name in kind._fields}


class Rival(NamedTuple):
    """An explanation of one of a study's neurons, and who wrote it: a method's name or `people`."""

    explanation: int
    neuron: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnswerTables:
    """A study that asks in another form than two at a time, as the analysis sees it.

    `aspects` are the dimensions of its rubric. `predicted` has, by simulator, what it predicted
    from an explanation on a record: nan where a token got none. `rivals` are all the explanations
    that what was written stands beside, itself once it is adopted. `own` is how the study's raters
    are called as simulators. `exclusions` and `lengths` as in `StudyTables`.
    """

    protocol: str
    conditions: tuple[str, ...]
    answers: Answers
    scores: tuple[Scores, ...]
    flow: Flow
    exclusions: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    lengths: Scores | None = None
    aspects: tuple[Aspect, ...] = ()
    predicted: Mapping[str, Mapping[tuple[int, int], Array]] = field(default_factory=dict)
    rivals: tuple[Rival, ...] = ()
    own: str = ""

    @property
    def scorers(self) -> tuple[Scores, ...]:
        """The scores, and after them the length of the texts, which may explain them."""
        if self.lengths is None:
            return self.scores
        return (*self.scores, replace(self.lengths, scorer=LENGTH))
