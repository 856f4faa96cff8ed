"""How far raters agree: worked by hand, then what must hold for all ratings."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics import agreement
from studies.analysis.statistics.agreement import (
    alpha,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac,
    icc,
    kendall_w,
    percent_agreement,
    prevalence,
)

quick = settings(max_examples=40, deadline=None)

Rows = tuple[list[int], list[int], list[int]]
Measure = Callable[..., Estimate]

NOMINAL: dict[str, Measure] = {
    "alpha": partial(alpha, level="nominal"),
    "percent": percent_agreement,
    "fleiss": fleiss_kappa,
    "conger": conger_kappa,
    "ac": gwet_ac,
    "bp": brennan_prediger,
}
OTHERS: dict[str, Measure] = {
    "ordinal": partial(alpha, level="ordinal"),
    "interval": partial(alpha, level="interval"),
    "ratio": partial(alpha, level="ratio"),
    "icc 1": partial(icc, kind="1,1"),
    "icc A": partial(icc, kind="A,1"),
    "icc C,k": partial(icc, kind="C,k"),
}
CORRECTED = {name: measure for name, measure in NOMINAL.items() if name != "percent"}


@st.composite
def ratings(draw: st.DrawFn) -> Rows:
    """Up to 6 units and 5 raters with holes, values 0 to 3."""
    cells = draw(
        st.dictionaries(
            st.tuples(st.integers(0, 5), st.integers(0, 4)), st.integers(0, 3), min_size=2
        )
    )
    units, raters = zip(*cells, strict=True)
    return list(units), list(raters), list(cells.values())


def same(one: Estimate, other: Estimate) -> bool:
    """Whether two estimates tell the same, to rounding; names of methods and notes aside."""
    names = ("value", "low", "high", "se")
    first, second = ([getattr(e, name) for name in names] for e in (one, other))
    return bool(np.allclose(first, second, atol=1e-7, equal_nan=True))


def test_alpha_of_two_raters_who_always_disagree_is_negative() -> None:
    # two units, ratings (0,1) and (1,0): D_o = 1, D_e = (2*2*2)/(4*3) = 2/3, so alpha = 1 - 3/2
    assert alpha([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0], level="nominal").value == -0.5


def test_interval_alpha_weighs_a_disagreement_by_its_square() -> None:
    # units (0,0), (4,4), (0,2): D_o = 2*4/6 = 4/3; n = 6, values 0,0,4,4,0,2: the squared
    # differences of ordered pairs are 2*(6*36 - 10^2) = 232, D_e = 232/30; alpha = 1 - 40/232
    rows = [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [0, 0, 4, 4, 0, 2]
    assert alpha(*rows, level="interval").value == pytest.approx(1 - 40 / 232)


def test_percent_agreement_averages_over_units_not_over_pairs() -> None:
    # unit 0: 1 of 1 pair agrees; unit 1: 1 of 3 pairs (a, a, b): mean of 1 and 1/3
    rows = [0, 0, 1, 1, 1], [0, 1, 0, 1, 2], ["a", "a", "a", "a", "b"]
    assert percent_agreement(*rows).value == pytest.approx(2 / 3)


def test_kendalls_w_of_two_rankings_that_half_agree() -> None:
    # rankings 1 2 3 and 1 3 2: rank sums 2, 5, 5 around 4: S = 4+1+1 = 6; W = 12*6/(4*(27-3)) = .75
    rows = [0, 1, 2] * 2, [0] * 3 + [1] * 3, [1, 2, 3, 1, 3, 2]
    assert kendall_w(*rows).value == pytest.approx(0.75)


def test_prevalence_counts_also_what_nobody_chose() -> None:
    # a twice of three, b never, c once
    shares = [(p.category, p.n, p.share) for p in prevalence(list("aac"), categories=list("abc"))]
    assert shares == [("a", 2, 2 / 3), ("b", 0, 0.0), ("c", 1, 1 / 3)]


def test_prevalence_of_nothing_is_empty() -> None:
    assert prevalence([]) == ()


@pytest.mark.parametrize("measure", CORRECTED.values(), ids=CORRECTED)
def test_agreement_without_variation_is_undefined_not_perfect(measure: Measure) -> None:
    estimate = measure([0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1])
    assert not estimate.defined
    assert "no variation" in estimate.reason


@pytest.mark.parametrize("measure", (NOMINAL | OTHERS).values(), ids=NOMINAL | OTHERS)
@pytest.mark.parametrize("rows", [([], [], []), ([0, 1], [0, 1], [1, 2])], ids=["none", "apart"])
def test_agreement_with_nothing_to_pair_is_undefined(measure: Measure, rows: Rows) -> None:
    estimate = measure(*rows)
    assert not estimate.defined
    assert estimate.reason


def test_a_measure_for_two_raters_or_full_rankings_says_what_it_lacks() -> None:
    three = [0, 0, 0, 1, 1], [0, 1, 2, 0, 1], [1, 2, 1, 1, 2]
    assert "two raters, here are 3" in cohen_kappa(*three).reason
    assert "every unit" in kendall_w(*three).reason
    assert "in common" in cohen_kappa([0, 1], [0, 1], [1, 2]).reason
    assert "two raters" in kendall_w([0, 1], [0, 0], [1, 2]).reason
    assert "no variation" in kendall_w([0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]).reason
    assert "no variation" in cohen_kappa([0, 0], [0, 1], [1, 1]).reason


def test_two_raters_who_each_always_say_their_own_agree_as_by_chance() -> None:
    # all units in one cell off the diagonal: agreement 0, chance 0, kappa 0
    assert cohen_kappa([0, 0, 1, 1], [0, 1, 0, 1], ["a", "b"] * 2).value == 0


def test_one_rater_leaves_the_value_out_and_two_leave_the_interval_out() -> None:
    two = alpha([0, 0, 1, 1, 2, 2], [0, 1] * 3, [1, 1, 2, 2, 1, 2], level="nominal")
    assert two.defined
    assert not two.has_interval
    assert two.note == "no interval: undefined once a certain rater is left out"


def test_perfect_agreement_does_not_pretend_to_be_certain() -> None:
    rows = [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 1, 2] * 3, [1, 1, 1, 2, 2, 2, 1, 1, 1]
    estimate = brennan_prediger(*rows)
    assert estimate.value == 1
    assert not estimate.has_interval
    assert "changes nothing" in estimate.note


BAD: dict[str, tuple[str, Callable[[], Estimate]]] = {
    "lengths": ("raters", lambda: percent_agreement([0, 1], [0], [1, 2])),
    "nan": ("values", lambda: percent_agreement([0, 1], [0, 1], [1.0, np.nan])),
    "twice": ("raters", lambda: percent_agreement([0, 0], [0, 0], [1, 2])),
    "undeclared": ("values", lambda: percent_agreement([0], [0], ["z"], categories=["a"])),
    "doubled": ("categories", lambda: percent_agreement([0], [0], ["a"], categories=["a", "a"])),
    "level": ("level", lambda: alpha([0], [0], [1], level="cardinal")),  # type: ignore[arg-type]
    "weights": ("weights", lambda: gwet_ac([0], [0], [1], weights="cubic")),  # type: ignore[arg-type]
    "kind": ("kind", lambda: icc([0], [0], [1], kind="2,1")),  # type: ignore[arg-type]
    "text interval": ("values", lambda: alpha([0], [0], ["a"], level="interval")),
    "text ordinal": ("categories", lambda: alpha([0], [0], ["a"], level="ordinal")),
    "text linear": ("categories", lambda: gwet_ac([0], [0], ["a"], weights="linear")),
    "negative ratio": ("values", lambda: alpha([0], [0], [-1], level="ratio")),
    "text icc": ("values", lambda: icc([0], [0], ["a"], kind="1,1")),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_arguments_name(
    name: str, call: Callable[[], Estimate]
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@pytest.mark.parametrize("name", sorted(set(agreement.__all__) - {"Prevalence", "prevalence"}))
def test_every_measure_takes_units_raters_values_first(name: str) -> None:
    function = getattr(agreement, name)
    if inspect.isfunction(function):
        assert list(inspect.signature(function).parameters)[:3] == ["units", "raters", "values"]


@quick
@given(ratings(), st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
def test_alpha_is_that_of_the_krippendorff_package(rows: Rows, level: Any) -> None:
    estimate = alpha(*rows, level=level)
    table = np.full((5, 6), np.nan)
    table[rows[1], rows[0]] = rows[2]
    assume(estimate.defined)
    assert estimate.value == pytest.approx(
        krippendorff.alpha(reliability_data=table, level_of_measurement=level), abs=1e-9
    )


@pytest.mark.parametrize("measure", NOMINAL.values(), ids=NOMINAL)
@quick
@given(rows=ratings(), names=st.permutations(["p", "q", "r", "s"]))
def test_nominal_agreement_does_not_care_what_the_labels_are_called(
    measure: Measure, rows: Rows, names: list[str]
) -> None:
    units, raters, values = rows
    assert same(measure(*rows), measure(units, raters, [names[value] for value in values]))


@pytest.mark.parametrize("measure", (NOMINAL | OTHERS).values(), ids=NOMINAL | OTHERS)
@quick
@given(rows=ratings(), data=st.data())
def test_agreement_does_not_care_about_the_order_or_names_of_units_and_raters(
    measure: Measure, rows: Rows, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows[0]))))
    units = [f"unit {5 - rows[0][i]}" for i in order]
    raters = [f"rater {(rows[1][i] + 2) % 5}" for i in order]
    assert same(measure(*rows), measure(units, raters, [rows[2][i] for i in order]))


@quick
@given(ratings())
def test_ordinal_alpha_knows_only_the_order(rows: Rows) -> None:
    units, raters, values = rows
    stretched = [value**3 - 7 for value in values]
    named = [["low", "mid", "high", "top"][value] for value in values]
    plain = alpha(*rows, level="ordinal")
    assert same(plain, alpha(units, raters, stretched, level="ordinal"))
    order = ["low", "mid", "high", "top"]
    assert same(plain, alpha(units, raters, named, level="ordinal", categories=order))


@pytest.mark.parametrize("name", ["interval", "icc 1", "icc A", "icc C,k"])
@quick
@given(rows=ratings())
def test_agreement_of_numbers_does_not_care_about_origin_and_unit(name: str, rows: Rows) -> None:
    units, raters, values = rows
    moved = [1000.0 - 0.5 * value for value in values]
    assert same(OTHERS[name](*rows), OTHERS[name](units, raters, moved))


@quick
@given(ratings())
def test_asking_every_unit_twice_leaves_the_pooled_coefficients_as_they_are(rows: Rows) -> None:
    units, raters, values = rows
    twice = units + [unit + 6 for unit in units], raters * 2, values * 2
    for measure in (percent_agreement, fleiss_kappa, conger_kappa, gwet_ac, brennan_prediger):
        once = measure(*rows).value
        assert measure(*twice).value == pytest.approx(once, nan_ok=True)


@quick
@given(ratings())
def test_congers_kappa_of_two_full_raters_is_cohens(rows: Rows) -> None:
    values = (rows[2] * 12)[:12]
    full = [unit for unit in range(6) for _ in range(2)], [0, 1] * 6, values
    assert conger_kappa(*full).value == pytest.approx(cohen_kappa(*full).value, nan_ok=True)


@quick
@given(ratings())
def test_no_coefficient_exceeds_one(rows: Rows) -> None:
    for measure in (NOMINAL | OTHERS).values():
        estimate = measure(*rows)
        assert not estimate.defined or estimate.value <= 1 + 1e-9
