"""Every published or worked case in the reference file that the analysis covers."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import special

from studies.analysis.statistics import agreement, multiple
from studies.analysis.statistics.calibration import calibration
from studies.analysis.statistics.luce import plackett_luce
from studies.analysis.statistics.noise_ceiling import noise_ceiling
from studies.analysis.statistics.paired import bradley_terry, davidson
from studies.analysis.statistics.score_votes import kendall_tau_b, score_agreement
from studies.analysis.statistics.votes import read_votes
from studies.analysis.statistics.wins import side_bias
from tests.conftest import ROOT

REFERENCE = ROOT / "tests" / "data" / "statistics" / "reference.json"
Case = dict[str, Any]


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {case["id"]: case for case in json.loads(REFERENCE.read_text())["cases"]}


Rows = tuple[list[int], list[int], list[int]]


def from_matrix(data: dict[str, Any]) -> Rows:
    """Units, raters and values of a matrix with null for missing."""
    by_unit = data["rows"] == "units"
    cells = [
        (i, j, x)
        for i, row in enumerate(data["matrix"])
        for j, x in enumerate(row)
        if x is not None
    ]
    units, raters, values = (list(column) for column in zip(*cells, strict=True))
    return (units, raters, values) if by_unit else (raters, units, values)


def from_counts(counts: list[list[int]]) -> Rows:
    """Units, raters and values of counts per unit, the raters numbered within the unit."""
    rows = [[value for value, n in enumerate(unit) for _ in range(n)] for unit in counts]
    triples = [(u, r, v) for u, unit in enumerate(rows) for r, v in enumerate(unit)]
    units, raters, values = (list(column) for column in zip(*triples, strict=True))
    return units, raters, values


def from_table(table: list[list[int]]) -> Rows:
    """Units, raters and values of two raters' crossed counts."""
    pairs = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    units = [u for u in range(len(pairs)) for _ in range(2)]
    return units, [0, 1] * len(pairs), [value for pair in pairs for value in pair]


def from_games(rows: list[list[Any]]) -> tuple[list[str], list[str], list[bool]]:
    """Home, away and home won, one row per game."""
    games = [
        (home, away, won)
        for home, away, wins, losses in rows
        for won in [True] * wins + [False] * losses
    ]
    left, right, left_won = (list(column) for column in zip(*games, strict=True))
    return left, right, left_won


def from_wins(items: list[str], wins: list[list[float]]) -> tuple[list[str], list[str], list[bool]]:
    """Winner, loser and true, one row per game of a matrix of wins of the row over the column."""
    games = [
        (items[i], items[j])
        for i, row in enumerate(wins)
        for j, n in enumerate(row)
        for _ in range(int(n))
    ]
    left, right = (list(column) for column in zip(*games, strict=True))
    return left, right, [True] * len(left)


def close(case: Case, key: str | None = None) -> Any:
    expected = case["expected"] if key is None else case["expected"][key]
    return pytest.approx(expected, abs=case["tolerance"])


def check_alpha(case: Case) -> None:
    level = case["params"]["level"]
    estimate = agreement.alpha(*from_matrix(case["data"]), level=level)
    if case["expected"] is None:
        assert not estimate.defined
        assert estimate.reason
    else:
        assert estimate.value == close(case)


def check_alpha_with_gwets_weights(case: Case) -> None:
    estimate = agreement.alpha(*from_matrix(case["data"]), level="nominal")
    assert estimate.value == close(case, "value")


def check_weighted(case: Case) -> None:
    # The expected standard errors are Gwet's linearisation over units, which counts a unit rated
    # once as a disagreement; ours is the two-way jackknife, so only values are compared.
    coefficient = {
        "gwet_ac": agreement.gwet_ac,
        "fleiss_kappa_gwet_missing": agreement.fleiss_kappa,
        "conger_kappa": agreement.conger_kappa,
        "brennan_prediger": agreement.brennan_prediger,
    }[case["statistic"]]
    rows, weights = from_matrix(case["data"]), case["params"]["weights"]
    value = coefficient(*rows, weights=weights).value
    agreed = agreement.percent_agreement(*rows, weights=weights).value
    assert value == close(case, "value")
    assert agreed == close(case, "percent_agreement")
    # value = (agreed - chance) / (1 - chance), so chance = (agreed - value) / (1 - value)
    assert (agreed - value) / (1 - value) == close(case, "chance")


def check_fleiss(case: Case) -> None:
    assert agreement.fleiss_kappa(*from_counts(case["data"]["counts"])).value == close(case)


def check_cohen(case: Case) -> None:
    rows = from_table(case["data"]["table"])
    plain = agreement.cohen_kappa(*rows)
    weighted = agreement.cohen_kappa(*rows, weights="linear")
    assert plain.value == close(case, "kappa")
    assert plain.se == close(case, "se")
    assert weighted.value == close(case, "weighted_linear")
    assert weighted.se == close(case, "weighted_se")


