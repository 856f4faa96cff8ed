"""A researcher's material comes in line by line, with every fault named, and goes out the same."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from explanations.models import (
    Capture,
    Corpus,
    Document,
    Explanation,
    Method,
    Neuron,
    Record,
    Run,
    Score,
    SimulatedRecord,
    Subject,
)
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from tests import factories

pytestmark = pytest.mark.django_db


def _line(index: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a neuron with two records, two explanations, a simulation and scores."""
    lookup = {"name": "their_lookup", "version": 2, "config": {"words": 3}}
    simulator = {"name": "their_simulator", "version": 0, "config": {}}
    scorer = {"name": "their_scorer", "version": 1, "config": {}}
    return {
        "format": "concordance",
        "version": 1,
        "subject": {"name": "theirs", "layers": 2, "width": 100, "source": "me/theirs"},
        "layer": 1,
        "index": index,
        "maximum": 3.25,
        "records": [
            {"document": "a", "start": 0, "split": "explain", "kind": "top",
             "tokens": ["the", " fish"], "activations": [0.1, 3.25]},
            {"document": "b", "start": 8, "split": "score", "kind": "quantile", "quantile": 2,
             "tokens": ["no", " bread"], "activations": [-0.07, 1.5]},
        ],
        "explanations": [
            {"id": "x", "text": "fish", "author_kind": "human", "shown": [0]},
            {"id": "y", "text": "words about fish", "author_kind": "baseline", "method": lookup,
             "parent": "x",
             "simulations": [{"method": simulator, "scale": "zero_to_ten",
                              "records": [{"record": 1, "values": [0, 4.5]},
                                          {"record": 0, "reason": "no answer"}]}],
             "scores": [{"method": scorer, "simulator": simulator, "value": 0.5, "n": 2},
                        {"method": scorer, "reason": "nothing varies", "n": 0}]},
        ],
        **changes,
    }  # fmt: skip


def _file(folder: Path, *rows: Any) -> Path:
    path = folder / "neurons.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def _import(path: Path, *options: str) -> tuple[str, str, bool]:
    """Return what was said, which faults, and whether the status was 0."""
    out, err = StringIO(), StringIO()
    try:
        call_command("import_records", str(path), *options, stdout=out, stderr=err)
    except CommandError:
        return out.getvalue(), err.getvalue(), False
    return out.getvalue(), err.getvalue(), True


def _export(folder: Path, *options: str) -> str:
    path = folder / "exported.jsonl"
    call_command("export_records", str(path), *options, stdout=StringIO())
    return path.read_text(encoding="utf-8")


def test_everything_a_line_says_is_stored(tmp_path: Path) -> None:
    said, faults, good = _import(_file(tmp_path, _line()))
    assert good
    assert faults == ""
    assert said == (
        "1 neuron, 2 records, 2 explanations, 1 simulation and 2 scores are new; problems: 0.\n"
    )
    neuron = Neuron.objects.get()
    assert (str(neuron), neuron.maximum) == ("theirs L1/0", 3.25)
    top, quantile = Record.objects.order_by("pk")
    assert top.excerpt.activations.tolist() == pytest.approx([0.1, 3.25])
    assert (quantile.quantile, quantile.document.split) == (2, "score")
    human, baseline = Explanation.objects.order_by("pk")
    assert list(human.shown.all()) == [top]
    assert baseline.parent == human
    assert baseline.method is not None
    assert baseline.method.config == {"words": 3}
    values, reason = SimulatedRecord.objects.order_by("pk")
    assert (values.record, reason.record, reason.reason) == (quantile, top, "no answer")
    with_value, undefined = Score.objects.order_by("pk")
    assert with_value.simulation == values.simulation
    assert (undefined.simulation, undefined.value, undefined.reason) == (
        None,
        None,
        "nothing varies",
    )


def test_three_faults_are_named_by_line_and_field_and_the_rest_is_loaded(tmp_path: Path) -> None:
    long = _line(1)
    long["records"][0]["activations"] = [0.5]
    nobody = _line(2)
    nobody["explanations"][0]["author_kind"] = "gpt"
    path = _file(tmp_path, _line(0), long, nobody, "{", _line(3))
    said, faults, good = _import(path)
    assert not good
    assert faults.splitlines()[0] == (
        "neurons.jsonl, line 2, records[0].activations: 1 numbers for 2 tokens"
    )
    assert faults.splitlines()[1].startswith(
        "neurons.jsonl, line 3, explanations[0].author_kind: should be 'human', 'model',"
    )
    assert faults.splitlines()[2].startswith("neurons.jsonl, line 4: is no JSON")
    assert "2 neurons" in said
    assert "problems: 3" in said
    assert set(Neuron.objects.values_list("index", flat=True)) == {0, 3}


