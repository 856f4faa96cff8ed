"""delphi's results: activations, explanations and scores of latents come in, and go out again."""

import json
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from tokenizers import Tokenizer

from explanations.formats.lines import FormatError, ImportOptions, NeuronLine, Parsed
from explanations.formats.registry import FORMATS
from explanations.formats.tokens import Pieces
from explanations.records import RecordKind, Split
from tests.explanations.delphi_results import (
    cache,
    examples,
    say,
    similarities,
    spread,
    tokenizer_in,
    words,
)
from tests.explanations.foreign import read, write


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """Return a tokenizer.json with a thousand words and every byte."""
    return tokenizer_in(tmp_path)


def read_all(path: Path, tokenizer: Path, **said: Any) -> list[NeuronLine]:
    lines, faults = read("delphi", path, tokenizer=str(tokenizer), **said)
    assert faults == []
    return lines


def test_a_latent_is_read_with_its_place_its_figures_and_its_tokens(
    tmp_path: Path, tokenizer: Path
) -> None:
    tokens = words(20)
    path = cache(tmp_path, tokens, {3: [(2, 70, 1.5), (2, 71, 4.0), (9, 0, 0.5)]}, name="100_199")
    (line,) = read_all(path, tokenizer)
    assert (line.subject.name, line.layer, line.index) == ("my/model/layers.*.mlp", 5, 103)
    assert line.subject.width == 200
    # 6 in 20 * 96 = 1920 tokens, and 3 of them above 0.
    assert (line.maximum, line.mean, line.firing_rate) == (4, 6 / 1920, 3 / 1920)
    # A context of 96 is cut at 64, so position 70 is the window's 7th.
    (top,) = [each for each in line.records if max(each.activations) == 4]
    assert len(top.tokens) == 32
    assert top.activations[6:8] == (1.5, 4)
    assert top.tokens == tuple(f" w{number - 256}" for number in tokens[2, 64:])


def test_each_split_has_top_windows_draws_from_quarters_and_the_same_random_ones(
    tmp_path: Path, tokenizer: Path
) -> None:
    path = cache(tmp_path, words(300), {1: spread(1, 300, 900), 2: spread(2, 300, 20)})
    many, few = read_all(path, tokenizer)
    for split, top, each in ((Split.EXPLAIN, 20, 4), (Split.SELECT, 8, 2), (Split.SCORE, 20, 4)):
        inside = [record for record in many.records if record.split == split]
        kinds = [(record.kind, record.quantile) for record in inside]
        assert kinds.count((RecordKind.TOP, None)) == top
        assert [kinds.count((RecordKind.QUANTILE, quarter)) for quarter in range(4)] == [each] * 4
        lowest = min(max(r.activations) for r in inside if r.kind == RecordKind.TOP)
        highest = max(max(r.activations) for r in inside if r.kind == RecordKind.QUANTILE)
        assert lowest >= highest

    def drawn(line: NeuronLine) -> set[str]:
        return {each.document for each in line.records if each.kind != RecordKind.QUANTILE}

    shared = {each.document for each in few.records if each.kind == RecordKind.RANDOM}
    assert shared & drawn(many)
    assert not any(
        max(each.activations) for each in few.records if each.kind == RecordKind.RANDOM
    ) or shared <= drawn(many)


def test_no_text_is_in_two_splits(tmp_path: Path, tokenizer: Path) -> None:
    tokens = np.repeat(words(30), 5, axis=0)
    lines = read_all(cache(tmp_path, tokens, {1: spread(1, 150, 600)}), tokenizer)
    splits: dict[tuple[str, ...], set[Split]] = {}
    for record in lines[0].records:
        splits.setdefault(record.tokens, set()).add(record.split)
    assert all(len(each) == 1 for each in splits.values())
    # A text that comes five times is one record.
    assert len(splits) == len(lines[0].records)


def test_all_is_written_and_read_again_the_same(tmp_path: Path, tokenizer: Path) -> None:
    fired = {1: spread(1, 300, 900), 2: spread(2, 300, 20), 50: spread(3, 300, 3)}
    path = cache(tmp_path / "in", words(300), fired)
    say(path, "explanations", 2, "the word w7")
    say(path, "scores/detection", 2, examples())
    say(path, "scores/embedding", 2, similarities())
    lines = read_all(path, tokenizer)
    assert write("delphi", lines, tmp_path / "out", tokenizer=str(tokenizer)) == []
    assert read_all(tmp_path / "out", tokenizer) == lines


