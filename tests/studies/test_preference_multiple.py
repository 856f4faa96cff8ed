"""Adjusted p-values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.multiple import benjamini_hochberg, holm

quick = settings(max_examples=40, deadline=None)

p_values = st.lists(st.floats(0, 1), max_size=20)


def test_holm_multiplies_by_how_many_are_left_and_never_goes_back() -> None:
    # sorted .01 * 3 = .03, .03 * 2 = .06, .04 * 1 = .04 raised to .06
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.06, 0.03, 0.06])


def test_benjamini_hochberg_divides_by_the_rank() -> None:
    # sorted .01 * 3/1 = .03, .03 * 3/2 = .045 lowered to .04, .04 * 3/3 = .04
    assert benjamini_hochberg([0.04, 0.01, 0.03]).tolist() == pytest.approx([0.04, 0.03, 0.04])


@pytest.mark.parametrize("bad", [[-0.1], [1.1], [float("nan")], [[0.1]]])
def test_what_is_no_p_value_is_refused(bad: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        with pytest.raises(ValueError, match=r"^p: "):
            adjust(bad)


@quick
@given(p_values)
def test_adjusted_p_values_keep_their_order_and_are_never_smaller(p: list[float]) -> None:
    for adjust in (holm, benjamini_hochberg):
        adjusted = adjust(p)
        order = np.argsort(p, kind="stable")
        assert (np.diff(adjusted[order]) >= 0).all()
        assert (adjusted >= np.array(p) - 1e-12).all()
    assert (holm(p) >= benjamini_hochberg(p) - 1e-12).all()
