"""Figures and their tables: what is reckoned for them, what is downloaded, what is refused."""

import csv
import io
from collections.abc import Callable
from math import sqrt
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from explanations.models import Score
from studies.analysis.charts import axes, grids
from studies.analysis.data.estimate import undefined
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Judgments, Scores
from studies.analysis.report.figure import Figure, figure_to_csv
from studies.analysis.results import analyse as compute
from studies.analysis.results import plain
from studies.analysis.results_report import stored_figures
from studies.analysis.statistics.calibration_curves import Curves, curves
from studies.analysis.statistics.system_level import system_correlation, system_correlation_of_votes
from studies.analysis.statistics.votes import every_vote, read_votes
from studies.models import Study
from studies.selectors.tables import study_tables
from studies.services.analyses import analysis_request
from studies.tasks import analyse
from tests import factories

Fetch = Callable[[str, str], Any]


def judged(outcome: list[int], left: list[int], right: list[int]) -> Judgments:
    """Votes of raters 1 and 2 in turn; explanation 10 n + c is condition c's of neuron n."""
    n = len(outcome)
    return Judgments(
        unit=np.arange(n) // 2,
        neuron=np.array(left) // 10,
        rater=np.arange(n) % 2,
        outcome=np.array(outcome, dtype=np.int8),
        left_explanation=np.array(left),
        right_explanation=np.array(right),
        left_condition=np.array(left) % 10,
        right_condition=np.array(right) % 10,
        left_listed_first=np.ones(n, dtype=np.bool_),
        confidence=np.full(n, np.nan),
        seconds=np.ones(n),
        synthetic=np.zeros(n, dtype=np.bool_),
    )


def look_at(votes: Judgments, scores: Scores, plan: Plan) -> Curves:
    return curves(every_vote(votes), votes, scores, scores.gap(votes), plan)


SCORES = Scores(
    scorer="correlation",
    explanation=np.array([10, 11, 20, 21, 30, 31]),
    value=np.array([0.9, 0.5, 0.4, 0.2, 0.3, 0.3]),
)


def test_item_level_tau_counts_each_vote_as_the_pair_that_it_is() -> None:
    # Gaps .4 .4 .2 -.2 0; outcomes + - + 0 +: concordance 1 - 1 + 1 = 1, four votes differ in
    # score, four were decided, so tau-b = 1 / sqrt(4 * 4).
    votes = judged([1, -1, 1, 0, 1], [10, 10, 20, 21, 30], [11, 11, 21, 20, 31])
    assert look_at(votes, SCORES, Plan()).tau_b.value == pytest.approx(1 / sqrt(16))


def test_points_stand_beside_the_others_of_their_neuron_and_ties_count_half() -> None:
    votes = judged([1, 0], [10, 10], [11, 11])
    low, high = sorted(look_at(votes, SCORES, Plan()).points, key=lambda point: point.score)
    assert (low.score, high.score) == pytest.approx((-0.2, 0.2))
    assert (low.preferred, high.preferred, low.n_votes) == (0.25, 0.75, 2)


def test_sides_and_ties_are_told_at_equal_scores_and_in_every_bin_of_gaps() -> None:
    votes = judged([1, -1, 1, 0, 1], [10, 10, 20, 21, 30], [11, 11, 21, 20, 31])
    equal, first, second, third, fourth, *_ = look_at(votes, SCORES, Plan()).sides
    assert (equal.left.value, equal.ties.value) == (1.0, 0.0)
    assert not first.left.defined
    assert second.ties.value == 0.5
    assert not third.ties.defined
    assert fourth.left.value == 0.5


def test_system_level_of_votes_is_that_of_their_two_sides_one_by_one() -> None:
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, 4, 60), rng.integers(0, 4, 60)
    neurons, raters, outcome = np.arange(60) // 3, np.arange(60) % 5, rng.integers(-1, 2, 60)
    scores = rng.normal(size=60) + left, rng.normal(size=60) + right
    votes = system_correlation_of_votes(
        read_votes(neurons, raters, None, outcome), (left, right), scores
    )
    sides = system_correlation(
        np.concatenate([left, right]),
        np.tile(neurons, 2),
        np.tile(raters, 2),
        np.concatenate(scores),
        np.concatenate([1 + outcome, 1 - outcome]) / 2,
    )
    assert (votes.value, votes.n_ratings) == (pytest.approx(sides.value), 60)


def test_system_level_is_undefined_for_two_conditions_and_says_so() -> None:
    system = look_at(judged([1], [10], [11]), SCORES, Plan()).system
    assert "needs 3 conditions" in system.reason


