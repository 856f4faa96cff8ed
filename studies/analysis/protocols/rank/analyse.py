"""Orders, best and worst, and choices of one among conditions: who leads, and whether scores know.

All three are answers that say of some pairs which is better: of an order all pairs, of best and
worst those with either, of a choice those with what was chosen.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, codes, within_group_pairs
from studies.analysis.data.tables import Scores
from studies.analysis.protocols.agreement import Measure, on_names
from studies.analysis.protocols.per_judgment import absent
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics.against_scores import ScoreLink, Valued, score_links
from studies.analysis.statistics.best_worst import BestWorst, best_worst
from studies.analysis.statistics.concordance import Concordance, concordance
from studies.analysis.statistics.condition_means import mean_of
from studies.analysis.statistics.leaderboard import Leaderboard
from studies.analysis.statistics.luce import luce_leaderboard
from studies.analysis.statistics.score_votes import (
    GapBin,
    ScoreAgreement,
    agreement_by_gap,
    score_agreement,
)
from studies.analysis.statistics.votes import read_votes
from studies.analysis.statistics.wins import WinMatrix, win_matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class TopShare:
    """How often one condition was put first, of the answers in which it was shown."""

    condition: str
    n: int
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class AtPlace:
    """How often what was shown at a place, from 1, was put first."""

    place: int
    share: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLink:
    """Whether the higher score wins the pairs that orders hold.

    `top` is how often what was put first has the highest score of those shown, `chance` how often
    it would by chance. `n_unscored` pairs lack a score on a side.
    """

    scorer: str
    agreement: ScoreAgreement
    by_gap: tuple[GapBin, ...]
    top: Estimate
    chance: float
    n_unscored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All that orders tell. `kind` is `order`, `best_worst` or `choice`.

    `counts` are of best and worst, empty of choices; `concordance` is of orders, and `agreement` of
    what was put first, by its place in the item's own list. `n_pairs` pairs differ in place;
    those of one answer are not independent, and are left out together in every interval.
    """

    kind: str
    n_shown: int
    board: Leaderboard
    tops: tuple[TopShare, ...]
    counts: tuple[BestWorst, ...]
    concordance: Concordance | None
    agreement: tuple[Measure, ...]
    wins: WinMatrix
    n_pairs: int
    places: tuple[AtPlace, ...]
    pair_links: tuple[PairLink, ...]
    links: tuple[ScoreLink, ...]
    primary: int | None
    never_shown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """Pairs of options of one answer that it tells apart; `outcome` is +1 for the first."""

    first: Codes
    second: Codes
    outcome: Array


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Orders:
    """Analyse orders."""
    return orders(tables, answers, answers.responses.value, plan, kind=_kind(answers))


def _kind(answers: Answers) -> str:
    whole = np.isclose(answers.responses.value % 1, 0).all() if len(answers.responses) else True
    shared = _shared_places(answers)
    return "order" if whole and not shared else "best_worst"


def _shared_places(answers: Answers) -> bool:
    responses = answers.responses
    _, n = np.unique(
        np.column_stack([responses.judgment, 2 * responses.value]), axis=0, return_counts=True
    )
    return bool((n > 1).any())


def orders(
    tables: StudyTables, answers: Answers, places: Array, plan: Plan, *, kind: str
) -> Orders:
    """Analyse answers that put options at `places`, 1 the best, one for each response."""
    responses, names = answers.responses, np.array(tables.conditions, dtype=np.str_)
    neuron, rater = answers.per_response("neuron"), answers.per_response("rater")
    pairs = _told_apart(responses.judgment, places)
    sizes = np.bincount(responses.judgment) if len(responses) else np.zeros(1, dtype=np.intp)
    scorers = tables.scorers
    sides = names[responses.condition[pairs.first]], names[responses.condition[pairs.second]]
    votes = read_votes(neuron[pairs.first], rater[pairs.first], None, pairs.outcome)
    valued = Valued(
        neuron=neuron,
        rater=rater,
        explanation=responses.explanation,
        condition=responses.condition,
        value=-places,
    )
    return Orders(
        kind=kind,
        n_shown=int(sizes.max()),
        board=_board(tables.conditions, answers, places, kind),
        tops=_tops(tables.conditions, answers, places),
        counts=() if kind == "choice" else _counts(tables.conditions, answers, places),
        concordance=None if kind == "choice" else _concordance(answers, places),
        agreement=on_names(first_things(answers, places == 1)),
        wins=win_matrix(*sides, votes),
        n_pairs=len(pairs.first),
        places=_by_place(answers, places),
        pair_links=tuple(_pair_link(scores, answers, places, pairs, plan) for scores in scorers),
        links=score_links(valued, scorers),
        primary=plan.chosen([scores.scorer for scores in tables.scores]),
        never_shown=absent(tables.conditions, responses.condition),
    )


def _told_apart(judgment: Codes, places: Array) -> _Pairs:
    first, second = within_group_pairs(judgment)
    apart = places[first] != places[second]
    first, second = first[apart], second[apart]
    return _Pairs(first=first, second=second, outcome=np.sign(places[second] - places[first]))


