"""Results in plain words: the headline, and what to know before believing it."""

from collections.abc import Iterator
from typing import Any, Protocol

from studies.analysis.data.tables import Flow
from studies.analysis.protocols.compare.analyse import Results, ScorerResult
from studies.analysis.report.wording import counted, percent, share, synthetic_notice
from studies.analysis.statistics.missing import Exclusion

FEW_RATERS = 5
FEW_NEURONS = 20
MUCH_LEFT_OUT = 0.2
"""Share of judgments taken out by rules from which on it is told at once."""
LOW_CEILING = 0.6
"""Agreement of two raters below which no score can look good."""


def in_words(results: Results) -> dict[str, Any]:
    """Return what is said above the figures: notice, headline, warnings."""
    return {
        "synthetic_notice": synthetic_notice(results.n_synthetic, results.n_judgments),
        "headline": headline(results),
        "warnings": list(warnings(results)),
    }


def headline(results: Results) -> str:
    """Return the one sentence that answers whether scores foresee what people prefer."""
    if not results.n_judgments:
        return "No judgments yet, so there is nothing to report."
    if results.primary is None:
        return f"{_agreement_of_raters(results)} No score covers the explanations compared."
    scorer = results.scorers[results.primary]
    strict = scorer.agreement.strict
    if not strict.defined:
        return f"Whether {scorer.scorer} foresees preference is not known yet: {strict.reason}."
    return (
        f"Raters preferred the explanation with the higher {scorer.scorer} score in "
        f"{share(strict)} of {counted(strict.n_ratings, 'decided vote')}, by "
        f"{counted(strict.n_raters, 'rater')} on {counted(strict.n_units, 'neuron')}."
    )


def _agreement_of_raters(results: Results) -> str:
    percent_agreement = results.agreement.percent
    if not percent_agreement.defined:
        return f"{counted(results.n_judgments, 'judgment')} so far; no two of them on one item."
    return f"Two raters give the same answer {share(percent_agreement)} of the time."


def warnings(results: Results) -> tuple[str, ...]:
    """Return what weakens the results, most weighty first."""
    if not results.n_judgments:
        return ()
    scorers = (each for scorer in results.scorers for each in _about_scorer(scorer, results))
    return (
        *about_size(results),
        *_about_draws(results),
        *_about_ceiling(results),
        *_about_sides(results),
        *scorers,
    )


class Sized(Protocol):
    """Results of any form, as far as their size goes."""

    @property
    def n_raters(self) -> int:
        """How many answered."""
        ...

    @property
    def n_neurons(self) -> int:
        """How many were judged."""
        ...

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """What rules took out."""
        ...

    @property
    def flow(self) -> Flow:
        """What became of everything."""
        ...


def about_size(results: Sized) -> Iterator[str]:
    """Say that raters or neurons are few, or that judgments are left out or missing."""
    if results.n_raters < FEW_RATERS:
        raters = "One rater only" if results.n_raters == 1 else f"Only {results.n_raters} raters"
        yield f"{raters}: intervals over raters are wide or missing, and may mislead."
    if results.n_neurons < FEW_NEURONS:
        neurons = counted(results.n_neurons, "neuron")
        yield f"Only {neurons} judged: the results say little about others."
    given, wanted = results.exclusions[0].votes, results.flow.judgments_wanted
    out = given - results.exclusions[-1].votes
    if out and out >= MUCH_LEFT_OUT * given:
        yield (
            f"Much left out: rules take out {out:,} of {counted(given, 'judgment')}; which, stands "
            "under “Exclusions, rule by rule”."
        )
    if (missing := wanted - given) > 0:
        share_given = percent(given / wanted)
        yield f"Unfinished: {share_given} of the judgments wanted are in, {missing:,} are missing."


def _about_draws(results: Results) -> Iterator[str]:
    if results.drawn is None:
        return
    alone, weighted = results.drawn.random_arm.strict, results.drawn.weighted
    votes = counted(alone.n_ratings, "decided vote")
    on_these = (
        f"On the {votes} of the random arm alone the headline is {share(alone)}, and with all "
        f"votes weighted by one over the probability of their draw {share(weighted)}"
    )
    yield (
        "Pairs were chosen as votes came in, so those that are hard to tell apart are judged more "
        f"often than others. {on_these}."
    )


def _about_ceiling(results: Results) -> Iterator[str]:
    lower = results.ceiling.lower
    if not lower.defined:
        yield f"No noise ceiling: {lower.reason}. How well a score could do at best is not known."
    elif lower.value < LOW_CEILING:
        yield (
            f"Low ceiling: two raters agree on {percent(lower.value)} of decided votes, so no "
            "score can foresee them well."
        )


def _about_sides(results: Results) -> Iterator[str]:
    left = results.sides.left_share
    if left.has_interval and not left.low <= 0.5 <= left.high:
        yield (
            f"Side bias: the left took {share(left)} of decided votes. Sides are balanced, so it "
            "blurs the results without favouring a condition."
        )


def _about_scorer(scorer: ScorerResult, results: Results) -> Iterator[str]:
    n_undefined = sum(each.n for each in scorer.undefined)
    if n_undefined:
        reasons = "; ".join(f"{each.reason} ({each.n:,})" for each in scorer.undefined[:3])
        yield (
            f"{scorer.scorer}: {counted(n_undefined, 'explanation')} without a defined score "
            f"left out: {reasons}."
        )
    if scorer.n_unscored:
        of_all = f"{scorer.n_unscored:,} of {counted(results.n_judgments, 'vote')}"
        yield f"{scorer.scorer}: {of_all} left out for want of a score on one side or both."
