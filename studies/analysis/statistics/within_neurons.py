"""Abilities within thousands of separate neurons at once, tied together by one prior."""

from dataclasses import dataclass
from math import log, nan
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from studies.analysis.data.ratings import Array, Codes, Labels, factorize, group_sum, same_length
from studies.analysis.statistics.newton import Slope, maximise
from studies.analysis.statistics.pair_models import decided
from studies.analysis.statistics.votes import checked_outcome

PRIOR_SDS = (0.05, 5.0)
"""The spread of abilities is sought between these, in log-odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronAbilities:
    """Abilities of the items of each neuron; all arrays are as long as `items`.

    `log_ability` is the mode under the prior, in log-odds, 0 the neuron's own mean; `se` is from
    the curvature there and includes the prior. `n` counts an item's comparisons. `prior_sd` is the
    spread of the prior, nan without any vote.
    """

    neurons: npt.NDArray[Any]
    items: npt.NDArray[Any]
    log_ability: Array
    se: Array
    n: Codes
    prior_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronVotes:
    """Votes within neurons: how often row beat and lost to column, (neurons, items, items) each.

    Ties count as half a win for either. `side_bias` (log-odds) is the known advantage of the row.
    Neurons with fewer items than others are padded: the prior alone holds what never met.
    """

    won: Array
    lost: Array
    side_bias: float = 0.0

    @property
    def n(self) -> Array:
        """Comparisons of each row with each column."""
        return self.won + self.lost

    def slope(self, precision: float, point: Array) -> Slope:
        """Return each neuron's log-posterior at `point` (neurons, items): Bradley-Terry, prior."""
        line = point[:, :, None] - point[:, None, :] + self.side_bias
        terms = decided(self, line, -np.inf)
        both = terms.line_line + terms.line_line.transpose(0, 2, 1)
        own = both.sum(axis=2) + precision
        return Slope(
            value=terms.value.sum(axis=(1, 2)) - precision * np.square(point).sum(axis=1) / 2,
            gradient=terms.line.sum(axis=2) - terms.line.sum(axis=1) - precision * point,
            information=np.eye(point.shape[1]) * own[:, :, None] - both,
        )

    def mode(self, prior_sd: float) -> tuple[Array, Slope]:
        """Return the most likely abilities (neurons, items) and the slope there."""
        start = np.zeros(self.won.shape[:2])
        return maximise(lambda point: self.slope(prior_sd**-2, point), start)

    def evidence(self, prior_sd: float) -> float:
        """Return the log marginal likelihood, by Laplace's approximation."""
        point, top = self.mode(prior_sd)
        spread = -2 * point.size * log(prior_sd) - np.linalg.slogdet(top.information)[1].sum()
        return float(top.value.sum() + spread / 2)


def pair_table(
    neuron: Codes, first: Codes, second: Codes, counts: Array, shape: tuple[int, int]
) -> Array:
    """Sum `counts` by neuron and the two items that met; `shape` is (neurons, items)."""
    m, s = shape
    return group_sum((neuron * s + first) * s + second, counts, m * s * s).reshape(m, s, s)


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
    likelihood, by Laplace's approximation, within `PRIOR_SDS`. Time and memory grow with the square
    of the most explanations in a neuron.

    The mode always exists and is finite. Few votes give abilities close to zero: read them with
    `se`. ValueError: lengths differ, an outcome is none of +1, 0, -1, an item meets itself or
    belongs to two neurons, `prior_sd` is not above zero. Source: Caron & Doucet (2012) for the
    posterior mode; Tierney & Kadane (1986) for the approximation.
    """
    if prior_sd is not None and not prior_sd > 0:
        raise ValueError(f"prior_sd: {prior_sd} is not above zero")
    columns = same_length(outcome=outcome, neurons=neurons, left=left, right=right)
    won = (1 + checked_outcome(columns["outcome"])) / 2
    codes, items = factorize(np.concatenate([columns["left"], columns["right"]]))
    sides = codes.reshape(2, -1)
    if (sides[0] == sides[1]).any():
        raise ValueError("right: an item is compared with itself")
    neuron, names = factorize(columns["neurons"])
    home = _homes(neuron, sides, len(items))
    position = _positions(home)
    shape = len(names), int(position.max(initial=-1)) + 1
    first, second = position[sides]
    votes = NeuronVotes(
        won=pair_table(neuron, first, second, won, shape),
        lost=pair_table(neuron, first, second, 1 - won, shape),
        side_bias=side_bias,
    )
    spread = prior_sd or (_best_spread(votes) if len(items) else nan)
    point, top = votes.mode(spread)
    variances = np.diagonal(top.inverse(), axis1=1, axis2=2)
    return NeuronAbilities(
        neurons=names[home],
        items=items,
        log_ability=point[home, position],
        se=np.sqrt(variances[home, position]),
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


def _positions(home: Codes) -> Codes:
    """Return each item's position among those of its neuron."""
    order = np.argsort(home, kind="stable")
    sizes = np.bincount(home)
    position = np.empty(len(home), dtype=np.intp)
    position[order] = np.arange(len(home)) - (np.cumsum(sizes) - sizes)[home[order]]
    return position


def _best_spread(votes: NeuronVotes) -> float:
    low, high = (log(sd) for sd in PRIOR_SDS)
    found = scipy.optimize.minimize_scalar(
        lambda log_sd: -votes.evidence(float(np.exp(log_sd))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-2},
    )
    return float(np.exp(found.x))
