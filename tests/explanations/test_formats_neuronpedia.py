"""Neuronpedia: dashboard batches and the site's export come in, and the export goes out."""

import gzip
import json
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explanations.formats.lines import (
    ExplanationLine,
    ImportOptions,
    MethodLine,
    NeuronLine,
    ScoreLine,
)
from explanations.formats.registry import FORMATS
from explanations.records import AuthorKind, RecordKind
from tests.explanations import published
from tests.explanations.foreign import read, write


def activation(*tokens: str, low: float, high: float, **changes: Any) -> dict[str, Any]:
    values = [0.0] * (len(tokens) - 1) + [high]
    return {"tokens": list(tokens), "values": values, "bin_min": low, "bin_max": high, **changes}


def feature(index: int = 7, **changes: Any) -> dict[str, Any]:
    """Return a feature with a maximum of 5, and draws from top, highest, and lower intervals."""
    return {
        "feature_index": index,
        "frac_nonzero": 0.125,
        "activations": [
            activation("a", " fish", low=-1, high=5.0),
            activation("the", " fish", low=4.0, high=5.0),
            activation("two", " fish", low=2.0, high=3.0),
            activation("no", " bread", low=0.0, high=1.0),
        ],
        **changes,
    }


def batch(*features: Any, **changes: Any) -> dict[str, Any]:
    head = {"model_id": "tiny", "layer": 4, "sae_set": "res", "features": list(features)}
    return {**head, **changes}


def dashboards(folder: Path, *batches: Any) -> Path:
    for number, raw in enumerate(batches):
        text = raw if isinstance(raw, str) else json.dumps(raw)
        (folder / f"batch-{number}.json").write_text(text)
    return folder


def export(folder: Path, *, packed: bool = True, **rows: Iterable[Any]) -> Path:
    """Write rows where the site's export has them."""
    for kind, each in rows.items():
        place = folder / "v1" / "tiny" / "4-res" / kind
        place.mkdir(parents=True)
        lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in each).encode()
        name = "batch-0.jsonl.gz" if packed else "batch-0.jsonl"
        (place / name).write_bytes(gzip.compress(lines) if packed else lines)
    return folder


def row(index: int | str = "7", **fields: Any) -> dict[str, Any]:
    return {"modelId": "tiny", "layer": "4-res", "index": index, **fields}


def stored(*tokens: str, values: list[float], index: str = "7") -> dict[str, Any]:
    return row(index, tokens=list(tokens), values=values, maxValue=max(values))


def merged(lines: Iterable[NeuronLine]) -> dict[tuple[str, int, int], tuple[Any, ...]]:
    """Put together what lines say of each neuron."""
    found: dict[tuple[str, int, int], tuple[Any, ...]] = {}
    for line in lines:
        key = (line.subject.name, line.layer, line.index)
        _, _, records, said = found.get(key, (0, 0, (), ()))
        found[key] = (
            line.maximum,
            line.firing_rate,
            (*records, *line.records),
            (*said, *line.explanations),
        )
    return found


def test_dashboards_as_published_are_read(tmp_path: Path) -> None:
    lines, faults = read("neuronpedia", published.dashboards(tmp_path / "in"))
    assert faults == []
    assert [(each.subject.name, each.layer, each.index) for each in lines] == [
        ("gpt2-small/res-jb", 0, index) for index in range(4)
    ]
    first, dead = lines[:2]
    assert first.maximum == pytest.approx(2.214)
    assert first.firing_rate == pytest.approx(0.0002)
    # 38 sequences, 9 of them twice; the three from the highest interval are among the top 30.
    assert len(first.records) == 29
    assert [each.kind for each in first.records].count(RecordKind.QUANTILE) == 5
    # This one never fires, and 29 of its 35 sequences are the same.
    assert (dead.maximum, len(dead.records)) == (0, 6)


def test_dashboards_as_published_are_exported_and_read_again_the_same(tmp_path: Path) -> None:
    lines, _ = read("neuronpedia", published.dashboards(tmp_path / "in"))
    assert write("neuronpedia", lines, tmp_path / "out") == []
    folder = tmp_path / "out" / "v1" / "gpt2-small" / "0-res-jb"
    assert (folder / "activations" / "batch-0.jsonl.gz").is_file()
    again, faults = read("neuronpedia", tmp_path / "out")
    assert faults == []
    assert merged(again) == merged(lines)


