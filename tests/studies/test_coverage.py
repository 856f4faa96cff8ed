"""How often 95 % intervals hold the truth, where both raters and neurons differ.

Run by `make nightly`; the figures are in docs/statistics.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import krippendorff
import numpy as np
import numpy.typing as npt
import pytest

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics.agreement import alpha
from studies.analysis.statistics.score_votes import score_agreement
from studies.analysis.statistics.sensitivity import sensitivity
from studies.analysis.statistics.votes import read_votes

pytestmark = pytest.mark.slow

STUDIES = 1000
CUTS = [-1.2, -0.4, 0.4, 1.2]
Columns = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What studies are drawn from: sizes, and how far neurons and raters differ."""

    n_units: int
    n_raters: int
    unit_sd: float
    rater_sd: float


def rated(world: World, rng: np.random.Generator) -> Columns:
    """Draw ratings 0 to 4 by all raters of all units, a fifth of them missing.

    Raters use the scale higher or lower.
    """
    unit, rater = (grid.ravel() for grid in np.indices((world.n_units, world.n_raters)))
    latent = (
        rng.normal(scale=world.unit_sd, size=world.n_units)[unit]
        + rng.normal(scale=world.rater_sd, size=world.n_raters)[rater]
        + rng.normal(scale=0.8, size=len(unit))
    )
    kept = rng.random(len(unit)) < 0.8
    value = np.digitize(latent, CUTS)
    return unit[kept], rater[kept], value[kept]


def voted(world: World, rng: np.random.Generator) -> Columns:
    """Draw votes of five raters on each of three pairs of a neuron.

    A neuron's scores, and a rater's eye, are better or worse.
    """
    neuron = np.repeat(np.arange(world.n_units), 15)
    everyone = np.tile(np.arange(world.n_raters), (world.n_units, 1))
    rater = np.tile(rng.permuted(everyone, axis=1)[:, :5], 3).ravel()
    gap = np.repeat(rng.normal(scale=0.2, size=(world.n_units, 3)), 5, axis=1).ravel()
    skill = (
        0.6
        + rng.normal(scale=world.unit_sd, size=world.n_units)[neuron]
        + rng.normal(scale=world.rater_sd, size=world.n_raters)[rater]
    )
    agrees = rng.random(len(neuron)) < 1 / (1 + np.exp(-skill))
    outcome = np.where(agrees, 1, -1) * np.where(gap > 0, 1, -1)
    return neuron, rater, gap, outcome


def alpha_truth(world: World, level: Any) -> float:
    """Return alpha of a million units, each rated by two raters who rate nothing else.

    By another's code than that whose intervals are tried.
    """
    rng, n = np.random.default_rng(1), 1_000_000
    unit = rng.normal(scale=world.unit_sd, size=(n, 1))
    noise = rng.normal(scale=(world.rater_sd**2 + 0.8**2) ** 0.5, size=(n, 2))
    value = np.digitize(unit + noise, CUTS)
    counts = np.stack([(value == each).sum(axis=1) for each in range(5)], axis=1)
    return float(
        krippendorff.alpha(
            value_counts=counts, value_domain=np.arange(5), level_of_measurement=level
        )
    )


def agreement_truth(world: World) -> float:
    """Return the mean chance that a rater votes with the score on a neuron."""
    spread = (world.unit_sd**2 + world.rater_sd**2) ** 0.5
    skill = np.random.default_rng(1).normal(0.6, spread, size=4_000_000)
    return float(np.mean(1 / (1 + np.exp(-skill))))


def covered(
    truth: float,
    draw: Callable[[World, np.random.Generator], Columns],
    world: World,
    measure: Callable[..., Estimate],
) -> float:
    studies = (measure(*draw(world, np.random.default_rng([7, n]))) for n in range(STUDIES))
    share = float(np.mean([each.low <= truth <= each.high for each in studies]))
    print(f"truth {truth:.4f}, covered {share:.3f}")  # noqa: T201
    return share


# Of 1,000 studies at 95 %, chance leaves between .936 and .964.


@pytest.mark.parametrize(
    ("level", "n_units", "n_raters"),
    [
        ("nominal", 40, 12),
        ("ordinal", 40, 12),
        ("interval", 40, 12),
        ("ordinal", 150, 30),
    ],
)
def test_intervals_of_alpha_hold_the_truth_as_often_as_they_say(
    level: Any, n_units: int, n_raters: int
) -> None:
    world = World(n_units=n_units, n_raters=n_raters, unit_sd=1.0, rater_sd=0.4)
    measure = partial(alpha, level=level, categories=range(5))
    assert 0.93 <= covered(alpha_truth(world, level), rated, world, measure) <= 0.975


def test_with_six_raters_intervals_of_alpha_are_too_wide_rather_than_too_narrow() -> None:
    world = World(n_units=20, n_raters=6, unit_sd=1.0, rater_sd=0.4)
    measure = partial(alpha, level="ordinal", categories=range(5))
    assert covered(alpha_truth(world, "ordinal"), rated, world, measure) >= 0.93


@pytest.mark.parametrize(("n_units", "n_raters"), [(20, 8), (40, 15), (150, 30)])
def test_intervals_of_score_agreement_hold_the_truth_as_often_as_they_say(
    n_units: int, n_raters: int
) -> None:
    world = World(n_units=n_units, n_raters=n_raters, unit_sd=0.6, rater_sd=0.4)
    share = covered(agreement_truth(world), voted, world, strict)
    assert 0.93 <= share <= 0.975


def test_intervals_over_neurons_alone_hold_it_too_seldom_where_raters_differ() -> None:
    world = World(n_units=150, n_raters=8, unit_sd=0.3, rater_sd=0.8)
    truth = agreement_truth(world)
    assert covered(truth, voted, world, over_neurons) < 0.85
    assert covered(truth, voted, world, strict) >= 0.93


def strict(*votes: npt.NDArray[Any]) -> Estimate:
    return score_agreement(read_votes(*votes)).strict


def over_neurons(*votes: npt.NDArray[Any]) -> Estimate:
    table = sensitivity(read_votes(*votes), np.zeros(len(votes[0])))
    return next(c.agreement for c in table if (c.ties, c.clustering) == ("drop", "neuron"))