def test_what_contradicts_the_database_is_a_fault_of_its_line(tmp_path: Path) -> None:
    _import(_file(tmp_path, _line(0)))
    higher = _line(0, maximum=9.0)
    moved = _line(1)
    moved["records"][0]["split"] = "score"
    said_otherwise = _line(0)
    said_otherwise["explanations"][1]["text"] = "birds"
    narrower = _line(2, subject={"name": "theirs", "layers": 2, "width": 50})
    for row, fault in (
        (higher, "line 1, maximum: theirs L1/0 is stored with 3.25"),
        (moved, "line 1, records[0].split: document 'a' is stored in explain"),
        (said_otherwise, "line 1, explanations[1].text: their_lookup v2 is stored with another"),
        (narrower, "line 1, subject.width: theirs is stored with 100"),
    ):
        _, faults, good = _import(_file(tmp_path, row))
        assert not good
        assert fault in faults
    # Nothing of a faulty line is stored.
    assert Neuron.objects.count() == 1
    assert Document.objects.count() == 2


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("records", 0, "activations"), [0.2, 3.25], "records[0].activations: other activations"),
        (("records", 0, "kind"), "random", "records[0].kind: is stored as 'top'"),
        (("records", 1, "quantile"), 3, "records[1].quantile: is stored as 2"),
        (
            ("explanations", 1, "author_kind"),
            "control",
            "explanations[1].author_kind: is stored as 'baseline'",
        ),
        (("explanations", 0, "shown"), [1], "explanations[0].shown: its author is stored"),
        (
            ("explanations", 1, "simulations", 0, "records", 0, "values"),
            [0, 5],
            "explanations[1].simulations[0].records[0].values: other values",
        ),
        (
            ("explanations", 1, "simulations", 0, "records", 1, "reason"),
            "too long",
            "explanations[1].simulations[0].records[1].reason: is stored as 'no answer'",
        ),
        (
            ("explanations", 1, "scores", 0, "value"),
            0.25,
            "explanations[1].scores[0].value: is stored as 0.5",
        ),
        (("explanations", 1, "scores", 0, "n"), 3, "explanations[1].scores[0].n: is stored as 2"),
    ],
)
def test_every_value_that_is_stored_otherwise_is_named(
    tmp_path: Path, place: tuple[Any, ...], value: Any, fault: str
) -> None:
    _import(_file(tmp_path, _line(0)))
    before = _export(tmp_path)
    row = _line(0)
    *way, last = place
    at: Any = row
    for step in way:
        at = at[step]
    at[last] = value
    _, faults, good = _import(_file(tmp_path, row))
    assert not good
    assert f"line 1, {fault}" in faults
    assert _export(tmp_path) == before


def test_a_token_without_a_simulated_value_is_null_in_and_out(tmp_path: Path) -> None:
    row = _line(0)
    row["explanations"][1]["simulations"][0]["records"][0]["values"] = [None, 4.5]
    for _ in range(2):  # the second time it is what is stored
        assert _import(_file(tmp_path, row))[1:] == ("", True)
    assert '"values":[null,4.5]' in _export(tmp_path)
    row["explanations"][1]["simulations"][0]["records"][0]["values"] = [None, None]
    assert "simulations[0].records[0].values: holds no number" in _import(_file(tmp_path, row))[1]


def test_a_simulation_is_stored_with_all_its_records_or_contradicted(tmp_path: Path) -> None:
    row = _line(0)
    simulated = row["explanations"][1]["simulations"][0]["records"]
    left_out = simulated.pop()
    _import(_file(tmp_path, row))
    simulated.append(left_out)
    _, faults, good = _import(_file(tmp_path, row))
    assert not good
    assert "simulations[0].records[1].record: it is stored without this record" in faults


def test_a_dry_run_finds_the_same_faults_and_stores_nothing(tmp_path: Path) -> None:
    moved = _line(1)
    moved["records"][0]["split"] = "score"
    said, faults, good = _import(_file(tmp_path, _line(0), moved), "--dry-run")
    assert not good
    assert "line 2, records[0].split: document 'a' is stored in explain" in faults
    assert "1 neuron, 2 records" in said
    assert "would be new; problems: 1." in said
    assert not Subject.objects.exists()
    assert not Method.objects.exists()


