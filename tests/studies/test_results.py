"""What `analyse` makes of a study small enough to be worked out by hand."""

import json
from math import nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.tables import Flow, Judgments, ReasonCount, Scores
from studies.analysis.results import Results, analyse
from studies.analysis.results_report import figures, summary
from tests.studies.columns import comparisons

Row = tuple[int, int, int, bool]
"""Item, rater, outcome, and whether the left one is listed first."""

# Three items on three neurons, three raters. The item lists condition 0 first on items 0 and 2.
#            item rater outcome listed   first won?
ROWS: list[Row] = [
    (0, 0, +1, True),  # left is listed first and won:           first
    (0, 1, -1, False),  # right won, and right is listed first:  first
    (0, 2, +1, True),  #                                         first
    (1, 0, +1, True),  #                                         first
    (1, 1, -1, True),  #                                         second
    (2, 0, 0, True),  #                                          tie
    (2, 1, +1, False),  #                                        second
]


def judgments(rows: list[Row]) -> Judgments:
    """Make columns: item i compares explanations 10 + i (condition 0) and 20 + i (condition 1)."""
    item, rater, outcome, listed = (
        (np.array(c) for c in zip(*rows, strict=True))
        if rows
        else (np.zeros(0, dtype=np.intp),) * 4
    )
    left_is_0 = np.isin(item, (0, 2)) == listed.astype(bool)
    return Judgments(
        unit=item,
        neuron=item,
        rater=rater,
        outcome=outcome.astype(np.int8),
        left_explanation=np.where(left_is_0, 10, 20) + item,
        right_explanation=np.where(left_is_0, 20, 10) + item,
        left_condition=np.where(left_is_0, 0, 1),
        right_condition=np.where(left_is_0, 1, 0),
        left_listed_first=listed.astype(bool),
        confidence=np.full(len(item), nan),
        seconds=np.full(len(item), 10.0),
        synthetic=np.zeros(len(item), dtype=bool),
    )


# Condition 0 scores higher by .2 on items 0 and 2, lower by .3 on item 1.
SCORES = Scores(
    scorer="correlation",
    explanation=np.array([10, 20, 11, 21, 12, 22]),
    value=np.array([0.5, 0.3, 0.3, 0.6, 0.5, 0.3]),
)


def results(rows: list[Row], *scores: Scores, flow: Flow | None = None) -> Results:
    return analyse(
        comparisons(
            judgments(rows),
            conditions=("zero", "one"),
            scores=scores,
            flow=flow or Flow(judgments_wanted=9),
        )
    )


def test_percent_agreement_is_worked_out_on_the_items_own_order() -> None:
    # Item 0: first, first, first: 3 of 3 pairs agree. Item 1: first, second: 0. Item 2: tie,
    # second: 0. Each item weighs the same: (1 + 0 + 0) / 3.
    assert results(ROWS).details.agreement.percent.value == pytest.approx(1 / 3)


def test_nominal_alpha_is_worked_out_on_first_tie_and_second() -> None:
    # Values: 4 first, 1 tie, 2 second; n = 7. Coincidences off the diagonal: item 1 gives
    # first-second twice, item 2 tie-second twice: observed 4 / 7.
    # Expected: (49 - 16 - 1 - 4) / (7 * 6) = 28 / 42 = 2 / 3. alpha = 1 - (4 / 7) / (2 / 3) = 1/7.
    assert results(ROWS).details.agreement.alpha_nominal.value == pytest.approx(1 / 7)


def test_brennan_prediger_takes_chance_as_one_third() -> None:
    # (1/3 - 1/3) / (1 - 1/3) = 0
    assert results(ROWS).details.agreement.brennan_prediger.value == pytest.approx(0)


def test_strict_agreement_counts_decided_votes_that_the_higher_score_won() -> None:
    # Condition 0 is higher on items 0 and 2, condition 1 on item 1.
    # Item 0: 0 is first; first won three times: 3 agree. Item 1: 1 is listed first (0 is first on
    # items 0 and 2 only), so first means condition 1, the higher: 1 agrees, 1 does not.
    # Item 2: 0 is first; second won: 0 agrees; and a tie. Together 4 of 6, with the tie 4.5 of 7.
    [scorer] = results(ROWS, SCORES).details.scorers
    assert scorer.agreement.strict.value == pytest.approx(4 / 6)
    assert scorer.agreement.ties_half.value == pytest.approx(4.5 / 7)


def test_votes_fall_into_the_bin_of_their_score_gap() -> None:
    [scorer] = results(ROWS, SCORES).details.scorers
    votes = {(gap.low, gap.high): gap.n_votes for gap in scorer.by_gap if gap.n_votes}
    assert votes == {(0.1, 0.2): 5, (0.2, 0.3): 2}


def test_win_rates_count_a_tie_as_half() -> None:
    # Condition 0 won 3 on item 0, 1 on item 1 (its second), 0 on item 2, and tied once:
    # (4 + .5) / 7; condition 1 has the rest.
    made = results(ROWS).details.methods
    assert [(row.condition, row.wins, row.ties, row.losses) for row in made.rates] == [
        ("zero", 4, 1, 2),
        ("one", 2, 1, 4),
    ]
    assert made.rates[0].rate.value == pytest.approx(4.5 / 7)
    assert made.wins == ((0, 4), (2, 0))


