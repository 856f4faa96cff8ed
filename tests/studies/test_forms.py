"""Answers of each form analysed from columns: what is found."""

from dataclasses import replace

import numpy as np
import pytest

from studies.analysis.data.answers import Dimension, Rival, StudyTables, answers
from studies.analysis.data.tables import Flow, Scores
from studies.analysis.protocols.answer_context import AnswerContext, shown_options
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.results import analyse
from studies.analysis.results_report import summary
from tests.studies.columns import (
    FIT,
    YES_NO,
    by_quality,
    judgment_row,
    marks,
    options,
    orders,
    picks,
    ratings,
    simulations,
    tables,
)
from tests.studies.rating_tables import YES_NO_ALPHAS, YES_NO_COUNTS, yes_no

# --- Ratings --------------------------------------------------------------------------------------


def test_ratings_rank_conditions_and_go_with_scores() -> None:
    found = analyse(tables("rate", ratings(), dimensions=(FIT,), scores=(by_quality(),)))
    [fit] = found.details.dimensions
    # Ratings are 2 i + 1, 2 or 3 with equal chance: means near 2, 4 and 6.
    assert [place.condition for place in fit.means.conditions] == ["c", "b", "a"]
    assert [place.estimate.value for place in fit.means.conditions] == pytest.approx(
        [6, 4, 2], abs=0.4
    )
    assert all(sum(share.counts) == 32 for share in fit.shares)
    assert fit.links[0].tau_b.value > 0.8
    assert fit.links[0].within.low > 0.8
    assert "“c” is rated highest" in summary(found)["headline"]


def test_what_is_shown_first_should_not_be_rated_higher() -> None:
    judged = []
    for neuron in range(9):
        for rater in range(4):
            first, *rest = (key for key, *_ in options(neuron, rater))
            rating = {first: {"fit": 6}} | {key: {"fit": 3} for key in rest}
            judged.append((neuron, rater, {"rating": rating}))
    found = analyse(tables("rate", judged, dimensions=(FIT,)))
    # Six where it stands first, three elsewhere, whichever it is.
    assert found.details.first_bonus.value == pytest.approx(3.0)


def test_several_dimensions_are_summed_and_the_sum_is_the_headlines() -> None:
    one = Dimension(key="one", name="One", points=((0, "low"), (1, "mid"), (2, "high")))
    two = replace(one, key="two", name="Two")
    judged = [
        (n, r, {"rating": {f"k{i}": {"one": i, "two": (n + r) % 3} for i in range(3)}})
        for n in range(4) for r in range(3)
    ]  # fmt: skip
    found = analyse(tables("rate", judged, dimensions=(one, two)))
    assert [d.key for d in found.details.dimensions] == ["one", "two", "sum"]
    main = found.details.dimensions[found.details.main]
    assert (main.low, main.high) == (0, 4)
    # c has 2 on the first dimension, and 0, 1, 2 equally often on the second: 3 on average.
    assert main.means.conditions[0].estimate.value == pytest.approx(3.0)


def test_a_slider_is_shown_in_fifths_of_whole_numbers() -> None:
    slider = Dimension(key="how", name="How", points=((0, "no"), (100, "yes")), is_slider=True)
    judged = [(0, 0, {"rating": {"k0": {"how": 0}, "k1": {"how": 50}, "k2": {"how": 100}}})]
    [how] = analyse(tables("rate", judged, dimensions=(slider,))).details.dimensions
    assert how.points == ("0 to 20", "21 to 40", "41 to 60", "61 to 80", "81 to 100")
    assert [share.counts for share in how.shares] == [
        (1, 0, 0, 0, 0), (0, 0, 1, 0, 0), (0, 0, 0, 0, 1)
    ]  # fmt: skip


