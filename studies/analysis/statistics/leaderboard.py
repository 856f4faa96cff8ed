"""Abilities of conditions from votes, with clustered errors and rank intervals."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, same_length
from studies.analysis.statistics.abilities import Abilities
from studies.analysis.statistics.clustered import clustered, undefined_of
from studies.analysis.statistics.comparisons import Comparisons, design
from studies.analysis.statistics.pair_models import decided, with_ties
from studies.analysis.statistics.paired import bradley_terry, davidson, log_likelihood
from studies.analysis.statistics.ranking import (
    Contrast,
    RankedCondition,
    contrasts,
    rank_intervals,
)
from studies.analysis.statistics.votes import Votes, read_votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """Conditions by ability (log-odds, mean zero over them), best first, every two compared.

    `model` says what was fitted and, where a fuller model could not be, why. `components` are the
    sets of conditions that met. `side_bias` is the left's, in log-odds.
    """

    conditions: tuple[RankedCondition, ...]
    contrasts: tuple[Contrast, ...]
    side_bias: Estimate
    components: tuple[tuple[Any, ...], ...]
    model: str
    reason: str


def leaderboard(left: Labels, right: Labels, votes: Votes) -> Leaderboard:
    """Rank conditions by the votes between them, errors clustered by neuron and by rater.

    `left` and `right` name the conditions on either side; votes between a condition and itself are
    left out. Davidson's model with ties and side bias; Bradley and Terry's where nothing tied;
    without a side bias where it cannot be separated from the abilities.

    Ranks as in `rank_intervals`. Undefined, with the reason, as in `davidson`. ValueError when
    lengths differ. Source: Davidson & Beaver (1977).
    """
    columns = same_length(outcome=votes.outcome, left=left, right=right)
    between = columns["left"] != columns["right"]
    sides = columns["left"][between], columns["right"][between]
    votes = votes.only(between)
    fit, model = _fullest(*sides, votes.outcome)
    comparisons = Comparisons.from_votes(*sides, votes.outcome)
    influence = np.zeros((0, 0)) if fit.reason else _influence(fit, comparisons)
    return _board(fit, influence, votes, model, no_side_bias=model.partition(": ")[2])


def _fullest(left: Labels, right: Labels, outcome: Array) -> tuple[Abilities, str]:
    """Return the fullest model that can be fitted and its name, or why the simplest cannot."""
    fullest, name = _with_ties_if_any(left, right, outcome, side_bias=True)
    if not fullest.reason:
        return fullest, name
    simpler, name = _with_ties_if_any(left, right, outcome, side_bias=False)
    return simpler, name if simpler.reason else f"{name}; without side bias: {fullest.reason}"


def _with_ties_if_any(
    left: Labels, right: Labels, outcome: Array, *, side_bias: bool
) -> tuple[Abilities, str]:
    if not outcome.all():
        return davidson(left, right, outcome, side_bias=side_bias), "Davidson"
    return bradley_terry(left, right, outcome > 0, side_bias=side_bias), "Bradley-Terry"


_ABILITY = "ability, log-odds from the mean of all conditions"
_SIDE = "side bias, log-odds of the left"


def rank_abilities(
    fit: Abilities, influence: Array, neuron: Codes, rater: Codes, *, model: str
) -> Leaderboard:
    """Rank the items of any fitted model of abilities, without a side bias.

    `influence` (n, k): what each answer moves each ability by, centred; `neuron` and `rater` (n,)
    of the answers, coded.
    """
    votes = read_votes(neuron, rater, None, np.zeros(len(neuron)))
    return _board(fit, influence, votes, model, no_side_bias="the model has none")


def _board(
    fit: Abilities, influence: Array, votes: Votes, model: str, *, no_side_bias: str
) -> Leaderboard:
    undefined = partial(undefined_of, votes.neuron, votes.rater)
    if fit.reason:
        nothing = undefined(fit.reason, _ABILITY)
        return Leaderboard(
            conditions=tuple(
                RankedCondition(condition=item, estimate=nothing, rank_low=0, rank_high=0)
                for item in fit.items
            ),
            contrasts=(),
            side_bias=undefined(fit.reason, _SIDE),
            components=fit.components,
            model=model,
            reason=fit.reason,
        )
    k, ability = len(fit.items), fit.log_ability
    estimates = partial(
        clustered, votes.neuron, votes.rater, cell=votes.cell, n_parameters=influence.shape[1]
    )
    found = estimates(ability, influence[:, :k], [_ABILITY] * k)
    order = np.argsort(-ability, kind="stable").tolist()
    pairs = list(combinations(order, 2))
    first, second = (list(column) for column in zip(*pairs, strict=True))
    moved = influence[:, first] - influence[:, second]
    leads = estimates(ability[first] - ability[second], moved, ["lead, log-odds"] * len(pairs))
    compared = contrasts([(fit.items[i], fit.items[j]) for i, j in pairs], leads)
    ranks = rank_intervals(dict(zip(fit.items, found, strict=True)), compared)
    side = np.array([fit.side_bias])
    return Leaderboard(
        conditions=tuple(
            RankedCondition(condition=fit.items[i], estimate=found[i], rank_low=low, rank_high=high)
            for i in order
            for low, high in [ranks[fit.items[i]]]
        ),
        contrasts=compared,
        side_bias=undefined(no_side_bias, _SIDE)
        if np.isnan(side)
        else estimates(side, influence[:, k : k + 1], [_SIDE])[0],
        components=fit.components,
        model=model,
        reason="",
    )


def _influence(fit: Abilities, comparisons: Comparisons) -> Array:
    """Return what each vote moves each parameter by (votes, parameters), abilities centred."""
    k = len(fit.items)
    side_bias, ties = not np.isnan(fit.side_bias), not np.isnan(fit.log_nu)
    point = np.append(fit.log_ability, [fit.side_bias] * side_bias + [fit.log_nu] * ties)
    model, counted = with_ties if ties else decided, comparisons.counted()
    matrix = design(counted, side_bias=side_bias)
    top = log_likelihood(counted, matrix, model, point, precision=0.0, ties=ties)
    matrix = design(comparisons, side_bias=side_bias)
    terms = model(comparisons, matrix @ point[: matrix.shape[1]], fit.log_nu)
    scores = matrix.multiply(terms.line[:, None]).toarray()
    scores = np.column_stack([scores, terms.tie]) if ties else scores
    influence: Array = scores @ top.inverse()
    influence[:, :k] -= influence[:, :k].mean(axis=1, keepdims=True)
    return influence
