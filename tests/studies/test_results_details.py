"""What stands behind the headline of a study: plan, methods, scorers, raters, choices."""

import json
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.analysis.data.answers import LENGTH, StudyTables
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Judgments, Scores
from studies.analysis.protocols.compare.columns import judgments_of
from studies.analysis.results import Results, analyse
from tests.studies.columns import comparisons

N_NEURONS, N_RATERS = 24, 6


def votes(whole: StudyTables | None = None) -> Judgments:
    """Return the votes of a study, or of the usual one."""
    return judgments_of((whole or tables()).answers)


def tables(
    seed: int = 1,
    *,
    judgments: Judgments | None = None,
    layer: Any = None,
    item: Any = None,
    **changes: Any,
) -> StudyTables:
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
    drawn = Judgments(
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
    judged = drawn if judgments is None else judgments
    made = comparisons(
        judged, layer=layer, item=item, conditions=("best", "middle", "worst"), scores=scores
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def made() -> Results:
    return analyse(tables(), Plan(contrasts=(("near", "far"),)))


def test_methods_are_ranked_and_set_beside_each_other(made: Results) -> None:
    board = made.details.methods.leaderboard
    assert [each.condition for each in board.conditions] == ["best", "middle", "worst"]
    assert made.details.methods.win_matrix.cells[0][2].value > 0.5
    assert board.model.startswith("Davidson")


def test_declared_contrasts_are_marked_and_undeclared_ones_are_not(made: Results) -> None:
    [contrast] = made.details.scorer_details.comparison.contrasts
    assert contrast.declared
    assert contrast.difference.low > 0
    [other] = analyse(tables()).details.scorer_details.comparison.contrasts
    assert not other.declared


def test_the_plans_scorer_is_the_headlines_even_when_it_predicts_worse() -> None:
    assert analyse(tables(), Plan(primary="far")).details.primary == 1
    assert analyse(tables(), Plan(primary="gone")).details.primary == 0


def test_the_plans_bins_cut_the_gap(made: Results) -> None:
    cut = analyse(tables(), Plan(gap_edges=(0.0, 0.5))).details.scorers[0].by_gap
    assert [(b.low, b.high) for b in cut] == [(0.0, 0.5), (0.5, float("inf"))]
    assert sum(b.n_votes for b in cut) == sum(b.n_votes for b in made.details.scorers[0].by_gap)
    with pytest.raises(ValueError, match=r"^gap_edges: "):
        Plan(gap_edges=(0.2, 0.1))


def test_what_the_rules_take_out_enters_the_sensitivity_table_alone() -> None:
    marks = {"first rater": votes().rater == 0}
    made = analyse(tables(exclusions=marks))
    assert [(s.rule, s.raters) for s in made.exclusions] == [("", 6), ("first rater", 5)]
    assert made.n_raters == 5
    table = {
        (c.exclusions, c.ties): c.agreement
        for c in made.details.scorer_details.sensitivity
        if c.clustering == "two-way"
    }
    assert table["none", "drop"].n_raters == 6
    assert table["applied", "drop"].value == made.details.scorers[0].agreement.strict.value


def test_lengths_and_layers_are_looked_at_where_they_are_known(made: Results) -> None:
    assert [c.name for c in made.details.scorer_details.joint.coefficients] == ["near", "far"]
    assert [s.stratum for s in made.details.scorer_details.by_layer] == [0]
    n = N_NEURONS * 3
    lengths = Scores(scorer="", explanation=np.arange(n), value=np.full(n, 10.0) + np.arange(n) % 7)
    more = analyse(tables(lengths=lengths, layer=votes().neuron % 2))
    assert [c.name for c in more.details.scorer_details.joint.coefficients][-1] == LENGTH
    assert [s.stratum for s in more.details.scorer_details.by_layer] == [0, 1]


def test_raters_are_numbered_in_the_order_in_which_they_first_judged(made: Results) -> None:
    rows = made.rater_comparison
    assert rows is not None
    assert [each.rater for each in rows.raters] == list(range(N_RATERS))
    first = votes().rater[0]
    assert rows.raters[0].n_ratings == int((votes().rater == first).sum())
    assert rows.growth[-1].n == made.n_judgments
    assert rows.growth[-1].estimate.value == pytest.approx(
        made.details.agreement.alpha_ordinal.value
    )
    assert made.log_seconds.stretches[0].mean.value == pytest.approx(3.0 - log(1), abs=0.4)


def test_other_ids_for_the_same_rows_give_the_very_same_results(made: Results) -> None:
    # a database gives other ids, an export pseudonyms: results depend on neither
    judged = votes()
    renamed = replace(
        judged,
        rater=np.array([77, 5, 93, 12, 40, 8])[judged.rater],
        neuron=1000 - 3 * judged.neuron,
        unit=5000 - 7 * judged.unit,
    )
    again = analyse(tables(judgments=renamed, item=judged.unit), Plan(contrasts=(("near", "far"),)))
    assert json.dumps(again.as_dict()) == json.dumps(made.as_dict())


def test_everything_is_plain_json(made: Results) -> None:
    told = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert told["plan"]["contrasts"] == [["near", "far"]]
    assert len(told["rater_comparison"]["pairs"]["agreement"]) == N_RATERS
    assert len(told["details"]["scorer_details"]["precision"]) == 5


def test_a_condition_never_judged_and_a_scorer_without_scores_say_so() -> None:
    void = Scores(scorer="void", explanation=np.zeros(0, dtype=np.intp), value=np.zeros(0))
    whole = tables()
    made = analyse(tables(conditions=(*whole.conditions, "absent"), scores=(*whole.scores, void)))
    assert made.details.methods.never_judged == ("absent",)
    assert (
        made.details.scorer_details.missing[-1].share.reason == "nothing was wanted of this group"
    )
    assert made.details.scorer_details.comparison.scorers[-1].agreement.reason
    assert made.details.scorer_details.comparison.n_votes > 0


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 3), st.integers(1, 6))
def test_a_few_judgments_of_any_study_never_fail(seed: int, n: int) -> None:
    whole = tables(seed)
    rows = np.arange(len(whole.answers)) < n
    made = analyse(replace(whole, answers=whole.answers.only(rows)))
    assert json.dumps(made.as_dict(), allow_nan=False)
