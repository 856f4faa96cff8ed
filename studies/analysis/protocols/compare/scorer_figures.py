"""Figures that compare scorers."""

from collections.abc import Sequence
from math import inf

from studies.analysis.data.published import published_for
from studies.analysis.protocols.compare.analyse import Comparisons, ScorerResult
from studies.analysis.protocols.compare.scorer_details import ScorerDetails
from studies.analysis.report.figure import Cell, Figure, Kind
from studies.analysis.report.forest import forest
from studies.analysis.report.wording import counted, number
from studies.analysis.statistics.score_votes import GapBin
from studies.analysis.statistics.scorers import JointModel

GAP = "Score gap"
WON = "Decided votes won by the higher score"
PUBLISHED: tuple[str, Kind] = ("GPT-2 XL, Bills et al. (2023)", "share")
_PUBLISHED_ENDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, inf)


def figures(found: Comparisons) -> dict[str, Figure]:
    """Return figures that compare scorers."""
    details = found.scorer_details
    drawn = {
        "scorers": _scorers(found),
        "contrasts": _contrasts(details),
    }
    if len(details.joint.coefficients) > 1:
        drawn["joint"] = _joint(details.joint)
    if found.scorers:
        drawn["gaps"] = _gaps(found)
    return drawn


def _scorers(found: Comparisons) -> Figure:
    return forest(
        [
            (
                each.scorer,
                each.agreement.strict,
                each.agreement.ties_half_between_scores,
                each.calibration.slope,
                each.agreement.strict.n_ratings,
                each.n_unscored,
            )
            for each in found.scorers
        ],
        title="How often the higher score won the vote, by scorer",
        caption=(
            "Each scorer on the decided votes that it covers, which may be different votes. The "
            "headline takes the declared scorer; without one, the first scorer, correlation before "
            "others, that covers nearly as many votes as any: never the one that agrees best."
        ),
        axis=WON,
        columns=(
            ("Scorer", "text"),
            (WON, "share"),
            ("Ties as half", "share"),
            ("Slope, log-odds per 0.1 of score gap", "number"),
            ("Decided", "count"),
            ("Without a score", "count"),
        ),
        reference=0.5,
        empty="No explanation has a score.",
    )


def _contrasts(details: ScorerDetails) -> Figure:
    comparison = details.comparison
    return forest(
        [
            (
                f"{each.first} minus {each.second}",
                each.difference,
                each.p,
                each.p_adjusted,
                "yes" if each.declared else "no",
            )
            for each in comparison.contrasts
        ],
        title="Scorers compared on the same votes",
        caption=(
            "Paired differences between shares of decided votes won by the higher score, equal "
            f"scores as half, over the {counted(comparison.n_votes, 'vote')} that all scorers "
            f"score ({comparison.n_left_out:,} left out). Declared contrasts are Holm-adjusted, "
            "the others Benjamini-Hochberg-adjusted."
        ),
        axis="Difference of shares",
        columns=(
            ("Contrast", "text"),
            ("Difference", "number"),
            ("p", "number"),
            ("p, adjusted", "number"),
            ("Declared", "text"),
        ),
        limits=None,
        reference=0.0,
        empty="Fewer than two scorers have scores, so there is nothing to compare.",
    )


def _joint(joint: JointModel) -> Figure:
    return Figure(
        title="What each scorer adds to the others",
        caption=(
            "One logistic model of all gaps at once, over "
            f"{counted(joint.n_votes, 'decided vote')}. A coefficient is what a scorer adds when "
            "the others are held equal, the length of the texts being one of them; bits are how "
            f"much worse a vote is predicted without it.{_collinear(joint)}"
        ),
        columns=(
            ("Predictor", "text"),
            ("Log-odds per usual gap", "number"),
            ("p", "number"),
            ("Bits", "number"),
        ),
        rows=[(each.name, each.per_spread, each.p, each.bits) for each in joint.coefficients],
        empty="No scorer covers the votes.",
    )


def _collinear(joint: JointModel) -> str:
    """Name the predictors that depend on those listed before them."""
    names = [
        each.name for each in joint.coefficients if each.per_spread.reason.startswith("set aside")
    ]
    if not names:
        return ""
    return (
        f" Left out of the model: {', '.join(names)}, because predictors listed before already "
        "determine it. Shared information counts for the predictor listed first."
    )


def _gaps(found: Comparisons) -> Figure:
    compared = any(published_shares(scorer) for scorer in found.scorers)
    rows: list[tuple[Cell, ...]] = []
    notes = []
    for scorer in found.scorers:
        published = published_shares(scorer)
        for at, each in enumerate(scorer.by_gap):
            share = [published[at] if published else None] if compared else []
            rows.append((scorer.scorer, *gap_cells(each), *share))
        notes.append(
            f"{scorer.scorer}: {counted(scorer.agreement.n_equal_scores, 'vote')} between equal "
            "scores in no row; position bias at equal scores, log-odds for the left, "
            f"{number(scorer.calibration.side_bias)}."
        )
    return Figure(
        title="By score gap, scorer by scorer",
        caption=" ".join(notes),
        columns=(("Scorer", "text"), *GAP_COLUMNS, *([PUBLISHED] if compared else [])),
        rows=rows,
    )


GAP_COLUMNS: tuple[tuple[str, Kind], ...] = (
    (GAP, "text"),
    ("Won by the higher score", "share"),
    ("Decided", "count"),
    ("Ties", "count"),
)


def gap_cells(each: GapBin) -> tuple[Cell, ...]:
    return gap_name(each.low, each.high), each.agreement, each.agreement.n_ratings, each.n_ties


def published_shares(scorer: ScorerResult) -> Sequence[float]:
    ends = tuple(each.high for each in scorer.by_gap)
    return published_for(scorer.scorer) if ends == _PUBLISHED_ENDS else ()


def gap_name(low: float, high: float) -> str:
    """Return the name of a bin of score gaps."""
    if high == 0:
        return "0"
    return f"more than {low:g}" if high == inf else f"{low:g} to {high:g}"
