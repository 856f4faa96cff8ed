"""What a subject reads and gives is what the model reads and computes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tokenizers.decoders import ByteLevel
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    BertConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from explanations.subjects import SubjectError, TransformersMLP, load

TEXTS = (
    "The cat sat on the mat, and  the dog\n\nwatched it sit.",
    "A naïve 😀 fish.\n",
    "She sold it, they said, in spring. " * 3,
)

SMALL: dict[str, Any] = {"num_attention_heads": 2, "num_hidden_layers": 2, "vocab_size": 300}
PLAIN = SMALL | {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 48}
GATED = PLAIN | {"num_key_value_heads": 1, "head_dim": 8}

FAMILIES: dict[str, tuple[Any, str]] = {
    "gpt2": (
        GPT2Config(n_embd=16, n_layer=2, n_head=2, n_inner=24, vocab_size=300, n_positions=48),
        "transformer.h.{}.mlp.c_proj",
    ),
    "gpt_neox": (GPTNeoXConfig(**PLAIN), "gpt_neox.layers.{}.mlp.dense_4h_to_h"),
    "llama": (LlamaConfig(**GATED), "model.layers.{}.mlp.down_proj"),
    "qwen2": (Qwen2Config(**PLAIN, num_key_value_heads=1), "model.layers.{}.mlp.down_proj"),
    "gemma": (GemmaConfig(**GATED), "model.layers.{}.mlp.down_proj"),
    "bert": (BertConfig(**PLAIN), "encoder.layer.{}.output.dense"),
}


@pytest.fixture(scope="session", params=FAMILIES)
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random model of one family and a byte-level tokenizer."""
    config, _ = FAMILIES[request.param]
    folder: Path = tmp_path_factory.mktemp("models") / request.param
    torch.manual_seed(0)
    auto: Any = AutoModel if request.param == "bert" else AutoModelForCausalLM
    auto.from_config(config).save_pretrained(folder)
    tokenizer(bos=request.param != "qwen2").save_pretrained(folder)
    return folder


def tokenizer(*, bos: bool) -> Any:
    """Return a tokenizer of 300 byte-level tokens with specials for either kind of family."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "[CLS]", "[SEP]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS, trainer)
    named = {"cls_token": "[CLS]", "sep_token": "[SEP]"} | ({"bos_token": "<s>"} if bos else {})
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=backend, **named)


def plain_hook(model: Any, paths: list[str], ids: list[int]) -> list[torch.Tensor]:
    """Run one unpadded text with an ordinary hook: each module's input, [tokens, width]."""
    seen: list[torch.Tensor] = []
    modules = dict(model.named_modules())
    handles = [
        modules[path].register_forward_hook(
            lambda _module, inputs, _output: seen.append(inputs[0].reshape(len(ids), -1))
        )
        for path in paths
    ]
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]))
    for handle in handles:
        handle.remove()
    return seen


def differs(subject: TransformersMLP, model: Any, path: str, texts: tuple[str, ...]) -> float:
    """Return the largest difference between a subject's activations and a plain hook's."""
    paths = [path.format(layer) for layer in range(subject.layers)]
    worst = 0.0
    for batch in subject.encode(texts):
        given: dict[int, torch.Tensor] = {}
        subject.run(batch, given.__setitem__)
        for row in range(len(batch.texts)):
            size = int(batch.mask[row].sum())
            for layer, plain in enumerate(plain_hook(model, paths, batch.ids[row, :size].tolist())):
                worst = max(worst, float((given[layer][row, :size] - plain).abs().max()))
    return worst


def test_activations_of_every_family_are_those_of_a_plain_hook(tiny: Path) -> None:
    auto: Any = AutoModel if tiny.name == "bert" else AutoModelForCausalLM
    plain = auto.from_pretrained(tiny).eval()
    subject = load(tiny, dtype=torch.float32, device="cpu")
    path = FAMILIES[tiny.name][1]
    assert (subject.layers, subject.width) == (2, 24)
    assert subject.identity.hook == path.format("{layer}")
    assert differs(subject, plain, path, TEXTS) <= 1e-6


def test_special_tokens_surround_the_text_as_the_family_expects(tiny: Path) -> None:
    subject = load(tiny, device="cpu")
    (batch,) = subject.encode(["cat"])
    before, after = {"bert": ([1], [2]), "qwen2": ([], [])}.get(tiny.name, ([0], []))
    ids = batch.ids[0].tolist()
    assert ids[: batch.first] == before
    assert ids[batch.first + batch.lengths[0] :] == after
    assert min(ids[batch.first : batch.first + batch.lengths[0]]) > 2


def test_a_text_beyond_the_limit_is_cut_and_said_to_be(tiny: Path) -> None:
    subject = load(tiny, device="cpu")
    (batch,) = subject.encode(["short", "long " * 100], budget=10_000)
    assert batch.truncated == (False, True)
    assert batch.ids.shape[1] == 48
    assert "".join(batch.pieces[1]) == ("long " * 100)[: len("".join(batch.pieces[1]))]
    assert load(tiny, device="cpu", limit=20).encoder.limit == 20


def test_minilm_gives_what_a_plain_hook_gives(minilm: TransformersMLP) -> None:
    plain: Any = AutoModel.from_pretrained(minilm.model.name_or_path, dtype=torch.float32).eval()
    assert (minilm.layers, minilm.width) == (6, 1536)
    assert differs(minilm, plain, "encoder.layer.{}.output.dense", TEXTS) <= 1e-5


def test_minilm_reads_what_its_own_tokenizer_reads(minilm: TransformersMLP) -> None:
    own = AutoTokenizer.from_pretrained(minilm.model.name_or_path)
    for batch in minilm.encode(TEXTS):
        for row, place in enumerate(batch.texts):
            ids = batch.ids[row][batch.mask[row].bool()].tolist()
            assert ids == own(TEXTS[place])["input_ids"]


def test_stories_model_gives_what_a_plain_hook_gives(
    stories260k: TransformersMLP, shared_data: Path
) -> None:
    plain: Any = AutoModelForCausalLM.from_pretrained(shared_data / "stories260K").eval()
    assert (stories260k.layers, stories260k.width) == (5, 172)
    assert differs(stories260k, plain, "model.layers.{}.mlp.down_proj", TEXTS) <= 1e-5


def test_stories_model_predicts_stories_as_well_as_it_should(
    stories260k: TransformersMLP, stories: list[tuple[str, Any, str]]
) -> None:
    # 1.418 nats a token over all 1,927 stories; without BOS or with another text form above 1.8
    total, tokens = 0.0, 0
    for batch in stories260k.encode([text for _, _, text in stories]):
        labels = batch.ids.masked_fill(batch.mask == 0, -100)
        with torch.inference_mode():
            loss = stories260k.model(
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
    with pytest.raises(SubjectError, match=r"family 't5'.*it knows bert, gemma"):
        load(tmp_path)


def test_loading_draws_nothing(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(tiny, device="cpu")
    assert capfd.readouterr() == ("", "")
