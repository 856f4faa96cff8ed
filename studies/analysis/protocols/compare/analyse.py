"""Comparisons of two explanations: preference against scores, conditions, agreement, sides."""

from dataclasses import dataclass
from math import comb

import numpy as np

from annotation.protocols.compare import STRENGTHS
from studies.analysis.data.answers import Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, factorize
from studies.analysis.data.tables import Draws, Judgments, ReasonCount, Scores
from studies.analysis.protocols.compare.agreement_details import AgreementDetails, agreement_details
from studies.analysis.protocols.compare.columns import judgments_of, strength_of
from studies.analysis.protocols.compare.scorer_details import ScorerDetails, scorer_details
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics import agreement
from studies.analysis.statistics.agreement import Prevalence
from studies.analysis.statistics.calibration import Calibration, calibration
from studies.analysis.statistics.leaderboard import Leaderboard, leaderboard
from studies.analysis.statistics.noise_ceiling import NoiseCeiling, noise_ceiling
from studies.analysis.statistics.sampling_weights import DrawnAgreement, drawn_agreement
from studies.analysis.statistics.score_votes import (
    GapBin,
    ScoreAgreement,
    agreement_by_gap,
    score_agreement,
)
from studies.analysis.statistics.votes import Votes, every_vote, mean_share
from studies.analysis.statistics.wins import WinMatrix, WinRate, side_bias, win_matrix, win_rates

CHOICES = {1: "first", 0: "tie", -1: "second"}
CATEGORIES = tuple(sorted(CHOICES))
# A few undefined scores do not cost a scorer its place in the headline.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far raters agree on an item: its first option, a tie, its second.

    First and second are the item's own stored order, which is balanced between conditions, so that
    chance agreement does not depend on which condition is better. (The winning option's key
    itself would not do as a nominal label: keys differ from item to item, which would put chance
    agreement near zero.) The ordinal alpha puts the tie between the two options.
    """

    percent: Estimate
    alpha_nominal: Estimate
    alpha_ordinal: Estimate
    gwet_ac: Estimate
    brennan_prediger: Estimate
    prevalence: tuple[Prevalence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerResult:
    """Whether one scorer predicts the votes, over the votes in which both explanations have one.

    `n_unscored` votes lack a score on a side; `undefined` counts explanations without, by reason.
    """

    scorer: str
    agreement: ScoreAgreement
    calibration: Calibration
    by_gap: tuple[GapBin, ...]
    n_unscored: int
    undefined: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """Who wins: a rate for each condition, how often row was preferred to column, and a ranking.

    `conditions` names rows and columns of `wins` and `ties`. `n_neurons_alike` neurons have
    judgments on every two of the study's conditions; where others have some, the rates rest on
    partly different neurons.
    """

    conditions: tuple[str, ...]
    rates: tuple[WinRate, ...]
    wins: tuple[tuple[int, ...], ...]
    ties: tuple[tuple[int, ...], ...]
    never_judged: tuple[str, ...]
    n_neurons_alike: int
    leaderboard: Leaderboard
    win_matrix: WinMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Where votes went, in terms of the screen: left (or first), right, tie."""

    left: int
    ties: int
    right: int
    left_share: Estimate
    tie_share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ByStrength:
    """How often the headline's score predicts preferences of one strength, 1 to 3."""

    strength: int
    agreement: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """What comparisons show. `primary` is the position of the headline's scorer.

    The primary scorer is the plan's, or else the first, in the order of the tables, among those
    that score nearly as many votes as any: never the one that agrees best. `drawn` frees the
    headline of the choice of pairs, in a study that chooses them as votes come in. `by_strength` is
    empty where raters were not asked how much better the better one is.
    """

    n_judgments: int
    n_neurons: int
    agreement: Agreement
    agreement_details: AgreementDetails
    ceiling: NoiseCeiling
    scorers: tuple[ScorerResult, ...]
    primary: int | None
    drawn: DrawnAgreement | None
    by_strength: tuple[ByStrength, ...]
    methods: Methods
    sides: Sides
    scorer_details: ScorerDetails


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Comparisons:
    """Analyse comparisons. Statistics that cannot be computed carry their reason."""
    judged = judgments_of(answers)
    votes = every_vote(judged)
    scorers = tuple(_scorer(judged, votes, scores, plan) for scores in tables.scores)
    primary = _primary(scorers, plan)
    chosen = None if primary is None else tables.scores[primary]
    gap = None if chosen is None else chosen.gap(judged)
    return Comparisons(
        n_judgments=len(judged),
        n_neurons=len(np.unique(judged.neuron)),
        agreement=_agreement(judged),
        agreement_details=agreement_details(tables.conditions, answers, judged, chosen, CATEGORIES),
        ceiling=noise_ceiling(judged.unit, judged.rater, judged.first_won),
        scorers=scorers,
        primary=primary,
        drawn=_drawn(answers, votes, gap),
        by_strength=_by_strength(answers, votes, gap),
        methods=_methods(judged, votes, tables.conditions),
        sides=_sides(votes),
        scorer_details=scorer_details(tables, judged, answers.judgments.layer, votes, plan, chosen),
    )


