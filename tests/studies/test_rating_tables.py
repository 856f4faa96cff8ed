"""Agreement on tables of ratings whose values are worked out here by hand."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from studies.analysis.statistics.agreement import alpha, cohen_kappa, percent_agreement
from tests.studies.rating_tables import CHOICES, YES_NO_ALPHAS, YES_NO_COUNTS, votes, yes_no


def test_kappa_of_every_two_of_three_raters() -> None:
    # Choices of 0, 1 and 2 in 100 units: the first rater 23, 47, 30; the second 21, 46, 33; the
    # third 20, 42, 38. They differ in 5, 10 and 5 units. kappa = (agreed - chance) / (1 - chance).
    chance = [
        Fraction(23 * 21 + 47 * 46 + 30 * 33, 10_000),
        Fraction(23 * 20 + 47 * 42 + 30 * 38, 10_000),
        Fraction(21 * 20 + 46 * 42 + 33 * 38, 10_000),
    ]
    agreed = [Fraction(95, 100), Fraction(90, 100), Fraction(95, 100)]
    expected = [float((a - c) / (1 - c)) for a, c in zip(agreed, chance, strict=True)]
    assert expected == pytest.approx([0.9214, 0.8444, 0.9218], abs=5e-5)
    units, raters, values = (np.array(column) for column in votes(CHOICES))
    kappas = []
    for pair in combinations((1, 2, 3), 2):
        rows = np.isin(raters, pair)
        kappas.append(cohen_kappa(units[rows], raters[rows], values[rows]).value)
    assert kappas == pytest.approx(expected, abs=1e-12)


def test_alpha_of_three_raters_has_an_interval_and_is_below_percent_agreement() -> None:
    # Ten units are mixed, with two of three pairs unequal each: D_o = 10 * 2/3 / 100. Of the 300
    # choices 64 are 0, 135 are 1 and 101 are 2; D_e is the share of unequal pairs among them.
    observed = Fraction(10 * 2, 3 * 100)
    expected = 1 - Fraction(64 * 63 + 135 * 134 + 101 * 100, 300 * 299)
    value = float(1 - observed / expected)
    assert value == pytest.approx(0.8960, abs=5e-5)
    estimate = alpha(*votes(CHOICES), level="nominal")
    assert estimate.value == pytest.approx(value, abs=1e-12)
    assert (estimate.n_units, estimate.n_raters, estimate.n_ratings) == (100, 3, 300)
    assert estimate.low < value < estimate.high
    agreed = percent_agreement(*votes(CHOICES)).value
    assert agreed == pytest.approx(float(1 - observed), abs=1e-12)
    assert agreed > estimate.value


def test_alphas_of_yes_and_no_are_high_low_negative_and_undefined() -> None:
    rows = yes_no()
    units, raters = np.divmod(np.arange(len(rows)), 3)
    alphas = [
        alpha(units, raters, [row[column] for row in rows], level="nominal").value
        for column in range(len(YES_NO_COUNTS))
    ]
    assert alphas == pytest.approx(YES_NO_ALPHAS, abs=1e-12, nan_ok=True)