def test_explanations_and_scores_are_read_with_their_latent(
    tmp_path: Path, tokenizer: Path
) -> None:
    path = cache(tmp_path, words(20), {2: [(0, 0, 1.0)]})
    (path / "run_config.json").write_text(json.dumps({"explainer_model": "llm"}))
    say(path, "explanations", 2, "the word w7")
    say(path, "scores/detection", 2, examples())
    say(path, "scores/embedding", 2, similarities())
    say(
        path,
        "scores/intruder",
        2,
        [{"correct_index": 1, "correct": True}, {"correct_index": -1, "correct": False}],
    )
    (line,) = read_all(path, tokenizer)
    (said,) = line.explanations
    assert said.text == "the word w7"
    assert said.method.config == {"model": "llm"}
    scores = {(s.method.name, s.method.config["metric"]): (s.value, s.n) for s in said.scores}
    assert scores == {
        # (2/3 + 1/2) / 2; f1 = 2*2 / (2*2 + 1 + 1); 3 of 4 pairs; 1 of 1, the other came to nothing
        ("delphi_detection", "balanced_accuracy"): (pytest.approx(7 / 12), 5),
        ("delphi_detection", "f1"): (pytest.approx(2 / 3), 5),
        ("delphi_embedding", "auc"): (0.75, 4),
        ("delphi_intruder", "accuracy"): (1.0, 1),
    }


def test_examples_without_an_answer_make_no_score_of_zero(tmp_path: Path, tokenizer: Path) -> None:
    path = cache(tmp_path, words(20), {2: [(0, 0, 1.0)]})
    say(path, "explanations", 2, "text")
    say(path, "scores/fuzz", 2, [{"activating": True, "prediction": None, "correct": None}] * 3)
    (line,) = read_all(path, tokenizer)
    for score in line.explanations[0].scores:
        assert (score.value, score.n) == (None, 0)
        assert score.reason


def test_an_explanation_that_could_not_be_read_is_none(tmp_path: Path, tokenizer: Path) -> None:
    path = cache(tmp_path, words(20), {2: [(0, 0, 1.0)]})
    say(path, "explanations", 2, "Explanation could not be parsed.")
    (line,), faults = read("delphi", path, tokenizer=str(tokenizer))
    assert line.explanations == ()
    assert faults == [
        "explanations/layers.5.mlp_latent2.txt: "
        "the explainer's answer could not be read, so there is no explanation"
    ]


def test_results_may_lie_in_an_object_store(tmp_path: Path, tokenizer: Path) -> None:
    path = cache(tmp_path / "in", words(20), {2: [(0, 0, 1.0)]})
    say(path, "explanations", 2, "text")
    here = read_all(path, tokenizer)
    store = fsspec.filesystem("memory")
    store.put(str(path), "/results", recursive=True)
    outcomes = FORMATS["delphi"].read("memory://results", ImportOptions(tokenizer=str(tokenizer)))
    assert [each.line for each in outcomes if isinstance(each, Parsed)] == here
    store.rm("/results", recursive=True)


def test_texts_alone_need_no_tokenizer(tmp_path: Path) -> None:
    say(tmp_path, "explanations", 4, "text", hookpoint="model--layers.7")
    (line,), faults = read("delphi", tmp_path, subject="m")
    assert faults == []
    assert (line.subject.name, line.layer, line.index) == ("m/model/layers.*", 7, 4)
    assert (line.maximum, line.records) == (None, ())


def test_a_bad_score_or_text_is_named_and_the_rest_is_read(tmp_path: Path, tokenizer: Path) -> None:
    path = cache(tmp_path, words(20), {2: [(0, 0, 1.0)], 3: [(1, 1, 1.0)], 4: [(1, 1, 1.0)]})
    for latent, text in ((2, "fish"), (3, "{"), (4, 7)):
        say(path, "explanations", latent, text)
    say(path, "scores/other", 2, [{"x": 1}])
    say(path, "scores/detection", 2, examples())
    say(path, "scores/detection", 9, examples())
    lines, faults = read("delphi", path, tokenizer=str(tokenizer))
    assert [len(each.explanations) for each in lines] == [1, 0, 0]
    assert len(lines[0].explanations[0].scores) == 2
    told = "\n".join(faults)
    assert "scores/other/layers.5.mlp_latent2.txt: expected a list of examples" in told
    assert "explanations/layers.5.mlp_latent3.txt: is no JSON" in told
    assert "explanations/layers.5.mlp_latent4.txt: expected a text" in told
    assert "scores/detection/layers.5.mlp_latent9.txt: the explanation that it scores" in told
    assert len(faults) == 4


