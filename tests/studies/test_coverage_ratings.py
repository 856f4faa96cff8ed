"""How often 95 % intervals hold the truth where people rate and order, and differ in taste.

Run by `make nightly`; the figures are in docs/statistics.md.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics.concordance import concordance
from studies.analysis.statistics.condition_means import condition_means

pytestmark = pytest.mark.slow

STUDIES = 600
NEURONS, RATERS, EACH = 40, 12, 4
LEVELS = np.array([0.0, 0.4, 0.8])
Rows = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]


def drawn(rng: np.random.Generator, *, neurons: int = NEURONS, raters: int = RATERS) -> Rows:
    """Draw what four of the raters like of three conditions on each neuron, (n, 3).

    A condition is better on some neurons than on others, and raters differ in taste.
    """
    neuron = np.repeat(np.arange(neurons), EACH)
    everyone = np.tile(np.arange(raters), (neurons, 1))
    rater = rng.permuted(everyone, axis=1)[:, :EACH].ravel()
    liked = (
        LEVELS
        + rng.normal(0, 0.7, (neurons, 3))[neuron]
        + rng.normal(0, 0.5, (raters, 3))[rater]
        + rng.normal(0, 1.0, (len(neuron), 3))
    )
    return neuron, rater, liked


def of_ratings(rows: Rows) -> dict[str, Estimate]:
    neuron, rater, liked = rows
    names = np.tile(["a", "b", "c"], len(neuron))
    found = condition_means(
        names, np.repeat(neuron, 3), np.repeat(rater, 3), liked.ravel(), expected=("a", "b", "c")
    )
    [best] = [place for place in found.conditions if place.condition == "c"]
    [lead] = [each for each in found.contrasts if {each.first, each.second} == {"a", "c"}]
    return {"mean": best.estimate, "median": best.median, f"{lead.first} ahead": lead.lead}


def of_orders(rows: Rows) -> Estimate:
    neuron, rater, liked = rows
    return concordance(neuron, rater, stats.rankdata(-liked, axis=1), what="orders").pairs


def test_intervals_of_means_medians_and_leads_hold_the_truth_as_often_as_they_say() -> None:
    truth = {"mean": 0.8, "median": 0.8, "c ahead": 0.8, "a ahead": -0.8}
    held: dict[str, list[bool]] = {"mean": [], "median": [], "ahead": []}
    for n in range(STUDIES):
        for name, each in of_ratings(drawn(np.random.default_rng([5, n]))).items():
            held[name.split()[-1]].append(each.low <= truth[name] <= each.high)
    shares = {name: float(np.mean(each)) for name, each in held.items()}
    print(shares)  # noqa: T201
    # Of 600 studies at 95 %, chance leaves between .932 and .968.
    assert all(0.93 <= share <= 0.98 for share in shares.values())


def test_intervals_of_how_alike_orders_are_too_wide_rather_than_too_narrow() -> None:
    # A pair of answers counts with both its raters, so that the variance over raters is too large.
    # No two answers of so many raters on one neuron share a taste with those on another.
    world = drawn(np.random.default_rng(1), neurons=3_000, raters=3_000)
    truth = of_orders(world).value
    found = [of_orders(drawn(np.random.default_rng([6, n]))) for n in range(STUDIES)]
    share = float(np.mean([each.low <= truth <= each.high for each in found]))
    print(truth, share)  # noqa: T201
    assert share >= 0.93
