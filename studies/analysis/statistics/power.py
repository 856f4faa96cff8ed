"""Precision and power of larger studies, simulated from a pilot's variance components."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from studies.analysis.data.ratings import (
    Array,
    Codes,
    Labels,
    Values,
    codes,
    group_sum,
    group_sums,
    interaction,
    same_length,
)
from studies.analysis.statistics.jackknife import t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Where the variance of votes (1 for the higher score, 0 against) comes from.

    `mean` is the agreement; `neurons` and `raters` the variances between them, `rest` that of
    single votes; all nan, with the `reason`, when the pilot cannot tell.
    """

    mean: float
    neurons: float
    raters: float
    rest: float
    n_votes: int
    reason: str = ""


def variance_components(neurons: Labels, raters: Labels, shares: Values) -> Components:
    """Return the variance components of votes, one per row, each 1, 0 or (a tie) one half.

    Moment estimators from squared differences of pairs of votes that share a neuron, a rater or
    neither; a variance below zero counts as zero. From a small pilot they are rough: so is all
    that follows from them. Undefined when there is no such pair. ValueError: lengths differ, a
    share is not from 0 to 1. Source: Koch (1968).
    """
    columns = same_length(neurons=neurons, raters=raters, shares=shares)
    y = columns["shares"].astype(np.float64)
    if not ((y >= 0) & (y <= 1)).all():
        raise ValueError("shares: each from 0 to 1")
    neuron, rater = codes(columns["neurons"]), codes(columns["raters"])
    cell = interaction(neuron, rater)
    everything, of_neuron, of_rater, of_cell = (
        _pairs(group, y) for group in (np.zeros_like(cell), neuron, rater, cell)
    )
    same_neuron = _half_mean(of_neuron - of_cell)
    same_rater = _half_mean(of_rater - of_cell)
    neither = _half_mean(everything - of_neuron - of_rater + of_cell)
    if np.isnan([same_neuron, same_rater, neither]).any():
        reason = "no two votes share only a neuron, only a rater, or neither"
        return Components(
            mean=nan, neurons=nan, raters=nan, rest=nan, n_votes=len(y), reason=reason
        )
    return Components(
        mean=float(y.mean()),
        neurons=max(neither - same_neuron, 0.0),
        raters=max(neither - same_rater, 0.0),
        rest=max(same_neuron + same_rater - neither, 0.0),
        n_votes=len(y),
    )


def _pairs(group: Codes, y: Array) -> Array:
    """Return the sum of squared differences of all pairs within groups, and their number."""
    sums = group_sums(group, np.column_stack([np.ones_like(y), y, y**2]))
    n, total, squares = sums.T
    return np.array([(n * squares - total**2).sum(), (n * (n - 1) / 2).sum()])


