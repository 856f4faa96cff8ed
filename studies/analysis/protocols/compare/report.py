"""Comparisons in words: the headline, what to know before reading on, and the order of figures."""

from collections.abc import Iterator

from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.compare import (
    agreement_figures,
    condition_figures,
    headline_figures,
    scorer_figures,
)
from studies.analysis.protocols.compare.analyse import Comparisons, ScorerResult
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, number, percent, share

LOW_CEILING = 0.6
"""Agreement of two raters below which no score can look good."""


def key_figures(_found: Comparisons) -> tuple[KeyFigure, ...]:
    """Return none: the table of analysis choices has the headline with and without exclusions."""
    return ()


def headline(found: Comparisons) -> str:
    """Return the one sentence that answers whether scores predict what people prefer."""
    if found.primary is None:
        return f"{_agreement_of_raters(found)} No score covers the explanations compared."
    scorer = found.scorers[found.primary]
    strict = scorer.agreement.strict
    if not strict.defined:
        return f"Whether {scorer.scorer} predicts preference is not known yet: {strict.reason}."
    return (
        f"Raters preferred the explanation with the higher {scorer.scorer} score in "
        f"{share(strict)} of {counted(strict.n_ratings, 'decided vote')}, by "
        f"{counted(strict.n_raters, 'rater')} on {counted(strict.n_units, 'neuron')}."
    )


def _agreement_of_raters(found: Comparisons) -> str:
    percent_agreement = found.agreement.percent
    if not percent_agreement.defined:
        return f"{counted(found.n_judgments, 'judgment')} so far; no two of them on one item."
    return f"Two raters give the same answer {share(percent_agreement)} of the time."


# --- Warnings -------------------------------------------------------------------------------------


def warnings(found: Comparisons) -> Iterator[str]:
    """Say what weakens the results, most important first."""
    if found.drawn is not None:
        yield _choice_of_pairs(found.drawn.random_arm.strict, found.drawn.weighted)
    if found.methods.never_judged:
        yield f"No judgments yet about: {', '.join(found.methods.never_judged)}."
    yield from _about_ceiling(found)
    left = found.sides.left_share
    if left.has_interval and not left.low <= 0.5 <= left.high:
        yield (
            f"Position bias: the explanation on the left won {share(left)} of decided votes. "
            "Positions are balanced, so it adds noise but favors no condition."
        )
    for scorer in found.scorers:
        yield from _about_scorer(scorer, found.n_judgments)


def _choice_of_pairs(alone: Estimate, weighted: Estimate) -> str:
    return (
        "Pairs were chosen as votes came in, so pairs that are hard to tell apart were judged more "
        f"often than others. On the {counted(alone.n_ratings, 'decided vote')} of the random arm "
        f"alone the headline is {share(alone)}, and with all votes weighted by one over the "
        f"probability of their draw {share(weighted)}."
    )


def _about_ceiling(found: Comparisons) -> Iterator[str]:
    lower = found.ceiling.lower
    if not lower.defined:
        yield (
            f"No noise ceiling: {lower.reason}. The best that a score could do is therefore not "
            "known."
        )
    elif lower.value < LOW_CEILING:
        yield (
            f"Low ceiling: two raters agree on {percent(lower.value)} of decided votes, so no "
            "score can predict them well."
        )


def _about_scorer(scorer: ScorerResult, n_judgments: int) -> Iterator[str]:
    n_undefined = sum(each.n for each in scorer.undefined)
    if n_undefined:
        reasons = "; ".join(f"{each.reason} ({each.n:,})" for each in scorer.undefined[:3])
        yield (
            f"{scorer.scorer}: {counted(n_undefined, 'explanation')} without a defined score "
            f"left out: {reasons}."
        )
    if scorer.n_unscored:
        of_all = f"{scorer.n_unscored:,} of {counted(n_judgments, 'vote')}"
        yield f"{scorer.scorer}: {of_all} left out because one or both explanations have no score."


# --- Methods paragraph ----------------------------------------------------------------------------


def methods_text(found: Comparisons) -> str:
    """Return what a methods paragraph says about agreement and about the headline's score."""
    measures = found.agreement
    agreement = (
        f"Two raters gave the same answer with probability {number(measures.percent, 3)}; ordinal "
        f"alpha [@krippendorff2004] was {number(measures.alpha_ordinal, 3)} and Gwet's coefficient "
        f"[@gwet2008] {number(measures.gwet_ac, 3)}."
    )
    if found.primary is None:
        return f"{agreement} No score covers the explanations compared."
    scorer, drawn = found.scorers[found.primary], found.drawn
    alone = (
        f"; on pairs drawn at random alone {number(drawn.random_arm.strict, 3)}, and with votes "
        f"weighted by one over the probability of their draw {number(drawn.weighted, 3)}"
        if drawn
        else ""
    )
    return (
        f"{agreement} The explanation with the higher {scorer.scorer} score won a decided vote "
        f"with probability {number(scorer.agreement.strict, 3)}{alone}; the noise ceiling lies "
        f"between {number(found.ceiling.lower, 3)} and {number(found.ceiling.upper, 3)}."
    )


# --- Figures --------------------------------------------------------------------------------------


def figures(found: Comparisons) -> dict[str, Figure]:
    """Return everything that is drawn or listed; what needs a score is left out without one."""
    return {
        **headline_figures.figures(found),
        **scorer_figures.figures(found),
        **condition_figures.figures(found),
        **agreement_figures.figures(found),
    }


def sections(found: Comparisons) -> tuple[Section, ...]:
    """Order the figures: scores, conditions, agreement, position bias."""
    return (
        Section(
            title="Do scores predict what people prefer?",
            lead="" if found.scorers else (
                "None of the explanations has a score, so there is nothing to compare the "
                "judgments with. Simulate and score the explanations; no new judgments are needed."
            ),
            figures=("gap", "calibration", "scatter", "scorers", "strength", "levels"),
            collapsed=("contrasts", "joint", "strata", "gaps"),
        ),
        Section(
            title="Which condition wins?",
            figures=("methods", "leaderboard"),
            collapsed=("wins",),
        ),
        Section(
            title="Do raters agree?",
            lead=(
                "On each item, raters choose its first option, its second, or a tie. No single "
                "number tells the whole story, so several are shown; none is a share of “correct” "
                "answers."
            ),
            figures=("measures",),
            collapsed=("parts", "items", "truth"),
        ),
        Section(title="Position bias and ties", figures=("bias",), collapsed=("sides",)),
    )  # fmt: skip
