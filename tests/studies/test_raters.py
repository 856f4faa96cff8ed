"""Rater by rater: agreement with the others, influence, who errs how, learning and fatigue."""

from collections.abc import Callable
from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.agreement import alpha
from studies.analysis.statistics.drift import drift
from studies.analysis.statistics.raters import dawid_skene, rater_agreement, rater_pairs

quick = settings(max_examples=40, deadline=None)

Rows = tuple[list[int], list[int], list[int]]


@st.composite
def ratings(draw: st.DrawFn) -> Rows:
    """Up to 6 units and 5 raters with holes, values 0 to 2."""
    cell = st.tuples(st.integers(0, 5), st.integers(0, 4))
    cells = draw(st.dictionaries(cell, st.integers(0, 2), min_size=1))
    units, raters = zip(*cells, strict=True)
    return list(units), list(raters), list(cells.values())


# Four units, three raters; rater 2 says the contrary of the others on every unit but the last.
CONTRARY = [0, 1, 2, 3] * 3, [0] * 4 + [1] * 4 + [2] * 4, [0, 1, 0, 1] * 2 + [1, 0, 1, 1]


def test_agreement_with_the_others_is_worked_out_on_each_unit() -> None:
    # rater 0: units 0 to 2 one of two others says the same, unit 3 both: (3 * .5 + 1) / 4
    # rater 2: nobody on units 0 to 2, both on unit 3: 1 / 4
    first, second, contrary = rater_agreement(*CONTRARY, level="nominal")
    assert first.with_others.value == pytest.approx(2.5 / 4)
    assert second.with_others.value == pytest.approx(2.5 / 4)
    assert contrary.with_others.value == pytest.approx(1 / 4)
    assert (contrary.rater, contrary.n_ratings) == (2, 4)


def test_leaving_the_contrary_rater_out_raises_alpha() -> None:
    units, raters, values = CONTRARY
    found = rater_agreement(*CONTRARY, level="nominal")
    without = alpha(units[:8], raters[:8], values[:8], level="nominal").value
    assert without == pytest.approx(1.0)
    assert found[2].influence == pytest.approx(alpha(*CONTRARY, level="nominal").value - 1)
    assert found[2].influence < 0 < found[0].influence


def test_a_rater_alone_has_nobody_to_agree_with() -> None:
    [alone] = rater_agreement([0, 1], [7, 7], [1, 2], level="nominal")
    assert alone.with_others.reason == "nobody else rated what this rater did"
    assert np.isnan(alone.influence)
    assert rater_agreement([], [], [], level="nominal") == ()


def test_every_two_raters_are_compared_on_what_they_share() -> None:
    pairs = rater_pairs(*CONTRARY)
    assert pairs.raters == (0, 1, 2)
    assert pairs.shared.tolist() == [[0, 4, 4], [4, 0, 4], [4, 4, 0]]
    assert pairs.agreement[0, 1] == 1.0
    assert pairs.agreement[0, 2] == pairs.agreement[2, 1] == 1 / 4
    assert np.isnan(np.diag(pairs.agreement)).all()
    assert rater_pairs([], [], []).raters == ()


