"""OpenAI's neuron explainer: published records and explanations come in, and go out again."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explanations.formats.lines import FormatError, MethodLine, NeuronLine
from explanations.records import RecordKind, Scale, deal
from tests.explanations.foreign import read, write
from tests.explanations.published import openai_record


def excerpt(*tokens: str, values: list[float] | None = None) -> dict[str, Any]:
    activations = values or [float(len(token)) for token in tokens]
    return {
        "dataclass_name": "ActivationRecord",
        "tokens": list(tokens),
        "activations": activations,
    }


def record(**changes: Any) -> dict[str, Any]:
    """Return a NeuronRecord with seven records of all kinds."""
    return {
        "dataclass_name": "NeuronRecord",
        "neuron_id": {"dataclass_name": "NeuronId", "layer_index": 3, "neuron_index": 8},
        "random_sample": [excerpt("so", " on")],
        "random_sample_by_quantile": [
            [excerpt("q", " zero")],
            [excerpt("q", " one")],
            [],
            [excerpt("q", " three")],
            [excerpt("the", " highest")],
        ],
        "quantile_boundaries": [None, 1, 2, 3, 4, None],
        "mean": -0.25,
        "most_positive_activation_records": [excerpt("a", " butterfly"), excerpt("a", " fish")],
        **changes,
    }


def sequence(*tokens: str, expected: list[float], scale: str) -> dict[str, Any]:
    return {
        "simulation": {
            "tokens": list(tokens),
            "expected_activations": expected,
            "activation_scale": scale,
            "distribution_values": [[0, 10]] * len(tokens),
            "distribution_probabilities": [[0.5, 0.5]] * len(tokens),
        },
        "true_activations": [float(len(token)) for token in tokens],
        "ev_correlation_score": 0.5,
    }


def results(**changes: Any) -> dict[str, Any]:
    """Return NeuronSimulationResults with one explanation, two sequences and three scores."""
    normalized = "simulated_normalized_activations"
    scored = {
        "scored_sequence_simulations": [
            sequence("a", " fish", expected=[0.5, 7.25], scale=normalized),
            sequence("not", " among", " them", expected=[0, 1, 0], scale=normalized),
        ],
        "ev_correlation_score": 0.75,
        "rsquared_score": -0.5,
        "absolute_dev_explained_score": None,
        **changes,
    }
    return {
        "neuron_id": {"layer_index": 3, "neuron_index": 8},
        "scored_explanations": [{"explanation": " words for fish ", "scored_simulation": scored}],
        "dataclass_name": "NeuronSimulationResults",
    }


def folder(path: Path, *, records: Any = None, said: Any = None) -> Path:
    """Write a neuron's two files where they are published."""
    for kind, ending, raw in (("neurons", "json", records), ("explanations", "jsonl", said)):
        if raw is not None:
            (path / kind / "3").mkdir(parents=True)
            text = raw if isinstance(raw, str) else json.dumps(raw)
            (path / kind / "3" / f"8.{ending}").write_text(text)
    return path


def read_one(path: Path) -> NeuronLine:
    (line,), faults = read("openai", path, subject="gpt2-xl")
    assert faults == []
    assert isinstance(line, NeuronLine)
    return line


