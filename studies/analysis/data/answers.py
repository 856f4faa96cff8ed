"""Answers of any protocol as columns: one row per judgment, and one per response in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from math import nan
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from studies.analysis.data.columns import Columns, columns_of, joined
from studies.analysis.data.ratings import Array, Codes
from studies.analysis.data.tables import Flow, Scores, first_seen

NONE = -1
"""No explanation, condition, record or screen position."""
LENGTH = "length of the text"
PEOPLE = "people"
"""Who wrote an explanation that no method wrote."""


def people_of(slug: str) -> str:
    """Return the name of a study's raters in tables that compare them with models."""
    return f"people of {slug}"


class JudgmentRow(NamedTuple):
    """One current judgment; the fields as in `JudgmentColumns`."""

    unit: int
    neuron: int
    rater: int
    explanation: int
    condition: int
    confidence: float
    seconds: float
    synthetic: bool
    layer: int
    item: int
    drawn_at_random: bool = False
    draw_probability: float = nan


class ResponseRow(NamedTuple):
    """One response in a judgment; the fields as in `Responses`, without the judgment."""

    option: int
    dimension: int
    screen_position: int
    explanation: int
    condition: int
    record: int
    value: float
    truth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One dimension of a rubric: its name, and the points of its scale by value, lowest first.

    A slider's points are its ends; any whole number between them can be given.
    """

    key: str
    name: str
    points: tuple[tuple[int, str], ...]
    is_slider: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgmentColumns(Columns):
    """One row per judgment, in the order in which they were given; ids are any integers.

    `unit` is the item, `item` the number by which people know it. `explanation` and `condition` are
    those that the whole question is about, or `NONE`; conditions are positions in
    `StudyTables.conditions`. `confidence` is nan where it was not given. `draw_probability` is how
    likely the item was to be asked, nan where items are fixed from the start.
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
    item: Codes
    drawn_at_random: npt.NDArray[np.bool_]
    draw_probability: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Responses(Columns):
    """One row per judgment (its row in `JudgmentColumns`), option and dimension.

    `option` is the position of an option in the item's own list, or of a token in a text.
    `dimension` is the dimension of a rubric, or the text. `screen_position` is where the option was
    shown, from 0. `value` is the response, `truth` the right one, nan where none is known; each
    protocol says in which unit.
    """

    judgment: Codes
    option: Codes
    dimension: Codes
    screen_position: Codes
    explanation: Codes
    condition: Codes
    record: Codes
    value: Array
    truth: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What raters answered. The responses of one judgment are consecutive, judgments in order."""

    judgments: JudgmentColumns
    responses: Responses

    def __len__(self) -> int:
        return len(self.judgments)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Answers":
        """Return the judgments of `rows` with their responses."""
        kept = rows[self.responses.judgment]
        number = np.cumsum(rows) - 1
        responses = self.responses.only(kept)
        return Answers(
            judgments=self.judgments.only(rows),
            responses=replace(responses, judgment=number[responses.judgment]),
        )

    def renumbered(self) -> "Answers":
        """Return them with items, neurons and raters numbered from 0 as they first appear."""
        unit, neuron, rater = (
            first_seen(ids)
            for ids in (self.judgments.unit, self.judgments.neuron, self.judgments.rater)
        )
        judgments = replace(self.judgments, unit=unit, neuron=neuron, rater=rater)
        return Answers(judgments=judgments, responses=self.responses)

    def per_response(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the judgments, repeated for each response."""
        column: npt.NDArray[Any] = getattr(self.judgments, name)[self.responses.judgment]
        return column

    def target(self, name: str) -> Codes:
        """Return each response's `explanation` or `condition`: the option's, or the question's."""
        own: Codes = getattr(self.responses, name)
        return np.where(own == NONE, self.per_response(name), own)


_ROWS = 10_000


def answers(rows: Iterable[tuple[JudgmentRow, Iterable[ResponseRow]]]) -> Answers:
    """Return answers as columns, in the order of the rows, of which few are kept at a time."""
    iterator, n = iter(rows), 0
    judgments, responses = [columns_of([], JudgmentRow)], [columns_of([], ResponseRow)]
    numbers = [np.zeros(0, dtype=np.intp)]
    while chunk := [(row, list(own)) for row, own in islice(iterator, _ROWS)]:
        judgments.append(columns_of([row for row, _ in chunk], JudgmentRow))
        responses.append(columns_of([each for _, own in chunk for each in own], ResponseRow))
        numbers.append(n + np.repeat(np.arange(len(chunk)), [len(own) for _, own in chunk]))
        n += len(chunk)
    return Answers(
        judgments=JudgmentColumns(**joined(judgments)),
        responses=Responses(judgment=np.concatenate(numbers), **joined(responses)),
    )


class Rival(NamedTuple):
    """An explanation of one of a study's neurons, and who wrote it: a method's name or `people`."""

    explanation: int
    neuron: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyTables:
    """A study as the analysis sees it. `scores` come in the order in which they are reported.

    Answers come in the order in which they were given. `exclusions` are the plan's rules in order,
    each with a mark, true or false, for every judgment that it takes out; `excluded` marks those
    that any rule takes out, once the analysis knows them. `lengths` of the texts, above zero, are
    None when not known. `dimensions` are those of its rubric. `predicted` has, by simulator, what
    it predicted from an explanation on a record: nan where a token got none. `rivals` are all the
    explanations of its neurons, what raters wrote among them once it is adopted. `own` names the
    study's raters as simulators.
    """

    protocol: str
    conditions: tuple[str, ...]
    answers: Answers
    scores: tuple[Scores, ...]
    flow: Flow
    exclusions: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    lengths: Scores | None = None
    dimensions: tuple[Dimension, ...] = ()
    predicted: Mapping[str, Mapping[tuple[int, int], Array]] = field(default_factory=dict)
    rivals: tuple[Rival, ...] = ()
    own: str = ""
    excluded: npt.NDArray[np.bool_] | None = None

    @property
    def scorers(self) -> tuple[Scores, ...]:
        """The scores, and after them the length of the texts, which may explain them."""
        if self.lengths is None:
            return self.scores
        return (*self.scores, replace(self.lengths, scorer=LENGTH))