def simulated(seed: int, accuracy: list[float], n_units: int = 400) -> tuple[Rows, Any]:
    """Two categories; every rater says what a unit is with their accuracy."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n_units) < 0.4).astype(int)
    unit, rater = (grid.ravel() for grid in np.indices((n_units, len(accuracy))))
    right = rng.random(len(unit)) < np.array(accuracy)[rater]
    value = np.where(right, truth[unit], 1 - truth[unit])
    return (unit.tolist(), rater.tolist(), value.tolist()), truth


def test_raters_accuracies_and_the_truth_are_found_again() -> None:
    accuracy = [0.95, 0.8, 0.7, 0.55, 0.9]
    rows, truth = simulated(1, accuracy)
    fit = dawid_skene(*rows)
    assert fit.accuracy.tolist() == pytest.approx(accuracy, abs=0.05)
    assert fit.share.tolist() == pytest.approx([0.6, 0.4], abs=0.06)
    votes = np.array(rows[2]).reshape(400, 5)
    majority = (votes.mean(axis=1) > 0.5).astype(int)
    assert (fit.posterior.argmax(axis=1) == truth).mean() > (majority == truth).mean()


def test_who_errs_cannot_be_told_among_two_raters_or_without_variation() -> None:
    two = dawid_skene([0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 2, 1])
    assert two.reason.startswith("fewer than three raters")
    assert np.isnan(two.posterior).all()
    assert np.isnan(two.accuracy).all()
    assert dawid_skene([0] * 3, [0, 1, 2], [1, 1, 1]).reason.startswith("no variation")
    assert dawid_skene([], [], []).reason.startswith("no unit was rated by two")


def test_the_slope_within_raters_is_not_fooled_by_who_stays_on() -> None:
    # rater 0 stops after 2 judgments of 0; rater 1 goes on with ones: the curve rises, nobody did
    found = drift([0, 1, 0, 1, 2, 3], [0, 0, 1, 1, 1, 1], [1, 2, 1, 2, 3, 4], [0, 0, 1, 1, 1, 1],
                  edges=(0, 2, 4))  # fmt: skip
    assert [stretch.mean.value for stretch in found.stretches] == [0.5, 1.0]
    assert found.slope.value == pytest.approx(0, abs=1e-12)


def test_a_slope_is_read_off_in_judgments_of_ten() -> None:
    # each rater rises by .2 from one judgment to the next: 2 per ten, whatever the level
    places, raters = [1, 2, 3] * 2, [0] * 3 + [1] * 3
    found = drift([0, 1, 2] * 2, raters, places, [0.1, 0.3, 0.5, 0.6, 0.8, 1.0])
    assert found.slope.value == pytest.approx(2.0)


def test_without_two_places_there_is_no_slope_and_empty_stretches_say_so() -> None:
    found = drift([0, 1], [0, 1], [1, 1], [0.5, 0.7])
    assert found.slope.reason == "no rater has judgments at two places"
    assert found.stretches[0].mean.value == pytest.approx(0.6)
    assert found.stretches[1].mean.reason == "no judgment so far on"
    assert drift([], [], [], []).slope.reason == found.slope.reason


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "place": ("places", lambda: drift([0], [0], [nan], [1.0])),
    "value": ("values", lambda: drift([0], [0], [1], [nan])),
    "edges": ("edges", lambda: drift([0], [0], [1], [1.0], edges=(1, 1))),
    "lengths": ("places", lambda: drift([0], [0], [], [1.0])),
    "twice": ("raters", lambda: dawid_skene([0, 0], [0, 0], [1, 2])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(ratings())
def test_influence_is_what_refitting_without_the_rater_says(rows: Rows) -> None:
    whole = alpha(*rows, level="nominal").value
    for each in rater_agreement(*rows, level="nominal"):
        others = [i for i, rater in enumerate(rows[1]) if rater != each.rater]
        rest = alpha(*([column[i] for i in others] for column in rows), level="nominal").value
        assert each.influence == pytest.approx(whole - rest, nan_ok=True, abs=1e-9)


@quick
@given(ratings(), st.permutations(["p", "q", "r"]))
def test_renaming_the_categories_renames_the_truth_only(rows: Rows, names: list[str]) -> None:
    units, raters, values = rows
    fit = dawid_skene(*rows, categories=[0, 1, 2])
    renamed = dawid_skene(units, raters, [names[value] for value in values], categories=names)
    assert renamed.posterior == pytest.approx(fit.posterior, nan_ok=True, abs=1e-6)
    assert renamed.accuracy == pytest.approx(fit.accuracy, nan_ok=True, abs=1e-6)


@quick
@given(ratings())
def test_two_raters_agree_with_each_other_alike(rows: Rows) -> None:
    pairs = rater_pairs(*rows)
    assert np.array_equal(pairs.agreement, pairs.agreement.T, equal_nan=True)
    assert np.array_equal(pairs.shared, pairs.shared.T)