def test_intervals_of_peaks_become_kinds(tmp_path: Path) -> None:
    # Fifths of the maximum, 5: 4 to 5 is the highest, 2 to 3 the third, 0 to 1 the first.
    (line,), _ = read("neuronpedia", dashboards(tmp_path, batch(feature())))
    assert [(each.kind, each.quantile) for each in line.records] == [
        (RecordKind.TOP, None),
        (RecordKind.TOP, None),
        (RecordKind.QUANTILE, 2),
        (RecordKind.QUANTILE, 0),
    ]


def test_a_batch_may_say_what_it_is_after_its_features(tmp_path: Path) -> None:
    raw = batch(feature())
    turned = dict(reversed(raw.items()))
    (line,), faults = read("neuronpedia", dashboards(tmp_path, turned))
    assert faults == []
    assert (line.subject.name, line.layer) == ("tiny/res", 4)


def test_the_model_may_be_named_otherwise(tmp_path: Path) -> None:
    (line,), _ = read("neuronpedia", dashboards(tmp_path, batch(feature())), subject="gpt2")
    assert line.subject.name == "gpt2/res"


def test_a_bad_sequence_and_a_bad_feature_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    bent = feature(1)
    bent["activations"][2]["values"] = [1.0]
    lines, faults = read(
        "neuronpedia",
        dashboards(tmp_path, batch(bent, feature(-1), 5, feature(2)), batch(feature(3))),
    )
    assert [each.index for each in lines] == [1, 2, 3]
    assert len(lines[0].records) == 3
    assert faults == [
        "batch-0.json, features[0], activations[2].values: 1 numbers for 2 tokens",
        "batch-0.json, features[1], feature_index: is not between 0 and 2147483647",
        "batch-0.json, features[2]: expected an object, not a number",
    ]


