"""What a subject reads and gives is what the model reads and computes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

from explanations.subjects import SubjectError, TransformersMLP, load
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS, differs

SHAPES = ("bert", "gpt2", "llama", "qwen2")
"""One of each kind: encoder, plain MLP, gated MLP, no BOS."""


@pytest.fixture(scope="session", params=SHAPES)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random model of one family."""
    folder: Path = tmp_path_factory.mktemp("models") / request.param
    return ARCHITECTURES[request.param].save(folder, bos=request.param != "qwen2")


def test_a_text_beyond_the_limit_is_cut_and_said_to_be(tiny: Path) -> None:
    subject = load(tiny, device="cpu")
    (batch,) = subject.encode(["short", "long " * 100], budget=10_000)
    assert batch.truncated == (False, True)
    assert batch.ids.shape[1] == 48
    assert "".join(batch.pieces[1]) == ("long " * 100)[: len("".join(batch.pieces[1]))]
    assert load(tiny, device="cpu", limit=20).tokenizer.limit == 20


def test_minilm_gives_what_a_plain_hook_gives(minilm: TransformersMLP) -> None:
    plain: Any = AutoModel.from_pretrained(minilm.model.name_or_path, dtype=torch.float32).eval()
    assert (minilm.layers, minilm.width) == (6, 1536)
    assert differs(minilm, plain, "encoder.layer.{}.output.dense", TEXTS, 2048) <= 1e-5


def test_minilm_reads_what_its_own_tokenizer_reads(minilm: TransformersMLP) -> None:
    own = AutoTokenizer.from_pretrained(minilm.model.name_or_path)
    for batch in minilm.encode(TEXTS):
        for row, place in enumerate(batch.texts):
            ids = batch.ids[row][batch.mask[row].bool()].tolist()
            assert ids == own(TEXTS[place])["input_ids"]


def test_stories_model_gives_what_a_plain_hook_gives(
    small_llama: TransformersMLP, small_model: Path
) -> None:
    plain: Any = AutoModelForCausalLM.from_pretrained(small_model).eval()
    assert (small_llama.layers, small_llama.width) == (5, 172)
    assert differs(small_llama, plain, "model.layers.{}.mlp.down_proj", TEXTS, 2048) <= 1e-5


def test_stories_model_predicts_stories_as_well_as_it_should(
    small_llama: TransformersMLP, stories: list[tuple[str, Any, str]]
) -> None:
    # 1.40 nats a token at the end of its training; these stories it never saw
    total, tokens = 0.0, 0
    for batch in small_llama.encode([text for _, _, text in stories]):
        labels = batch.ids.masked_fill(batch.mask == 0, -100)
        with torch.inference_mode():
            loss = small_llama.model(
                input_ids=batch.ids, attention_mask=batch.mask, labels=labels
            ).loss
        count = sum(batch.lengths)
        total, tokens = total + float(loss) * count, tokens + count
    assert total / tokens == pytest.approx(1.418, abs=0.06)


@pytest.mark.parametrize(
    "text", [*TEXTS, "", " ", "\n\nTwo  blanks \t and a tab ", "日本語 e\u0301t"]
)
def test_pieces_join_to_the_text(minilm: TransformersMLP, tiny: Path, text: str) -> None:
    for subject in (minilm, load(tiny, device="cpu", limit=48)):
        for batch in subject.encode([text]):
            assert len(batch.pieces[0]) == batch.lengths[0]
            assert batch.truncated[0] or "".join(batch.pieces[0]) == text


def test_batches_hold_each_text_once_sorted_and_within_the_budget(minilm: TransformersMLP) -> None:
    texts = ["word " * n for n in (40, 3, 500, 7, 0, 7, 120)]
    batches = list(minilm.encode(texts, budget=200))
    assert sorted(place for batch in batches for place in batch.texts) == [0, 1, 2, 3, 5, 6]
    lengths = [length for batch in batches for length in batch.lengths]
    assert lengths == sorted(lengths)
    assert all(len(batch.texts) == 1 or batch.ids.numel() <= 200 for batch in batches)


def test_hooks_are_gone_after_a_run_even_one_that_fails(tiny: Path) -> None:
    subject = load(tiny, device="cpu")
    (batch,) = subject.encode(["cat"])
    with pytest.raises(ZeroDivisionError):
        subject.run(batch, lambda _layer, _values: 1 // 0)  # type: ignore[arg-type]
    assert not any(projection._forward_pre_hooks for projection in subject.projections)


def test_a_layer_that_is_not_there_is_named(minilm: TransformersMLP) -> None:
    (batch,) = minilm.encode(["cat"])
    assert minilm.run_layer(batch, 5).shape == (1, 3, 1536)
    with pytest.raises(SubjectError, match=r"no layer 6: layers are 0 to 5"):
        minilm.run_layer(batch, 6)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("./nowhere", "there is no folder ./nowhere"),
        ("package:nothing_of_the_kind", "pip install nothing-of-the-kind"),
        ("package:not a name", "no installed package"),
    ],
)
def test_a_missing_model_says_what_to_do(source: str, says: str) -> None:
    with pytest.raises(SubjectError, match=says):
        load(source)


def test_an_empty_folder_and_an_unknown_family_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match="could not be loaded"):
        load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(SubjectError, match=r"family 't5'.*Known are bert, camembert"):
        load(tmp_path)


def test_loading_draws_nothing(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(tiny, device="cpu")
    assert capfd.readouterr() == ("", "")
