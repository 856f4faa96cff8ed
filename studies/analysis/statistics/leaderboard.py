"""Which method is preferred, how surely, and between which ranks it lies."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, same_length
from studies.analysis.statistics.abilities import Abilities
from studies.analysis.statistics.clustered import clustered, undefined_of
from studies.analysis.statistics.comparisons import Comparisons
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
    without a side bias where it cannot be told from the abilities.

    Ranks as in `rank_intervals`. Undefined, with the reason, as in `davidson`. ValueError when
    lengths differ. Source: Davidson & Beaver (1977).
    """
    columns = same_length(outcome=votes.outcome, left=left, right=right)
    first, second = columns["left"], columns["right"]
    between = first != second
    sides = first[between], second[between]
    votes = votes.only(between)
    fit, model = _fullest(*sides, votes.outcome)
    if fit.reason:
        return _without(fit, votes, model)
    return _ranked(fit, model, votes, Comparisons.from_votes(*sides, votes.outcome))


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


def _without(fit: Abilities, votes: Votes, model: str) -> Leaderboard:
    nothing = undefined_of(votes.neuron, votes.rater, fit.reason, _ABILITY)
    return Leaderboard(
        conditions=tuple(
            RankedCondition(condition=item, estimate=nothing, rank_low=0, rank_high=0)
            for item in fit.items
        ),
        contrasts=(),
        side_bias=undefined_of(votes.neuron, votes.rater, fit.reason, _SIDE),
        components=fit.components,
        model=model,
        reason=fit.reason,
    )


def rank_abilities(
    fit: Abilities, influence: Array, neuron: Codes, rater: Codes, *, model: str
) -> Leaderboard:
    """Rank the items of any fitted model of abilities, without a side bias.

    `influence` (n, k): what each answer moves each ability by, centred; `neuron` and `rater` (n,)
    of the answers, coded.
    """
    votes = read_votes(neuron, rater, None, np.zeros(len(neuron)))
    if fit.reason:
        return _without(fit, votes, model)
    none = undefined_of(neuron, rater, "the model has none", _SIDE)
    return _board(fit, model, votes, influence, none)


def _ranked(fit: Abilities, model: str, votes: Votes, comparisons: Comparisons) -> Leaderboard:
    influence = _influence(fit, comparisons)
    return _board(fit, model, votes, influence, _side_bias(fit, votes, influence, model))


def _board(
    fit: Abilities, model: str, votes: Votes, influence: Array, side_bias: Estimate
) -> Leaderboard:
    k = len(fit.items)
    estimates = partial(
        clustered,
        votes.neuron,
        votes.rater,
        cell=votes.cell,
        n_parameters=influence.shape[1],
    )
    abilities = dict(
        zip(
            fit.items,
            estimates(fit.log_ability, influence[:, :k], [_ABILITY] * k),
            strict=True,
        )
    )
    order = np.argsort(-fit.log_ability, kind="stable").tolist()
    pairs = list(combinations(order, 2))
    first, second = (list(column) for column in zip(*pairs, strict=True))
    leads = estimates(
        fit.log_ability[first] - fit.log_ability[second],
        influence[:, first] - influence[:, second],
        ["lead, log-odds"] * len(pairs),
    )
    compared = contrasts([(fit.items[i], fit.items[j]) for i, j in pairs], leads)
    ranks = rank_intervals(abilities, compared)
    return Leaderboard(
        conditions=tuple(
            RankedCondition(
                condition=name,
                estimate=abilities[name],
                rank_low=ranks[name][0],
                rank_high=ranks[name][1],
            )
            for name in (fit.items[i] for i in order)
        ),
        contrasts=compared,
        side_bias=side_bias,
        components=fit.components,
        model=model,
        reason="",
    )


def _side_bias(fit: Abilities, votes: Votes, influence: Array, model: str) -> Estimate:
    if np.isnan(fit.side_bias):
        return undefined_of(votes.neuron, votes.rater, model.partition(": ")[2], _SIDE)
    k = len(fit.items)
    return clustered(
        votes.neuron,
        votes.rater,
        np.array([fit.side_bias]),
        influence[:, k : k + 1],
        [_SIDE],
        cell=votes.cell,
        n_parameters=influence.shape[1],
    )[0]


def _influence(fit: Abilities, comparisons: Comparisons) -> Array:
    """Return what each vote moves each parameter by (votes, parameters), abilities centred."""
    k, rows = len(fit.items), np.arange(len(comparisons.left))
    side, ties = not np.isnan(fit.side_bias), not np.isnan(fit.log_nu)
    extra = [fit.side_bias] * side + [fit.log_nu] * ties
    point, model = np.append(fit.log_ability, extra), with_ties if ties else decided
    information = log_likelihood(
        comparisons.counted(), model, point, precision=0.0, side_bias=side, ties=ties
    ).information
    line = fit.log_ability[comparisons.left] - fit.log_ability[comparisons.right]
    terms = model(comparisons, line + fit.side_bias if side else line, fit.log_nu)
    scores = np.zeros((len(rows), len(point)))
    scores[rows, comparisons.left] = terms.line
    scores[rows, comparisons.right] -= terms.line
    for column, each in enumerate([terms.line] * side + [terms.tie] * ties, start=k):
        scores[:, column] = each
    influence = scores @ np.linalg.inv(information)
    influence[:, :k] -= influence[:, :k].mean(axis=1, keepdims=True)
    return influence
