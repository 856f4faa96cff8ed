"""Abilities within thousands of separate neurons at once, held together by one prior."""

from dataclasses import dataclass
from math import log, nan
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.ratings import Array, Codes, Labels, distinct, same_length, sum_by
from studies.analysis.statistics.votes import checked_outcome

PRIOR_SDS = (0.05, 5.0)
"""The spread of abilities is sought between these, in log-odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronAbilities:
    """Abilities of the items of each neuron; all arrays are as long as `items`.

    `log_ability` is the mode under the prior, in log-odds, 0 the neuron's own middle; `se` comes
    from the curvature there and includes the prior. `n` counts an item's comparisons. `prior_sd` is
    the spread of the prior, nan without any vote to tell it.
    """

    neurons: npt.NDArray[Any]
    items: npt.NDArray[Any]
    log_ability: Array
    se: Array
    n: Codes
    prior_sd: float


def neuron_abilities(
    neurons: Labels,
    left: Labels,
    right: Labels,
    outcome: npt.ArrayLike,
    *,
    prior_sd: float | None = None,
    side_bias: float = 0.0,
) -> NeuronAbilities:
    """Fit Bradley-Terry in every neuron, with one normal prior for all abilities.

    `left` and `right` name explanations; those of one neuron meet each other only. A tie counts as
    half a win for either. `side_bias` (log-odds of the left) is taken as known, from the
    leaderboard, say. Without `prior_sd` the prior's spread is the one of highest marginal
    likelihood, by Laplace's approximation, within `PRIOR_SDS`.

    The mode always exists and is finite. Few votes give abilities close to zero: read them with
    `se`. ValueError: lengths differ, an outcome is none of +1, 0, -1, an item meets itself or
    belongs to two neurons, `prior_sd` is not above zero. Source: Caron & Doucet (2012) for the
    posterior mode; Tierney & Kadane (1986) for the approximation.
    """
    if prior_sd is not None and not prior_sd > 0:
        raise ValueError(f"prior_sd: {prior_sd} is not above zero")
    columns = same_length(outcome=outcome, neurons=neurons, left=left, right=right)
    won = (1 + checked_outcome(columns["outcome"])) / 2
    items, codes = distinct(np.concatenate([columns["left"], columns["right"]]))
    sides = codes.reshape(2, -1)
    if (sides[0] == sides[1]).any():
        raise ValueError("right: an item is compared with itself")
    names, neuron = distinct(columns["neurons"])
    home = _homes(neuron, sides, len(items))
    blocks = _blocks(home, sides, won, len(names), side_bias)
    spread = prior_sd or (_best_spread(blocks) if len(items) else nan)
    ability, se = np.zeros(len(items)), np.zeros(len(items))
    for block in blocks:
        point, information = _modes(block, spread**-2)
        ability[block.members] = point
        variances = np.diagonal(np.linalg.inv(information), axis1=1, axis2=2)
        se[block.members] = np.sqrt(variances)
    return NeuronAbilities(
        neurons=names[home],
        items=items,
        log_ability=ability,
        se=se,
        n=np.bincount(codes, minlength=len(items)),
        prior_sd=spread,
    )


def _homes(neuron: Codes, sides: Codes, n_items: int) -> Codes:
    """Return each item's neuron."""
    home = np.zeros(n_items, dtype=np.intp)
    for side in sides:
        home[side] = neuron
    if any((home[side] != neuron).any() for side in sides):
        raise ValueError("neurons: an item is in the comparisons of two neurons")
    return home


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The neurons with equally many items: `members` (m, s) items, and who met whom.

    `met` and `won` (m, s, s): comparisons with row left and column right, and wins of the row among
    them. `side_bias` is added to the left's log-odds.
    """

    members: Codes
    met: Array
    won: Array
    side_bias: float


def _blocks(
    home: Codes, sides: Codes, won: Array, n_neurons: int, side_bias: float
) -> tuple[_Block, ...]:
    order = np.argsort(home, kind="stable")
    sizes = np.bincount(home, minlength=n_neurons)
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(home), dtype=np.intp)
    place[order] = np.arange(len(home)) - starts[home[order]]
    row_home = home[sides[0]]
    return tuple(
        _block(
            order[starts[of_size][:, None] + np.arange(size)],
            np.searchsorted(of_size, row_home[rows]),
            place[sides[:, rows]],
            won[rows],
            side_bias,
        )
        for size in np.unique(sizes).tolist()
        for of_size in [np.flatnonzero(sizes == size)]
        for rows in [sizes[row_home] == size]
    )


def _block(members: Codes, group: Codes, sides: Codes, won: Array, side_bias: float) -> _Block:
    m, s = members.shape
    cell = (group * s + sides[0]) * s + sides[1]
    met = np.bincount(cell, minlength=m * s * s).reshape(m, s, s)
    wins = sum_by(cell, won, m * s * s).reshape(m, s, s)
    return _Block(members=members, met=met.astype(np.float64), won=wins, side_bias=side_bias)


def _best_spread(blocks: tuple[_Block, ...]) -> float:
    low, high = (log(sd) for sd in PRIOR_SDS)
    found = scipy.optimize.minimize_scalar(
        lambda log_sd: -sum(_evidence(block, float(np.exp(-2 * log_sd))) for block in blocks),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-2},
    )
    return float(np.exp(found.x))


def _evidence(block: _Block, precision: float) -> float:
    """Return the log marginal likelihood of the block's neurons, by Laplace's approximation."""
    point, information = _modes(block, precision)
    m, s = point.shape
    spread = m * s * log(precision) - np.linalg.slogdet(information)[1].sum()
    return float(_values(block, precision, point).sum() + spread / 2)


def _modes(block: _Block, precision: float) -> tuple[Array, Array]:
    """Return the modes (m, s) of all neurons of a block and the information (m, s, s) there.

    Newton's method in all neurons together; where a step does not lead uphill it is halved.
    """
    point = np.zeros(block.members.shape)
    value = _values(block, precision, point)
    for _ in range(100):
        gradient, information = _slopes(block, precision, point)
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        there = _values(block, precision, point + step)
        while (worse := there < value - 1e-9 * (1 + np.abs(value))).any():
            step[worse] /= 2
            there = _values(block, precision, point + step)
        point, value = point + step, there
        if np.abs(step).max(initial=0.0) < 1e-8:
            return point, _slopes(block, precision, point)[1]
    raise ArithmeticError("the abilities within neurons were not found in 100 steps")


def _lines(block: _Block, point: Array) -> Array:
    return point[:, :, None] - point[:, None, :] + block.side_bias


def _values(block: _Block, precision: float, point: Array) -> Array:
    lines = _lines(block, point)
    likelihood = (block.won * lines - block.met * np.logaddexp(0, lines)).sum(axis=(1, 2))
    values: Array = likelihood - precision * np.square(point).sum(axis=1) / 2
    return values


def _slopes(block: _Block, precision: float, point: Array) -> tuple[Array, Array]:
    up = scipy.special.expit(_lines(block, point))
    left_over = block.won - block.met * up
    gradient = left_over.sum(axis=2) - left_over.sum(axis=1) - precision * point
    half = block.met * up * (1 - up)
    both = half + half.transpose(0, 2, 1)
    own = both.sum(axis=2) + precision
    return gradient, np.eye(point.shape[1]) * own[:, :, None] - both