def check_two_raters(case: Case) -> None:
    rows = from_table(case["data"]["table"])
    assert agreement.percent_agreement(*rows).value == close(case, "po")
    assert agreement.cohen_kappa(*rows).value == close(case, "cohen")
    assert agreement.fleiss_kappa(*rows).value == close(case, "scott_pi")
    assert agreement.gwet_ac(*rows).value == close(case, "gwet_ac1")
    assert agreement.brennan_prediger(*rows).value == close(case, "brennan_prediger")


def check_icc(case: Case) -> None:
    rows = from_matrix(case["data"])
    kinds: tuple[agreement.Kind, ...] = ("1,1", "A,1", "C,1", "1,k", "A,k", "C,k")
    for kind in kinds:
        key = "ICC_" + kind.replace(",", "_")
        assert agreement.icc(*rows, kind=kind).value == close(case, key)


def check_benjamini_hochberg(case: Case) -> None:
    adjusted = multiple.benjamini_hochberg(case["data"]["p"])
    assert adjusted == close(case, "adjusted")
    assert (adjusted <= 0.05).sum() == case["expected"]["n_reject_q05"]


def check_tau_b(case: Case) -> None:
    one = [0] * len(case["data"]["x"])
    estimate = kendall_tau_b(one, one, case["data"]["x"], case["data"]["y"])
    assert estimate.value == close(case, "tau_b")


def check_agreement_with_scores(case: Case, expected: dict[str, float], *votes: list[Any]) -> None:
    found = score_agreement(read_votes(*votes))
    half_unequal = expected["agree_ties_half_score_untied"]
    assert found.n_votes == expected["n"]
    assert found.strict.n_ratings == expected["n_decided"]
    assert found.strict.value == pytest.approx(expected["agree_strict"], abs=case["tolerance"])
    assert found.ties_half.value == pytest.approx(expected["agree_ties_half_all"])
    assert found.ties_half_between_scores.value == pytest.approx(half_unequal)
    assert found.n_ties / found.n_votes == pytest.approx(expected["tie_rate"])
    left = side_bias(read_votes(*votes))
    assert left.value == pytest.approx(expected["left_rate_of_decided"])


def check_headline(case: Case) -> None:
    rows = case["data"]["rows"]
    votes = (
        [row["neuron"] for row in rows],
        [row["rater"] for row in rows],
        [row["sA"] - row["sB"] for row in rows],
        [{"A": 1, "B": -1, "tie": 0}[row["pref"]] for row in rows],
    )
    check_agreement_with_scores(case, case["expected"], *votes)


def check_calibration(case: Case) -> None:
    rows = [dict(zip(case["data"]["columns"], row, strict=True)) for row in case["data"]["rows"]]
    votes = (
        [row["neuron"] for row in rows],
        [row["rater"] for row in rows],
        [row["s_left"] - row["s_right"] for row in rows],
        [{"left": 1, "right": -1, "tie": 0}[row["winner"]] for row in rows],
    )
    expected, tolerance = case["expected"], case["tolerance"]
    dropped, half = (
        calibration(read_votes(*votes)),
        calibration(read_votes(*votes), ties="half"),
    )
    assert dropped.side_bias.value == close(case, "side_bias")
    assert dropped.slope.value == close(case, "beta_per_0p1")
    assert dropped.log_likelihood == close(case, "loglik")
    assert (dropped.n_votes, dropped.n_ties) == (expected["n_decided"], expected["n_ties"])
    errors = {"side_bias": dropped.side_bias.se, "beta_per_0p1": dropped.slope.se}
    assert errors == pytest.approx(expected["se_two_way_floored"], abs=tolerance)
    fitted = {"side_bias": half.side_bias.value, "beta_per_0p1": half.slope.value}
    assert fitted == pytest.approx(expected["ties_half"], abs=tolerance)
    check_agreement_with_scores(case, expected["agreement"], *votes)


def check_noise_ceiling(case: Case) -> None:
    # The majority that includes the rater is biased upwards and not offered.
    votes = [(u, r, y) for u, unit in enumerate(case["data"]["units"]) for r, y in enumerate(unit)]
    ceiling = noise_ceiling(*zip(*votes, strict=True))
    assert ceiling.lower.n_units == case["expected"]["n_units"]
    assert ceiling.lower.value == close(case, "inter_rater_agreement")
    assert ceiling.lower.value == close(case, "oracle_ceiling_lower")
    assert ceiling.upper.value == close(case, "oracle_ceiling_upper")
    assert ceiling.leave_one_out.value == close(case, "loo_majority")


def check_baseball(case: Case) -> None:
    left, right, won = from_games(case["data"]["rows"])
    fit = bradley_terry(left, right, won, side_bias=case["statistic"] == "bradley_terry_side_bias")
    teams = {team.item: team for team in fit.abilities(relative_to="Baltimore")}
    expected = case["expected"]
    assert {name: teams[name].log_ability for name in expected["log_ability"]} == close(
        case, "log_ability"
    )
    if "se" in expected:
        assert {name: teams[name].se for name in expected["se"]} == close(case, "se")
    if "side_bias" in expected:
        assert fit.side_bias == close(case, "side_bias")
        assert fit.side_bias_se == close(case, "se_side")
    # deviance: twice what is lost against a model with one probability per pair and home team
    cells: dict[tuple[str, str], list[bool]] = {}
    for home, away, home_won in zip(left, right, won, strict=True):
        cells.setdefault((home, away), []).append(home_won)
    saturated = sum(special.xlogy(n, n / len(c)) for c in cells.values() for n in counts(c))
    assert 2 * (saturated - fit.log_likelihood) == close(case, "deviance")


