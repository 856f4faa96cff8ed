"""What is said and shown of findings, whatever the form."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from studies.analysis.protocols.compare.figures import choices as of_choices
from studies.analysis.protocols.compare.figures import raters as of_raters
from studies.analysis.protocols.compare.wording import about_size
from studies.analysis.protocols.rater_agreement import RaterComparison
from studies.analysis.report.figure import Cell, Figure, Kind
from studies.analysis.report.wording import synthetic_notice
from studies.analysis.results import Findings

_LISTED = 40
NOTHING = "No judgments yet, so there is nothing to report."


def told(found: Findings) -> dict[str, Any]:
    """Return what is said above the figures, and how these are ordered."""
    any_given = found.n_judgments > 0
    return {
        "synthetic_notice": synthetic_notice(found.n_synthetic, found.n_judgments),
        "headline": found.form.headline(found.details) if any_given else NOTHING,
        "warnings": list(_warnings(found)) if any_given else [],
        "sections": [asdict(each) for each in found.form.sections(found.details)],
        "said": found.form.methods_text(found.details) if any_given else "",
    }


def _warnings(found: Findings) -> Iterator[str]:
    yield from about_size(found)
    yield from found.form.warnings(found.details)


def figures(found: Findings) -> dict[str, Figure]:
    """Return everything that is drawn or listed."""
    synthetic = found.n_synthetic > 0
    return {
        **found.form.figures(found.details, synthetic),
        **_alike(found.alike, synthetic=synthetic),
        "raters": _raters(found),
        "pace": of_raters.pace(found.log_seconds, synthetic=synthetic),
        "exclusions": of_choices.exclusions(found),
        "sensitivity": _sensitivity(found),
    }


def _alike(alike: RaterComparison | None, *, synthetic: bool) -> dict[str, Figure]:
    if alike is None:
        return {}
    return {
        "growth": of_raters.growth(alike.growth, alike.level, synthetic=synthetic),
        "pairs": of_raters.pairs(alike.pairs, synthetic=synthetic),
        "learning": of_raters.learning(alike.agreement, synthetic=synthetic),
    }


def _raters(found: Findings) -> Figure:
    most = sorted(found.raters, key=lambda each: -each.n)[:_LISTED]
    sure = any(each.mean_confidence == each.mean_confidence for each in most)
    with_others = {} if found.alike is None else {r.rater: r for r in found.alike.raters}
    columns: list[tuple[str, Kind]] = [
        ("Rater", "text"),
        ("Judgments", "count"),
        ("Seconds, median", "number"),
        *_IF_SURE[: int(sure)],
        *_IF_ALIKE[: 2 * bool(with_others)],
    ]
    rows: list[tuple[Cell, ...]] = []
    for each in most:
        own = with_others.get(each.rater)
        beside: list[Cell] = [None, None] if own is None else [own.with_others, own.influence]
        rows.append(
            (
                f"Rater {each.rater + 1}",
                each.n,
                each.median_seconds,
                *[each.mean_confidence] * sure,
                *beside[: 2 * bool(with_others)],
            )
        )
    return Figure(
        title="Raters one by one",
        caption=(
            "At most forty, those with most judgments first, numbered as they began. Influence is "
            "alpha less alpha without the rater. Nobody is excluded for it."
        ),
        columns=tuple(columns),
        rows=rows,
        empty="No judgments yet.",
    )


_IF_SURE: list[tuple[str, Kind]] = [("Confidence, mean of 1 to 3", "number")]
_IF_ALIKE: list[tuple[str, Kind]] = [
    ("Same answer as the others", "share"),
    ("Influence on alpha", "number"),
]


def _sensitivity(found: Findings) -> Figure:
    excluding = any(each.excluded for each in found.exclusions)
    rows: list[tuple[Cell, ...]] = [
        (each.name, each.kept, *[each.everything] * excluding) for each in found.choices
    ]
    columns: list[tuple[str, Kind]] = [("Figure", "text"), ("As planned", "number")]
    return Figure(
        title="Does the answer hang on who is left out?",
        caption="The figures on which the headline rests, with the plan's exclusions and without."
        if excluding
        else "No judgment was excluded, so that there is one answer.",
        columns=(*columns, ("Without exclusions", "number")) if excluding else tuple(columns),
        rows=rows,
        empty="No judgments yet.",
    )
