"""`manage.py make_ground_truth` stores neurons whose truth is known, once."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from explanations.ground_truth import sets
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.pairs import pair_of
from explanations.models import Explanation, Neuron, Record, Subject
from explanations.records import RecordKind, Split


def make(kind: str, n: int = 4, **options: Any) -> str:
    out = StringIO()
    call_command("make_ground_truth", kind=kind, n=n, seed=7, stdout=out, **options)
    return out.getvalue()


def said(neuron: Neuron) -> dict[str, str]:
    """Return what is said of a neuron by the name and configuration of the method."""
    return {
        "-".join([each.method.name, *each.method.config.values()]): each.text
        for each in neuron.explanations.select_related("method")
        if each.method is not None
    }


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Kind.NUMERIC, Kind.STRING])
def test_a_function_becomes_a_neuron_with_its_truth_program_and_distractors(kind: Kind) -> None:
    assert "functions; 16 descriptions are new" in make(kind)
    expected = sets.descriptions(FunctionSet(kind=kind, count=4, seed=7))
    subject = Subject.objects.get(name=f"functions:{kind}-4@7")
    assert (subject.layers, subject.width, subject.source) == (1, 4, subject.name)
    for neuron, one in zip(subject.neurons.order_by("index"), expected, strict=True):
        assert said(neuron) == {
            "ground_truth": one.truth,
            "ground_truth_program": one.program.strip(),
            "distractor-near": one.near_distractor,
            "distractor-far": one.far_distractor,
        }
        assert set(neuron.explanations.values_list("author_kind", flat=True)) == {"control"}


@pytest.mark.django_db
def test_records_are_inputs_with_their_outputs_dealt_into_splits() -> None:
    make(Kind.NUMERIC)
    function_set = FunctionSet(kind=Kind.NUMERIC, count=4, seed=7)
    for neuron in Neuron.objects.all():
        function = sets.functions(function_set)[neuron.index].function
        for record in neuron.records.all():
            pair = pair_of(record.excerpt)
            assert pair is not None
            assert isinstance(pair.given, float)
            assert pair.output == pytest.approx(function.call(pair.given), rel=1e-5)
        assert neuron.maximum == pytest.approx(
            max(0, *neuron.records.values_list("peak", flat=True))
        )
    counts = {
        split: Record.objects.filter(neuron__index=0, document__split=split).count()
        for split in Split
    }
    assert counts == {Split.EXPLAIN: 36, Split.SELECT: 16, Split.SCORE: 36}


@pytest.mark.django_db
def test_top_records_are_the_highest_of_those_not_drawn() -> None:
    make(Kind.NUMERIC)
    for neuron in Neuron.objects.all():
        few = neuron.records.filter(document__split=Split.SCORE)
        assert few.filter(kind=RecordKind.TOP).count() == 20
        lowest = min(record.excerpt.activations[0] for record in few.filter(kind=RecordKind.TOP))
        kept = {record.tokens[0] for record in few}
        function_set = FunctionSet(kind=Kind.NUMERIC, count=4, seed=7)
        split = {r.document.key for r in few.select_related("document")}
        assert kept == split
        others = [
            pair.output
            for pair in sets.pairs(function_set, neuron.index)
            if f"{pair.given:.6g}" not in kept and _split(pair) == Split.SCORE
        ]
        assert max(map(float, others)) <= lowest + 1e-6


def _split(pair: Any) -> Split:
    from explanations.records import deal

    return deal(f"{pair.given:.6g}", 7)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Kind.NUMERIC, Kind.STRING])
def test_a_second_time_adds_nothing(kind: Kind) -> None:
    make(kind)
    before = (Neuron.objects.count(), Record.objects.count(), Explanation.objects.count())
    assert "4 functions; 0 descriptions are new" in make(kind)
    after = (Neuron.objects.count(), Record.objects.count(), Explanation.objects.count())
    assert before == after


def test_functions_of_texts_are_captured_over_made_stories(
    sqlite_file: Path, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    settings.CAPTURE_DIR = str(tmp_path / "captures")
    settings.CAPTURE_WORK_DIR = tmp_path / "work"
    first = make(Kind.TEXT, n=3)
    assert "functions:text-3@7: 3 functions; 9 descriptions are new." in first
    expected = sets.descriptions(FunctionSet(kind=Kind.TEXT, count=3, seed=7))
    for neuron, one in zip(Neuron.objects.order_by("index"), expected, strict=True):
        assert said(neuron) == {
            "ground_truth": one.truth,
            "distractor-near": one.near_distractor,
            "distractor-far": one.far_distractor,
        }
        assert neuron.records.filter(kind=RecordKind.TOP).exists()
        assert neuron.maximum > 0
    assert "0 descriptions are new" in make(Kind.TEXT, n=3)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kind": "numeric", "n": 0}, "1 to 2000 functions"),
        ({"kind": "numeric", "text": "x.jsonl"}, "--text is for --kind text"),
        ({"kind": "text", "text": "/nowhere/x.jsonl"}, "nowhere"),
    ],
)
def test_what_cannot_be_made_is_said(options: dict[str, Any], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        make(**options)
    assert not Neuron.objects.exists()
