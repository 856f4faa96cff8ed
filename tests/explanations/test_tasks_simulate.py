"""Runs that simulate: how it was done is kept, and what has no value is left out of scores."""

import numpy as np
import pytest

from explanations.backends.local import LocalBackend
from explanations.models import Explanation, Run, Score, SimulatedRecord, Simulation
from explanations.records import Split
from explanations.selectors.explanations import simulation_comparisons
from explanations.selectors.material import simulations_to_score
from explanations.selectors.runs import RunProgress, run_progress, run_reasons
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import chat, serving

pytestmark = pytest.mark.django_db

ONE_FISH, NO_BREAD = "one\t0\nfish\t9\nwas\t2\nlate\t0", "no\t0\nbread\t0\nis\t0\nleft\t0"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Forget the servers of other tests."""
    _backend.cache_clear()


def _run(kind: Run.Kind, name: str, config: dict, **of) -> RunProgress:
    method = factories.builtin(
        "simulator" if kind == Run.Kind.SIMULATE else "scorer", name, **config
    )
    created = run_create(kind=kind, method=method, **of)
    assert created.run is not None
    while work_on_chunk(created.run.pk):
        pass
    return run_progress(created.run.pk)


def _simulated(settings, text: str, of: Explanation, **config) -> RunProgress:
    with serving(chat(text)) as server:
        settings.OPENAI_BASE_URL = server.url
        config = {"way": "written", "model": "tiny", **config}
        return _run(Run.Kind.SIMULATE, "llm", config, explanations=[of.pk])


def _both(one_fish: str = ONE_FISH) -> str:
    return f"Text 1:\n{one_fish}\n\nText 2:\n{NO_BREAD}"


@pytest.fixture
def said() -> Explanation:
    return factories.explanation(factories.neuron_with_records())


def test_all_excerpts_of_an_explanation_are_asked_about_at_once_and_the_way_is_kept(
    settings, said
) -> None:
    assert _simulated(settings, _both(), said).done == 1
    simulation = Simulation.objects.get()
    assert simulation.details == {"way": "written", "numbers": "0 to 10"}
    assert simulation.records.count() == 2
    assert (Run.objects.get().targets.get().tokens_in, simulation.explanation) == (11, said)


def test_tokens_that_were_not_given_back_are_left_out_of_the_score(settings, said) -> None:
    _simulated(settings, _both(ONE_FISH.replace("was", "were")), said)
    simulation = Simulation.objects.get()
    assert simulation.details["tokens_left_out"] == 1
    stored = SimulatedRecord.objects.get(simulation=simulation, record__peak=8)
    assert np.isnan(np.frombuffer(stored.values or b"", dtype="<f4")).tolist() == [0, 0, 1, 0]
    evidence = simulations_to_score([simulation.pk])[simulation.pk].evidence
    assert [record.left_out for record in evidence.records] == [1, 0]
    _run(Run.Kind.SCORE, "correlation", {}, simulations=[simulation.pk])
    score = Score.objects.get()
    assert score.n == 7  # of 8 tokens
    assert score.value is not None
    assert score.value > 0.9


def test_a_record_with_tokens_left_out_is_shown_with_the_reason_beside_the_real_one(
    settings, said
) -> None:
    _simulated(settings, _both(ONE_FISH.replace("was", "were")), said)
    simulation = Simulation.objects.get()
    partial, whole = simulation_comparisons(simulation.pk, said.neuron_id, None)
    assert (partial.simulated, partial.reason) == (None, "1 of its 4 tokens got no value")
    assert whole.simulated is not None


def test_a_calibration_is_fitted_on_the_select_split_alone_and_kept(settings) -> None:
    neuron = factories.neuron_with_records()
    select = factories.record(
        neuron, split=Split.SELECT, tokens=("red ", "fish "), activations=(0, 4)
    )
    said = factories.explanation(neuron)
    # maximum 10: 0 and 4 of 10, and the model says 1 and 9: slope .5, intercept -.5
    text = f"Text 1:\nred\t1\nfish\t9\n\nText 2:\n{ONE_FISH}\n\nText 3:\n{NO_BREAD}"
    assert _simulated(settings, text, said, calibration="linear").done == 1
    simulation = Simulation.objects.get()
    assert simulation.details["calibrated_on"] == [select.pk]
    assert simulation.details["fitted"] == pytest.approx({"slope": 0.5, "intercept": -0.5})
    assert not simulation.records.filter(record=select).exists()
    stored = simulation.records.get(record__peak=8)
    values = np.frombuffer(stored.values or b"", dtype="<f4")
    assert values.tolist() == pytest.approx([0, 4, 0.5, 0])


def test_a_calibration_without_records_to_fit_it_on_is_a_failure(settings, said) -> None:
    progress = _simulated(settings, _both(), said, calibration="linear")
    (reason,) = run_reasons(progress.run)
    assert "no records of the select split to calibrate on" in reason


def test_a_simulation_calibrated_on_what_it_would_be_scored_on_is_refused_a_score(said) -> None:
    held_out = said.neuron.records.filter(document__split=Split.SCORE)
    simulation = factories.simulation(said, details={"calibrated_on": [held_out[0].pk]})
    for record in held_out:
        factories.simulated_record(simulation, record, [0, 9, 1, 0])
    progress = _run(Run.Kind.SCORE, "correlation", {}, simulations=[simulation.pk])
    assert (progress.done, progress.failed) == (0, 1)
    assert not Score.objects.exists()


def test_a_local_model_simulates_in_one_pass(settings, said, tmp_path, small_model) -> None:
    # the prompt is longer than the stories this model knows; its positions go on all the same
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    folder = _stretched(small_model, tmp_path)
    progress = _run(Run.Kind.SIMULATE, "llm", {"model": f"local:{folder}"}, explanations=[said.pk])
    assert progress.done == 1
    simulation = Simulation.objects.get()
    assert simulation.details == {"way": "one_pass", "numbers": "0 to 9"}
    for row in simulation.records.all():
        values = np.frombuffer(row.values or b"", dtype="<f4")
        assert ((values >= 0) & (values <= 10)).all()
        assert values.std() > 0


def _stretched(small_model, folder) -> str:
    backend = LocalBackend(str(small_model), "cpu")
    backend.loaded.model.config.max_position_embeddings = 4096
    backend.loaded.model.save_pretrained(folder)
    backend.loaded.tokenizer.save_pretrained(folder)
    return str(folder)