def test_places_beyond_the_contexts_are_named_by_latent_and_the_others_are_read(
    tmp_path: Path, tokenizer: Path
) -> None:
    path = cache(tmp_path, words(5), {1: [(0, 0, 1.0)], 2: [(5, 0, 1.0)], 3: [(0, 96, 1.0)]})
    lines, faults = read("delphi", path, tokenizer=str(tokenizer))
    assert [each.index for each in lines] == [1]
    assert faults == [
        f"latents/layers.5.mlp/0_99.safetensors, latent {latent}, locations: "
        "beyond the 5 contexts of 96 tokens"
        for latent in (2, 3)
    ]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tokens": None}, "tokens is missing"),
        (
            {"locations": np.zeros((4, 2), np.uint16)},
            "locations has shape (4, 2) for 1 activations",
        ),
        ({"activations": np.zeros((1, 1), np.float16)}, "activations has shape (1, 1)"),
        ({"locations": np.array([[0, 0, 100]])}, "locations count latents to 100, its name to 99"),
        ({"locations": np.array([[-1, 0, 5]])}, "locations are below 0"),
        ({"lengths": np.array([1, 2])}, "lengths do not fit the contexts"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    tmp_path: Path, tokenizer: Path, changes: dict[str, Any], fault: str
) -> None:
    path = cache(tmp_path, words(5), {1: [(0, 0, 1.0)]}, changes=changes)
    lines, faults = read("delphi", path, tokenizer=str(tokenizer))
    assert lines == []
    assert faults == [f"latents/layers.5.mlp/0_99.safetensors: {fault}"]


def test_a_file_that_is_cut_short_is_named_and_the_others_are_read(
    tmp_path: Path, tokenizer: Path
) -> None:
    path = cache(tmp_path, words(5), {1: [(0, 0, 1.0)]}, name="100_199")
    cache(path, words(5), {1: [(0, 0, 1.0)]})
    short = path / "latents" / "layers.5.mlp" / "0_99.safetensors"
    short.write_bytes(short.read_bytes()[:-9])
    (path / "latents" / "layers.5.mlp" / "notes.safetensors").write_bytes(b"")
    lines, faults = read("delphi", path, tokenizer=str(tokenizer))
    assert [each.index for each in lines] == [101]
    assert "0_99.safetensors: not a safetensors file, or cut short" in faults[0]
    assert "notes.safetensors: expected a name of two numbers" in faults[1]


def test_a_tokenizer_is_needed_and_must_be_the_models(tmp_path: Path, tokenizer: Path) -> None:
    path = cache(tmp_path, words(5) + 9999, {1: [(0, 0, 1.0)]})
    with pytest.raises(FormatError, match="--tokenizer"):
        read("delphi", path)
    with pytest.raises(FormatError, match="is not there"):
        read("delphi", path, tokenizer=str(tmp_path / "none.json"))
    with pytest.raises(FormatError, match="no tokenizer that can be read"):
        read("delphi", path, tokenizer=str(path / "latents" / "layers.5.mlp" / "config.json"))
    with pytest.raises(FormatError, match="is it another's"):
        read("delphi", path, tokenizer=str(tokenizer))


def test_what_has_no_place_is_named(tmp_path: Path, tokenizer: Path) -> None:
    (line,) = read_all(cache(tmp_path, words(5), {1: [(0, 0, 1.0)]}), tokenizer)
    record = line.records[0]
    strange = type(record)(
        document="d",
        start=0,
        split=record.split,
        kind=record.kind,
        quantile=record.quantile,
        tokens=("two words",),
        activations=(1.0,),
    )
    bent = NeuronLine(
        subject=line.subject, layer=5, index=1, maximum=1.0, records=(strange, record)
    )
    assert write("delphi", [bent], tmp_path / "out", tokenizer=str(tokenizer)) == [
        "my/model/layers.*.mlp L5/1, records[0]: the tokenizer has no such tokens; it is left out"
    ]


def test_pieces_of_a_character_belong_to_its_last_token(small_model: Path) -> None:
    tokenizer = Tokenizer.from_file(str(small_model / "tokenizer.json"))
    pieces = Pieces(tokenizer)
    text = "Lily saw a café.\n日"
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    texts = pieces.texts(ids)
    # The tokenizer puts a space before a text.
    assert "".join(texts) == f" {text}"
    assert texts[-3:] == ("", "", "日")
    assert pieces.numbers(texts) == ids
    # A window that begins inside a character shows what it lacks, and NUL is kept by no database.
    assert pieces.texts(ids[-1:]) == ("\ufffd",)
    assert pieces.texts([tokenizer.token_to_id("<0x00>")]) == ("\ufffd",)


def test_the_first_piece_of_a_text_lacks_the_space_that_its_token_has(small_model: Path) -> None:
    pieces = Pieces(Tokenizer.from_file(str(small_model / "tokenizer.json")))
    numbers = pieces.numbers(("The", " was", " in", " the"))
    assert numbers is not None
    assert pieces.texts(numbers) == (" The", " was", " in", " the")
    assert pieces.numbers(("The", "was")) is None