def test_a_batch_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    text = json.dumps(batch(feature(1), feature(2)))
    lines, faults = read("neuronpedia", dashboards(tmp_path, text[: len(text) * 3 // 4]))
    assert [each.index for each in lines] == [1]
    (fault,) = faults
    assert fault.startswith("batch-0.json: is no JSON, or damaged")


def test_a_batch_that_says_not_what_it_is_of_is_a_fault(tmp_path: Path) -> None:
    lines, faults = read("neuronpedia", dashboards(tmp_path, {"features": [feature()]}))
    assert lines == []
    assert "batch-0.json, model_id: is missing" in faults


@pytest.mark.parametrize("packed", [True, False])
def test_the_export_is_read_from_its_three_folders(tmp_path: Path, packed: bool) -> None:
    path = export(
        tmp_path,
        packed=packed,
        features=[row(maxActApprox=2.0, frac_nonzero=0.25), row("8", maxActApprox=1.0)],
        activations=[
            stored("a", " fish", values=[0, 3]),
            stored("x", values=[1], index="8"),
            stored("the", " fish", values=[0, 1]),
        ],
        explanations=[row(description="fish", typeName="np_max-act", explanationModelName="m")],
    )
    lines, faults = read("neuronpedia", path)
    assert faults == []
    found = merged(lines)
    maximum, rate, records, said = found["tiny/res", 4, 7]
    # The exact peak of the records holds where the feature's maximum is approximate.
    assert (maximum, rate) == (3, 0.25)
    assert [each.tokens for each in records] == [("a", " fish"), ("the", " fish")]
    assert {each.kind for each in records} == {RecordKind.TOP}
    (explanation,) = said
    assert (explanation.text, explanation.author_kind) == ("fish", AuthorKind.MODEL)
    assert explanation.method.config == {"type": "np_max-act", "model": "m"}
    assert found["tiny/res", 4, 8][0] == 1


def test_explanations_of_one_feature_stay_apart(tmp_path: Path) -> None:
    by_model = {"typeName": "t", "explanationModelName": "m"}
    path = export(
        tmp_path,
        explanations=[
            row(description="fish", **by_model),
            row(description="fish", **by_model),
            row(description="birds", **by_model),
            row(description="fish"),
        ],
    )
    (line,), faults = read("neuronpedia", path)
    assert faults == []
    # The second row says what its author said before; the third is that author's second take.
    assert [(each.text, each.author_kind) for each in line.explanations] == [
        ("fish", AuthorKind.MODEL),
        ("birds", AuthorKind.MODEL),
        ("fish", AuthorKind.HUMAN),
    ]
    assert len({str(each.method) for each in line.explanations}) == 3
    write("neuronpedia", [line], tmp_path / "out")
    again, _ = read("neuronpedia", tmp_path / "out")
    assert merged(again)["tiny/res", 4, 7][3] == line.explanations


def test_bad_rows_are_named_by_line_and_field_and_the_rest_is_read(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        features=[row(maxActApprox="high"), row("8", maxActApprox=1.0), "{"],
        activations=[
            stored("a", " b", values=[1]),
            row("x", tokens=["a"], values=[1]),
            stored("c", values=[1], index="8"),
        ],
        explanations=[row("9", description=" "), {"layer": "4-res", "index": "1"}],
    )
    lines, faults = read("neuronpedia", path)
    assert sorted({each.index for each in lines}) == [8]
    inside = "v1/tiny/4-res"
    assert faults[0] == (
        f"{inside}/features/batch-0.jsonl.gz, line 1, maxActApprox: expected a number, not a text"
    )
    assert faults[1].startswith(f"{inside}/features/batch-0.jsonl.gz, line 3: is no JSON")
    assert faults[2:] == [
        f"{inside}/activations/batch-0.jsonl.gz, line 1, values: 1 numbers for 2 tokens",
        f"{inside}/activations/batch-0.jsonl.gz, line 2, index: "
        "expected a whole number of at most 9 digits",
        f"{inside}/explanations/batch-0.jsonl.gz, line 1, description: is empty",
        f"{inside}/explanations/batch-0.jsonl.gz, line 2, modelId: is missing",
    ]


def test_a_packed_file_that_is_cut_short_is_a_fault_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    path = export(
        tmp_path,
        features=[row(maxActApprox=1.0)],
        explanations=[row(description=f"text {number}") for number in range(99)],
    )
    cut = path / "v1" / "tiny" / "4-res" / "explanations" / "batch-0.jsonl.gz"
    cut.write_bytes(cut.read_bytes()[:-20])
    lines, faults = read("neuronpedia", path)
    assert lines[0].maximum == 1
    assert any("explanations/batch-0.jsonl.gz" in each and "damaged" in each for each in faults)


def test_scores_have_no_place_in_the_export_and_are_named(tmp_path: Path) -> None:
    scorer = MethodLine(name="correlation", version=1)
    score = ScoreLine(method=scorer, simulator=None, value=0.5, reason="", n=9)
    said = ExplanationLine(
        id="1", text="fish", author_kind=AuthorKind.HUMAN, method=None, scores=(score,)
    )
    (line,), _ = read("neuronpedia", dashboards(tmp_path, batch(feature())))
    assert write("neuronpedia", [replace(line, explanations=(said,))], tmp_path / "out") == [
        "tiny/res L4/7, explanations[0]: 1 scores have no place in the export; they are left out"
    ]


def test_features_are_written_in_batches_of_1024(tmp_path: Path) -> None:
    (line,), _ = read("neuronpedia", dashboards(tmp_path, batch(feature())))
    lines = (
        NeuronLine(subject=line.subject, layer=4, index=index, maximum=1.0) for index in range(1025)
    )
    assert write("neuronpedia", lines, tmp_path / "out") == []
    folder = tmp_path / "out" / "v1" / "tiny" / "4-res" / "features"
    sizes = [
        len(gzip.decompress((folder / f"batch-{number}.jsonl.gz").read_bytes()).splitlines())
        for number in range(2)
    ]
    assert sizes == [1024, 1]


def test_what_is_held_does_not_grow_with_a_batch(tmp_path: Path) -> None:
    def peak(features: int) -> int:
        place = tmp_path / str(features)
        place.mkdir()
        long = [activation(*["token"] * 64, low=-1, high=1 + number / 99) for number in range(40)]
        path = dashboards(place, batch(*(feature(n, activations=long) for n in range(features))))
        tracemalloc.start()
        for _ in FORMATS["neuronpedia"].read(str(path), ImportOptions()):
            pass
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    peak(1)
    assert peak(16) < 1.5 * peak(4)
