"""Others' files through the commands: stored once, told what is wrong, and exported the same."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explanations.models import (
    Capture,
    Corpus,
    Document,
    Explanation,
    Method,
    Neuron,
    Score,
    Simulation,
    Subject,
)
from studies.models import StudyOption
from studies.selectors.tables import study_scores
from tests import factories
from tests.explanations import delphi_results, test_formats_find, test_formats_openai
from tests.explanations.foreign import call

pytestmark = pytest.mark.django_db


def openai(folder: Path) -> tuple[Path, list[str]]:
    records, said = test_formats_openai.record(), test_formats_openai.results()
    path = test_formats_openai.folder(folder, records=records, said=said)
    return path, ["--subject", "gpt2-xl"]


def neuronpedia(folder: Path) -> tuple[Path, list[str]]:
    place = folder / "v1" / "tiny" / "4-res"
    whose = {"modelId": "tiny", "layer": "4-res", "index": "7"}
    rows = {
        "features": {"maxActApprox": 3.0, "frac_nonzero": 0.5},
        "activations": {"tokens": ["a", " fish"], "values": [0, 3]},
        "explanations": {"description": "fish", "typeName": "t", "explanationModelName": "m"},
    }
    for kind, row in rows.items():
        (place / kind).mkdir(parents=True)
        (place / kind / "batch-0.jsonl").write_text(json.dumps(whose | row))
    return folder, []


def delphi(folder: Path) -> tuple[Path, list[str]]:
    folder.mkdir()
    tokenizer = delphi_results.tokenizer_in(folder.parent)
    fired = {1: delphi_results.spread(1, 40, 300), 2: delphi_results.spread(2, 40, 5)}
    path = delphi_results.cache(folder, delphi_results.words(40), fired)
    delphi_results.say(path, "explanations", 2, "the word w7")
    delphi_results.say(path, "scores/detection", 2, delphi_results.examples())
    return path, ["--tokenizer", str(tokenizer)]


def find(folder: Path) -> tuple[Path, list[str]]:
    rows = [{"dir": "f00003", "name": "linear((1.0, 1.1))"}]
    path = test_formats_find.find(folder, "numeric", rows, f00003="def function(x): ...")
    return test_formats_find.interpreted(path, "numeric", "f00003", description="a line"), []


MADE: dict[str, Callable[[Path], tuple[Path, list[str]]]] = {
    each.__name__: each for each in (openai, neuronpedia, delphi, find)
}


def everything(folder: Path) -> str:
    """Return all that is stored as our own format writes it."""
    folder.mkdir(exist_ok=True)
    assert call("export_records", folder / "all.jsonl")[2]
    return (folder / "all.jsonl").read_text()


def forget() -> None:
    """Delete all that was imported."""
    for model in (Score, Simulation, Explanation, Subject, Document, Corpus, Method):
        model.objects.all().delete()


@pytest.mark.parametrize("form", MADE)
def test_a_format_is_stored_exported_and_stored_again_the_same(tmp_path: Path, form: str) -> None:
    path, options = MADE[form](tmp_path / "in")
    said, faults, good = call("import_records", path, "--format", form, *options)
    assert (faults, good) == ("", True)
    assert said.endswith("are new; problems: 0.\n")
    before = everything(tmp_path / "ours")
    tokenizer = options if form == "delphi" else []
    said, faults, good = call("export_records", tmp_path / "out", "--format", form, *tokenizer)
    assert (faults, good) == ("", True)
    forget()
    model = ["--subject", "gpt2-xl"] if form == "openai" else tokenizer
    assert call("import_records", tmp_path / "out", "--format", form, *model)[2]
    assert everything(tmp_path / "ours") == before


@pytest.mark.parametrize("form", MADE)
def test_importing_twice_changes_nothing(tmp_path: Path, form: str) -> None:
    path, options = MADE[form](tmp_path / "in")
    call("import_records", path, "--format", form, *options)
    before = everything(tmp_path / "ours")
    said, faults, good = call("import_records", path, "--format", form, *options)
    assert (faults, good) == ("", True)
    assert said.startswith("0 neurons, 0 records, 0 explanations, 0 simulations and 0 scores")
    assert everything(tmp_path / "ours") == before


@pytest.mark.parametrize("form", MADE)
def test_a_dry_run_says_what_would_be_new_and_stores_nothing(tmp_path: Path, form: str) -> None:
    path, options = MADE[form](tmp_path / "in")
    said, _, good = call("import_records", path, "--format", form, "--dry-run", *options)
    assert good
    assert said.endswith("would be new; problems: 0.\n")
    assert not said.startswith("0 neurons")
    assert not Subject.objects.exists()
    assert not Method.objects.exists()


def test_a_fault_is_told_the_rest_is_stored_and_the_status_says_so(tmp_path: Path) -> None:
    path, options = openai(tmp_path / "in")
    shutil.copy(path / "neurons" / "3" / "8.json", path / "neurons" / "3" / "9.json")
    broken = json.loads((path / "neurons" / "3" / "9.json").read_text())
    broken["neuron_id"]["neuron_index"] = 9
    broken["random_sample"][0]["activations"] = []
    (path / "neurons" / "3" / "9.json").write_text(json.dumps(broken))
    said, faults, good = call("import_records", path, "--format", "openai", *options)
    assert not good
    assert faults == ("neurons/3/9.json, random_sample[0].activations: 0 numbers for 2 tokens\n")
    assert said.startswith("2 neurons,")
    assert said.endswith("are new; problems: 1.\n")


def test_a_subject_grows_with_its_neurons_until_it_is_captured(tmp_path: Path) -> None:
    path, options = openai(tmp_path / "in")
    call("import_records", path, "--format", "openai", *options)
    subject = Subject.objects.get()
    assert (subject.layers, subject.width) == (4, 9)
    sized = [*options, "--layers", "48", "--width", "6400"]
    assert call("import_records", path, "--format", "openai", *sized)[2]
    subject.refresh_from_db()
    assert (subject.layers, subject.width) == (48, 6400)
    corpus = Corpus.objects.create(name="text", digest="d", seed=1)
    Capture.objects.create(subject=subject, corpus=corpus, tokens=100)
    sized[-1] = "6401"
    _, faults, good = call("import_records", path, "--format", "openai", *sized)
    assert not good
    assert "subject.width: gpt2-xl was captured with 6400" in faults


def test_a_neuron_of_which_only_texts_were_known_learns_the_rest(tmp_path: Path) -> None:
    path, options = delphi(tmp_path / "in")
    texts = tmp_path / "texts"
    shutil.copytree(path / "explanations", texts / "explanations")
    model = ["--subject", "my/model"]
    assert call("import_records", texts, "--format", "delphi", *model)[2]
    assert Neuron.objects.get().maximum == 0
    assert call("import_records", path, "--format", "delphi", *options)[2]
    learned = Neuron.objects.get(index=2)
    assert learned.maximum > 0
    assert learned.firing_rate is not None
    assert learned.records.exists()
    assert learned.explanations.count() == 1
    # And texts alone change nothing afterwards.
    assert call("import_records", texts, "--format", "delphi", *model)[2]
    learned.refresh_from_db()
    assert learned.maximum > 0


def test_a_name_that_no_database_keeps_is_a_fault(tmp_path: Path) -> None:
    path, _ = openai(tmp_path / "in")
    _, faults, good = call("import_records", path, "--format", "openai", "--subject", "x" * 201)
    assert not good
    assert faults == (
        "neurons/3/8.json, subject.name: has 201 characters, and at most 200 are kept\n"
    )
    assert not Subject.objects.exists()


def test_an_option_that_means_nothing_to_a_format_is_refused(tmp_path: Path) -> None:
    path, _ = find(tmp_path / "in")
    assert not call("import_records", path, "--format", "find", "--seed", "1")[2]
    assert not call("import_records", path, "--subject", "x")[2]
    assert not call("export_records", tmp_path / "out", "--format", "openai", "--tokenizer", "x")[2]
    assert not Subject.objects.exists()


def test_an_export_takes_no_folder_that_is_there_and_leaves_none_half_written(
    tmp_path: Path,
) -> None:
    path, options = openai(tmp_path / "in")
    call("import_records", path, "--format", "openai", *options)
    (tmp_path / "out").mkdir()
    assert not call("export_records", tmp_path / "out", "--format", "openai")[2]
    # Without a tokenizer delphi's files cannot be written.
    assert not call("export_records", tmp_path / "new", "--format", "delphi")[2]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in", "out"]


@pytest.mark.parametrize("form", ["openai", "delphi", "find"])
def test_two_subjects_that_would_share_files_are_not_exported_together(
    tmp_path: Path, form: str
) -> None:
    for name in ("one/layers.*", "two/layers.*"):
        factories.neuron(subject=factories.subject(name=name), index=3)
    tokenizer = ["--tokenizer", str(delphi_results.tokenizer_in(tmp_path))]
    options = ["--format", form, *(tokenizer if form == "delphi" else [])]
    assert not call("export_records", tmp_path / "out", *options)[2]
    assert not (tmp_path / "out").exists()
    assert call("export_records", tmp_path / "out", *options, "--subject", "one/layers.*")[2]


def test_an_export_that_leaves_something_out_says_so(tmp_path: Path) -> None:
    path, options = openai(tmp_path / "in")
    call("import_records", path, "--format", "openai", *options)
    said, faults, good = call("export_records", tmp_path / "out", "--format", "find")
    assert not good
    assert "FIND has no place for what openai_neuron_explainer said" in faults
    assert said == f"{tmp_path / 'out'}: 1 neuron written.\n"


# --- Scores ---------------------------------------------------------------------------------------


def scores(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "scores.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def about(said: Explanation, /, **changes: Any) -> dict[str, Any]:
    neuron = said.neuron
    whose = {
        "subject": neuron.subject.name,
        "layer": neuron.layer,
        "index": neuron.index,
        "text": said.text,
    }
    score = {"method": "tracing", "metric": "effect", "value": 0.5, "n": 12}
    full = {**whose, **score, **changes}
    return {name: value for name, value in full.items() if value is not None}


def test_a_score_is_stored_once_with_its_explanation(tmp_path: Path) -> None:
    said = factories.explanation(text="fish")
    by_number = {"explanation": said.pk, "method": "edits", "metric": "success", "n": 0}
    path = scores(
        tmp_path,
        about(said, baseline="mean", seed=3),
        {**by_number, "reason": "never tried", "baseline": 0.25},
    )
    told, faults, good = call("import_records", path, "--format", "scores")
    assert (faults, good) == ("", True)
    assert "and 2 scores are new" in told
    tracing, edits = Score.objects.order_by("pk")
    assert (tracing.explanation, tracing.value, tracing.n) == (said, 0.5, 12)
    assert (tracing.method.kind, tracing.method.name) == ("scorer", "tracing")
    assert tracing.method.config == {"metric": "effect", "baseline": "mean", "seed": 3}
    assert (edits.value, edits.reason, edits.details) == (None, "never tried", {"baseline": 0.25})
    told, _, good = call("import_records", path, "--format", "scores")
    assert good
    assert "and 0 scores are new" in told


def test_what_a_row_names_must_be_stored_and_be_one(tmp_path: Path) -> None:
    said = factories.explanation(text="fish")
    for name in ("first", "second"):
        factories.explanation(
            said.neuron, text="same", author_kind="model", method=factories.method(name=name)
        )
    path = scores(
        tmp_path,
        about(said, text="birds"),
        about(said, index=said.neuron.index + 1),
        about(said, text="same"),
        about(said, text="same", explainer="first"),
        about(said, text=None, explanation=999_999),
        about(said, text=None, explanation=said.pk, layer=1),
    )
    told, faults, good = call("import_records", path, "--format", "scores")
    assert not good
    assert "and 1 score are new; problems: 5." in told
    assert Score.objects.get().explanation.method.name == "first"
    whose = f"{said.neuron.subject} L0/{said.neuron.index}"
    assert faults.splitlines() == [
        f"scores.jsonl, line 1, text: no explanation of {whose} says this",
        f"scores.jsonl, line 2, index: no neuron {said.neuron.subject} "
        f"L0/{said.neuron.index + 1} is stored",
        f"scores.jsonl, line 3, text: several explanations of {whose} say this: "
        "give the method in `explainer`",
        "scores.jsonl, line 5, explanation: no explanation has the number 999999",
        f"scores.jsonl, line 6, neuron: explanation {said.pk} is of L0/{said.neuron.index}",
    ]


def test_a_score_that_is_stored_otherwise_is_a_fault(tmp_path: Path) -> None:
    said = factories.explanation(text="fish")
    call("import_records", scores(tmp_path, about(said)), "--format", "scores")
    _, faults, good = call(
        "import_records", scores(tmp_path, about(said, value=0.25)), "--format", "scores"
    )
    assert not good
    assert faults == "scores.jsonl, line 1, value: is stored as 0.5\n"
    assert Score.objects.get().value == 0.5


def test_scores_go_out_and_come_in_again_the_same(tmp_path: Path) -> None:
    said = factories.explanation(text="fish")
    path = scores(tmp_path, about(said), about(said, seed=1, value=None, reason="none"))
    call("import_records", path, "--format", "scores")
    before = list(Score.objects.order_by("pk").values("method", "value", "reason", "n", "details"))
    assert call("export_records", tmp_path / "out.csv", "--format", "scores")[2]
    Score.objects.all().delete()
    assert call("import_records", tmp_path / "out.csv", "--format", "scores")[2]
    after = Score.objects.order_by("pk").values("method", "value", "reason", "n", "details")
    assert list(after) == before


def test_a_score_from_elsewhere_is_in_a_studys_analysis_like_any_other(tmp_path: Path) -> None:
    study = factories.open_study()
    shown = StudyOption.objects.filter(study_item__study=study).values("explanation")
    said = Explanation.objects.filter(pk__in=shown).order_by("pk")
    rows = [about(each, value=number / 10) for number, each in enumerate(said)]
    assert call("import_records", scores(tmp_path, *rows), "--format", "scores")[2]
    found = {each.scorer: each.value.tolist() for each in study_scores(study)}
    assert found["tracing"] == [number / 10 for number in range(len(rows))]
    assert "correlation" in found
