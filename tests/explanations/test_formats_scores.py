"""Scores that others found: rows name an explanation that is stored, and what is wrong is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from explanations.formats.lines import (
    ExplanationLine,
    ExternalScore,
    MethodLine,
    NeuronLine,
    ScoreLine,
    SubjectLine,
)
from explanations.formats.scores.read import COLUMNS
from explanations.records import AuthorKind, NeuronRef
from tests.conftest import ROOT
from tests.explanations.foreign import read, write

HEADER = "subject,layer,index,text,method,metric,value,reason,n,baseline,seed\n"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "scores.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows))
    return path


def rows(folder: Path, *each: Any) -> Path:
    path = folder / "scores.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in each))
    return path


def row(**changes: Any) -> dict[str, Any]:
    full = {
        "subject": "tiny",
        "layer": 1,
        "index": 7,
        "text": "fish",
        "method": "causal_scrubbing",
        "metric": "loss_recovered",
        "value": 0.75,
        "n": 40,
        **changes,
    }
    return {name: value for name, value in full.items() if value is not None}


def test_a_table_and_lines_say_the_same(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        'tiny,1,7,"fish, and\nbirds",causal_scrubbing,loss_recovered,0.75,,40,mean ablation,3',
        "tiny,1,7,fish,edits,success,,never tried,0,0.25,",
    )
    by_table, faults = read("scores", path)
    assert faults == []
    by_lines, faults = read(
        "scores",
        rows(
            tmp_path,
            row(text="fish, and\nbirds", baseline="mean ablation", seed=3),
            row(
                method="edits",
                metric="success",
                value=None,
                reason="never tried",
                n=0,
                baseline=0.25,
            ),
        ),
    )
    assert faults == []
    assert by_table == by_lines
    first, second = by_table
    assert first == ExternalScore(
        number=None,
        subject="tiny",
        neuron=NeuronRef(layer=1, index=7),
        text="fish, and\nbirds",
        explainer="",
        score=ScoreLine(
            method=MethodLine(
                name="causal_scrubbing",
                version=1,
                config={"metric": "loss_recovered", "baseline": "mean ablation", "seed": 3},
            ),
            simulator=None,
            value=0.75,
            reason="",
            n=40,
        ),
    )
    # A baseline that is a number belongs to the score, and not to the method.
    assert (second.score.value, second.score.reason) == (None, "never tried")
    assert (second.score.method.config, second.score.details) == (
        {"metric": "success"},
        {"baseline": 0.25},
    )


def test_the_documented_table_is_good(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    (tmp_path / "scores.csv").write_text(page.split("```csv\n")[1].split("```")[0], "utf-8")
    found, faults = read("scores", tmp_path / "scores.csv")
    assert faults == []
    assert [each.score.value for each in found] == [0.72, None]
    documented = set(re.findall(r"`(\w+)`", page.split("| column |")[1].split("\n\n")[0]))
    assert set(COLUMNS) <= documented


def test_an_explanation_may_be_named_by_its_number(tmp_path: Path) -> None:
    by_number = row(explanation=12, subject=None, layer=None, index=None, text=None)
    (score,), faults = read("scores", rows(tmp_path, by_number))
    assert faults == []
    assert (score.number, score.neuron, score.text) == (12, None, "")


def test_the_subject_may_be_named_once_for_all(tmp_path: Path) -> None:
    (score,), faults = read("scores", rows(tmp_path, row(subject=None)), subject="tiny")
    assert faults == []
    assert score.subject == "tiny"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"value": None}, "value: is empty: give a reason"),
        ({"reason": "why"}, "value: expected a value or a reason, not both"),
        ({"value": "high"}, "value: expected a number, not a text"),
        ({"value": float("nan")}, "value: should be a finite number"),
        ({"n": None}, "n: is missing"),
        ({"n": -1}, "n: should be greater than or equal to 0"),
        ({"method": None}, "method: is missing"),
        ({"metric": " "}, "metric: is empty"),
        ({"layer": 1.5}, "layer: expected a whole number, not a number"),
        ({"explanation": 3}, "explanation: expected its number, or else subject"),
        ({"text": None}, "explanation: expected its number, or else subject"),
        ({"subject": None}, "subject: is missing"),
        ({"mehtod": "x"}, "mehtod: there is no such field"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field_and_the_rest_is_read(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    scores, faults = read("scores", rows(tmp_path, row(), row(**changes), row()))
    assert len(scores) == 2
    assert any(each.startswith(f"scores.jsonl, line 2, {fault}") for each in faults)


def test_bad_cells_of_a_table_are_named(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "tiny,1,7,fish,edits,success,,,0,,",
        "tiny,one,7,fish,edits,success,1,,0,,",
        "tiny,1,7,fish,edits,success,1,,0,,,,more",
        "tiny,1,7,fish,edits,success,1,,0,,",
    )
    scores, faults = read("scores", path)
    assert len(scores) == 1
    assert faults == [
        "scores.csv, line 2, value: is empty: give a reason",
        "scores.csv, line 3, layer: expected a whole number, not a text",
        "scores.csv, line 4: has more cells than the table has columns",
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe", b'a,b\n"x'])
def test_what_is_no_table_is_a_fault(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "scores.csv").write_bytes(content)
    scores, (fault,) = read("scores", tmp_path / "scores.csv")
    assert scores == []
    assert fault.startswith("scores.csv, line 1: is no table that can be read: ")


def test_a_header_without_rows_has_no_scores_and_no_faults(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_bytes(b"\0\n")
    assert read("scores", tmp_path / "scores.csv") == ([], [])


def scored(*scores: ScoreLine) -> NeuronLine:
    """Return a neuron with two explanations that say the same, of which the first has scores."""
    said = tuple(
        ExplanationLine(
            id=name,
            text='"fish",\nand more',
            author_kind=AuthorKind.MODEL,
            method=MethodLine(name=name, version=1),
            scores=scores if name == "first" else (),
        )
        for name in ("first", "second")
    )
    subject = SubjectLine(name="tiny", layers=2, width=9)
    return NeuronLine(subject=subject, layer=1, index=7, maximum=1.0, explanations=said)


def score(name: str = "edits", value: float | None = 0.1, **config: Any) -> ScoreLine:
    return ScoreLine(
        method=MethodLine(name=name, version=1, config={"metric": "success", **config}),
        simulator=None,
        value=value,
        reason="" if value is not None else "never tried",
        n=3,
    )


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.jsonl.gz"])
def test_scores_are_written_and_read_again_the_same(tmp_path: Path, name: str) -> None:
    given = (score(), score(seed=2), score(baseline="mean"), score("tracing", None))
    assert write("scores", [scored(*given)], tmp_path / name) == []
    found, faults = read("scores", tmp_path / name)
    assert faults == []
    assert tuple(each.score for each in found) == given
    # Two explanations say the same, so the method tells which.
    assert {each.explainer for each in found} == {"first"}
    assert {each.text for each in found} == {'"fish",\nand more'}


def test_a_score_that_the_columns_cannot_tell_from_another_is_named(tmp_path: Path) -> None:
    told = write("scores", [scored(score(), score(other=1))], tmp_path / "out.csv")
    assert told == [
        "tiny L1/7, explanations[0].scores: another score by edits is written; this one is left out"
    ]


def test_scores_of_the_top_records_alone_have_a_name_of_their_own(tmp_path: Path) -> None:
    assert write("scores", [scored(score(), score(on="top"))], tmp_path / "out.csv") == []
    found, _ = read("scores", tmp_path / "out.csv")
    assert [each.score.method.name for each in found] == ["edits", "edits on top"]
