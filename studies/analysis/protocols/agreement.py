"""How far raters agree on things with values: the measures that belong side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, codes, interaction
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.report.figure import Figure
from studies.analysis.statistics import agreement


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of agreement, and what it says."""

    name: str
    estimate: Estimate
    says: str
    kind: Literal["number", "share"] = "number"


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
        _percent(rows, named),
        Measure(
            "Krippendorff's α, ordinal", agreement.alpha(*rows, level="ordinal", **named), _ALPHA
        ),
        Measure("Gwet's AC2, ordinal weights", agreement.gwet_ac(*rows, **near), _NEAR),
        Measure(
            "Brennan-Prediger, ordinal weights", agreement.brennan_prediger(*rows, **near), _BP
        ),
        *on_numbers(units, raters, values),
    )


def on_numbers(units: Codes, raters: Codes, values: Array) -> tuple[Measure, ...]:
    """Return what tells how far raters agree on numbers."""
    rows = units, raters, values
    return (
        Measure(
            "Krippendorff's α, interval",
            agreement.alpha(*rows, level="interval"),
            "The same, points being numbers equally far apart",
        ),
        Measure(
            "ICC(A,1)",
            agreement.icc(*rows, kind="A,1"),
            "Share of the variance that is between what is rated; mild and strict raters lower it",
        ),
        Measure(
            "ICC(C,1)",
            agreement.icc(*rows, kind="C,1"),
            "The same, with each rater's own level taken out",
        ),
    )


def on_names(found: AgreementInput) -> tuple[Measure, ...]:
    """Return what tells how far raters agree on answers without an order."""
    rows = found.unit, found.rater, found.value
    named: dict[str, Any] = {"categories": list(found.categories)}
    return (
        _percent(rows, named),
        Measure(
            "Krippendorff's α, nominal", agreement.alpha(*rows, level="nominal", **named), _ALPHA
        ),
        Measure(
            "Gwet's AC1", agreement.gwet_ac(*rows, **named), "Holds up where one answer prevails"
        ),
        Measure(
            "Brennan-Prediger",
            agreement.brennan_prediger(*rows, **named),
            "By chance every answer is equally likely",
        ),
    )


def _percent(rows: tuple[Codes, Codes, Array | Codes], named: dict[str, Any]) -> Measure:
    found = agreement.percent_agreement(*rows, **named)
    return Measure("Percent agreement", found, _PERCENT, kind="share")


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
