"""Agreement item by item, condition by condition, and as judgments come in."""

from functools import partial
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.agreement import alpha, percent_agreement
from studies.analysis.statistics.breakdown import (
    agreement_by_group,
    agreement_by_item,
    alpha_by_judgments,
)

quick = settings(max_examples=40, deadline=None)

Rows = tuple[list[int], list[int], list[int]]


@st.composite
def ratings(draw: st.DrawFn) -> Rows:
    """Up to 6 units and 5 raters with holes, values 0 to 3, in any order."""
    cell = st.tuples(st.integers(0, 5), st.integers(0, 4))
    cells = draw(st.dictionaries(cell, st.integers(0, 3), min_size=1))
    units, raters = zip(*cells, strict=True)
    return list(units), list(raters), list(cells.values())


def test_an_items_agreement_is_the_share_of_its_pairs_that_agree() -> None:
    # unit a: yes yes no: 1 of 3 pairs; unit b: no no: 1 of 1; unit c: one rating, nothing to pair
    rows = list("aaabbc"), [1, 2, 3, 1, 2, 1], ["yes", "yes", "no", "no", "no", "yes"]
    items = agreement_by_item(*rows)
    assert items.units.tolist() == ["a", "b", "c"]
    assert items.n.tolist() == [3, 2, 1]
    assert items.agreement.tolist() == pytest.approx([1 / 3, 1.0, nan], nan_ok=True)
    assert items.most.tolist() == ["yes", "no", "yes"]
    assert items.share.tolist() == pytest.approx([2 / 3, 1.0, 1.0])


def test_no_ratings_have_no_items() -> None:
    assert not len(agreement_by_item([], [], []).units)
    assert alpha_by_judgments([], [], [], level="nominal") == ()
    assert agreement_by_group(percent_agreement, [], [], [], []) == ()


def test_each_condition_is_taken_by_itself_and_one_without_ratings_says_so() -> None:
    rows = [0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 2]
    groups = ["x", "x", "y", "y"]
    x, y, z = agreement_by_group(percent_agreement, groups, *rows, expected=("x", "y", "z"))
    assert (x.agreement.value, y.agreement.value) == (1.0, 0.0)
    assert z.group == "z"
    assert z.agreement.reason.startswith("no unit was rated by two raters")


def test_alpha_so_far_knows_only_the_judgments_that_had_come_in() -> None:
    # the first four: units (0,1) and (1,0), alpha -1/2, as in the test of alpha itself
    rows = [0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4, [0, 1, 1, 0, 1, 1, 0, 0]
    early, late = alpha_by_judgments(*rows, level="nominal", points=2)
    assert (early.n, late.n) == (4, 8)
    assert early.estimate.value == pytest.approx(-0.5)
    assert late.estimate == alpha(*rows, level="nominal")


def test_points_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^points: "):
        alpha_by_judgments([0], [0], [1], level="nominal", points=0)


@quick
@given(ratings())
def test_the_mean_over_items_is_percent_agreement(rows: Rows) -> None:
    items = agreement_by_item(*rows)
    paired = items.n > 1
    mean = items.agreement[paired].mean() if paired.any() else np.nan
    assert percent_agreement(*rows).value == pytest.approx(mean, nan_ok=True)


@quick
@given(ratings(), st.sampled_from(["nominal", "ordinal", "interval"]))
def test_the_last_point_is_alpha_of_everything(rows: Rows, level: str) -> None:
    points = alpha_by_judgments(*rows, level=level)  # type: ignore[arg-type]
    whole = partial(alpha, level=level)(*rows)
    assert points[-1].n == len(rows[0])
    assert points[-1].estimate.value == pytest.approx(whole.value, nan_ok=True)
    assert [point.n for point in points] == sorted({point.n for point in points})
