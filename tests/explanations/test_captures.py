"""A capture is planned once, taken of the text that was planned, and read neuron by neuron."""

import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from explanations.models import Capture, Neuron, Run, Subject
from explanations.records import NeuronRef
from explanations.selectors.runs import run_reasons
from explanations.services.captures import capture_create, capture_load
from explanations.services.runs import run_create
from explanations.stores.reader import open_store
from explanations.tasks import work_on_chunk
from tests import factories

pytestmark = pytest.mark.django_db

# The package's name for it is the function.
capturing = import_module("explanations.tasks.capture")
DOCUMENTS = {f"d{number}": "a fish in the sea" * (number + 1) for number in range(12)}
FIRST = NeuronRef(layer=0, index=0)


@pytest.fixture(autouse=True)
def letters(settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep stores with the test, and load a subject of three neurons over letters."""
    pytest.importorskip("torch")
    from tests.explanations.test_capture import Letters

    settings.CAPTURE_DIR = tmp_path / "captures"
    monkeypatch.setattr(capturing, "loaded", lambda source, revision: Letters())


def _text(folder: Path, **changes: str) -> Path:
    rows = [{"id": key, "text": text} for key, text in (DOCUMENTS | changes).items()]
    path = folder / "text.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def _planned(text: Path, window: int = 8) -> Capture:
    return capture_create(source="test", text=text, window=window)


def _worked(capture: Capture) -> int:
    """Do the capture; return its run."""
    created = run_create(kind=Run.Kind.CAPTURE, capture=capture)
    assert created.run is not None
    work_on_chunk(created.run.pk)
    return created.run.pk


def test_a_finished_capture_is_found_again_when_its_text_was_moved(tmp_path: Path) -> None:
    text = _text(tmp_path)
    planned = _planned(text)
    _worked(planned)
    assert open_store(planned.directory).manifest.tokens
    # What the subject is made of is known by now.
    Subject.objects.update(revision="abc123")
    moved = Path(shutil.copy(text, tmp_path / "copy.jsonl"))
    again = Capture.objects.get(pk=_planned(moved).pk)
    assert (again.directory, again.text_path) == (planned.directory, str(moved))
    assert len(capture_load(capture_id=again.pk, neurons=[FIRST])) == 1


def test_equal_plans_have_equal_folders_before_and_after_the_subject_is_known(
    tmp_path: Path,
) -> None:
    first = _planned(_text(tmp_path))
    directory = first.directory
    first.delete()
    Subject.objects.update(revision="abc123")
    assert _planned(_text(tmp_path)).directory == directory


def test_a_window_that_no_capture_can_have_is_refused_when_it_is_planned(tmp_path: Path) -> None:
    text = str(_text(tmp_path))
    with pytest.raises(CommandError, match="a window is a multiple of 8 tokens, not 60"):
        call_command("capture", "some/model", "--text", text, "--window", "60")
    assert not Capture.objects.exists()
    assert not Run.objects.exists()


def test_a_text_that_changed_since_it_was_planned_is_not_captured(tmp_path: Path) -> None:
    capture = _planned(_text(tmp_path))
    text = _text(tmp_path, d3="other words")
    run = _worked(capture)
    (reason,) = run_reasons(run)
    assert f"the text at {text} changed since the capture was planned" in reason
    assert not Path(capture.directory).exists()


def test_a_text_that_changes_while_it_is_captured_is_not_taken_for_the_planned_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = _planned(_text(tmp_path))

    def unchanged(capture: Capture) -> int:
        _text(tmp_path, d3="other words")
        return len(DOCUMENTS)

    monkeypatch.setattr(capturing, "_unchanged", unchanged)
    (reason,) = run_reasons(_worked(capture))
    assert "the text changed while it was captured" in reason
    capture.refresh_from_db()
    assert capture.tokens == 0


def test_a_neuron_that_came_without_records_is_given_the_captured_ones(tmp_path: Path) -> None:
    capture = _planned(_text(tmp_path))
    _worked(capture)
    bare = factories.neuron(subject=capture.subject, layer=0, index=0, maximum=1.0)
    said = factories.explanation(bare)
    assert capture_load(capture_id=capture.pk, neurons=[FIRST]) == [bare.pk]
    neuron = Neuron.objects.get(pk=bare.pk)
    statistics = open_store(capture.directory).statistics(FIRST)
    assert (neuron.capture, neuron.maximum) == (capture, statistics.maximum)
    assert (neuron.mean, neuron.firing_rate) == (statistics.mean, statistics.firing_rate)
    assert neuron.records.exists()
    assert list(neuron.explanations.all()) == [said]


def test_a_neuron_that_has_records_of_its_own_keeps_them(tmp_path: Path) -> None:
    capture = _planned(_text(tmp_path))
    _worked(capture)
    own = factories.neuron_with_records(subject=capture.subject, layer=0, index=0)
    before = set(own.records.all())
    assert capture_load(capture_id=capture.pk, neurons=[FIRST]) == [own.pk]
    assert set(own.records.all()) == before
    assert Neuron.objects.get(pk=own.pk).capture is None


def test_a_capture_is_planned_over_chosen_columns_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"key": key, "body": text} for key, text in DOCUMENTS.items()]
    (tmp_path / "chosen.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    planned = capture_create(source="test", text="chosen.jsonl?text=body&id=key", window=8)
    assert planned.text_path == f"{tmp_path}/chosen.jsonl?text=body&id=key"
    assert planned.corpus.name == "chosen"
    assert planned.corpus == _planned(_text(tmp_path)).corpus