def test_sides_are_counted_as_shown() -> None:
    sides = results(ROWS).details.sides
    assert (sides.left, sides.ties, sides.right) == (4, 1, 2)
    assert sides.left_share.value == pytest.approx(4 / 6)
    assert sides.tie_share.value == pytest.approx(1 / 7)


def test_the_noise_ceiling_rests_on_decided_votes() -> None:
    # Item 0: agreement 1; item 1: 0; item 2 has one decided vote only. A = 1/2, upper = 1/2.
    ceiling = results(ROWS).details.ceiling
    assert ceiling.lower.value == pytest.approx(0.5)
    assert ceiling.upper.value == pytest.approx(0.5)


def test_votes_without_a_score_on_both_sides_are_left_out_and_counted() -> None:
    partial = Scores(
        scorer="partial",
        explanation=np.array([10, 20]),
        value=np.array([0.5, 0.3]),
        undefined=(ReasonCount(reason="the simulation is constant", n=4),),
    )
    made = results(ROWS, partial)
    assert made.details.scorers[0].n_unscored == 4
    told = " ".join(summary(made)["warnings"])
    assert "4 explanations without a defined score left out: the simulation is constant (4)" in told
    assert "4 of 7 votes left out" in told


def test_the_headline_takes_the_scorer_that_covers_most_votes_not_the_best() -> None:
    few = Scores(scorer="best", explanation=np.array([10, 20]), value=np.array([0.5, 0.3]))
    made = results(ROWS, few, SCORES)
    assert made.details.primary == 1
    assert made.details.scorers[0].agreement.strict.value == 1.0
    assert "higher correlation score in 67%" in summary(made)["headline"]


def test_a_few_undefined_scores_do_not_cost_a_scorer_its_place_in_the_headline() -> None:
    # Item 1 has one of 10 votes: without its scores, correlation still covers nine tenths of them.
    rows = [(0, rater, 1, rater % 2) for rater in range(9)] + [(1, 0, 1, 1)]
    fewer = Scores(scorer="correlation", explanation=np.array([10, 20]), value=np.array([0.5, 0.3]))
    all_of_them = Scores(
        scorer="r squared",
        explanation=np.array([10, 20, 11, 21]),
        value=np.array([0.5, 0.3, 0.6, 0.3]),
    )
    assert results(rows, fewer, all_of_them).details.primary == 0


def test_a_scorer_without_any_score_is_undefined_with_its_reason_and_not_the_headline() -> None:
    nothing = Scores(scorer="empty", explanation=np.zeros(0, dtype=np.intp), value=np.zeros(0))
    made = results(ROWS, nothing)
    assert made.details.primary is None
    assert made.details.scorers[0].agreement.strict.reason
    assert "No score covers the explanations compared" in summary(made)["headline"]


def test_no_judgments_give_reasons_and_no_numbers() -> None:
    made = results([], SCORES)
    assert summary(made)["headline"] == "No judgments yet, so there is nothing to report."
    assert summary(made)["warnings"] == []
    assert not made.details.agreement.percent.defined
    assert made.details.methods.never_judged == ("zero", "one")
    assert figures(made)


def test_all_ties_leave_agreement_with_scores_undefined() -> None:
    made = results([(i, r, 0, True) for i in range(3) for r in range(3)], SCORES)
    assert made.details.agreement.percent.value == 1.0
    assert "no variation" in made.details.agreement.alpha_nominal.reason
    assert not made.details.scorers[0].agreement.strict.defined
    assert summary(made)["headline"].startswith(
        "Whether correlation predicts preference is not known yet"
    )


def test_one_rater_is_warned_of_and_has_no_interval() -> None:
    made = results([(i, 0, 1, True) for i in range(3)], SCORES)
    assert not made.details.scorers[0].agreement.strict.has_interval
    assert summary(made)["warnings"][0].startswith("Only one rater")


def test_results_are_plain_json_without_numbers_that_are_none() -> None:
    made = results(ROWS, SCORES)
    text = json.dumps({**summary(made), **made.as_dict()}, allow_nan=False)
    assert json.loads(text)["details"]["scorers"][0]["by_gap"][-1]["high"] is None


rows_of_any_study = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.sampled_from((-1, 0, 1)), st.booleans()),
    unique_by=lambda row: row[:2],
)


@settings(deadline=None, max_examples=25)
@given(rows_of_any_study)
def test_analysis_never_fails_for_want_of_data_and_repeats_itself(rows: list[Row]) -> None:
    made = results(rows, SCORES)
    assert json.dumps(made.as_dict(), allow_nan=False) == json.dumps(
        results(rows, SCORES).as_dict(), allow_nan=False
    )
    assert summary(made)["headline"]


@settings(deadline=None, max_examples=25)
@given(rows_of_any_study)
def test_swapping_the_sides_on_the_screen_changes_only_the_side_bias(rows: list[Row]) -> None:
    swapped = [(item, rater, -outcome, not listed) for item, rater, outcome, listed in rows]
    one, other = results(rows, SCORES), results(swapped, SCORES)
    assert one.as_dict()["details"]["agreement"] == other.as_dict()["details"]["agreement"]
    assert (one.details.sides.left, one.details.sides.right) == (
        other.details.sides.right,
        other.details.sides.left,
    )
    assert [r.wins for r in one.details.methods.rates] == [
        r.wins for r in other.details.methods.rates
    ]


def test_columns_of_different_lengths_are_refused_with_their_names() -> None:
    good = judgments(ROWS).columns()
    with pytest.raises(ValueError, match="'unit': 6"):
        Judgments(**{**good, "unit": good["unit"][1:]})