def _table(answers: Answers, places: Array, k: int, columns: Codes) -> Array:
    """Return places as a table: a row per answer, nan for what was not shown."""
    table = np.full((len(answers), k), np.nan)
    table[answers.responses.judgment, columns] = places
    return table


def _board(conditions: tuple[str, ...], answers: Answers, places: Array, kind: str) -> Leaderboard:
    model = {
        "order": "Plackett-Luce",
        "best_worst": "Luce's model of best and worst",
        "choice": "Luce's model of choice",
    }[kind]
    table = _table(answers, places, len(conditions), answers.responses.condition)
    judgments = answers.judgments
    return luce_leaderboard(conditions, table, judgments.neuron, judgments.rater, model=model)


def _tops(conditions: tuple[str, ...], answers: Answers, places: Array) -> tuple[TopShare, ...]:
    responses = answers.responses
    found = []
    for at, name in enumerate(conditions):
        rows = responses.condition == at
        share = _share_first(answers, places, rows)
        found.append(TopShare(condition=name, n=int(rows.sum()), share=share))
    return tuple(sorted(found, key=lambda e: -e.share.value if e.share.defined else 2.0))


def _counts(conditions: tuple[str, ...], answers: Answers, places: Array) -> tuple[BestWorst, ...]:
    table = _table(answers, places, len(conditions), answers.responses.condition)
    table = table.reshape(len(answers), len(conditions))
    sets = [[conditions[i] for i in np.flatnonzero(np.isfinite(row))] for row in table]
    names = np.array(conditions, dtype=np.str_)
    best = names[[int(np.nanargmin(row)) for row in table]] if len(table) else names[:0]
    worst = names[[int(np.nanargmax(row)) for row in table]] if len(table) else names[:0]
    found = best_worst(answers.judgments.neuron, answers.judgments.rater, sets, best, worst)
    return tuple(sorted(found, key=lambda each: -each.score.value))


def _concordance(answers: Answers, places: Array) -> Concordance:
    k = int(answers.responses.option.max(initial=0)) + 1
    table = _table(answers, places, k, answers.responses.option)
    return concordance(answers.judgments.unit, answers.judgments.rater, table, what="orders")


def first_things(answers: Answers, first: npt.NDArray[np.bool_]) -> AgreementInput:
    """Return what comes first in each answer, by its place in the item's own list."""
    responses = answers.responses
    return AgreementInput(
        unit=answers.per_response("unit")[first],
        rater=answers.per_response("rater")[first],
        value=responses.option[first],
        judgment=responses.judgment[first],
        categories=tuple(range(int(responses.option.max(initial=0)) + 1)),
        level="nominal",
    )


def agreement_input(_tables: StudyTables, answers: Answers) -> AgreementInput:
    """Return what each order puts first."""
    return first_things(answers, answers.responses.value == 1)


def _by_place(answers: Answers, places: Array) -> tuple[AtPlace, ...]:
    responses = answers.responses
    return tuple(
        AtPlace(
            place=place + 1,
            share=_share_first(answers, places, responses.screen_position == place),
        )
        for place in np.unique(responses.screen_position).tolist()
    )


def _share_first(answers: Answers, places: Array, rows: npt.NDArray[np.bool_]) -> Estimate:
    return mean_of(
        answers.per_response("neuron")[rows],
        answers.per_response("rater")[rows],
        places[rows] == 1,
        what="share put first",
        bounds=(0.0, 1.0),
    )


def _pair_link(
    scores: Scores, answers: Answers, places: Array, pairs: _Pairs, plan: Plan
) -> PairLink:
    score = scores.of(answers.responses.explanation)
    gap = score[pairs.first] - score[pairs.second]
    known = np.isfinite(gap)
    rows = pairs.first[known]
    votes = read_votes(
        answers.per_response("neuron")[rows],
        answers.per_response("rater")[rows],
        gap[known],
        pairs.outcome[known],
    )
    top, chance = _top_scored(answers, places, score)
    return PairLink(
        scorer=scores.scorer,
        agreement=score_agreement(votes),
        by_gap=agreement_by_gap(votes, plan.bins),
        top=top,
        chance=chance,
        n_unscored=int((~known).sum()),
    )


def _top_scored(answers: Answers, places: Array, score: Array) -> tuple[Estimate, float]:
    """Return how often what came first has the highest score, a shared one in part, and chance."""
    k = int(answers.responses.option.max(initial=0)) + 1
    scored = _table(answers, score, k, answers.responses.option)
    place = _table(answers, places, k, answers.responses.option)
    shown = np.isfinite(place)
    whole = (np.isfinite(scored) == shown).all(axis=1) & shown.any(axis=1)
    scored, place, shown = scored[whole], place[whole], shown[whole]
    highest = scored == np.max(np.where(shown, scored, -np.inf), axis=1, initial=-np.inf)[:, None]
    n_highest = np.maximum(highest.sum(axis=1), 1)
    hit = (highest & (place == 1)).sum(axis=1) / n_highest
    estimate = mean_of(
        codes(answers.judgments.neuron[whole]),
        codes(answers.judgments.rater[whole]),
        hit,
        what="share of what came first that has the highest score",
        bounds=(0.0, 1.0),
    )
    return estimate, float(np.mean(1 / shown.sum(axis=1))) if len(shown) else float("nan")