def test_a_scorer_without_a_score_has_no_curve_and_no_made_up_number() -> None:
    nothing = Scores(scorer="s", explanation=np.zeros(0, dtype=np.intp), value=np.zeros(0))
    look = look_at(judged([1, 0], [10, 10], [11, 11]), nothing, Plan())
    assert (look.points, look.calibration) == ((), ())
    assert look.tau_b.reason
    assert all(each.left.reason and each.ties.reason for each in look.sides)


def test_a_table_as_csv_has_a_column_for_every_part_of_an_estimate_and_no_formula() -> None:
    shown = Figure(
        title="t",
        caption="c",
        columns=(("Name", "text"), ("Share", "share")),
        rows=[("=1+1", undefined("no vote", method="m")), ("b", None)],
    )
    first, second = csv.DictReader(io.StringIO(figure_to_csv(plain(shown))))
    assert first["Name"] == "'=1+1"
    assert (first["Share"], first["Share: reason"]) == ("", "no vote")
    assert second["Share: reason"] == ""


def test_a_row_of_another_length_than_the_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="row 0: 2 cells for 1 columns"):
        Figure(title="t", caption="c", columns=(("a", "text"),), rows=[("x", "y")])


def test_an_axis_that_does_not_increase_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^gap: 1 to 1"):
        axes.Axis(name="gap", low=1, high=1)


def test_a_grid_writes_into_few_cells_and_shades_many() -> None:
    def drawn(n: int) -> str:
        names = [str(i) for i in range(n)]
        cells = [[0.5 if i != j else None for j in range(n)] for i in range(n)]
        grid = grids.Grid(
            names=names, short=names, cells=cells, row="r", column="c", hint="h",
            legend="l",
        )  # fmt: skip
        return grids.render(grid, alt_text="told").svg(title="t", ident="g")

    assert drawn(3).count(">50<") == 6
    assert drawn(20).count(">50<") == 0
    assert drawn(20).count("<rect") == 380 + 5


# --- Downloads --------------------------------------------------------------------------------


@pytest.fixture
def study(db: None) -> Study:
    study = factories.open_study(neurons=4)
    factories.judged(study, ["fancy", "plain", "tie", "fancy"])
    factories.judged(study, ["fancy", "fancy", "tie", "plain"])
    analyse(analysis_request(study=study, at=timezone.now()).pk)
    return study


@pytest.fixture
def fetch(client: Client, study: Study) -> Fetch:
    client.force_login(User.objects.create_superuser("staff"))
    return lambda name, form: client.get(address(study, name, form))


def address(study: Study, name: str, form: str) -> str:
    return reverse("studies:figure", args=[study.slug, name, form])


def test_every_figure_can_be_taken_away_as_a_drawing_and_as_a_table(
    fetch: Fetch, study: Study
) -> None:
    study.refresh_from_db()
    for name, shown in study.analysis.figures.items():
        table = fetch(name, "csv")
        assert table.status_code == 200
        assert len(table.content.decode().splitlines()) >= 1 + len(shown["rows"])
        if shown["svg"]:
            drawing = fetch(name, "svg")
            assert drawing["Content-Type"].startswith("image/svg+xml")
            assert drawing["Content-Disposition"].endswith(f'-{name}.svg"')
            ET.fromstring(drawing.content)  # noqa: S314 - our own output


@pytest.mark.parametrize(("name", "form"), [("no", "svg"), ("gap", "png"), ("sensitivity", "svg")])
def test_what_is_not_there_is_not_found(fetch: Fetch, name: str, form: str) -> None:
    assert fetch(name, form).status_code == 404


def test_a_stranger_gets_no_figure(client: Client, study: Study) -> None:
    assert client.get(address(study, "gap", "svg")).status_code == 302


# --- Studies with hardly anything in them -----------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "raters"),
    [([], 0), (["fancy"], 1), (["tie"] * 4, 3), (["fancy"] * 4, 3), (["fancy", "plain"], 1)],
    ids=["empty", "one rater, one item", "all ties", "all the same", "one rater"],
)
def test_a_degenerate_study_gives_figures_that_say_why(
    db: None, answers: list[str], raters: int
) -> None:
    study = factories.open_study(neurons=4)
    for _ in range(raters):
        factories.judged(study, answers)
    for shown in stored_figures(compute(study_tables(study))).values():
        assert "nan" not in shown["svg"]
        assert shown["svg"] or shown["rows"] or shown["empty"]


def test_a_study_whose_scorer_is_undefined_everywhere_still_has_its_other_figures(
    db: None,
) -> None:
    study = factories.open_study(neurons=4)
    Score.objects.update(value=None, reason="the simulation is constant")
    for _ in range(3):
        factories.judged(study, ["fancy", "plain", "tie", "fancy"])
    shown = stored_figures(compute(study_tables(study)))
    assert "gap" not in shown
    assert "Not enough" in shown["scorers"]["svg"]
    assert shown["pairs"]["rows"]