def test_yes_and_no_to_six_questions_have_the_alphas_worked_by_hand() -> None:
    names = [f"d{i}" for i in range(len(YES_NO_COUNTS))]
    dimensions = tuple(Dimension(key=name, name=name, points=YES_NO) for name in names)
    rows = [
        (
            judgment_row(at // 3, at // 3, at % 3, about=0),
            PROTOCOLS["rate"].read(
                {"rating": {"k": dict(zip(names, row, strict=True))}},
                AnswerContext(
                    options=shown_options([("k", at // 3, 0, None)]), dimensions=dimensions
                ),
            ),
        )
        for at, row in enumerate(yes_no())
    ]
    found = analyse(
        StudyTables(
            protocol="rate", conditions=("model",), answers=answers(rows), scores=(), flow=Flow(),
            dimensions=dimensions,
        )
    )  # fmt: skip
    alphas = [
        next(m.estimate for m in d.agreement if "ordinal" in m.name)
        for d in found.details.dimensions
    ]
    # On two points ordinal alpha is the nominal one. The seventh is of the sum.
    values = [a.value for a in alphas[:6]]
    assert values == pytest.approx(YES_NO_ALPHAS, abs=1e-12, nan_ok=True)
    assert "no variation" in alphas[3].reason


# --- Orders ---------------------------------------------------------------------------------------


def test_orders_rank_conditions_and_are_taken_as_pairs() -> None:
    found = analyse(tables("rank", orders(), scores=(by_quality(),)))
    details = found.details
    assert [s.condition for s in details.board.conditions] == ["c", "b", "a"]
    assert details.n_pairs == 32 * 3
    link = details.pair_links[0]
    assert link.agreement.n_votes == 96
    assert link.agreement.strict.value > 0.6
    assert link.chance == pytest.approx(1 / 3)
    assert details.concordance.pairs.value > 0
    shown = {count.item: count.shown for count in details.counts}
    assert shown == {"a": 32, "b": 32, "c": 32}


def test_best_and_worst_tell_no_more_pairs_apart_than_they_name() -> None:
    four = [(f"k{at}", at, at, None) for at in range(4)]
    rows = [
        (
            judgment_row(0, 0, r),
            PROTOCOLS["rank"].read(
                {"best": "k0", "worst": "k3"}, AnswerContext(options=shown_options(four))
            ),
        )
        for r in range(2)
    ]
    made = StudyTables(
        protocol="rank", conditions=("a", "b", "c", "d"), answers=answers(rows), scores=(),
        flow=Flow(),
    )  # fmt: skip
    details = analyse(made).details
    assert details.kind == "best_worst"
    # Of six pairs the one in the middle is not told apart.
    assert details.n_pairs == 2 * 5


# --- Choices --------------------------------------------------------------------------------------


def test_right_choices_stand_against_chance_and_confidence() -> None:
    right = [i % 4 != 0 for i in range(32)]
    found = analyse(picks(right))
    assert found.details.right.value == pytest.approx(0.75)
    assert found.details.chance == pytest.approx(0.25)
    # Who is right is sure and who is wrong is not.
    assert found.details.gain.value == pytest.approx(1.0)
    assert "chance is 25" in summary(found)["headline"]
    assert found.details.by_condition is None


def test_choices_without_a_right_answer_are_preferences() -> None:
    judged = [(n, r, {"choice": f"k{2 if (n + r) % 4 else 0}"}) for n in range(8) for r in range(4)]
    judged[0] = (0, 0, {"choice": "k1"})
    found = analyse(tables("choose", judged, scores=(by_quality(),)))
    assert found.details.kind == "choice"
    assert found.details.tops[0].condition == "c"
    # A choice tells what was chosen from each of the two others.
    assert found.details.n_pairs == 2 * 32
    assert "“c” is chosen in" in summary(found)["headline"]


def test_a_model_that_chose_too_stands_beside_people() -> None:
    rng = np.random.default_rng(11)
    rows = []
    for neuron in range(8):
        for about in range(2):
            for rater in range(4):
                asked = AnswerContext(
                    options=shown_options([(f"k{i}", None, None, i) for i in range(3)]),
                    known={"choice": "k0"},
                )
                taken = "k0" if rng.random() < 0.4 + 0.06 * neuron else "k2"
                row = judgment_row(2 * neuron + about, neuron, rater, about=about)
                rows.append((row, PROTOCOLS["choose"].read({"choice": taken}, asked)))
    scores = Scores(
        scorer="predict_function",
        explanation=np.arange(24),
        value=np.repeat(0.4 + 0.06 * np.arange(8), 3),
    )
    made = StudyTables(
        protocol="choose", conditions=("a", "b"), answers=answers(rows), scores=(scores,),
        flow=Flow(),
    )  # fmt: skip
    found = analyse(made)
    [model] = found.details.models
    assert model.n_explanations == 16
    assert model.gap.model_with_person.value > model.gap.person_with_person.value
    titles = [section["title"] for section in summary(found)["sections"]]
    assert "Can a model stand in for people?" in titles


# --- Marks ----------------------------------------------------------------------------------------


def test_marks_are_scored_by_condition_and_beside_a_model() -> None:
    found = analyse(marks())
    details = found.details
    assert details.means.conditions[0].condition == "c"
    assert details.everything.n == 6 * 3 * 3 * 8
    [model] = details.models
    assert model.n_explanations == 18
    assert model.gap.model_with_person.defined
    assert len(model.points) == 18
    assert "detection scores" in summary(found)["headline"]


# --- Simulations ----------------------------------------------------------------------------------


def test_people_and_a_model_are_scored_on_the_same_tokens() -> None:
    found = analyse(simulations())
    [model] = found.details.models
    # This model predicts what the neuron does.
    assert model.score.value == pytest.approx(1.0)
    assert model.lead.value == pytest.approx(found.details.score.value - 1.0)
    assert model.n_answers == 30
    assert found.details.means.conditions[0].condition == "a"
    assert found.details.alike.pairs.value > 0
    assert "“token lookup” scores 1.00" in summary(found)["headline"]


def test_people_are_not_set_against_scores_of_their_own_simulations() -> None:
    made = simulations()
    own = replace(made.scores[0], scorer="correlation · people of here")
    found = analyse(replace(made, scores=(own, *made.scores), own="people of here"))
    assert [link.scorer for link in found.details.links] == ["correlation"]


def test_a_flat_simulation_has_no_score_and_is_counted() -> None:
    rows = [
        (
            judgment_row(0, 0, r, about=0),
            PROTOCOLS["simulate"].read({"values": [[value] * 3]}, AnswerContext(actual=actual)),
        )
        for r, (value, actual) in enumerate([(0, [[1, 2, 3]]), (2, [[5, 5, 5]])])
    ]
    made = StudyTables(
        protocol="simulate", conditions=("a",), answers=answers(rows), scores=(), flow=Flow()
    )
    found = analyse(made)
    counted = {each.reason: each.n for each in found.details.undefined}
    assert counted == {
        "every token was painted the same": 1,
        "the neuron does nothing on these texts": 1,
    }
    assert found.details.score.reason


# --- Texts ----------------------------------------------------------------------------------------


def test_written_texts_stand_beside_models_once_they_are_scored() -> None:
    rows = [
        (
            judgment_row(neuron, neuron, rater)._replace(explanation=100 + 2 * neuron + rater),
            PROTOCOLS["write"].read({"text": "words about water" + "!" * rater}, AnswerContext()),
        )
        for neuron in range(4)
        for rater in range(2)
    ]
    rivals = [Rival(100 + i, i // 2, "people") for i in range(8)]
    rivals += [Rival(n, n, "token_activation") for n in range(4)]
    scores = Scores(
        scorer="correlation",
        explanation=np.array([rival.explanation for rival in rivals]),
        value=np.array([0.5, 0.7] * 4 + [0.4, 0.3, 0.4, 0.3]),
    )
    made = StudyTables(
        protocol="write", conditions=(), answers=answers(rows), scores=(scores,), flow=Flow(),
        rivals=tuple(rivals),
    )  # fmt: skip
    found = analyse(made)
    assert found.details.characters.value == pytest.approx(17.5)
    assert found.details.words.value == pytest.approx(3.0)
    [scored] = found.details.scores
    assert scored.n_written == 8
    # On each neuron (.5 + .7) / 2 less .4 or .3: .25 on average.
    assert scored.means.contrasts[0].lead.value == pytest.approx(0.25)
    assert "written here minus token_activation" in summary(found)["headline"]
