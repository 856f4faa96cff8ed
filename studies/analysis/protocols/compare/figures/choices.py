"""What is shown about choices, exclusions, what is missing, and how many more."""

from typing import Protocol

from annotation.quality import TITLES
from studies.analysis.protocols.compare.analyse import Results
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import percent
from studies.analysis.statistics.missing import Bounds, Exclusion


def figures(results: Results) -> dict[str, Figure]:
    """Return the sensitivity table and what goes with it."""
    shown = {"exclusions": exclusions(results)}
    if results.primary is None:
        return shown
    return shown | {
        "sensitivity": _sensitivity(results),
        "missing": _missing(results),
        "precision": _precision(results),
    }


class Left(Protocol):
    """Results of any form, as far as exclusions go."""

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """What each rule took out."""
        ...


def exclusions(results: Left) -> Figure:
    """Return what each rule takes out, as a table."""
    rules = len(results.exclusions) > 1
    return Figure(
        title="Exclusions, rule by rule",
        caption="In the order of the plan; each rule takes from what the one before it left."
        if rules
        else "The plan has no rule that excludes a judgment.",
        columns=(
            ("Rule", "text"),
            ("Judgments taken out", "count"),
            ("Judgments left", "count"),
            ("Raters left", "count"),
            ("Neurons left", "count"),
        ),
        rows=[
            (_called(each.rule), each.excluded, each.votes, each.raters, each.neurons)
            for each in results.exclusions
        ],
    )


def _called(rule: str) -> str:
    """Return what a rule is called; the first row stands before any."""
    return TITLES.get(rule, rule) or "all that stand"


def _sensitivity(results: Results) -> Figure:
    return Figure(
        title="Does the headline hang on a choice?",
        caption=(
            "Rows other than two-way show what a narrower interval would have claimed: they are "
            "too narrow where both neurons and raters differ."
        ),
        columns=(
            ("Ties", "text"),
            ("Exclusions", "text"),
            ("Clustering", "text"),
            ("Agreement with the score", "share"),
            ("Slope, log-odds per 0.1", "number"),
        ),
        rows=[
            (
                {"drop": "dropped", "half": "as half"}[each.ties],
                each.exclusions,
                each.clustering,
                each.agreement,
                each.slope,
            )
            for each in results.scorer_details.sensitivity
            if each.exclusions == "none" or len(results.exclusions) > 1
        ],
    )


def _missing(results: Results) -> Figure:
    bounds = results.scorer_details.bounds
    return Figure(
        title="Scores that are missing, by condition",
        caption=(
            "Sides of votes without the headline's score. Where shares differ, what is left "
            f"speaks for some conditions more than for others.{_bounds(bounds)}"
        ),
        columns=(
            ("Condition", "text"),
            ("Sides of votes", "count"),
            ("Without a score", "count"),
            ("Share", "share"),
        ),
        rows=[
            (str(each.group), each.n, each.n_missing, each.share)
            for each in results.scorer_details.missing
        ],
    )


def _bounds(bounds: Bounds | None) -> str:
    if bounds is None or bounds.reason or not bounds.n_missing:
        return ""
    return (
        f" Whatever the scores missing of {bounds.n_missing:,} decided votes are, strict agreement "
        f"lies between {percent(bounds.low)} and {percent(bounds.high)} (limits, no interval)."
    )


def _precision(results: Results) -> Figure:
    components = results.scorer_details.components
    reason = components.reason if components is not None else "the study is large enough"
    return Figure(
        title="What more judgments would buy",
        caption=(
            "Simulated from the variance between neurons and raters here: half the width of the "
            "95% interval of strict agreement, and how often it would exclude "
            "one half. From a small study both are rough."
        ),
        columns=(
            ("Plan", "text"),
            ("Neurons", "count"),
            ("Raters", "count"),
            ("Votes", "count"),
            ("Half width", "share"),
            ("Excludes one half", "share"),
            ("Why not", "text"),
        ),
        rows=[
            (
                each.plan.name,
                each.plan.n_neurons,
                each.plan.n_raters,
                each.plan.n_votes,
                each.half_width,
                each.power,
                each.reason,
            )
            for each in results.scorer_details.precision
        ],
        empty=f"Not simulated: {reason or 'no decided vote between different scores'}.",
    )
