"""The two-way jackknife: what it leaves out, what it costs, and whether it covers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.results import plain
from studies.analysis.statistics.agreement import (
    alpha,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    percent_agreement,
)
from studies.analysis.statistics.jackknife import Variance

Rows = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]

CATEGORIES = [0, 1, 2, 3]
MEASURES: dict[str, Callable[..., Estimate]] = {
    "nominal": partial(alpha, level="nominal"),
    "ordinal": partial(alpha, level="ordinal"),
    "interval": partial(alpha, level="interval"),
    "ratio": partial(alpha, level="ratio"),
    "percent": partial(percent_agreement, categories=CATEGORIES, weights="linear"),
    "fleiss": partial(fleiss_kappa, categories=CATEGORIES, weights="quadratic"),
    "conger": partial(conger_kappa, categories=CATEGORIES),
    "ac": partial(gwet_ac, categories=CATEGORIES, weights="ordinal"),
    "bp": partial(brennan_prediger, categories=CATEGORIES),
    "icc 1,1": partial(icc, kind="1,1"),
    "icc A,1": partial(icc, kind="A,1"),
    "icc C,k": partial(icc, kind="C,k"),
}


def ratings(seed: int, n_units: int, n_raters: int, *, rater_sd: float = 0.5) -> Rows:
    """Ratings 0 to 3 of units by raters who differ, a fifth of them missing."""
    rng = np.random.default_rng(seed)
    unit, rater = (grid.ravel() for grid in np.indices((n_units, n_raters)))
    latent = (
        rng.normal(size=n_units)[unit]
        + rng.normal(scale=rater_sd, size=n_raters)[rater]
        + rng.normal(scale=0.7, size=len(unit))
    )
    kept = rng.random(len(unit)) < 0.8
    value = np.digitize(latent, [-0.8, 0.0, 0.8])
    return unit[kept], rater[kept], value[kept]


def jackknife_variance(values: list[float]) -> float:
    n = len(values)
    return (n - 1) / n * float(np.square(np.array(values) - np.mean(values)).sum())


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_the_standard_error_is_that_of_refitting_without_each_one(
    measure: Callable[..., Estimate],
) -> None:
    rows = ratings(3, 7, 5)
    estimate = measure(*rows)
    variances = {
        "units": [measure(*(x[rows[0] != u] for x in rows)).value for u in np.unique(rows[0])],
        "raters": [measure(*(x[rows[1] != r] for x in rows)).value for r in np.unique(rows[1])],
        "ratings": [measure(*(np.delete(x, i) for x in rows)).value for i in range(len(rows[0]))],
    }
    parts = Variance(**{name: jackknife_variance(v) for name, v in variances.items()})
    assert estimate.se == pytest.approx(parts.total**0.5, rel=1e-6)


def test_the_variance_is_never_below_that_of_units_or_raters_alone() -> None:
    # 4 + 1 - 3 = 2 is below the units' own 4
    assert Variance(units=4.0, raters=1.0, ratings=3.0).total == 4.0
    assert Variance(units=4.0, raters=3.0, ratings=1.0).total == 6.0


def test_an_estimate_cannot_be_undefined_without_a_reason_or_certain_without_a_note() -> None:
    good: dict[str, Any] = {"value": 0.5, "low": 0.4, "high": 0.6, "se": 0.1, "method": "m"}
    good |= {"n_units": 1, "n_raters": 1, "n_ratings": 1}
    Estimate(**good)
    contradictions: list[dict[str, Any]] = [
        {"value": float("nan")},
        {"reason": "none"},
        {"low": float("nan")},
        {"low": 0.55},
        {"se": -0.1},
        {"note": "no interval"},
        {"low": float("nan"), "high": float("nan"), "se": float("nan")},
        {"value": float("nan"), "reason": "no data"},
    ]
    for change in contradictions:
        with pytest.raises(ValueError, match=r"."):
            Estimate(**(good | change))


def test_an_undefined_estimate_is_ready_for_json_with_its_reason() -> None:
    estimate = undefined("no ratings", method="alpha", n_raters=3)
    assert plain(estimate) == {
        "value": None,
        "low": None,
        "high": None,
        "se": None,
        "n_units": 0,
        "n_raters": 3,
        "n_ratings": 0,
        "method": "alpha",
        "reason": "no ratings",
        "note": "",
    }


def test_half_a_million_ratings_take_seconds_and_no_dense_matrix() -> None:
    rng = np.random.default_rng(1)
    n_units, n_raters = 100_000, 1_000
    unit = np.repeat(np.arange(n_units), 5)
    # five raters of a unit, all different: a random first, then steps of a fifth
    rater = (rng.integers(n_raters, size=n_units)[:, None] + np.arange(5) * 200).ravel() % n_raters
    value = rng.integers(4, size=n_units)[unit]
    noisy = np.where(rng.random(len(unit)) < 0.7, value, rng.integers(4, size=len(unit)))
    estimate = alpha(unit, rater, noisy, level="ordinal")
    assert (estimate.n_units, estimate.n_raters, estimate.n_ratings) == (n_units, n_raters, 500_000)
    assert estimate.low == pytest.approx(estimate.value, abs=0.01)
    assert estimate.se > 0


def test_two_way_intervals_cover_where_raters_differ() -> None:
    # 120 studies of 40 units by 12 raters, the raters' biases half as wide as the units' spread;
    # the truth is a study of 400 by 400. At 95 %, chance leaves 120 studies between .90 and .99.
    measure = MEASURES["interval"]
    truth = measure(*ratings(0, 400, 400)).value
    studies = [measure(*ratings(seed, 40, 12)) for seed in range(1, 121)]
    covered = np.mean([s.low <= truth <= s.high for s in studies])
    assert 0.90 <= covered <= 0.99
