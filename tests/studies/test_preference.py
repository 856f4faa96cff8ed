"""Does a score foresee what people prefer: worked by hand, then what must hold for all votes."""

from collections.abc import Callable
from math import inf, log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.estimate import Estimate
from studies.analysis.statistics.calibration import calibration
from studies.analysis.statistics.noise_ceiling import noise_ceiling
from studies.analysis.statistics.score_votes import agreement_by_gap, kendall_tau_b, score_agreement
from studies.analysis.statistics.votes import read_votes
from studies.analysis.statistics.wins import side_bias, win_rates

quick = settings(max_examples=40, deadline=None)

Votes = tuple[list[int], list[int], list[float], list[int]]


@st.composite
def votes(draw: st.DrawFn) -> Votes:
    """Up to 40 votes on 4 neurons by 3 raters, gaps in steps of 0.05."""
    row = st.tuples(
        st.integers(0, 3), st.integers(0, 2), st.integers(-14, 14), st.sampled_from([-1, 0, 1])
    )
    rows = draw(st.lists(row, min_size=1, max_size=40))
    neurons, raters, gaps, outcome = zip(*rows, strict=True)
    return list(neurons), list(raters), [gap * 0.05 for gap in gaps], list(outcome)


def simulated(seed: int, n_neurons: int, n_raters: int, *, bias: float, slope: float) -> Votes:
    """Votes of every rater on every neuron, raters and neurons shifting the log-odds."""
    rng = np.random.default_rng(seed)
    neuron, rater = (grid.ravel() for grid in np.indices((n_neurons, n_raters)))
    gap = rng.normal(scale=0.2, size=n_neurons)[neuron] * rng.choice([-1, 1], size=len(neuron))
    shift = rng.normal(scale=0.5, size=n_raters)[rater]
    left = rng.random(len(neuron)) < 1 / (1 + np.exp(-(bias + shift + slope * gap / 0.1)))
    return neuron.tolist(), rater.tolist(), gap.tolist(), np.where(left, 1, -1).tolist()


def numbers(estimate: Estimate) -> list[float]:
    return [estimate.value, estimate.low, estimate.high, estimate.se]


def test_the_higher_score_wins_or_loses_and_ties_are_told_apart() -> None:
    # gaps .3 won, .3 lost, -.2 (right ahead) won, .3 tied, 0 voted left: strict 2 of 3;
    # any tie half: (1 + 0 + 1 + .5 + .5) / 5; between different scores: (1 + 0 + 1 + .5) / 4
    found = score_agreement(
        read_votes([1, 1, 2, 2, 3], [1, 2, 1, 2, 1], [0.3, 0.3, -0.2, 0.3, 0], [1, -1, -1, 0, 1])
    )
    assert found.strict.value == pytest.approx(2 / 3)
    assert found.ties_half.value == pytest.approx(3 / 5)
    assert found.ties_half_between_scores.value == pytest.approx(2.5 / 4)
    assert (found.n_votes, found.n_ties, found.n_equal_scores) == (5, 1, 1)


def test_what_rounding_leaves_of_equal_scores_is_no_gap() -> None:
    # 0.1 + 0.2 - 0.3 is 5.6e-17
    assert score_agreement(read_votes([1], [1], [0.1 + 0.2 - 0.3], [1])).n_equal_scores == 1


def test_a_gap_on_an_edge_belongs_to_the_bin_below() -> None:
    # 0.3 - 0.2 is 0.0999..8 and belongs to (0, .1] with 0.1 itself; .7 is above .6
    bins = agreement_by_gap(read_votes([1, 2, 3], [1, 1, 1], [0.3 - 0.2, 0.1, -0.7], [1, -1, -1]))
    assert [(b.low, b.high, b.n_votes) for b in bins if b.n_votes] == [(0, 0.1, 2), (0.6, inf, 1)]
    assert [b.agreement.value for b in bins if b.n_votes] == [0.5, 1.0]
    assert bins[1].agreement.reason == "no vote between different scores was decided"


def test_side_bias_is_the_share_of_decided_votes_for_the_left() -> None:
    # 3 left, 1 right, 1 tie
    votes = read_votes([1, 2, 3, 4, 5], [1] * 5, None, [1, 1, 1, -1, 0])
    assert side_bias(votes).value == 0.75


def test_the_slope_of_two_gaps_is_read_off_their_odds() -> None:
    # at gap 0: 1 left of 2, log-odds 0; at gap 0.2: 3 of 4, log-odds log 3, so log(3)/2 per 0.1
    fit = calibration(
        read_votes([1] * 6, [1] * 6, [0, 0, 0.2, 0.2, 0.2, 0.2], [1, -1, 1, 1, 1, -1])
    )
    assert fit.side_bias.value == pytest.approx(0, abs=1e-9)
    assert fit.slope.value == pytest.approx(log(3) / 2)
    assert fit.log_likelihood == pytest.approx(2 * log(0.5) + 3 * log(0.75) + log(0.25))
    assert fit.slope.note.startswith("no interval")


