"""What is missing, what was excluded, and whether the headline hangs on a choice."""

from collections.abc import Callable
from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.statistics.jackknife import Variance
from studies.analysis.statistics.missing import agreement_bounds, exclusion_flow, missing_by_group
from studies.analysis.statistics.score_votes import score_agreement
from studies.analysis.statistics.sensitivity import sensitivity
from studies.analysis.statistics.votes import read_votes

quick = settings(max_examples=40, deadline=None)

Votes = tuple[list[int], list[int], list[float], list[int]]


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 40 votes on 4 neurons by 3 raters, gaps in steps of 0.1."""
    row = st.tuples(
        st.integers(0, 3), st.integers(0, 2), st.integers(-7, 7), st.sampled_from([-1, 0, 1])
    )
    neurons, raters, gaps, outcome = zip(*draw(st.lists(row, max_size=40, min_size=1)), strict=True)
    return list(neurons), list(raters), [gap / 10 for gap in gaps], list(outcome)


def test_each_groups_missing_share_is_told_and_an_empty_group_says_so() -> None:
    found = missing_by_group(
        list("aab"), [1, 2, 3], [1, 2, 1], [True, False, False], expected=("a", "b", "c")
    )
    assert [(each.group, each.n, each.n_missing) for each in found] == [
        ("a", 2, 1),
        ("b", 1, 0),
        ("c", 0, 0),
    ]
    assert found[0].share.value == 0.5
    assert found[2].share.reason == "nothing was wanted of this group"


def test_missing_scores_bound_agreement_from_both_sides() -> None:
    # decided: won, won, lost, two without a score, one between equal scores; a tie is left out:
    # low 2/5, high 4/5
    bounds = agreement_bounds([0.1, -0.1, 0.2, nan, nan, 0.0, 0.3], [1, -1, -1, 1, -1, 1, 0])
    assert (bounds.low, bounds.high) == (2 / 5, 4 / 5)
    assert (bounds.n_known, bounds.n_missing) == (3, 2)
    nothing = agreement_bounds([0.1], [0])
    assert np.isnan([nothing.low, nothing.high]).all()
    assert nothing.reason.startswith("no decided vote")


def test_a_judgment_falls_under_the_first_rule_that_marks_it() -> None:
    flow = exclusion_flow(
        [1, 1, 2, 3],
        list("aabc"),
        {"too quick": [True, False, True, False], "failed gold": [True, True, False, False]},
    )
    everything, quick_ones, gold = flow.steps
    assert (everything.rule, everything.votes, everything.raters, everything.neurons) == (
        "",
        4,
        3,
        3,
    )
    assert (quick_ones.rule, quick_ones.excluded, quick_ones.votes) == ("too quick", 2, 2)
    assert (gold.excluded, gold.votes, gold.raters, gold.neurons) == (1, 1, 1, 1)
    assert flow.kept.tolist() == [False, False, False, True]
    assert [step.votes for step in exclusion_flow([], [], {"none": []}).steps] == [0, 0]


def test_the_sensitivity_table_has_a_row_for_every_choice() -> None:
    # votes: won, lost, tie, won; the second is excluded. Dropping ties: 2/3 with, 2/2 without;
    # as half: 2.5/4 with, 2.5/3 without
    rows = sensitivity(
        read_votes([1, 2, 3, 4], [1, 2, 1, 2], [0.1, 0.2, 0.3, 0.4], [1, -1, 0, 1]), [0, 1, 0, 0]
    )
    assert len({(row.ties, row.exclusions, row.clustering) for row in rows}) == 16
    values = {(row.ties, row.exclusions): row.agreement.value for row in rows}
    assert values == pytest.approx(
        {
            ("drop", "none"): 2 / 3,
            ("drop", "applied"): 1.0,
            ("half", "none"): 2.5 / 4,
            ("half", "applied"): 2.5 / 3,
        }
    )
    assert all((row.slope is not None) == (row.clustering == "two-way") for row in rows)


def test_each_clustering_takes_its_own_variance() -> None:
    parts = Variance(units=4.0, raters=3.0, ratings=2.0)
    assert [parts.under(c) for c in ("two-way", "neuron", "rater", "none")] == [5.0, 4.0, 3.0, 2.0]


def test_an_empty_study_has_a_table_of_reasons() -> None:
    for row in sensitivity(read_votes([], [], [], []), []):
        assert row.agreement.reason
        assert row.slope is None or row.slope.reason


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "missing": ("missing", lambda: missing_by_group([1], [1], [1], [2])),
    "lengths": ("neurons", lambda: missing_by_group([1], [], [1], [0])),
    "rule": ("odd", lambda: exclusion_flow([1], [1], {"odd": [3]})),
    "excluded": ("excluded", lambda: sensitivity(read_votes([1], [1], [0.1], [1]), [5])),
    "outcome": ("outcome", lambda: agreement_bounds([0.1], [4])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(votes(), st.data())
def test_the_bounds_hold_whatever_the_missing_scores_turn_out_to_be(
    rows: Votes, data: st.DataObject
) -> None:
    neurons, raters, gaps, outcome = rows
    lost = data.draw(st.lists(st.booleans(), min_size=len(gaps), max_size=len(gaps)))
    shown = [nan if gone else gap for gap, gone in zip(gaps, lost, strict=True)]
    # a score that is missing here is one between different scores: bounds are about the vote
    full = [0.05 if gone and gap == 0 else gap for gap, gone in zip(gaps, lost, strict=True)]
    truth = score_agreement(read_votes(neurons, raters, full, outcome)).strict
    bounds = agreement_bounds(shown, outcome)
    if truth.defined:
        assert bounds.low - 1e-9 <= truth.value <= bounds.high + 1e-9


@quick
@given(votes())
def test_the_two_way_row_without_exclusions_is_the_headline(rows: Votes) -> None:
    table = sensitivity(read_votes(*rows), [0] * len(rows[0]))
    headline = score_agreement(read_votes(*rows))
    strict, half = (
        next(r.agreement for r in table if r.ties == ties and r.clustering == "two-way")
        for ties in ("drop", "half")
    )
    assert strict.value == pytest.approx(headline.strict.value, nan_ok=True)
    assert strict.se == pytest.approx(headline.strict.se, nan_ok=True)
    assert half.value == pytest.approx(headline.ties_half.value, nan_ok=True)
