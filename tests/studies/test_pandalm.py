"""Published agreement of people on real judgments comes out of the raw data."""

import csv
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from studies.analysis.statistics.agreement import alpha, cohen_kappa, percent_agreement

Rows = tuple[list[int], list[int], list[int]]


@pytest.fixture(scope="module")
def pandalm(shared_data: Path) -> Rows:
    pairs = json.loads((shared_data / "ratings/pandalm_testset.json").read_text())
    rows = [(i, r, pair[f"annotator{r}"]) for i, pair in enumerate(pairs) for r in (1, 2, 3)]
    units, raters, values = (list(column) for column in zip(*rows, strict=True))
    return units, raters, values


@pytest.fixture(scope="module")
def hanna(shared_data: Path) -> list[dict[str, str]]:
    """One row per answer; three in a row are about one explanation."""
    with (shared_data / "ratings/hanna_user_study.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_pandalms_three_kappas_are_as_published(pandalm: Rows) -> None:
    units, raters, values = (np.array(column) for column in pandalm)
    kappas = []
    for pair in combinations((1, 2, 3), 2):
        rows = np.isin(raters, pair)
        kappas.append(cohen_kappa(units[rows], raters[rows], values[rows]).value)
    assert kappas == pytest.approx([0.8520, 0.8789, 0.8617], abs=5e-5)


def test_pandalms_alpha_has_an_interval_and_stands_beside_percent_agreement(pandalm: Rows) -> None:
    estimate = alpha(*pandalm, level="nominal")
    assert estimate.value == pytest.approx(0.8642, abs=5e-5)
    assert (estimate.n_units, estimate.n_raters, estimate.n_ratings) == (999, 3, 2997)
    assert estimate.low < 0.8642 < estimate.high
    assert percent_agreement(*pandalm).value > estimate.value


def test_hannas_alphas_are_as_published_and_one_is_undefined(hanna: list[dict[str, str]]) -> None:
    units, raters = np.divmod(np.arange(len(hanna)), 3)
    alphas = [
        alpha(units, raters, [int(row[name]) for row in hanna], level="nominal").value
        for name in hanna[0]
        if name.startswith("Answer.")
    ]
    published = [0.234, -0.014, 0.085, np.nan, 0.253, -0.044]
    assert alphas == pytest.approx(published, abs=5e-4, nan_ok=True)
