"""The one entry: a study's tables in, all results out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from math import comb, isfinite
from typing import Any

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.exclusion_rules import excluded
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Codes, factorize
from studies.analysis.data.tables import Draws, Flow, Judgments, ReasonCount, Scores, StudyTables
from studies.analysis.protocols.compare.agreement_details import AgreementDetails, agreement_details
from studies.analysis.protocols.compare.details import (
    MethodDetails,
    RaterDetails,
    ScorerDetails,
    method_details,
    rater_details,
    scorer_details,
)
from studies.analysis.statistics import agreement, preference
from studies.analysis.statistics.agreement import Prevalence
from studies.analysis.statistics.calibration import calibration_of
from studies.analysis.statistics.missing import Exclusion, exclusion_flow
from studies.analysis.statistics.preference import (
    Calibration,
    GapBin,
    NoiseCeiling,
    ScoreAgreement,
    WinRate,
)
from studies.analysis.statistics.sampling_weights import DrawnAgreement, drawn_agreement
from studies.analysis.statistics.score_votes import agreement_by_gap, score_agreement_of
from studies.analysis.statistics.votes import Votes, every_vote, mean_share
from studies.analysis.statistics.wins import side_bias, win_rates

VERSION = 6
"""Raised whenever the fields of `Results` change their meaning."""
CHOICES = {1: "first", 0: "tie", -1: "second"}
# A few undefined scores do not cost a scorer its place in the headline.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far raters agree on an item: its first option, a tie, its second.

    First and second are the item's own stored order, which is balanced between conditions, so that
    chance agreement does not hang on which condition is the better one. (The winning option's key
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
    """Whether one scorer foresees the votes, over the votes in which both explanations have one.

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
    """Who wins: a rate for each condition, and how often row was preferred to column.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Where votes went, in terms of the screen: left (or first), right, tie."""

    left: int
    ties: int
    right: int
    left_share: Estimate
    tie_share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that the results page shows. `primary` is the place of the headline's scorer.

    The primary scorer is the plan's, or else the first, in the order of the tables, among those
    that score nearly as many votes as any: never the one that agrees best. `exclusions` tells what
    the plan's rules took out. `drawn` frees the headline of the choice of pairs, in a
    study that chooses them as votes come in.
    """

    version: int
    n_judgments: int
    n_synthetic: int
    n_raters: int
    n_neurons: int
    n_items: int
    median_seconds: float
    mean_confidence: float
    agreement: Agreement
    agreement_details: AgreementDetails
    ceiling: NoiseCeiling
    scorers: tuple[ScorerResult, ...]
    primary: int | None
    drawn: DrawnAgreement | None
    methods: Methods
    sides: Sides
    flow: Flow
    exclusions: tuple[Exclusion, ...]
    plan: Plan
    method_details: MethodDetails
    scorer_details: ScorerDetails
    rater_details: RaterDetails

    def as_dict(self) -> dict[str, Any]:
        """Return everything by name, ready for JSON: numbers that are not finite become None."""
        result: dict[str, Any] = plain(self)
        return result


_NO_PLAN = Plan()


def _silent(_stage: str, _share: float) -> None:
    """Tell nobody."""


def analyse(
    tables: StudyTables, plan: Plan = _NO_PLAN, *, tell: Callable[[str, float], object] = _silent
) -> Results:
    """Compute all results of a study; the same rows and plan give the same results.

    `tell` hears before each part what comes, and what share of the work is done, from 0 to 1.

    Judgments that the plan's rules take out enter the sensitivity table alone. Statistics that
    cannot be computed carry their reason; nothing raises for want of data.
    """
    tables = replace(tables, judgments=tables.judgments.renumbered())
    everything = tables.judgments
    rules = {**tables.exclusions, **excluded(everything, plan)}
    left = exclusion_flow(everything.neuron, everything.rater, rules)
    judged = everything.only(left.kept).renumbered()
    tell("agreement between raters", 0.1)
    agreed = _agreement(judged)
    votes = every_vote(judged)
    ceiling = preference.noise_ceiling(judged.unit, judged.rater, judged.first_won)
    tell("preference against scores", 0.2)
    scorers = tuple(_scorer(judged, votes, scores, plan) for scores in tables.scores)
    primary = _primary(scorers, plan)
    tell("conditions", 0.35)
    methods = _methods(judged, votes, tables.conditions)
    leading = method_details(judged, votes, tables.conditions)
    tell("scorers beside each other", 0.5)
    compared = scorer_details(
        tables, left.kept, votes, plan, None if primary is None else tables.scores[primary]
    )
    tell("agreement part by part", 0.7)
    closer = agreement_details(
        tables,
        judged,
        left.kept,
        None if primary is None else tables.scores[primary],
        tuple(sorted(CHOICES)),
    )
    tell("raters one by one", 0.75)
    return Results(
        version=VERSION,
        n_judgments=len(judged),
        n_synthetic=int(judged.synthetic.sum()),
        n_raters=len(np.unique(judged.rater)),
        n_neurons=len(np.unique(judged.neuron)),
        n_items=len(np.unique(judged.unit)),
        median_seconds=float(np.median(judged.seconds)) if len(judged) else np.nan,
        mean_confidence=_mean_given(judged.confidence),
        agreement=agreed,
        agreement_details=closer,
        ceiling=ceiling,
        scorers=scorers,
        primary=primary,
        drawn=_drawn(
            judged,
            votes,
            None if primary is None else tables.scores[primary],
            tables.draws and tables.draws.only(left.kept),
        ),
        methods=methods,
        sides=_sides(votes),
        flow=tables.flow,
        exclusions=left.steps,
        plan=plan,
        method_details=leading,
        scorer_details=compared,
        rater_details=rater_details(judged, tuple(sorted(CHOICES))),
    )


def _mean_given(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    given = values[np.isfinite(values)]
    return float(given.mean()) if len(given) else np.nan


def _agreement(judged: Judgments) -> Agreement:
    ratings = judged.unit, judged.rater, judged.first_won
    categories = tuple(sorted(CHOICES))
    return Agreement(
        percent=agreement.percent_agreement(*ratings, categories=categories),
        alpha_nominal=agreement.alpha(*ratings, level="nominal", categories=categories),
        alpha_ordinal=agreement.alpha(*ratings, level="ordinal", categories=categories),
        gwet_ac=agreement.gwet_ac(*ratings, categories=categories),
        brennan_prediger=agreement.brennan_prediger(*ratings, categories=categories),
        prevalence=tuple(
            Prevalence(category=CHOICES[each.category], n=each.n, share=each.share)
            for each in agreement.prevalence(judged.first_won, categories=categories)
        )[::-1],
    )


def _scorer(judged: Judgments, votes: Votes, scores: Scores, plan: Plan) -> ScorerResult:
    scored = votes.scored(scores.gap(judged))
    return ScorerResult(
        scorer=scores.scorer,
        agreement=score_agreement_of(scored),
        calibration=calibration_of(scored),
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


def _drawn(
    judged: Judgments, votes: Votes, scores: Scores | None, draws: Draws | None
) -> DrawnAgreement | None:
    """Return the primary scorer's agreement without the choice of pairs, where there was one."""
    if draws is None or scores is None:
        return None
    return drawn_agreement(votes, scores.gap(judged), draws)


def _methods(judged: Judgments, votes: Votes, conditions: tuple[str, ...]) -> Methods:
    names = np.array(conditions, dtype=np.str_)
    rates = win_rates(names[judged.left_condition], names[judged.right_condition], votes)
    order = _reported_order(rates.rows, conditions)
    return Methods(
        conditions=tuple(rates.rows[i].condition for i in order),
        rates=tuple(rates.rows[i] for i in order),
        wins=_nested(rates.wins[np.ix_(order, order)]),
        ties=_nested(rates.ties[np.ix_(order, order)]),
        never_judged=tuple(c for c in conditions if c not in {r.condition for r in rates.rows}),
        n_neurons_alike=_judged_on_every_pair(judged, len(conditions)),
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


def plain(value: Any) -> Any:
    """Turn results into what JSON can say: mappings, lists, text, finite numbers, None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return value.item() if isinstance(value, np.generic) else value