def test_a_slope_that_would_be_infinite_is_undefined_with_the_reason() -> None:
    reasons = {
        "separation": calibration(read_votes([1, 2], [1, 2], [0.1, -0.1], [1, -1])),
        "every vote": calibration(read_votes([1, 2], [1, 2], [0.1, -0.1], [1, 1])),
        "all score gaps": calibration(read_votes([1, 2], [1, 2], [0.1, 0.1], [1, -1])),
        "no vote": calibration(read_votes([1], [1], [0.1], [0])),
    }
    for reason, fit in reasons.items():
        assert fit.slope.reason.startswith(reason)
        assert fit.side_bias.reason == fit.slope.reason
        assert np.isnan(fit.log_likelihood)


def test_separation_that_touches_in_one_gap_is_still_separation() -> None:
    fit = calibration(read_votes([1, 2, 3, 4], [1, 2, 1, 2], [0.2, 0.1, 0.1, 0.0], [1, 1, -1, -1]))
    assert fit.slope.reason.startswith("separation")


def test_the_noise_ceiling_of_two_raters_who_agree_four_times_in_five() -> None:
    # A = .8, upper (1 + sqrt(.6)) / 2 = .887
    units = [unit for unit in range(5) for _ in range(2)]
    ceiling = noise_ceiling(units, [0, 1] * 5, [1, 1, -1, -1, 1, 1, -1, -1, 1, -1])
    assert ceiling.lower.value == pytest.approx(0.8)
    assert ceiling.upper.value == pytest.approx((1 + sqrt(0.6)) / 2)
    assert ceiling.leave_one_out.value == pytest.approx(0.8)


def test_raters_who_agree_less_than_half_the_time_have_no_upper_bound() -> None:
    ceiling = noise_ceiling([0, 0, 1, 1, 2, 2], [0, 1] * 3, [1, -1, 1, -1, 1, 1])
    assert ceiling.lower.value == pytest.approx(1 / 3)
    assert "less than half" in ceiling.upper.reason


def test_no_ceiling_without_two_decided_votes_on_a_unit() -> None:
    ceiling = noise_ceiling([0, 0, 1], [0, 1, 0], [1, 0, 1])
    assert ceiling.lower.reason == "no unit has two decided votes"
    assert ceiling.upper.reason == ceiling.lower.reason
    assert noise_ceiling([], [], []).lower.reason == ceiling.lower.reason


def test_win_rates_count_each_meeting_from_both_sides() -> None:
    # a-b: a, tie, (b-a:) a; a-c: c; b-b left out. a: 2 wins 1 tie 1 loss, rate 2.5/4
    table = win_rates(
        ["a", "a", "b", "a", "b"],
        ["b", "b", "a", "c", "b"],
        read_votes([1, 2, 3, 4, 5], [1] * 5, None, [1, 0, -1, -1, 1]),
    )
    a, b, c = table.rows
    assert (a.wins, a.ties, a.losses, a.rate.value) == (2, 1, 1, 2.5 / 4)
    assert (b.wins, b.ties, b.losses, b.rate.value) == (0, 1, 2, 0.5 / 3)
    assert (c.condition, c.rate.value) == ("c", 1.0)
    assert table.wins.tolist() == [[0, 2, 0], [0, 0, 0], [1, 0, 0]]
    assert table.ties.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_tau_b_compares_only_within_a_neuron_and_a_rater() -> None:
    # neuron 1: one pair in order; neuron 2: one pair reversed, one tied in value, one in order:
    # concordant less discordant 1 + 0 = 1, pairs 4, of which 3 differ in value: 1 / sqrt(4 * 3)
    estimate = kendall_tau_b([1, 1, 2, 2, 2], [1] * 5, [0.1, 0.9, 0.1, 0.2, 0.3], [8, 9, 2, 1, 2])
    assert estimate.value == pytest.approx(1 / sqrt(12))


def test_tau_b_without_a_pair_is_undefined() -> None:
    for rows in (
        ([], [], [], []),
        ([1, 2], [1, 1], [0.1, 0.2], [1, 2]),
        ([1, 1], [1, 1], [1, 2], [3, 3]),
    ):
        assert kendall_tau_b(*rows).reason.startswith("no pair")


BAD: dict[str, tuple[str, Callable[[], Any]]] = {
    "lengths": ("raters", lambda: score_agreement(read_votes([1], [], [0.1], [1]))),
    "gap": ("score_gap", lambda: calibration(read_votes([1], [1], [inf], [1]))),
    "outcome": ("outcome", lambda: side_bias(read_votes([1], [1], None, [2]))),
    "edges": ("edges", lambda: agreement_by_gap(read_votes([1], [1], [0.1], [1]), (0.2, 0.1))),
    "ties": ("ties", lambda: calibration(read_votes([1], [1], [0.1], [1]), ties="maybe")),  # type: ignore[arg-type]
    "scores": ("scores", lambda: kendall_tau_b([1], [1], [float("nan")], [1])),
    "twice": ("raters", lambda: noise_ceiling([1, 1], [1, 1], [1, -1])),
    "ceiling": ("outcome", lambda: noise_ceiling([1, 1], [1, 2], [1, 3])),
}