def _half_mean(pairs: Array) -> float:
    return float(pairs[0] / pairs[1] / 2) if pairs[1] > 0 else nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large a study is in all, what is there already included."""

    name: str
    n_neurons: int
    n_raters: int
    n_votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """What a plan would give: medians and shares over simulated studies; nan with the `reason`.

    `half_width` of the 95% interval of agreement; `power`, how often the interval excludes one
    half; `coverage`, how often it holds the agreement that was put in.
    """

    plan: Plan
    half_width: float
    power: float
    coverage: float
    n_simulated: int
    reason: str = ""


def next_plans(n_neurons: int, n_raters: int, n_votes: int) -> tuple[Plan, ...]:
    """Return the study as it is, with twice the votes, with twice the neurons and votes, and so on.

    Twice the votes alone are more votes of the same raters on the same neurons.
    """
    now = n_neurons, n_raters, n_votes
    sizes = {
        "as it is": (1, 1, 1),
        "twice the votes": (1, 1, 2),
        "twice the neurons and votes": (2, 1, 2),
        "twice the raters and votes": (1, 2, 2),
        "twice as much of everything": (2, 2, 2),
    }
    return tuple(
        Plan(name=name, **dict(zip(_SIZES, np.multiply(now, by).tolist(), strict=True)))
        for name, by in sizes.items()
    )


_SIZES = ("n_neurons", "n_raters", "n_votes")


def precision(
    components: Components, plans: Sequence[Plan], *, seed: int, n_simulated: int = 200
) -> tuple[Precision, ...]:
    """Return the precision of each plan, from simulated studies analysed as this one is.

    Neurons and raters move the chance of agreement by normal amounts of the pilot's variances, cut
    where a chance would leave 0 to 1; each neuron and each rater has about the same number of
    votes, paired at random. The same seed gives the same result. ValueError when a plan has fewer
    than one of anything, or `n_simulated` is below 1.
    """
    if n_simulated < 1:
        raise ValueError(f"n_simulated: {n_simulated} is below 1")
    for plan in plans:
        if min(plan.n_neurons, plan.n_raters, plan.n_votes) < 1:
            raise ValueError(f"plans: {plan.name!r} has none of something")
    return tuple(_precision(components, plan, seed, n_simulated) for plan in plans)


def _precision(components: Components, plan: Plan, seed: int, n_simulated: int) -> Precision:
    reason = components.reason
    if not reason and min(plan.n_neurons, plan.n_raters, plan.n_votes) < 2:
        reason = "one neuron, one rater or one vote has no interval"
    if reason:
        return _unknown(plan, reason)
    rng = np.random.default_rng(seed)
    at_once = max(1, _VOTES // plan.n_votes)
    sizes = [min(at_once, n_simulated - done) for done in range(0, n_simulated, at_once)]
    low, high = np.hstack([_intervals(components, plan, rng, size) for size in sizes])
    if np.isnan(low).all():
        return _unknown(plan, "in no simulated study does leaving one out change anything")
    return Precision(
        plan=plan,
        half_width=float(np.nanmedian(high - low) / 2),
        power=float(((low > 0.5) | (high < 0.5)).mean()),
        coverage=float(((low <= components.mean) & (components.mean <= high)).mean()),
        n_simulated=n_simulated,
    )


_VOTES = 1_000_000
"""Votes simulated at once."""


def _unknown(plan: Plan, reason: str) -> Precision:
    return Precision(
        plan=plan, half_width=nan, power=nan, coverage=nan, n_simulated=0, reason=reason
    )


def _intervals(components: Components, plan: Plan, rng: np.random.Generator, n: int) -> Array:
    """Return the limits of the intervals (2, n) of `n` simulated studies, nan where there is none.

    The two-way jackknife of `jackknife.estimate` for a mean, all studies at once.
    """
    study = np.arange(n)[:, None]
    votes = np.tile(np.arange(plan.n_votes), (n, 1))
    neuron = rng.permuted(votes % plan.n_neurons, axis=1) + plan.n_neurons * study
    rater = rng.permuted(votes % plan.n_raters, axis=1)
    cell = neuron * plan.n_raters + rater
    rater = rater + plan.n_raters * study
    of_neuron = rng.normal(scale=components.neurons**0.5, size=n * plan.n_neurons)[neuron]
    of_rater = rng.normal(scale=components.raters**0.5, size=n * plan.n_raters)[rater]
    chance = np.clip(components.mean + of_neuron + of_rater, 0.0, 1.0)
    won = (rng.random(chance.shape) < chance).astype(np.float64)
    neurons, raters, cells = (delete_one_variances(group, won) for group in (neuron, rater, cell))
    variance = np.maximum(np.maximum(neurons + raters - cells, neurons), raters)
    freedom = min(plan.n_neurons, plan.n_raters, plan.n_votes) - 1
    reach = np.sqrt(variance) * t_quantile(0.975, freedom)
    reach = np.where(reach > _LEAST, reach, nan)
    mean = won.mean(axis=1)
    limits: Array = np.clip(np.stack([mean - reach, mean + reach]), 0.0, 1.0)
    return limits


_LEAST = 1e-9


def delete_one_variances(group: Codes, won: Array) -> Array:
    """Return each study's jackknife variance of the mean of `won` (studies, votes) over groups.

    No two studies share a group.
    """
    n, n_votes = won.shape
    groups, code = np.unique(group, return_index=True, return_inverse=True)[1:]
    study = groups // n_votes
    sums, counts = group_sum(code.ravel(), won.ravel(), len(groups)), np.bincount(code.ravel())
    without = (won.sum(axis=1)[study] - sums) / np.maximum(n_votes - counts, 1)
    n_groups = np.bincount(study, minlength=n)
    mean = group_sum(study, without, n) / n_groups
    squares = group_sum(study, np.square(without - mean[study]), n)
    variance: Array = squares * (n_groups - 1) / n_groups
    return variance