def counts(cell: list[bool]) -> tuple[int, int]:
    return sum(cell), len(cell) - sum(cell)


def check_bradley_terry(case: Case) -> None:
    if "wins" not in case["data"]:
        check_baseball(case)
    else:
        fit = bradley_terry(*from_wins(case["data"]["items"], case["data"]["wins"]))
        found = {a.item: a.log_ability for a in fit.abilities(relative_to="Biometrika")}
        assert found == close(case)


def with_ties(case: Case) -> Iterator[tuple[int, ...]]:
    """Left, right and outcome, from rows of wins, losses and ties of each pair."""
    rows = [
        (i, j, outcome)
        for i, j, *n in case["data"]["rows"]
        for outcome, times in zip((1, -1, 0), n, strict=True)
        for _ in range(times)
    ]
    return zip(*rows, strict=True)


def check_davidson(case: Case) -> None:
    fit = davidson(*with_ties(case))
    worth = np.exp(fit.log_ability)
    first = [a.log_ability for a in fit.abilities(relative_to=0)]
    assert (worth / worth.sum()).tolist() == close(case, "worth")
    assert first == close(case, "log_worth_vs_first")
    assert fit.log_ability.tolist() == close(case, "log_worth_mean0")
    assert [a.se for a in fit.abilities()] == close(case, "se_log_worth_mean0")
    assert np.exp(fit.log_nu) == close(case, "nu")
    assert (fit.log_nu, fit.log_nu_se) == (close(case, "log_nu"), close(case, "se_log_nu"))
    assert fit.log_likelihood == close(case, "loglik")


def check_plackett_luce(case: Case) -> None:
    fit = plackett_luce(case["data"]["rankings_best_first"])
    assert fit.items == tuple(range(case["data"]["n_items"]))
    assert fit.log_ability.tolist() == close(case, "log_worth_mean0")


def check_never_wins(case: Case) -> None:
    left, right, winner = zip(*case["data"]["rows"], strict=True)
    won = [side == "left" for side in winner]
    assert bradley_terry(left, right, won).reason.startswith("some items never lost")
    fit = bradley_terry(left, right, won, prior_sd=1.0)
    assert fit.log_ability.tolist() == close(case, "map_prior_sd1_mean0")


def check_components(case: Case) -> None:
    data, expected = case["data"], case["expected"]
    left, right, won = from_wins(data["items"], data["wins"])
    fit = bradley_terry(left, right, won)
    assert fit.reason.startswith("not all items met")
    assert [list(part) for part in fit.components] == expected["components"]
    for part in fit.components:
        rows = np.isin(left, part)
        within = bradley_terry(np.array(left)[rows], np.array(right)[rows], np.array(won)[rows])
        gap = within.log_ability[0] - within.log_ability[1]
        assert gap == close(case, "within_component_log_odds")


CHECKS: dict[str, Callable[[Case], None]] = {
    "krippendorff_alpha": check_alpha,
    "krippendorff_alpha_gwet_weights": check_alpha_with_gwets_weights,
    "gwet_ac": check_weighted,
    "fleiss_kappa_gwet_missing": check_weighted,
    "conger_kappa": check_weighted,
    "brennan_prediger": check_weighted,
    "fleiss_kappa": check_fleiss,
    "cohen_kappa": check_cohen,
    "two_rater_coefficients": check_two_raters,
    "icc": check_icc,
    "benjamini_hochberg": check_benjamini_hochberg,
    "rank_correlation": check_tau_b,
    "score_preference_agreement": check_headline,
    "preference_score_calibration": check_calibration,
    "noise_ceiling": check_noise_ceiling,
    "bradley_terry": check_bradley_terry,
    "bradley_terry_side_bias": check_baseball,
    "davidson_ties": check_davidson,
    "plackett_luce": check_plackett_luce,
    "bradley_terry_map": check_never_wins,
    "bradley_terry_components": check_components,
}


def ids() -> list[str]:
    return [case["id"] for case in json.loads(REFERENCE.read_text())["cases"]]


@pytest.mark.parametrize("case_id", ids())
def test_a_worked_case_comes_out_as_published(case_id: str, cases: dict[str, Case]) -> None:
    case = cases[case_id]
    if "ref" in case["data"]:
        source = {"data of pudding_davidson": "pudding_davidson"}.get(case["data"]["ref"])
        case = case | {"data": cases[source or "baseball_bt"]["data"]}
    CHECKS[case["statistic"]](case)


def test_every_check_has_a_case(cases: dict[str, Case]) -> None:
    assert {case["statistic"] for case in cases.values()} == set(CHECKS)
