"""Little to go by: nothing, one rater, one item, all the same, no score; and the same twice."""

import json
from dataclasses import replace

import numpy as np
import pytest

from studies.analysis.data.answers import StudyTables
from studies.analysis.data.canonical_json import as_text
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Scores
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.results import analyse
from studies.analysis.results_report import figures, stored_figures, summary
from tests.studies.columns import (
    FIT,
    by_quality,
    marks,
    orders,
    picks,
    ratings,
    simulations,
    tables,
    votes,
)

EXAMPLES: dict[str, StudyTables] = {
    "compare": tables("compare", votes(), shown=2, scores=(by_quality(),)),
    "rate": tables("rate", ratings(), dimensions=(FIT,), scores=(by_quality(),)),
    "rank": tables("rank", orders(), scores=(by_quality(),)),
    "choose": picks([True, False] * 8),
    "choose, preferred": tables("choose", [(0, 0, {"choice": "k1"}), (1, 1, {"choice": "k0"})]),
    "mark": marks(),
    "simulate": simulations(),
    "write": tables("write", []),
}


def told(made: StudyTables) -> str:
    """Return all that is said and shown as text, once it went through JSON."""
    found = analyse(made)
    shown = figures(found)
    for section in summary(found)["sections"]:
        assert {*section["figures"], *section["collapsed"]} <= shown.keys()
    for figure in stored_figures(found).values():
        assert "nan" not in figure["svg"]
        assert figure["caption"]
    json.loads(as_text(found.as_dict()), parse_constant=lambda name: pytest.fail(name))
    return json.dumps(summary(found))


def test_every_protocol_has_an_example() -> None:
    assert {name.partition(",")[0] for name in EXAMPLES} == PROTOCOLS.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_answered_says_so_and_invents_nothing(name: str) -> None:
    made = EXAMPLES[name]
    none = made.answers.only(np.zeros(len(made.answers), dtype=np.bool_))
    assert "No judgments yet" in told(replace(made, answers=none))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("one", ["rater", "unit"])
def test_one_rater_or_one_item_gets_reasons_in_place_of_intervals(name: str, one: str) -> None:
    made = EXAMPLES[name]
    rows = getattr(made.answers.judgments, one) == 0
    little = replace(made, answers=made.answers.only(rows))
    if len(little.answers):
        said = told(little)
        assert "no interval: only one" in said
        # Several ratings of one item by several raters have an agreement with an interval.
        assert "95" not in said or (name, one) == ("rate", "unit")


@pytest.mark.parametrize("name", EXAMPLES)
def test_scores_that_are_all_undefined_leave_the_rest_standing(name: str) -> None:
    made = EXAMPLES[name]
    empty = Scores(scorer="correlation", explanation=np.zeros(0, np.intp), value=np.zeros(0))
    assert told(replace(made, scores=(empty,)))


def test_the_same_answer_everywhere_is_no_agreement_and_no_disagreement() -> None:
    same = {"rating": {f"k{i}": {"fit": 4} for i in range(3)}}
    judged = [(n, r, same) for n in range(3) for r in range(3)]
    found = analyse(tables("rate", judged, dimensions=(FIT,), scores=(by_quality(),)))
    [fit] = found.details.dimensions
    by_name = {m.name: m.estimate for m in fit.agreement}
    assert by_name["Percent agreement"].value == 1.0
    assert "no variation" in by_name["Krippendorff's α, ordinal"].reason
    assert fit.links[0].within.reason
    assert told(tables("rate", judged, dimensions=(FIT,)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_rows_give_the_same_results_whatever_their_ids(name: str) -> None:
    made = EXAMPLES[name]
    ids = {n: 50 - getattr(made.answers.judgments, n) for n in ("unit", "rater", "neuron")}
    renamed = replace(made.answers, judgments=replace(made.answers.judgments, **ids))
    one, other = (
        as_text(analyse(each).as_dict()) for each in (made, replace(made, answers=renamed))
    )
    assert one == other


def test_exclusions_are_told_with_and_without() -> None:
    made = EXAMPLES["rate"]
    found = analyse(made, Plan(min_seconds=9.0))
    # The first rater took 8 s each time.
    assert found.n_judgments == 24
    [mean, *_] = found.key_figures
    assert mean.kept.n_raters == 3
    assert mean.everything.n_raters == 4
    assert "Without exclusions" in dict(figures(found)["sensitivity"].columns)
    # Of four raters with eight judgments each, one goes: a quarter.
    assert any("rules take out 8 of 32 judgments" in told for told in summary(found)["warnings"])
    assert not any("take out" in told for told in summary(analyse(made))["warnings"])