def agreement_input(_tables: StudyTables, answers: Answers) -> AgreementInput:
    """Return each vote from the item's own side: its first option, a tie, its second."""
    judged = judgments_of(answers)
    return AgreementInput(
        unit=judged.unit,
        rater=judged.rater,
        value=judged.first_won.astype(np.intp),
        judgment=np.arange(len(judged)),
        categories=CATEGORIES,
        level="ordinal",
    )


def _agreement(judged: Judgments) -> Agreement:
    ratings = judged.unit, judged.rater, judged.first_won
    return Agreement(
        percent=agreement.percent_agreement(*ratings, categories=CATEGORIES),
        alpha_nominal=agreement.alpha(*ratings, level="nominal", categories=CATEGORIES),
        alpha_ordinal=agreement.alpha(*ratings, level="ordinal", categories=CATEGORIES),
        gwet_ac=agreement.gwet_ac(*ratings, categories=CATEGORIES),
        brennan_prediger=agreement.brennan_prediger(*ratings, categories=CATEGORIES),
        prevalence=tuple(
            Prevalence(category=CHOICES[each.category], n=each.n, share=each.share)
            for each in agreement.prevalence(judged.first_won, categories=CATEGORIES)
        )[::-1],
    )


def _scorer(judged: Judgments, votes: Votes, scores: Scores, plan: Plan) -> ScorerResult:
    scored = votes.scored(scores.gap(judged))
    return ScorerResult(
        scorer=scores.scorer,
        agreement=score_agreement(scored),
        calibration=calibration(scored),
        by_gap=agreement_by_gap(scored, plan.bins),
        n_unscored=len(judged) - len(scored.gap),
        undefined=scores.undefined,
    )


def _primary(scorers: tuple[ScorerResult, ...], plan: Plan) -> int | None:
    votes = [scorer.agreement.n_votes for scorer in scorers]
    names = [scorer.scorer for scorer in scorers]
    if plan.primary in names:
        return names.index(plan.primary)
    most = max(votes, default=0)
    enough = (place for place, n in enumerate(votes) if n >= _NEARLY_ALL * most)
    return next(enough) if most else None


def _drawn(answers: Answers, votes: Votes, gap: Array | None) -> DrawnAgreement | None:
    """Return the primary scorer's agreement without the choice of pairs, where there was one."""
    own = answers.judgments
    if gap is None or not np.isfinite(own.draw_probability).any():
        return None
    draws = Draws(at_random=own.drawn_at_random, probability=own.draw_probability)
    return drawn_agreement(votes, gap, draws)


def _by_strength(answers: Answers, votes: Votes, gap: Array | None) -> tuple[ByStrength, ...]:
    strength = strength_of(answers)
    if gap is None or not np.isfinite(strength).any():
        return ()
    return tuple(
        ByStrength(strength=level, agreement=score_agreement(votes.scored(own)).strict)
        for level in range(1, STRENGTHS + 1)
        for own in [np.where(strength == level, gap, np.nan)]
    )


def _methods(judged: Judgments, votes: Votes, conditions: tuple[str, ...]) -> Methods:
    names = np.array(conditions, dtype=np.str_)
    sides = names[judged.left_condition], names[judged.right_condition]
    rates = win_rates(*sides, votes)
    order = _reported_order(rates.rows, conditions)
    return Methods(
        conditions=tuple(rates.rows[i].condition for i in order),
        rates=tuple(rates.rows[i] for i in order),
        wins=_nested(rates.wins[np.ix_(order, order)]),
        ties=_nested(rates.ties[np.ix_(order, order)]),
        never_judged=tuple(c for c in conditions if c not in {r.condition for r in rates.rows}),
        n_neurons_alike=_judged_on_every_pair(judged, len(conditions)),
        leaderboard=leaderboard(*sides, votes),
        win_matrix=win_matrix(*sides, votes),
    )


def _judged_on_every_pair(judged: Judgments, n_conditions: int) -> int:
    """Count the neurons on which every two conditions met."""
    one, other = judged.left_condition, judged.right_condition
    pair = np.minimum(one, other) * n_conditions + np.maximum(one, other)
    _, met = factorize(judged.neuron * n_conditions**2 + pair)
    pairs = np.bincount(met // n_conditions**2)
    return int((pairs == comb(n_conditions, 2)).sum())


def _reported_order(rows: tuple[WinRate, ...], conditions: tuple[str, ...]) -> list[int]:
    """Return places of the rows, best rate first; equal rates in the study's order."""
    key = {name: i for i, name in enumerate(conditions)}
    return sorted(range(len(rows)), key=lambda i: (-rows[i].rate.value, key[rows[i].condition]))


def _nested(table: Codes) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in table.tolist())


def _sides(votes: Votes) -> Sides:
    tied = (votes.outcome == 0).astype(np.float64)
    return Sides(
        left=int((votes.outcome > 0).sum()),
        ties=int((votes.outcome == 0).sum()),
        right=int((votes.outcome < 0).sum()),
        left_share=side_bias(votes),
        tie_share=mean_share(votes, tied, "share of ties", "no vote yet"),
    )