@pytest.mark.parametrize(("name", "call"), BAD.values(), ids=BAD)
def test_bad_votes_are_refused_with_the_arguments_name(name: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()


@quick
@given(votes())
def test_swapping_the_sides_leaves_agreement_and_slope_and_turns_the_bias(rows: Votes) -> None:
    neurons, raters, gaps, outcome = rows
    swapped = neurons, raters, [-gap for gap in gaps], [-vote for vote in outcome]
    before, after = score_agreement(read_votes(*rows)), score_agreement(read_votes(*swapped))
    assert numbers(after.strict) == pytest.approx(numbers(before.strict), nan_ok=True)
    assert numbers(after.ties_half) == pytest.approx(numbers(before.ties_half), nan_ok=True)
    fit, turned = calibration(read_votes(*rows)), calibration(read_votes(*swapped))
    assert turned.slope.reason == fit.slope.reason
    assert numbers(turned.slope) == pytest.approx(numbers(fit.slope), nan_ok=True, abs=1e-6)
    assert turned.side_bias.value == pytest.approx(-fit.side_bias.value, nan_ok=True, abs=1e-6)


@quick
@given(votes(), st.randoms(use_true_random=False))
def test_the_order_and_the_names_of_votes_do_not_matter(rows: Votes, random: Any) -> None:
    order = list(range(len(rows[0])))
    random.shuffle(order)
    neurons, raters, gaps, outcome = ([column[i] for i in order] for column in rows)
    renamed = [f"n{9 - n}" for n in neurons], [f"r{r}" for r in raters], gaps, outcome
    assert numbers(score_agreement(read_votes(*renamed)).strict) == pytest.approx(
        numbers(score_agreement(read_votes(*rows)).strict), nan_ok=True
    )
    ties = (
        calibration(read_votes(*renamed), ties="half"),
        calibration(read_votes(*rows), ties="half"),
    )
    slopes = [numbers(fit.slope) for fit in ties]
    assert slopes[0] == pytest.approx(slopes[1], nan_ok=True, abs=1e-6)


@quick
@given(votes())
def test_the_gap_bins_share_out_all_votes_between_different_scores(rows: Votes) -> None:
    bins, whole = agreement_by_gap(read_votes(*rows)), score_agreement(read_votes(*rows))
    assert sum(b.n_votes for b in bins) == whole.n_votes - whole.n_equal_scores
    assert sum(b.agreement.n_ratings for b in bins) == whole.strict.n_ratings


@quick
@given(votes())
def test_the_wins_of_one_are_the_losses_of_the_others(rows: Votes) -> None:
    neurons, raters, gaps, outcome = rows
    left = [int(gap * 20) % 3 for gap in gaps]
    right = [(side + 1 + neuron % 2) % 3 for side, neuron in zip(left, neurons, strict=True)]
    table = win_rates(left, right, read_votes(neurons, raters, None, outcome))
    assert sum(row.wins for row in table.rows) == sum(row.losses for row in table.rows)
    assert [row.wins for row in table.rows] == table.wins.sum(axis=1).tolist()
    assert [row.ties for row in table.rows] == table.ties.sum(axis=1).tolist()


@quick
@given(votes())
def test_tau_b_knows_only_the_order_of_scores(rows: Votes) -> None:
    neurons, raters, scores, values = rows
    stretched = [score**3 for score in scores]
    assert numbers(kendall_tau_b(neurons, raters, stretched, values)) == pytest.approx(
        numbers(kendall_tau_b(*rows)), nan_ok=True
    )


def test_two_way_intervals_of_the_side_bias_cover_where_raters_differ() -> None:
    # 100 studies of 25 neurons by 12 raters, each with a side habit of sd .5 in log-odds; the mean
    # of expit(.5 + N(0, .5)) is .616. At 95 %, chance leaves 100 studies between .88 and 1.
    draws: npt.NDArray[np.float64] = np.random.default_rng(0).normal(0.5, 0.5, size=400_000)
    truth = float(np.mean(1 / (1 + np.exp(-draws))))
    studies = [simulated(seed, 25, 12, bias=0.5, slope=0.0) for seed in range(100)]
    shares = [side_bias(read_votes(*study)) for study in studies]
    assert 0.88 <= np.mean([s.low <= truth <= s.high for s in shares]) <= 1.0


def test_the_slope_is_found_again() -> None:
    fit = calibration(read_votes(*simulated(1, 200, 20, bias=0.3, slope=0.6)))
    assert fit.slope.low < 0.6 < fit.slope.high
    assert fit.slope.high - fit.slope.low < 0.3
