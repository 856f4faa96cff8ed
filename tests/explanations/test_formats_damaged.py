"""Whatever stands in a file, a reader names what is wrong and goes on; it never raises."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explanations.formats.lines import ImportOptions, NeuronLine, Problem
from explanations.formats.registry import FORMATS
from tests.explanations import (
    delphi_results,
    test_formats_neuronpedia,
    test_formats_openai,
    test_formats_scores,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

FILES: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "record": ("openai", "3/8.json", test_formats_openai.record),
    "results": ("openai", "3/8.jsonl", test_formats_openai.results),
    "dashboard": (
        "neuronpedia",
        "batch-0.json",
        lambda: test_formats_neuronpedia.batch(test_formats_neuronpedia.feature()),
    ),
    "feature": (
        "neuronpedia",
        "features/batch-0.jsonl",
        lambda: test_formats_neuronpedia.row(maxActApprox=1.0, frac_nonzero=0.5),
    ),
    "activation": (
        "neuronpedia",
        "activations/batch-0.jsonl",
        lambda: test_formats_neuronpedia.stored("a", " b", values=[0, 1]),
    ),
    "explanation": (
        "neuronpedia",
        "explanations/batch-0.jsonl",
        lambda: test_formats_neuronpedia.row(description="fish", typeName="t"),
    ),
    "examples": ("delphi", "scores/detection/layers.1_latent2.txt", delphi_results.examples),
    "text": ("delphi", "explanations/layers.1_latent2.txt", lambda: ["fish"]),
    "function": ("find", "numeric/data.json", lambda: [{"dir": "f00001", "name": "x"}]),
    "concepts": (
        "find",
        "numeric/data.json",
        lambda: [{"dir": "f00001", "concept1": "a", "concept2": "b", "exeption": "c"}],
    ),
    "score": ("scores", "scores.jsonl", test_formats_scores.row),
}


def bent(raw: Any, data: st.DataObject) -> Any:
    """Return the value with one place of it replaced by anything."""
    keys = sorted(raw) if isinstance(raw, dict) else range(len(raw))
    key = data.draw(st.sampled_from(keys))
    inner = raw[key]
    deeper = isinstance(inner, dict | list) and inner and data.draw(st.booleans())
    raw[key] = bent(inner, data) if deeper else data.draw(json_values)
    return raw


def read(form: str, path: Path) -> list[Any]:
    said = ImportOptions(subject="x")
    return list(FORMATS[form].read(str(path), said))


@pytest.mark.parametrize("what", FILES)
@given(data=st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_that_stands_in_a_field_makes_a_reader_raise(
    tmp_path: Path, what: str, data: st.DataObject
) -> None:
    form, name, make = FILES[what]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bent(make(), data)))
    for outcome in read(form, tmp_path):
        if isinstance(outcome, Problem):
            assert str(outcome).isprintable()
            assert name in str(outcome)
        elif isinstance(outcome.line, NeuronLine):
            splits = {each.document: each.split for each in outcome.line.records}
            assert all(splits[each.document] == each.split for each in outcome.line.records)


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[" * 100_000, b"null", b"NaN", b'"\\ud800"']
)
def test_a_file_of_something_else_is_a_fault_that_can_be_printed(
    tmp_path: Path, what: str, content: bytes
) -> None:
    form, name, _ = FILES[what]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    for outcome in read(form, tmp_path):
        assert isinstance(outcome, Problem)
        assert str(outcome).isprintable()