def test_importing_twice_adds_nothing(tmp_path: Path) -> None:
    path = _file(tmp_path, _line(0), _line(1))
    _import(path)
    before = _export(tmp_path)
    said, _, good = _import(path)
    assert good
    assert said.startswith("0 neurons, 0 records, 0 explanations, 0 simulations and 0 scores")
    assert _export(tmp_path) == before


def _captured(*, tokens: int) -> Capture:
    """Make a capture of the imported subject over a text of its own."""
    corpus = Corpus.objects.create(name="text", digest=f"digest-{tokens}", seed=1)
    return Capture.objects.create(subject=Subject.objects.get(), corpus=corpus, tokens=tokens)


@pytest.mark.parametrize("tokens", [0, 100])
def test_importing_again_after_a_capture_of_the_subject_adds_nothing(
    tmp_path: Path, tokens: int
) -> None:
    path = _file(tmp_path, _line(0))
    _import(path)
    _captured(tokens=tokens)
    said, _, good = _import(path)
    assert good
    assert said.startswith("0 neurons, 0 records")
    assert Record.objects.count() == Document.objects.count() == 2


def test_a_neurons_first_records_belong_to_the_text_of_the_newest_finished_capture(
    tmp_path: Path,
) -> None:
    _import(_file(tmp_path, _line(0)))
    finished = _captured(tokens=100)
    _captured(tokens=0)
    _import(_file(tmp_path, _line(1)))
    records = Record.objects.filter(neuron__index=1)
    assert {record.document.corpus for record in records} == {finished.corpus}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_records", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_records", str(tmp_path / "no" / "folder.jsonl"))


def test_a_folder_without_anything_of_the_format_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(CommandError, match="nothing in the format delphi found"):
        call_command("import_records", str(tmp_path), format="delphi", subject="x")


def test_what_was_exported_comes_in_again_the_same(tmp_path: Path) -> None:
    _import(_file(tmp_path, _line(0), _line(1)))
    first = _export(tmp_path)
    assert len(first.splitlines()) == 2
    (tmp_path / "kept.jsonl").write_text(first, encoding="utf-8")
    Score.objects.all().delete()
    SimulatedRecord.objects.all().delete()
    Explanation.objects.filter(parent__isnull=False).delete()
    Subject.objects.all().delete()
    Document.objects.all().delete()
    _, faults, good = _import(tmp_path / "kept.jsonl")
    assert (faults, good) == ("", True)
    assert _export(tmp_path) == first


def test_what_workers_made_is_exported_and_imported_again_the_same(tmp_path: Path) -> None:
    neuron = factories.neuron_with_records(index=7)

    def work(kind: Run.Kind, method: str, name: str, **keys: Any) -> None:
        run = run_create(kind=kind, method=factories.builtin(method, name), **keys).run
        assert run is not None
        work_on_chunk(run.pk)

    work(Run.Kind.EXPLAIN, "explainer", "token_lookup", neurons=[neuron.pk])
    explanation = Explanation.objects.get()
    work(Run.Kind.SIMULATE, "simulator", "token_lookup", explanations=[explanation.pk])
    simulation = explanation.simulations.get()
    work(Run.Kind.SCORE, "scorer", "correlation", simulations=[simulation.pk])
    first = _export(tmp_path)
    (tmp_path / "kept.jsonl").write_text(first, encoding="utf-8")
    Run.objects.all().delete()
    Subject.objects.all().delete()
    Document.objects.all().delete()
    _, faults, good = _import(tmp_path / "kept.jsonl")
    assert (faults, good) == ("", True)
    assert _export(tmp_path) == first


def test_exporting_many_neurons_takes_queries_by_the_batch(
    tmp_path: Path, django_assert_max_num_queries
) -> None:
    _import(_file(tmp_path, *(_line(index) for index in range(30))))
    with django_assert_max_num_queries(15):
        assert len(_export(tmp_path).splitlines()) == 30


def test_only_the_chosen_neurons_are_exported(tmp_path: Path) -> None:
    _import(_file(tmp_path, _line(0), _line(1)))
    (line,) = _export(tmp_path, "--neurons", "1/1").splitlines()
    assert json.loads(line)["index"] == 1
