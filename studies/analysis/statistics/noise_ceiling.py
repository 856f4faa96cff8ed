"""The noise ceiling: how well any score could predict votes on which people differ."""

from dataclasses import dataclass
from functools import partial
from math import nan, sqrt

import numpy as np

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Labels, Ratings, Values, codes, encode, same_length
from studies.analysis.statistics.jackknife import Parts, additive, estimate, ratio
from studies.analysis.statistics.votes import checked_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseCeiling:
    """The agreement with votes that any score could reach, given how far raters agree.

    `lower` is the agreement A of two raters on a unit; `upper` is (1 + sqrt(2A - 1)) / 2. A score
    that always knew the majority's side would agree with a rater somewhere between.
    `leave_one_out` is how often a rater agrees with the majority of the others (a split is half).
    """

    lower: Estimate
    upper: Estimate
    leave_one_out: Estimate


def noise_ceiling(units: Labels, raters: Labels, outcome: Values) -> NoiseCeiling:
    """Return bounds of the agreement that any score could reach, from the raters' own agreement.

    `units` name what was compared (a neuron and an unordered pair), `outcome` the same side of it
    for every rater. Decided votes only; a unit needs two; units weigh the same. `lower` is
    undefined when no unit has two decided votes; `upper` also when raters agree less than half the
    time, for then no common preference explains the votes. ValueError when lengths differ, an
    outcome is none of +1, 0, -1, or a rater judged a unit twice.
    """
    columns = same_length(units=units, raters=raters, outcome=outcome)
    decided = checked_outcome(columns["outcome"]) != 0
    votes = encode(*(columns[name][decided] for name in columns), categories=(-1, 1))
    lower = _mean_over_units(votes, _pairwise, "agreement of two raters")
    return NoiseCeiling(
        lower=lower,
        upper=_upper(lower),
        leave_one_out=_mean_over_units(
            votes, _with_the_others, "agreement with the majority of the other raters"
        ),
    )


def _mean_over_units(votes: Ratings, parts: Parts, method: str) -> Estimate:
    rows = votes.pairable()[votes.unit]
    replicates = additive(
        codes(votes.unit[rows]),
        codes(votes.rater[rows]),
        votes.one_hot()[rows],
        of_unit=parts,
        to=ratio,
    )
    reason = "no unit has two decided votes"
    return estimate(replicates, method=method, bounds=(0.0, 1.0), undefined_reason=reason)


def _pairwise(counts: Array) -> Array:
    """Return the share of the pairs of a unit's votes that agree; 1 if it has a pair."""
    n = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / np.maximum(n * (n - 1), 1)
    return np.column_stack([agreeing, n > 1])


def _with_the_others(counts: Array) -> Array:
    """Return the share of a unit's votes with the majority of its others; 1 if it has others."""
    n = counts.sum(axis=1)
    ahead = counts - 1 - counts[:, ::-1]
    agreeing = (counts * (1 + np.sign(ahead)) / 2).sum(axis=1) / np.maximum(n, 1)
    return np.column_stack([agreeing * (n > 1), n > 1])


def _upper(lower: Estimate) -> Estimate:
    """Return the upper bound, with limits, from the agreement of two raters."""
    bare = partial(
        Estimate,
        method="noise ceiling, upper bound (1 + sqrt(2A - 1)) / 2",
        n_units=lower.n_units,
        n_raters=lower.n_raters,
        n_ratings=lower.n_ratings,
    )
    if not lower.defined:
        return bare(value=nan, reason=lower.reason)
    if lower.value < 0.5:
        return bare(value=nan, reason="raters agree less than half the time: no bound above")
    value = _bound(lower.value)
    if not lower.has_interval:
        return bare(value=value, note=lower.note)
    if value == 0.5:
        return bare(value=value, note="no interval: at an agreement of one half it has no slope")
    se = lower.se / (2 * sqrt(2 * lower.value - 1))
    return bare(value=value, low=_bound(lower.low), high=_bound(lower.high), se=se)


def _bound(agreement: float) -> float:
    return (1 + sqrt(max(2 * agreement - 1, 0.0))) / 2