@pytest.fixture(params=[True, False], ids=["type first", "type last"])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a record as large and odd as published ones, with its keys in either order."""
    path = tmp_path / "1.json"
    path.write_text(json.dumps(openai_record(type_first=request.param)))
    return path


def test_a_record_as_published_is_read_whole(published: Path) -> None:
    line = read_one(published)
    assert (line.subject.name, line.layer, line.index) == ("gpt2-xl", 1, 1)
    # 50 top, 50 random and 5 x 20 by quantile; the 20 of the highest group are among the top ones.
    assert len(line.records) == 180
    kinds = [each.kind for each in line.records]
    assert [kinds.count(kind) for kind in RecordKind] == [50, 80, 50, 0]
    assert {len(each.tokens) for each in line.records} == {48, 59, 62, 64}
    # The last top record is out of order, and the maximum is the first's.
    peaks = [max(each.activations) for each in line.records[:50]]
    assert peaks[-1] > peaks[-2]
    assert line.maximum == max(peaks) == pytest.approx(3.2617)
    assert line.mean == pytest.approx(-0.0499)


def test_a_record_as_published_is_written_and_read_again_the_same(
    published: Path, tmp_path: Path
) -> None:
    line = read_one(published)
    assert write("openai", [line], tmp_path / "out") == []
    assert (tmp_path / "out" / "1" / "1.json").is_file()
    assert read_one(tmp_path / "out") == line


def test_a_window_is_dealt_by_its_text_wherever_it_comes(tmp_path: Path) -> None:
    line = read_one(folder(tmp_path / "a", records=record()))
    other = record(random_sample=[excerpt("the", " highest"), excerpt("q", " zero")])
    other["random_sample_by_quantile"] = None
    again = read_one(folder(tmp_path / "b", records=other))
    splits = {each.tokens: (each.document, each.split) for each in line.records}
    for each in again.records:
        if each.tokens in splits:
            assert splits[each.tokens] == (each.document, each.split)
        assert each.split == deal(each.document, 0)
    # A window that is given twice is one record, of the kind that it was first.
    assert [each.tokens for each in line.records].count(("a", " fish")) == 1


def test_another_seed_deals_otherwise(tmp_path: Path) -> None:
    path = folder(tmp_path, records=record())
    splits = {
        tuple(each.split for each in read("openai", path, subject="x", seed=seed)[0][0].records)
        for seed in range(5)
    }
    assert len(splits) > 1


def test_the_same_text_with_other_activations_is_a_further_record_of_its_document(
    tmp_path: Path,
) -> None:
    twice = [excerpt("a", " b", values=[1, 2]), excerpt("a", " b", values=[0, 2])]
    line = read_one(folder(tmp_path, records=record(most_positive_activation_records=twice)))
    first, second = line.records[:2]
    assert (first.document, first.split) == (second.document, second.split)
    assert (first.start, second.start) == (0, 1)


def test_explanations_come_with_simulations_and_scores(tmp_path: Path) -> None:
    line = read_one(folder(tmp_path, records=record(), said=results()))
    (said,) = line.explanations
    assert said.text == "words for fish"
    (simulation,) = said.simulations
    assert simulation.scale == Scale.ZERO_TO_TEN
    first, second = simulation.records
    assert line.records[first.record].tokens == ("a", " fish")
    assert first.values == (0.5, 7.25)
    # A sequence that is not among the records becomes one.
    assert line.records[second.record].tokens == ("not", " among", " them")
    correlation, r_squared, deviation = said.scores
    assert (correlation.value, correlation.n) == (0.75, 5)
    assert r_squared.value == -0.5
    assert (deviation.value, deviation.reason) == (None, "the file gives no value")


def test_explanations_are_written_and_read_again_the_same(tmp_path: Path) -> None:
    line = read_one(folder(tmp_path / "in", records=record(), said=results()))
    assert write("openai", [line], tmp_path / "out") == []
    assert read_one(tmp_path / "out") == line


def test_a_calibrated_simulation_keeps_what_it_was_before(tmp_path: Path) -> None:
    calibrated = sequence("a", " fish", expected=[0, 3.5], scale="neuron_activations")
    raw = sequence("a", " fish", expected=[1, 9], scale="simulated_normalized_activations")
    calibrated["simulation"]["uncalibrated_simulation"] = raw["simulation"]
    path = folder(
        tmp_path / "in",
        records=record(),
        said=results(scored_sequence_simulations=[calibrated]),
    )
    line = read_one(path)
    main, before = line.explanations[0].simulations
    assert (main.scale, before.scale) == (Scale.RAW, Scale.ZERO_TO_TEN)
    assert (main.records[0].values, before.records[0].values) == ((0, 3.5), (1, 9))
    write("openai", [line], tmp_path / "out")
    assert read_one(tmp_path / "out") == line


def test_what_has_no_place_is_named_and_the_rest_is_written(tmp_path: Path) -> None:
    line = read_one(folder(tmp_path / "in", records=record(), said=results()))
    (said,) = line.explanations
    (simulation,) = said.simulations
    by_other = replace(simulation, method=MethodLine(name="other", version=1))
    gap = replace(simulation.records[1], values=(1.0, float("nan"), 0.0))
    more = replace(
        said,
        simulations=(replace(simulation, records=(simulation.records[0], gap)), by_other),
        scores=(*said.scores, replace(said.scores[0], simulator=by_other.method)),
    )
    told = write("openai", [replace(line, explanations=(more,))], tmp_path / "out")
    assert [each.partition(": ")[2] for each in told] == [
        f"1 {what} have no place in these files; they are left out"
        for what in ("simulations", "sequences", "scores")
    ]
    (again,) = read_one(tmp_path / "out").explanations
    assert [len(each.records) for each in again.simulations] == [1]
    assert [each.value for each in again.scores] == [each.value for each in said.scores]


def test_explanations_alone_bring_the_sequences_that_they_were_scored_on(tmp_path: Path) -> None:
    line = read_one(folder(tmp_path, said=results()))
    # The tool scores as many top as random sequences, top first.
    assert [each.kind for each in line.records] == [RecordKind.TOP, RecordKind.RANDOM]
    assert line.maximum == 6


def test_keys_may_stand_in_any_order(tmp_path: Path) -> None:
    raw = json.loads(json.dumps(record()), object_pairs_hook=lambda pairs: dict(pairs[::-1]))
    assert list(raw)[-1] == "dataclass_name"
    turned = read_one(folder(tmp_path / "a", records=raw))
    assert turned == read_one(folder(tmp_path / "b", records=record()))


def test_moments_may_be_missing_null_or_no_number(tmp_path: Path) -> None:
    for number, mean in enumerate((None, float("nan"))):
        path = folder(tmp_path / str(number), records=record(mean=mean))
        assert read_one(path).mean is None


def test_a_bad_record_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    bad = record()
    bad["random_sample_by_quantile"][1][0]["activations"] = [1.0]
    bad["most_positive_activation_records"][1]["tokens"][0] = 7
    (line,), faults = read("openai", folder(tmp_path, records=bad), subject="x")
    assert faults == [
        "neurons/3/8.json, most_positive_activation_records[1].tokens[0]: "
        "expected a text, not a number",
        "neurons/3/8.json, random_sample_by_quantile[1][0].activations: 1 numbers for 2 tokens",
    ]
    assert len(line.records) == 5


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"neuron_id": {"layer_index": -1, "neuron_index": 8}}, "neuron_id.layer_index"),
        ({"neuron_id": None}, "expected a NeuronRecord"),
        ({"random_sample_by_quantile": [[]] * 7}, "random_sample_by_quantile: expected 4 or 5"),
        ({"most_positive_activation_records": {}}, "most_positive_activation_records"),
    ],
)
def test_what_is_wrong_with_a_record_file_is_named(
    tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    _, faults = read("openai", folder(tmp_path, records=record(**changes)), subject="x")
    assert fault in "\n".join(faults)


def test_a_bad_explanation_is_named_by_line_and_the_records_are_read(tmp_path: Path) -> None:
    said = results()
    said["scored_explanations"].insert(0, {"explanation": 5})
    path = folder(tmp_path, records=record(), said=f"{json.dumps(said)}\n{{\n")
    (line,), faults = read("openai", path, subject="x")
    assert faults[0] == (
        "explanations/3/8.jsonl, line 1, scored_explanations[0].explanation: "
        "expected a text, not a number"
    )
    assert faults[1].startswith("explanations/3/8.jsonl, line 2: is no JSON")
    assert len(line.explanations) == 1
    assert len(line.records) == 8


@pytest.mark.parametrize("text", ["", "[]", "{", "nul", '{"a": ' * 9999])
def test_a_file_that_is_something_else_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    lines, faults = read("openai", tmp_path, subject="x")
    assert lines == []
    assert faults
    assert all(each.startswith("x.json: ") for each in faults)


def test_the_model_must_be_named_as_the_files_do_not(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="--subject"):
        read("openai", folder(tmp_path, records=record()))
