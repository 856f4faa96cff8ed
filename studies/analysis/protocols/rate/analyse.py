"""Ratings: how high each condition is rated, on what raters agree, and what scores predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import Answers, Dimension, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, codes
from studies.analysis.protocols import agreement
from studies.analysis.protocols.agreement import Measure, units_of
from studies.analysis.protocols.per_judgment import absent, means_by_condition
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics.against_scores import ScoreLink, Valued, score_links
from studies.analysis.statistics.condition_means import ConditionMeans
from studies.analysis.statistics.jackknife import divide, estimate, of_cells

SUM = "sum"
"""The key of the sum over all dimensions of a rubric."""
_FIFTHS = 5
_LARGEST_SCALE = 40
"""Points of a scale up to which its measures of agreement take each as a category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How often each point was given to a condition, lowest first."""

    condition: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """One dimension: its distributions, means, agreement, and what goes with scores.

    `points` name the counts of `shares`: of a slider its fifths.
    """

    key: str
    name: str
    low: float
    high: float
    points: tuple[str, ...]
    shares: tuple[Shares, ...]
    means: ConditionMeans
    agreement: tuple[Measure, ...]
    links: tuple[ScoreLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """All dimensions; with several, their sum is the last. `main` is the headline's.

    `first_bonus` is how much higher what was shown first was rated than the rest, on it.
    """

    dimensions: tuple[Rated, ...]
    main: int
    primary: int | None
    first_bonus: Estimate
    never_rated: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """The ratings on one dimension: their rows among all responses, and their values."""

    dimension: Dimension
    at: npt.NDArray[np.intp]
    value: Array

    @property
    def low(self) -> float:
        return float(self.dimension.points[0][0])

    @property
    def high(self) -> float:
        return float(self.dimension.points[-1][0])


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Ratings:
    """Analyse ratings on each dimension, and on the sum of several."""
    rows = _dimensions(tables.dimensions, answers)
    scorers = tables.scorers
    found = tuple(_rated(each, tables.conditions, answers, scorers) for each in rows)
    main = len(found) - 1
    condition = answers.target("condition")
    return Ratings(
        dimensions=found,
        main=main,
        primary=plan.chosen([scores.scorer for scores in tables.scores]),
        first_bonus=_first_bonus(rows[main], answers) if rows else _NOTHING,
        never_rated=absent(tables.conditions, condition),
    )


def agreement_input(tables: StudyTables, answers: Answers) -> AgreementInput | None:
    """Return the ratings on the headline's dimension."""
    rows = _dimensions(tables.dimensions, answers)
    if not rows:
        return None
    main, responses = rows[-1], answers.responses
    values = [value for value, _ in main.dimension.points]
    return AgreementInput(
        unit=units_of(answers.per_response("unit")[main.at], responses.option[main.at]),
        rater=answers.per_response("rater")[main.at],
        value=main.value.astype(np.intp),
        judgment=responses.judgment[main.at],
        categories=tuple(range(values[0], values[-1] + 1))
        if main.dimension.is_slider
        else tuple(values),
        level="ordinal",
    )


_BONUS = "mean rating of what was shown first less that of the rest"
_NOTHING = estimate(
    of_cells(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, 4))), method=_BONUS
)


def _dimensions(dimensions: Sequence[Dimension], answers: Answers) -> list[_Rows]:
    """Return the ratings on each dimension, and the sums of those that have points."""
    responses = answers.responses
    single = [
        _Rows(dimension=dimension, at=rows, value=responses.value[rows])
        for place, dimension in enumerate(dimensions)
        for rows in [np.flatnonzero(responses.dimension == place)]
    ]
    summed = [rows for rows in single if not rows.dimension.is_slider]
    if len(summed) < 2:
        return single
    low, high = (sum(getattr(each, end) for each in summed) for end in ("low", "high"))
    points = tuple((value, f"{value}") for value in range(int(low), int(high) + 1))
    whole = Dimension(key=SUM, name="Sum of all dimensions", points=points)
    value = np.sum([each.value for each in summed], axis=0)
    return [*single, _Rows(dimension=whole, at=summed[0].at, value=value)]


def _rated(
    rows: _Rows, conditions: tuple[str, ...], answers: Answers, scorers: Sequence[Any]
) -> Rated:
    place = answers.target("condition")[rows.at]
    neuron, rater = (codes(answers.per_response(name)[rows.at]) for name in ("neuron", "rater"))
    explanation = answers.target("explanation")[rows.at]
    unit = units_of(answers.per_response("unit")[rows.at], answers.responses.option[rows.at])
    points, bins = _binned(rows)
    valued = Valued(
        neuron=neuron, rater=rater, explanation=explanation, condition=place, value=rows.value
    )
    return Rated(
        key=rows.dimension.key,
        name=rows.dimension.name,
        low=rows.low,
        high=rows.high,
        points=points,
        shares=tuple(
            Shares(
                condition=name,
                counts=tuple(np.bincount(bins[place == at], minlength=len(points)).tolist()),
            )
            for at, name in enumerate(conditions)
        ),
        means=means_by_condition(valued, conditions, what="rating", bounds=(rows.low, rows.high)),
        agreement=_agreement(rows, unit, rater),
        links=score_links(valued, scorers),
    )


def _agreement(rows: _Rows, unit: Codes, rater: Codes) -> tuple[Measure, ...]:
    values = [value for value, _ in rows.dimension.points]
    if rows.dimension.is_slider or len(values) > _LARGEST_SCALE:
        return agreement.on_numbers(unit, rater, rows.value)
    return agreement.on_points(unit, rater, rows.value.astype(np.intp), values)


def _binned(rows: _Rows) -> tuple[tuple[str, ...], Codes]:
    """Return the names of the bars' parts, and which of them each rating is in."""
    if not rows.dimension.is_slider and len(rows.dimension.points) <= 9:
        values = np.array([value for value, _ in rows.dimension.points])
        names = tuple(
            label if label == f"{value}" else f"{value} {label}"
            for value, label in rows.dimension.points
        )
        return names, np.searchsorted(values, rows.value).astype(np.intp)
    fifths = np.array_split(np.arange(rows.low, rows.high + 1), _FIFTHS)
    names = tuple(f"{fifth[0]:.0f} to {fifth[-1]:.0f}" for fifth in fifths)
    lowest = [fifth[0] for fifth in fifths]
    return names, (np.searchsorted(lowest, rows.value, side="right") - 1).astype(np.intp)


def _first_bonus(rows: _Rows, answers: Answers) -> Estimate:
    place = answers.responses.screen_position[rows.at]
    first = (place == 0) * 1.0
    features = np.column_stack([first, first * rows.value, 1 - first, (1 - first) * rows.value])
    several = (place > 0).any()
    kept = np.full(len(place), several)
    return estimate(
        of_cells(
            codes(answers.per_response("neuron")[rows.at][kept]),
            codes(answers.per_response("rater")[rows.at][kept]),
            features[kept],
            to=lambda s: divide(s[:, 1], s[:, 0]) - divide(s[:, 3], s[:, 2]),
        ),
        method=_BONUS,
        unit="neuron",
        undefined_reason="one explanation was shown at a time",
    )
