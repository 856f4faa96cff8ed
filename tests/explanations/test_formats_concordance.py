"""Our own JSON Lines format: what is written is read again, and every fault is named."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.formats.concordance.read import parse
from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    NeuronLine,
    Parsed,
    Problem,
    RecordLine,
    ScoreLine,
    SimulationLine,
    SubjectLine,
)
from explanations.records import Split
from tests.conftest import ROOT


def line() -> dict[str, Any]:
    """Return a good line with everything in it."""
    lookup = {"name": "token_lookup", "version": 1, "config": {"words": 10}}
    simulator = {"name": "embedding", "version": 1, "config": {}}
    return {
        "format": "concordance",
        "version": 1,
        "subject": {"name": "tiny", "layers": 2, "width": 8},
        "layer": 1,
        "index": 7,
        "maximum": 2.5,
        "records": [
            {
                "document": "a",
                "start": 0,
                "split": "explain",
                "kind": "top",
                "quantile": None,
                "tokens": ["a", " fish"],
                "activations": [0.0, 2.5],
            },
            {
                "document": "b",
                "start": 8,
                "split": "score",
                "kind": "quantile",
                "quantile": 3,
                "tokens": [" two", " words", "!"],
                "activations": [0.1, -0.1, 0],
            },
        ],
        "explanations": [
            {
                "id": "1",
                "text": 'the word "fish"',
                "author_kind": "baseline",
                "method": lookup,
                "shown": [0],
                "scores": [
                    {
                        "method": {"name": "correlation", "version": 1, "config": {}},
                        "simulator": dict(simulator),
                        "value": 0.5,
                        "n": 3,
                    },
                    {
                        "method": {"name": "ablation", "version": 1, "config": {}},
                        "simulator": None,
                        "reason": "the model was not there",
                        "n": 0,
                    },
                ],
                "simulations": [
                    {
                        "method": simulator,
                        "scale": "zero_to_ten",
                        "records": [
                            {"record": 1, "values": [0, 10, 0.5]},
                            {"record": 0, "reason": "the answer stops half way"},
                        ],
                    }
                ],
            },
            {"id": "2", "text": "fish", "author_kind": "human", "method": None, "parent": "1"},
        ],
    }


def outcomes(*lines: Any) -> list[NeuronLine | Problem]:
    given = (each if isinstance(each, str | bytes) else json.dumps(each) for each in lines)
    return [each.line if isinstance(each, Parsed) else each for each in parse(given)]


def faults(*lines: Any) -> list[tuple[int, str]]:
    return [
        (each.location.line, each.field) for each in outcomes(*lines) if isinstance(each, Problem)
    ]


def test_a_line_is_read_with_all_that_it_says() -> None:
    (neuron,) = outcomes(line())
    assert isinstance(neuron, NeuronLine)
    assert (neuron.subject.name, neuron.layer, neuron.index, neuron.maximum) == ("tiny", 1, 7, 2.5)
    assert neuron.records[1].split == Split.SCORE
    assert neuron.records[1].activations[0] == float(np.float32(0.1))
    first, second = neuron.explanations
    assert (first.shown, first.scores[0].value, first.scores[1].value) == ((0,), 0.5, None)
    assert first.simulations[0].records[1].reason == "the answer stops half way"
    assert (second.method, second.parent, second.scores) == (None, "1", ())


def test_the_documented_example_is_a_good_line() -> None:
    page = (ROOT / "docs" / "import-format.md").read_text()
    example = json.loads(page.split("```json")[1].split("```")[0])
    (neuron,) = outcomes(example)
    assert isinstance(neuron, NeuronLine)
    assert [each.id for each in neuron.explanations] == ["a", "b"]


TABLES: dict[str, type] = {
    "a line": NeuronLine,
    "`subject`": SubjectLine,
    "a record": RecordLine,
    "an explanation": ExplanationLine,
    "a method": MethodLine,
    "a simulation": SimulationLine,
    "a score": ScoreLine,
}


@pytest.mark.parametrize("what", TABLES)
def test_the_documented_fields_are_those_that_are_read(what: str) -> None:
    page = (ROOT / "docs" / "import-format.md").read_text()
    table = page.split(f"| of {what} |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    header = {"format", "version"} if what == "a line" else set()
    assert named == header | {each.name for each in fields(TABLES[what])}


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert faults("", json.dumps(line()), "\n", "{") == [(4, "")]


def test_a_fault_reads_as_one_line_with_its_place() -> None:
    bad = line()
    bad["records"][1]["split"] = "test"
    assert [str(each) for each in outcomes(bad)] == [
        "line 1, records[1].split: should be 'explain', 'select' or 'score', not 'test'"
    ]


def test_every_fault_of_a_line_is_given_and_the_other_lines_are_read() -> None:
    bad = line()
    bad["maximum"] = "high"
    bad["records"][0]["activations"] = [0.0]
    bad["records"][1]["quantile"] = None
    bad["explanations"][0]["scores"][0]["n"] = -1
    bad["explanations"][1]["text"] = " "
    other = {**line(), "index": 3}
    found = outcomes(bad, other)
    assert sorted(each.field for each in found if isinstance(each, Problem)) == [
        "explanations[0].scores[0].n",
        "explanations[1].text",
        "maximum",
        "records[0].activations",
        "records[1].quantile",
    ]
    assert isinstance(found[-1], NeuronLine)


def _set(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Return what sets the value that ends the path."""
    *steps, last, value = path

    def change(raw: dict[str, Any]) -> None:
        for step in steps:
            raw = raw[step]
        raw[last] = value

    return change


