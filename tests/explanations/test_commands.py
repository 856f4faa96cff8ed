"""What an engineer types: capture, explain, simulate, score, runs."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from explanations.corpora.texts import TextError, documents
from explanations.models import (
    Capture,
    Corpus,
    Explanation,
    Method,
    Run,
    Score,
    Simulation,
    Subject,
    Target,
)
from explanations.prices import Prices
from explanations.selectors.neurons import neuron_refs
from explanations.services.runs import run_retry_failures
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import chat, serving
from tests.small_model.stories import stories

# Work done `--here` is done in a thread of its own.
pytestmark = pytest.mark.usefixtures("sqlite_file")


@pytest.fixture(autouse=True)
def capture_dir(settings, tmp_path: Path) -> None:
    """Keep stores of captures with the test."""
    settings.CAPTURE_DIR = tmp_path / "captures"


def _said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()


def _text(folder: Path, *rows: object) -> str:
    path = folder / "text.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return str(path)


# --- Explain, simulate, score ---------------------------------------------------------------------


def test_the_main_job_can_be_done_here_by_three_commands() -> None:
    subject = factories.subject()
    for _ in range(2):
        factories.neuron_with_records(subject=subject)
    said = _said("explain", "--explainer", "token_lookup", "null", "--here")
    assert "token_lookup v1: 2 to do, 0 already done or in progress." in said
    assert "2/2 (100%)" in said
    _said("simulate", "--simulator", "token_lookup", "--here")
    _said("score", "--scorer", "correlation", "r_squared", "--here")
    assert Explanation.objects.count() == Simulation.objects.count() == 4
    assert Score.objects.count() == 8
    again = _said("score", "--scorer", "correlation", "--here")
    assert "correlation v1: 0 to do, 4 already done or in progress." in again


def test_failures_are_told_with_reasons_and_tried_again_when_asked() -> None:
    factories.neuron(maximum=0.0)
    reason = "1 failed: the neuron never fires"
    assert reason in _said("explain", "--explainer", "token_lookup", "--here")
    again = _said("explain", "--explainer", "token_lookup", "--retry", "--here")
    assert "retrying 1 failed." in again
    assert reason in again


def test_a_run_that_was_left_unfinished_is_followed_to_its_end() -> None:
    factories.neuron_with_records()
    _said("explain", "--explainer", "token_lookup")
    said = _said("explain", "--explainer", "token_lookup", "--here")
    assert "0 to do, 1 already done or in progress." in said
    assert "1/1 (100%)" in said


def test_without_waiting_the_command_says_where_to_look() -> None:
    factories.neuron_with_records()
    said = _said("explain", "--explainer", "token_lookup")
    assert "`manage.py runs` shows its progress" in said
    assert "run 1 explain token_lookup v1: 0/1 (0%), 0 in progress" in _said("runs").replace(
        f"run {Run.objects.get().pk}", "run 1"
    )


def test_settings_make_another_method() -> None:
    factories.neuron_with_records()
    _said("explain", "--explainer", "token_lookup", "--set", "words=1", "--here")
    assert Method.objects.get().config["words"] == 1
    assert Explanation.objects.get().text == 'the word "fish"'
    assert "explain token_lookup v1, words 1: 1/1" in _said("runs")
    assert Run.objects.get().started is not None


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("explain", "--explainer", "nobody"), "no explainer is called 'nobody': choose from"),
        (("explain", "--explainer", "null", "--set", "textt=x"), "no setting called textt"),
        (("explain", "--explainer", "null", "--set", "text"), "is not NAME=VALUE"),
        (("explain", "--explainer", "null", "--neurons", "three"), "'three' is not LAYER/INDEX"),
        (("explain", "--explainer", "null", "--neurons", "0/1"), "several or none"),
        (("explain", "--explainer", "null", "--subject", "x"), "no subject is called 'x'"),
        (("runs", "12345"), "there is no run 12345"),
        (("runs", "--resume", "12345"), "there is no run 12345"),
        (("runs", "--retry", "12345"), "there is no run 12345"),
        (("runs", "--budget", "3"), "--budget goes with --resume"),
        (("explain", "--explainer", "null", "--set", "text=3"), "text is a text"),
        (("explain", "--explainer", "null", "--model", "m"), "no method here asks a language"),
        (("explain", "--explainer", "null", "--budget", "0"), "--budget: 0.0 is no budget"),
    ],
)
def test_a_wrong_argument_is_named(command: tuple[str, ...], fault: str) -> None:
    with pytest.raises(CommandError, match=fault):
        _said(*command)


def test_neurons_are_chosen_by_layer_and_index() -> None:
    subject = factories.subject()
    for index in range(4):
        factories.neuron(subject=subject, layer=1, index=index)
    said = _said("explain", "--explainer", "null", "--neurons", "1/0", "1/2-3")
    assert "3 to do" in said
    with pytest.raises(CommandError, match="neuron L1/7 is not in the database"):
        _said("explain", "--explainer", "null", "--neurons", "1/7")


def test_a_choice_of_neurons_is_read() -> None:
    assert [str(ref) for ref in neuron_refs("L3/8-10")] == ["L3/8", "L3/9", "L3/10"]
    with pytest.raises(ValueError, match="is not LAYER/INDEX"):
        neuron_refs("3.8")


def test_runs_lists_progress_and_one_run_its_failures() -> None:
    assert _said("runs") == "There are no runs yet.\n"
    neuron = factories.neuron(maximum=0.0)
    _said("explain", "--explainer", "token_lookup", "--here")
    run = Run.objects.get().pk
    assert f"run {run} explain token_lookup v1: 1/1 (100%), 1 failed, finished" in _said("runs")
    assert f"{neuron}: the neuron never fires" in _said("runs", str(run))


def test_a_budget_that_is_spent_halts_a_run_and_a_larger_one_lets_it_go_on(settings) -> None:
    _backend.cache_clear()
    settings.LLM_CONCURRENCY = 1
    # A call is 11 tokens in and 7 out: 0.018 dollars.
    settings.PRICES = Prices.read({"tiny": {"in": 1000, "out": 1000}})
    for _ in range(3):
        factories.neuron_with_records()
    asked = ("explain", "--explainer", "token_activation", "--model", "tiny", "--here")
    with serving(chat("fish")) as server:
        settings.OPENAI_BASE_URL = server.url
        said = _said(*asked, "--budget", "0.02")
        run = Run.objects.get().pk
        assert "2/3 (67%), $0.0360 of $0.02" in said
        assert f"Run {run} is halted: its budget of $0.02 is spent." in said
        assert f"`manage.py runs --resume {run} --budget DOLLARS`" in said
        assert "halted: its budget of $0.02 is spent" in _said("runs")
        with pytest.raises(CommandError, match="give more"):
            _said("runs", "--resume", str(run), "--budget", "0.03")
        assert "$0.0360 of $1.00, 0 in progress" in _said(
            "runs", "--resume", str(run), "--budget", "1"
        )
        assert "3/3 (100%), $0.0540 of $1.00" in _said(*asked)
    assert "3 calls, 0 failed: 33 tokens in, 21 out" in _said("runs", str(run))


def test_a_run_is_retried_by_its_number() -> None:
    factories.neuron(maximum=0.0)
    _said("explain", "--explainer", "token_lookup", "--here")
    run = Run.objects.get().pk
    assert "retrying 1 failed." in _said("runs", "--retry", str(run))
    assert Target.objects.get().state == "open"


# --- Capture --------------------------------------------------------------------------------------


def test_a_capture_is_planned_once_for_a_text_and_a_seed(tmp_path: Path) -> None:
    text = _text(tmp_path, {"id": "a", "text": "One."}, {"id": "b", "text": "Two."})
    assert "model over text: 1 to do" in _said("capture", "some/model", "--text", text)
    assert "0 to do, 1 already done or in progress" in _said(
        "capture", "some/model", "--text", text
    )
    _said("capture", "some/model", "--text", text, "--seed", "2")
    assert Capture.objects.count() == Corpus.objects.count() == 2
    assert Subject.objects.get().source == "some/model"
    assert Run.objects.filter(queue="gpu").count() == 2


def test_a_subject_that_cannot_be_loaded_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    text = _text(tmp_path, {"id": "a", "text": "One."})
    said = _said("capture", str(tmp_path / "nothing"), "--text", text, "--here")
    assert "1 failed: SubjectError: " in said


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{", "line 2: no JSON"),
        ([1], "line 2: not an object with id and text"),
        ({"text": "Two."}, "line 2, id: expected a text or a whole number"),
        ({"id": "b", "text": " "}, "line 2, text: expected a text that is not blank"),
        ({"id": "a", "text": "Two."}, "line 2, id: 'a' stands on an earlier line too"),
        ({"id": "x" * 201, "text": "Two."}, "line 2, id: longer than 200 characters"),
    ],
)
def test_a_fault_in_a_text_is_told_with_line_and_field(
    tmp_path: Path, row: object, fault: str
) -> None:
    text = _text(tmp_path, {"id": "a", "text": "One."}, row)
    with pytest.raises(TextError, match=fault):
        list(documents(text))
    with pytest.raises(CommandError, match=fault):
        _said("capture", "some/model", "--text", text)
    assert not Capture.objects.exists()


def test_a_missing_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        _said("capture", "some/model", "--text", str(tmp_path / "none"))


def test_a_real_subject_is_captured_and_its_neurons_are_read(
    tmp_path: Path, small_model: Path
) -> None:
    pytest.importorskip("torch")
    text = _text(tmp_path, *stories(40))
    model = str(small_model)
    said = _said("capture", model, "--text", text, "--neurons", "0/0-4", "--here")
    assert "5 neurons with their records are in the database." in said
    subject = Subject.objects.get()
    assert (subject.name, subject.layers) == ("small_llama", 5)
    neuron = subject.neurons.first()
    assert neuron is not None
    # No split shares a document with another, and the highest peak is the neuron's maximum.
    splits = set(neuron.records.values_list("document__split", flat=True))
    assert splits == {"explain", "select", "score"}
    assert max(neuron.records.values_list("peak", flat=True)) <= neuron.maximum + 1e-6
    assert max(record.excerpt.peak for record in neuron.records.all()) == pytest.approx(
        neuron.maximum, rel=1e-3
    )
    # A worker that died after writing the files and before storing so leaves little to do.
    Target.objects.update(state="failed", finished=timezone.now(), reason="killed")
    run_retry_failures(run_id=Run.objects.get().pk)
    again = _said("capture", model, "--text", text, "--neurons", "0/4-5", "--here")
    assert "2 neurons with their records are in the database." in again
    assert subject.neurons.count() == 6
