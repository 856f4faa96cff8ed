"""Agreement part by part and item by item, one truth, and correlations without noise."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.answers import StudyTables
from studies.analysis.protocols.compare.agreement_details import AgreementDetails, vote_correlation
from studies.analysis.results import Results, analyse
from studies.analysis.results_report import figures
from tests.studies.test_results_details import N_NEURONS, N_RATERS, tables, votes


def details(whole: StudyTables) -> AgreementDetails:
    found: AgreementDetails = analyse(whole).details.agreement_details
    return found


@pytest.fixture(scope="module")
def made() -> Results:
    judged = votes()
    return analyse(tables(item=100 + judged.unit, layer=judged.neuron % 2))


def test_agreement_is_told_for_the_conditions_that_meet_and_for_layers(made: Results) -> None:
    parts = [(each.by, each.part) for each in made.details.agreement_details.parts]
    meetings = ["best and middle", "best and worst", "middle and worst"]
    assert parts == [
        *(("conditions", m) for m in meetings),
        ("layer", "layer 0"),
        ("layer", "layer 1"),
    ]
    by_part = {each.part: each for each in made.details.agreement_details.parts}
    rows = votes().unit % 3 == 1
    alone = analyse(tables(judgments=votes().only(rows)))
    assert by_part["best and worst"].percent.value == pytest.approx(
        alone.details.agreement.percent.value
    )
    assert by_part["best and worst"].alpha.value == pytest.approx(
        alone.details.agreement.alpha_ordinal.value
    )


def test_items_come_by_the_numbers_that_people_know_those_of_least_agreement_first(
    made: Results,
) -> None:
    items = made.details.agreement_details.items
    assert made.details.agreement_details.n_items == 3 * N_NEURONS
    assert len(items) == 40
    assert all(100 <= each.item < 100 + 3 * N_NEURONS for each in items)
    shares = [each.agreement for each in items]
    assert shares == sorted(shares)
    # 6 votes make 15 pairs; the item's share of pairs alike, by hand
    first = items[0]
    of_item = votes().first_won[votes().unit == first.item - 100]
    _, n = np.unique(of_item, return_counts=True)
    assert first.agreement == pytest.approx((n * (n - 1)).sum() / (6 * 5))
    assert first.n == N_RATERS


def test_one_truth_says_how_often_each_rater_names_it(made: Results) -> None:
    truth = made.details.agreement_details.truth
    assert truth.reason == ""
    assert sum(truth.shares) == pytest.approx(1)
    assert [each.rater for each in truth.raters] == list(range(N_RATERS))
    assert all(0.5 < each.accuracy <= 1 for each in truth.raters)
    shown = figures(made)["truth"]
    assert "Of all items: second" in shown.caption
    assert len(shown.rows) == N_RATERS


def test_two_raters_have_no_truth_and_the_page_says_why() -> None:
    whole = tables()
    few = analyse(replace(whole, answers=whole.answers.only(votes(whole).rater < 2)))
    assert figures(few)["truth"].empty.startswith("Not known: fewer than three raters")
    assert figures(few)["truth"].rows == []


def test_the_noise_of_votes_is_taken_off_the_correlation_or_that_is_refused(made: Results) -> None:
    noise = made.details.agreement_details.noise
    assert noise is not None
    r, alpha = noise.correlation.value, noise.reliability.value
    if alpha < 0.3:
        assert noise.corrected.reason.startswith("reliability (")
    else:
        assert noise.corrected.value == pytest.approx(r / sqrt(alpha))
    sure = tables()
    gap = sure.scores[0].gap(votes(sure))
    clear = replace(votes(sure), outcome=np.sign(gap).astype(np.int8))
    exact = details(tables(judgments=clear)).noise
    assert exact is not None
    assert exact.reliability.value == pytest.approx(1)
    assert exact.corrected.value == pytest.approx(exact.correlation.value)
    # votes that hang on nothing: there is no reliability to correct by
    coin = np.random.default_rng(3).choice([-1, 1], len(clear)).astype(np.int8)
    random = details(tables(judgments=replace(clear, outcome=coin))).noise
    assert random is not None
    assert random.corrected.reason.startswith("reliability (")


def test_without_scores_no_noise_is_taken_off_anything() -> None:
    assert details(tables(scores=())).noise is None


def test_the_correlation_of_gaps_and_votes_is_pearsons() -> None:
    gap, outcome = [0.2, -0.1, 0.4, 0.0, -0.3], [1, -1, 1, 0, 1]
    found = vote_correlation([1, 1, 2, 2, 3], [1, 2, 1, 2, 1], gap, outcome)
    assert found.value == pytest.approx(np.corrcoef(gap, outcome)[0, 1])
    assert "(item level)" in found.method
    assert vote_correlation([1, 2], [1, 2], [0.1, 0.1], [1, -1]).reason == (
        "gaps or votes do not vary"
    )
    with pytest.raises(ValueError, match="score_gaps: not finite"):
        vote_correlation([1], [1], [np.nan], [1])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_swapping_the_sides_changes_no_correlation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 5, 30), rng.integers(0, 4, 30)
    gap, outcome = rng.normal(size=30), rng.choice([-1, 0, 1], 30)
    one, other = vote_correlation(*rows, gap, outcome), vote_correlation(*rows, -gap, -outcome)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
