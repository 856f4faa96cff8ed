"""How far raters agree on things with values: the measures that belong side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, codes, interaction
from studies.analysis.report.figure import Figure
from studies.analysis.statistics import agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure of agreement, and what it says."""

    name: str
    kind: Literal["number", "share"]
    estimate: Estimate
    says: str


_PERCENT = "How often two raters give the very same answer"
_ALPHA = "1 is perfect, 0 is chance; the chance is taken from the answers given"
_NEAR = "Near misses count by how far they miss; holds up where one answer prevails"
_BP = "Near misses count; by chance every answer is equally likely"


def on_points(
    units: Codes, raters: Codes, values: Array, categories: Sequence[Any]
) -> tuple[Measure, ...]:
    """Return what tells how far raters agree on the points of a scale, `categories` in order."""
    rows = units, raters, values
    named: dict[str, Any] = {"categories": list(categories)}
    near: dict[str, Any] = {**named, "weights": "ordinal"}
    return (
        Measure(
            name="Percent agreement",
            kind="share",
            estimate=agreement.percent_agreement(*rows, **named),
            says=_PERCENT,
        ),
        _number(
            "Krippendorff's α, ordinal", agreement.alpha(*rows, level="ordinal", **named), _ALPHA
        ),
        _number("Gwet's AC2, ordinal weights", agreement.gwet_ac(*rows, **near), _NEAR),
        _number(
            "Brennan-Prediger, ordinal weights", agreement.brennan_prediger(*rows, **near), _BP
        ),
        *on_numbers(units, raters, values),
    )


def on_numbers(units: Codes, raters: Codes, values: Array) -> tuple[Measure, ...]:
    """Return what tells how far raters agree on numbers."""
    rows = units, raters, values
    return (
        _number(
            "Krippendorff's α, interval",
            agreement.alpha(*rows, level="interval"),
            "The same, points being numbers equally far apart",
        ),
        _number(
            "ICC(A,1)",
            agreement.icc(*rows, kind="A,1"),
            "Share of the variance that is between what is rated; mild and strict raters lower it",
        ),
        _number(
            "ICC(C,1)",
            agreement.icc(*rows, kind="C,1"),
            "The same, with each rater's own level taken out",
        ),
    )


def on_names(
    units: Codes, raters: Codes, values: Codes, categories: Sequence[int]
) -> tuple[Measure, ...]:
    """Return what tells how far raters agree on answers without an order."""
    rows = units, raters, values
    named: dict[str, Any] = {"categories": list(categories)}
    return (
        Measure(
            name="Percent agreement",
            kind="share",
            estimate=agreement.percent_agreement(*rows, **named),
            says=_PERCENT,
        ),
        _number(
            "Krippendorff's α, nominal", agreement.alpha(*rows, level="nominal", **named), _ALPHA
        ),
        _number(
            "Gwet's AC1",
            agreement.gwet_ac(*rows, **named),
            "Holds up where one answer prevails",
        ),
        _number(
            "Brennan-Prediger",
            agreement.brennan_prediger(*rows, **named),
            "By chance every answer is equally likely",
        ),
    )


def _number(name: str, estimate: Estimate, says: str) -> Measure:
    return Measure(name=name, kind="number", estimate=estimate, says=says)


def units_of(*columns: Codes) -> Codes:
    """Return a number for each combination of codes that occurs: what two raters share."""
    code = np.zeros(len(columns[0]), dtype=np.intp)
    for column in columns:
        code = interaction(code, codes(column))
    return code


def as_table(measures: Sequence[Measure], *, title: str, caption: str) -> Figure:
    """Return measures as a table."""
    return Figure(
        title=title,
        caption=caption,
        columns=(("Measure", "text"), ("Value", "number"), ("What it says", "text")),
        rows=[(each.name, each.estimate, each.says) for each in measures],
        empty="No judgments yet.",
    )
