"""What stands behind the headline of a study: plan, methods, scorers, raters, choices."""

import json
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Flow, Judgments, Scores, StudyTables
from studies.analysis.protocols.compare.analyse import Results, analyse
from studies.analysis.protocols.compare.details import LENGTH

N_NEURONS, N_RATERS = 24, 6


def tables(seed: int = 1, **changes: Any) -> StudyTables:
    """Make a study of three conditions on 24 neurons, six raters each judging every pair."""
    rng = np.random.default_rng(seed)
    neuron, pair, rater = (g.ravel() for g in np.indices((N_NEURONS, 3, N_RATERS)))
    order = rng.permutation(len(neuron))
    neuron, pair, rater = neuron[order], pair[order], rater[order]
    first, second = np.array([0, 0, 1])[pair], np.array([1, 2, 2])[pair]
    listed = rng.random(len(neuron)) < 0.5
    left, right = np.where(listed, first, second), np.where(listed, second, first)
    quality = rng.normal(scale=0.2, size=N_NEURONS * 3) + np.tile([0.5, 0.3, 0.1], N_NEURONS)
    lead = quality[neuron * 3 + left] - quality[neuron * 3 + right]
    won = np.where(rng.random(len(neuron)) < 1 / (1 + np.exp(-5 * lead)), 1, -1)
    judgments = Judgments(
        unit=neuron * 3 + pair,
        neuron=neuron,
        rater=rater,
        outcome=np.where(rng.random(len(neuron)) < 0.1, 0, won).astype(np.int8),
        left_explanation=neuron * 3 + left,
        right_explanation=neuron * 3 + right,
        left_condition=left,
        right_condition=right,
        left_listed_first=listed,
        confidence=np.full(len(neuron), np.nan),
        seconds=rng.lognormal(3.0, 0.4, size=len(neuron)),
        synthetic=np.zeros(len(neuron), dtype=bool),
    )
    scores = tuple(
        Scores(scorer=name, explanation=np.arange(len(quality)), value=quality + noise)
        for name, noise in (
            ("near", rng.normal(scale=0.05, size=len(quality))),
            ("far", rng.normal(scale=0.5, size=len(quality))),
        )
    )
    made = StudyTables(
        conditions=("best", "middle", "worst"), judgments=judgments, scores=scores, flow=Flow()
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def made() -> Results:
    return analyse(tables(), Plan(contrasts=(("near", "far"),)))


def test_methods_are_ranked_and_set_beside_each_other(made: Results) -> None:
    board = made.method_details.leaderboard
    assert [each.condition for each in board.conditions] == ["best", "middle", "worst"]
    assert made.method_details.win_matrix.cells[0][2].value > 0.5
    assert board.model.startswith("Davidson")


def test_declared_contrasts_are_marked_and_undeclared_ones_are_not(made: Results) -> None:
    [contrast] = made.scorer_details.comparison.contrasts
    assert contrast.declared
    assert contrast.difference.low > 0
    [other] = analyse(tables()).scorer_details.comparison.contrasts
    assert not other.declared


def test_the_plans_scorer_is_the_headlines_even_when_it_foresees_worse() -> None:
    assert analyse(tables(), Plan(primary="far")).primary == 1
    assert analyse(tables(), Plan(primary="gone")).primary == 0


def test_the_plans_bins_cut_the_gap(made: Results) -> None:
    cut = analyse(tables(), Plan(gap_edges=(0.0, 0.5))).scorers[0].by_gap
    assert [(b.low, b.high) for b in cut] == [(0.0, 0.5), (0.5, float("inf"))]
    assert sum(b.n_votes for b in cut) == sum(b.n_votes for b in made.scorers[0].by_gap)
    with pytest.raises(ValueError, match=r"^gap_edges: "):
        Plan(gap_edges=(0.2, 0.1))


def test_what_the_rules_take_out_enters_the_sensitivity_table_alone() -> None:
    whole = tables()
    marks = {"first rater": whole.judgments.rater == 0}
    made = analyse(tables(exclusions=marks))
    assert [(s.rule, s.raters) for s in made.exclusions] == [("", 6), ("first rater", 5)]
    assert made.n_raters == 5
    table = {
        (c.exclusions, c.ties): c.agreement
        for c in made.scorer_details.sensitivity
        if c.clustering == "two-way"
    }
    assert table["none", "drop"].n_raters == 6
    assert table["applied", "drop"].value == made.scorers[0].agreement.strict.value


def test_lengths_and_layers_are_looked_at_where_they_are_known(made: Results) -> None:
    assert [c.name for c in made.scorer_details.joint.coefficients] == ["near", "far"]
    assert made.scorer_details.by_layer == ()
    whole = tables()
    n = N_NEURONS * 3
    lengths = Scores(scorer="", explanation=np.arange(n), value=np.full(n, 10.0) + np.arange(n) % 7)
    more = analyse(tables(lengths=lengths, layer=whole.judgments.neuron % 2))
    assert [c.name for c in more.scorer_details.joint.coefficients][-1] == LENGTH
    assert [s.stratum for s in more.scorer_details.by_layer] == [0, 1]


def test_raters_are_numbered_in_the_order_in_which_they_first_judged(made: Results) -> None:
    rows = made.rater_details
    assert [each.rater for each in rows.raters] == list(range(N_RATERS))
    first = tables().judgments.rater[0]
    assert rows.raters[0].n_ratings == int((tables().judgments.rater == first).sum())
    assert rows.growth[-1].n == made.n_judgments
    assert rows.growth[-1].estimate.value == pytest.approx(made.agreement.alpha_ordinal.value)
    assert rows.log_seconds.stretches[0].mean.value == pytest.approx(3.0 - log(1), abs=0.4)


def test_other_ids_for_the_same_rows_give_the_very_same_results(made: Results) -> None:
    # a database gives other ids, an export pseudonyms: results hang on neither
    judged = tables().judgments
    renamed = replace(
        judged,
        rater=np.array([77, 5, 93, 12, 40, 8])[judged.rater],
        neuron=1000 - 3 * judged.neuron,
        unit=5000 - 7 * judged.unit,
    )
    again = analyse(tables(judgments=renamed), Plan(contrasts=(("near", "far"),)))
    assert json.dumps(again.as_dict()) == json.dumps(made.as_dict())


def test_everything_is_plain_json(made: Results) -> None:
    told = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert told["plan"]["contrasts"] == [["near", "far"]]
    assert len(told["rater_details"]["pairs"]["agreement"]) == N_RATERS
    assert len(told["scorer_details"]["precision"]) == 5


def test_a_condition_never_judged_and_a_scorer_without_scores_say_so() -> None:
    void = Scores(scorer="void", explanation=np.zeros(0, dtype=np.intp), value=np.zeros(0))
    whole = tables()
    made = analyse(tables(conditions=(*whole.conditions, "absent"), scores=(*whole.scores, void)))
    assert made.methods.never_judged == ("absent",)
    assert made.scorer_details.missing[-1].share.reason == "nothing was wanted of this group"
    assert made.scorer_details.comparison.scorers[-1].agreement.reason
    assert made.scorer_details.comparison.n_votes > 0


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 3), st.integers(1, 6))
def test_a_few_judgments_of_any_study_never_fail(seed: int, n: int) -> None:
    whole = tables(seed)
    rows = np.arange(len(whole.judgments)) < n
    made = analyse(replace(whole, judgments=whole.judgments.only(rows)))
    assert json.dumps(made.as_dict(), allow_nan=False)