FAULTY: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another format": (_set("format", "delphi"), "format"),
    "a later version": (_set("version", 2), "version"),
    "a subject that is a text": (_set("subject", "tiny"), "subject"),
    "a layer that the subject has not": (_set("layer", 2), "layer"),
    "an index that the subject has not": (_set("index", 8), "index"),
    "true for a number": (_set("index", True), "index"),
    "a number for a text": (_set("subject", "name", 3), "subject.name"),
    "a name too long to keep": (_set("subject", "name", "x" * 201), "subject.name"),
    "an unknown field": (_set("subject", "nmae", "x"), "subject.nmae"),
    "infinity": (_set("maximum", float("inf")), "maximum"),
    "not a number": (_set("maximum", float("nan")), "maximum"),
    "a firing rate above 1": (_set("firing_rate", 1.5), "firing_rate"),
    "records that are no array": (_set("records", {}), "records"),
    "a record that is no object": (_set("records", 0, 5), "records[0]"),
    "a token that is a number": (_set("records", 0, "tokens", 1, 5), "records[0].tokens[1]"),
    "half a character": (_set("records", 0, "tokens", 1, "\ud800"), "records[0].tokens[1]"),
    "a NUL": (_set("explanations", 1, "text", "a\0b"), "explanations[1].text"),
    "null for an activation": (
        _set("records", 0, "activations", 0, None),
        "records[0].activations[0]",
    ),
    "more than float32 holds": (
        _set("records", 0, "activations", 0, 1e39),
        "records[0].activations[0]",
    ),
    "an activation above the maximum": (
        _set("records", 0, "activations", 0, 2.6),
        "records[0].activations",
    ),
    "the same place twice": (_set("records", 1, line()["records"][0]), "records[1]"),
    "a document in two splits": (_set("records", 1, "document", "a"), "records[1].split"),
    "a quantile of a top record": (_set("records", 0, "quantile", 1), "records[0].quantile"),
    "an unknown author kind": (
        _set("explanations", 0, "author_kind", "robot"),
        "explanations[0].author_kind",
    ),
    "a model without a method": (_set("explanations", 0, "method", None), "explanations[0].method"),
    "a method whose configuration holds NaN": (
        _set("explanations", 0, "method", "config", "x", [float("nan")]),
        "explanations[0].method.config",
    ),
    "an id twice": (_set("explanations", 1, "id", "1"), "explanations[1].id"),
    "a parent that is not there": (
        _set("explanations", 1, "parent", "9"),
        "explanations[1].parent",
    ),
    "a shown record that is not there": (
        _set("explanations", 0, "shown", [2]),
        "explanations[0].shown",
    ),
    "a score with value and reason": (
        _set("explanations", 0, "scores", 0, "reason", "so"),
        "explanations[0].scores[0].value",
    ),
    "half of an interval": (
        _set("explanations", 0, "scores", 0, "low", 0.5),
        "explanations[0].scores[0].low",
    ),
    "a simulator without a simulation": (
        _set("explanations", 0, "scores", 0, "simulator", "version", 2),
        "explanations[0].scores[0].simulator",
    ),
    "an unknown scale": (
        _set("explanations", 0, "simulations", 0, "scale", "percent"),
        "explanations[0].simulations[0].scale",
    ),
    "a simulated record that is not there": (
        _set("explanations", 0, "simulations", 0, "records", 0, "record", 2),
        "explanations[0].simulations[0].records[0].record",
    ),
    "too few simulated values": (
        _set("explanations", 0, "simulations", 0, "records", 0, "values", [1]),
        "explanations[0].simulations[0].records[0].values",
    ),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_fault_is_named_with_its_line_and_field(what: str) -> None:
    change, field = FAULTY[what]
    bad = line()
    change(bad)
    assert (2, field) in faults({**line(), "index": 1}, bad)


@pytest.mark.parametrize("field", ["subject", "layer", "index", "maximum"])
def test_a_required_field_that_is_missing_is_a_fault(field: str) -> None:
    bad = line()
    del bad[field]
    assert faults(bad) == [(1, field)]


def test_a_neuron_given_twice_is_a_fault_that_names_the_first_line() -> None:
    fault = outcomes(line(), line())[1]
    assert str(fault) == "line 2, index: this neuron is on line 1 already"


def test_a_subject_that_changes_between_lines_is_a_fault() -> None:
    other = {**line(), "index": 1, "subject": {"name": "tiny", "layers": 3, "width": 8}}
    assert faults(line(), other) == [(2, "subject")]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b'{"format": "concordance", "version": 1, "\xff": 1}',
        b"[]",
        b"[" * 100_000,
        b'{"format": "concordance", "version": 1, "maximum": 1' + b"0" * 5000 + b"}",
        b"null",
        b"NaN",
    ],
)
def test_what_is_no_line_of_the_format_is_a_fault_that_can_be_printed(raw: bytes) -> None:
    found = outcomes(raw)
    assert found
    for fault in found:
        assert isinstance(fault, Problem)
        assert str(fault).isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_nothing_that_stands_in_a_field_makes_the_reader_raise(data: st.DataObject) -> None:
    bad = line()
    place: Any = bad
    while True:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    for outcome in outcomes(json.dumps(bad)):
        assert str(outcome)
