"""What is written and drawn of results, whatever the protocol."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from math import isfinite
from typing import Any

from annotation.quality import MEASURES
from studies.analysis.protocols.base import Section
from studies.analysis.protocols.rater_comparison import RaterComparison
from studies.analysis.report import raters
from studies.analysis.report.figure import Cell, Figure, Kind
from studies.analysis.report.wording import counted, percent, synthetic_notice
from studies.analysis.results import Results, plain

_LISTED = 40
_FEW_RATERS, _FEW_NEURONS = 5, 20
_MUCH_LEFT_OUT = 0.2
"""Share of judgments taken out by rules from which a warning is given."""
NOTHING = "No judgments yet, so there is nothing to report."
SUMMARY = (
    "synthetic_notice",
    "headline",
    "warnings",
    "departures",
    "sections",
    "methods_text",
)
"""What is stored with results and is no part of them."""
DECLARABLE = (
    ("growth", "Alpha as judgments came in"),
    ("pairs", "Every two raters"),
    ("learning", "Agreement over a rater's judgments"),
    ("pace", "Seconds over a rater's judgments"),
)
"""Figures of every protocol that a plan may declare; all but the last need agreement."""


def summary(results: Results) -> dict[str, Any]:
    """Return what is written above the figures, and in which order these come."""
    some, report = results.n_judgments > 0, results.analysis.report
    return {
        "synthetic_notice": synthetic_notice(results.n_synthetic, results.n_judgments),
        "headline": report.headline(results.details) if some else NOTHING,
        "warnings": [*_warnings(results), *report.warnings(results.details)] if some else [],
        "sections": [asdict(each) for each in _sections(results)],
        "methods_text": report.methods_text(results.details) if some else "",
    }


def _warnings(results: Results) -> Iterator[str]:
    """Say that raters or neurons are few, or that judgments are left out or missing."""
    if results.n_raters < _FEW_RATERS:
        few = "Only one rater" if results.n_raters == 1 else f"Only {results.n_raters} raters"
        yield f"{few}: intervals over raters are wide or missing, and may mislead."
    if results.n_neurons < _FEW_NEURONS:
        yield (
            f"Only {counted(results.n_neurons, 'neuron')} judged: the results say little about "
            "others."
        )
    given, wanted = results.exclusions[0].votes, results.flow.judgments_wanted
    out = given - results.exclusions[-1].votes
    if out and out >= _MUCH_LEFT_OUT * given:
        yield (
            f"Many exclusions: rules take out {out:,} of {counted(given, 'judgment')}; see "
            "“Exclusions, rule by rule”."
        )
    if (missing := wanted - given) > 0:
        yield (
            f"Unfinished: {percent(given / wanted)} of the judgments wanted are in, {missing:,} "
            f"{'is' if missing == 1 else 'are'} missing."
        )


def _sections(results: Results) -> Iterator[Section]:
    drawn = figures(results).keys()
    flow = Section(title="From neurons to judgments", lead=_took(results), figures=("flow",))
    everything = (
        (flow,)
        if not results.n_judgments
        else (
            *results.analysis.report.sections(results.details),
            Section(
                title="Do raters change as they go on?",
                figures=("growth", "learning", "pace"),
                collapsed=("pairs", "raters"),
            ),
            Section(
                title="How robust are the results?",
                figures=(),
                collapsed=("sensitivity", "exclusions", "missing", "precision"),
            ),
            flow,
        )
    )
    for section in everything:
        yield replace(
            section,
            figures=tuple(name for name in section.figures if name in drawn),
            collapsed=tuple(name for name in section.collapsed if name in drawn),
        )


def figures(results: Results) -> dict[str, Figure]:
    """Return everything that is drawn or listed."""
    return {
        **_of_raters(results.rater_comparison),
        "raters": _raters(results),
        "pace": raters.pace(results.log_seconds),
        "exclusions": _exclusions(results),
        "flow": _flow(results),
        **({"sensitivity": _sensitivity(results)} if results.key_figures else {}),
        **results.analysis.report.figures(results.details),
    }


def stored_figures(results: Results) -> dict[str, Any]:
    """Return the figures, ready for JSON.

    A figure says so when judgments are synthetic, since it may be copied without the page's notice.
    """
    synthetic = results.n_synthetic > 0
    drawn = figures(results).items()
    return {name: plain(figure.as_dict(name, synthetic=synthetic)) for name, figure in drawn}


def _of_raters(found: RaterComparison | None) -> dict[str, Figure]:
    if found is None:
        return {}
    return {
        "growth": raters.growth(found.growth, found.level),
        "pairs": raters.pairs(found.pairs),
        "learning": raters.learning(found.agreement),
    }


def _raters(results: Results) -> Figure:
    most = sorted(results.raters, key=lambda each: -each.n)[:_LISTED]
    compared = results.rater_comparison
    with_others = {} if compared is None else {r.rater: r for r in compared.raters}
    asked = any(each.mean_confidence == each.mean_confidence for each in most)
    columns: list[tuple[str, Kind]] = [
        ("Rater", "text"),
        ("Judgments", "count"),
        ("Seconds, median", "number"),
        *(_CONFIDENCE if asked else ()),
        *(_WITH_OTHERS if with_others else ()),
    ]
    rows: list[tuple[Cell, ...]] = []
    for each in most:
        own = with_others.get(each.rater)
        agreement = (None, None) if own is None else (own.with_others, own.influence)
        rows.append(
            (
                f"Rater {each.rater + 1}",
                each.n,
                each.median_seconds,
                *((each.mean_confidence,) if asked else ()),
                *(agreement if with_others else ()),
            )
        )
    return Figure(
        title="Raters one by one",
        caption=(
            "At most forty, those with most judgments first, numbered in the order in which they "
            "started. Influence is alpha minus alpha without the rater. It helps to find misread "
            "instructions; nobody is excluded for it."
        ),
        columns=tuple(columns),
        rows=rows,
        empty="No judgments yet.",
    )


_CONFIDENCE: tuple[tuple[str, Kind], ...] = (("Confidence, mean of 1 to 3", "number"),)
_WITH_OTHERS: tuple[tuple[str, Kind], ...] = (
    ("Same answer as the others", "share"),
    ("Influence on alpha", "number"),
)


def _exclusions(results: Results) -> Figure:
    return Figure(
        title="Exclusions, rule by rule",
        caption="In the order of the plan; each rule applies to what the one before it left."
        if len(results.exclusions) > 1
        else "The plan has no rule that excludes a judgment.",
        columns=(
            ("Rule", "text"),
            ("Judgments taken out", "count"),
            ("Judgments left", "count"),
            ("Raters left", "count"),
            ("Neurons left", "count"),
        ),
        rows=[
            (
                MEASURES[each.rule].title
                if each.rule in MEASURES
                else each.rule or "all current judgments",
                each.excluded,
                each.votes,
                each.raters,
                each.neurons,
            )
            for each in results.exclusions
        ],
    )


def _took(results: Results) -> str:
    if not isfinite(results.median_seconds):
        return ""
    return f"Half of the judgments took less than {results.median_seconds:.0f} s."


def _flow(results: Results) -> Figure:
    flow = results.flow
    left_out = "; ".join(f"{each.n:,} {each.reason}" for each in flow.left_out)
    cannot_tell = f"{flow.cannot_tell:,} “cannot tell”, " if flow.cannot_tell else ""
    drawn = ""
    if flow.drawn:
        drawn = f"pairs drawn for {flow.drawn:,} so far, {flow.drawn_at_random:,} of them at random"
    return Figure(
        title="What became of neurons, items, judgments and raters",
        caption="Judgments that only test raters (catch trials and repeats) are not counted.",
        columns=(("Step", "text"), ("Number", "count"), ("Details", "text")),
        rows=[
            ("Neurons chosen", flow.neurons_chosen, ""),
            ("Neurons asked about", flow.neurons_used, left_out or "none left out"),
            ("Items", flow.items, f"{flow.items_without_judgment:,} without a judgment"),
            ("Judgments wanted", flow.judgments_wanted, drawn),
            (
                "Judgments analysed",
                results.n_judgments,
                f"{cannot_tell}{flow.skipped:,} skipped, {flow.expired:,} expired, "
                f"{flow.in_progress:,} in progress; {flow.corrected:,} corrected by the rater (the "
                "last answer counts)",
            ),
            (
                "Of these, synthetic",
                results.n_synthetic,
                f"by {counted(flow.synthetic_raters, 'synthetic rater')}",
            ),
            (
                "Raters",
                flow.raters_judging,
                f"{flow.raters_enrolled:,} started, {flow.raters_finished:,} finished; exclusions "
                "are listed under “How robust are the results?”",
            ),
        ],
    )


def _sensitivity(results: Results) -> Figure:
    excluding = any(each.excluded for each in results.exclusions)
    columns: tuple[tuple[str, Kind], ...] = (("Figure", "text"), ("As planned", "number"))
    return Figure(
        title="Do the results depend on exclusions?",
        caption="The figures behind the headline, with the plan's exclusions and without."
        if excluding
        else "No judgment was excluded, so there is only one result.",
        columns=(*columns, ("Without exclusions", "number")) if excluding else columns,
        rows=[
            (each.name, each.kept, *((each.everything,) if excluding else ()))
            for each in results.key_figures
        ],
        empty="No judgments yet.",
    )
