"""Each neuron's nearest by weight are those that a dense computation finds, family by family."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models
from torch.nn.functional import layer_norm, normalize, rms_norm
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    Gemma2Config,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
)

from explanations.captured import SubjectIdentity
from explanations.records import NeuronRef
from explanations.related import FILE, RELATIONS, RelatedStore
from explanations.subjects import TransformersMLP, load
from explanations.subjects.families import FAMILIES
from explanations.subjects.relations import relate
from explanations.subjects.wiring import PATHS, token_texts
from tests.explanations.test_subjects import tokenizer

LAYERS, WIDTH, STREAM = 3, 24, 16
SMALL: dict[str, Any] = {
    "num_attention_heads": 2,
    "num_hidden_layers": LAYERS,
    "vocab_size": 310,
    "hidden_size": STREAM,
    "intermediate_size": WIDTH,
    "max_position_embeddings": 48,
}
GATED = SMALL | {"num_key_value_heads": 1, "head_dim": 8}

CONFIGS: dict[str, Any] = {
    "gpt2": GPT2Config(n_embd=16, n_layer=3, n_head=2, n_inner=24, vocab_size=310, n_positions=48),
    "gpt_neox": GPTNeoXConfig(**SMALL),
    "llama": LlamaConfig(**GATED),
    "gemma": GemmaConfig(**GATED),
    "gemma2": Gemma2Config(**GATED),
    "bert": BertConfig(**SMALL),
}

NAMES = {
    "gpt2": "transformer.h.{} mlp.c_fc mlp.c_proj ln_2 transformer.ln_f transformer.wte",
    "gpt_neox": "gpt_neox.layers.{} mlp.dense_h_to_4h mlp.dense_4h_to_h post_attention_layernorm "
    "gpt_neox.final_layer_norm gpt_neox.embed_in",
    "llama": "model.layers.{} mlp.gate_proj mlp.down_proj post_attention_layernorm model.norm "
    "model.embed_tokens",
    "gemma": "model.layers.{} mlp.gate_proj mlp.down_proj post_attention_layernorm model.norm "
    "model.embed_tokens",
    "gemma2": "model.layers.{} mlp.gate_proj mlp.down_proj pre_feedforward_layernorm model.norm "
    "model.embed_tokens",
    "bert": "encoder.layer.{} intermediate.dense output.dense attention.output.LayerNorm - "
    "embeddings.word_embeddings",
}


def made(family: str, folder: Path, plant: Any = None) -> TransformersMLP:
    """Save a small random model whose norms have gains, and load it as a subject."""
    torch.manual_seed(1)
    auto: Any = AutoModel if family == "bert" else AutoModelForCausalLM
    model = auto.from_config(CONFIGS[family])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if plant is None and ("norm" in name.lower() or ".ln_" in name):
                parameter += torch.rand_like(parameter)
            elif "norm" not in name.lower():
                parameter *= 5
        if plant is not None:
            plant(dict(model.named_parameters()))
    model.save_pretrained(folder)
    tokenizer(bos=True).save_pretrained(folder)
    subject = load(folder, dtype=torch.float32, device="cpu")
    assert isinstance(subject, TransformersMLP)
    return subject


@pytest.fixture(scope="module", params=CONFIGS)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a small random model of one family."""
    return made(request.param, tmp_path_factory.mktemp(request.param))


class Dense:
    """The relations of a small model, all scores at once, in float64, by the formulas in words."""

    def __init__(self, subject: TransformersMLP) -> None:
        self.family = subject.model.config.model_type
        self.state = {k: v.double() for k, v in subject.model.state_dict().items()}
        names = NAMES[self.family].split()
        self.layer, self.read, self.write, self.before, self.final, self.embed = names
        self.centred = self.family in {"gpt2", "gpt_neox", "bert"}
        self.offset = 1.0 if self.family.startswith("gemma") else 0.0

    def at(self, layer: int, name: str) -> torch.Tensor:
        return self.state[f"{self.layer.format(layer)}.{name}.weight"]

    def matrix(self, weight: torch.Tensor) -> torch.Tensor:
        """Return what a norm does to a column, but for its division: gain times centring."""
        size = len(weight)
        mean = torch.full((size, size), 1 / size if self.centred else 0.0).double()
        return torch.diag(weight + self.offset).mm(torch.eye(size).double() - mean)

    def reads(self, layer: int) -> torch.Tensor:
        weight = self.at(layer, self.read)
        rows = weight.T if self.family == "gpt2" else weight
        return rows @ self.matrix(self.at(layer, self.before))

    def writes(self, layer: int) -> torch.Tensor:
        weight = self.at(layer, self.write)
        rows = weight if self.family == "gpt2" else weight.T
        if self.family == "gemma2":
            rows = rows @ self.matrix(self.at(layer, "post_feedforward_layernorm")).T
        return rows

    def normed(self, rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Apply a real norm, with its division, without its bias."""
        if self.centred:
            return layer_norm(rows, rows.shape[1:], weight, eps=1e-300)
        return rms_norm(rows, rows.shape[1:], weight, eps=1e-300)

    def carried(self, rows: torch.Tensor, source: int, target: int) -> torch.Tensor:
        if self.family != "bert":
            return rows
        if source >= 0:
            rows = self.normed(rows, self.at(source, "output.LayerNorm"))
        for layer in range(source + 1, target):
            rows = self.normed(rows, self.at(layer, "attention.output.LayerNorm"))
            rows = self.normed(rows, self.at(layer, "output.LayerNorm"))
        return rows

    def link(self, source: int, target: int) -> torch.Tensor:
        if source >= target:
            return torch.full((WIDTH, WIDTH), -torch.inf).double()
        written = self.carried(self.writes(source), source, target)
        return normalize(written) @ normalize(self.reads(target)).T

    def downstream(self) -> torch.Tensor:
        layers = range(LAYERS)
        return torch.cat([torch.cat([self.link(a, b) for b in layers], 1) for a in layers])

    def similar(self) -> torch.Tensor:
        reads = normalize(torch.cat([self.reads(layer) for layer in range(LAYERS)]))
        writes = normalize(torch.cat([self.writes(layer) for layer in range(LAYERS)]))
        scores = (reads @ reads.T + writes @ writes.T) / 2
        return scores.fill_diagonal_(-torch.inf)

    def tokens_in(self, shown: list[int]) -> torch.Tensor:
        held = self.state[f"{self.embed}.weight"][shown]
        if self.family == "bert":
            held = self.normed(held, self.state["embeddings.LayerNorm.weight"])
        found = []
        for layer in range(LAYERS):
            weight = self.at(layer, self.read)
            rows = weight.T if self.family == "gpt2" else weight
            gain = self.at(layer, self.before) + self.offset
            found.append(rows @ self.normed(self.carried(held, -1, layer), gain).T)
        return torch.cat(found)

    def tokens_out(self, shown: list[int]) -> torch.Tensor:
        head = self.state["lm_head.weight"]
        final = self.matrix(self.state[f"{self.final}.weight"])
        return torch.cat([self.writes(layer) for layer in range(LAYERS)]).mm(
            final.T @ head[shown].T
        )


def related(subject: Any, folder: Path, **options: Any) -> RelatedStore:
    relate(subject, folder, **options)
    return RelatedStore(folder)


def lists(store: RelatedStore, relation: str) -> list[list[tuple[Any, float]]]:
    """Return a relation of every neuron: numbers of neurons, or texts, with values."""
    found = []
    for number in range(store.header.layers * store.header.width):
        layer, index = divmod(number, store.header.width)
        rows = getattr(store.of(NeuronRef(layer=layer, index=index)), relation)
        if relation.startswith("tokens"):
            found.append([(row.token, row.value) for row in rows])
        else:
            width = store.header.width
            found.append([(r.neuron.layer * width + r.neuron.index, r.value) for r in rows])
    return found


def agrees(found: list[list[tuple[Any, float]]], scores: torch.Tensor, names: list[Any]) -> None:
    """Assert that each row's list is the ten highest scores, each of the one it names."""
    assert len(found) == len(scores)
    for rows, own in zip(found, scores, strict=True):
        best = [score for score in own.sort(descending=True).values[:10].tolist() if score > -2e9]
        assert [value for _, value in rows] == pytest.approx(best, abs=2e-5, rel=1e-4)
        for name, value in rows:
            same = own[[n for n, other in enumerate(names) if other == name]]
            assert (same - value).abs().min() <= 2e-5 + 1e-4 * abs(value)
        assert len({name for name, _ in rows}) == len(rows)


def test_neurons_up_and_down_and_alike_are_those_of_a_dense_computation(
    subject: TransformersMLP, tmp_path: Path
) -> None:
    store, dense = related(subject, tmp_path), Dense(subject)
    everyone = list(range(LAYERS * WIDTH))
    agrees(lists(store, "downstream"), dense.downstream(), everyone)
    agrees(lists(store, "upstream"), dense.downstream().T, everyone)
    agrees(lists(store, "similar_weights"), dense.similar(), everyone)


def test_tokens_in_and_out_are_those_of_a_dense_computation(
    subject: TransformersMLP, tmp_path: Path
) -> None:
    store, dense = related(subject, tmp_path), Dense(subject)
    texts = token_texts(subject.encoder.backend, 310)
    shown = [number for number, text in enumerate(texts) if text is not None]
    assert 0 not in shown
    assert max(shown) < subject.encoder.backend.get_vocab_size() < 310
    names = [texts[number] for number in shown]
    agrees(lists(store, "tokens_in"), dense.tokens_in(shown), names)
    if dense.family == "bert":
        first = store.of(NeuronRef(layer=0, index=0))
        assert first.tokens_out is None
        assert "no unembedding" in first.undefined["tokens_out"]
    else:
        agrees(lists(store, "tokens_out"), dense.tokens_out(shown), names)
        assert store.header.undefined == {}


@pytest.mark.parametrize("tile", [1, 25, 200, 2**20])
def test_the_size_of_a_tile_changes_nothing(
    subject: TransformersMLP, tmp_path: Path, tile: int
) -> None:
    (tmp_path / "whole").mkdir()
    whole, tiled = related(subject, tmp_path / "whole"), related(subject, tmp_path, tile=tile)
    for relation in set(RELATIONS) - set(whole.header.undefined):
        for one, other in zip(lists(whole, relation), lists(tiled, relation), strict=True):
            assert [value for _, value in one] == pytest.approx([v for _, v in other], abs=1e-5)


@pytest.mark.parametrize("family", CONFIGS)
def test_a_planted_connection_is_found_from_both_ends(family: str, tmp_path: Path) -> None:
    # neuron 2 of layer 0 writes, neuron 5 of layer 1 reads, the same vector of mean 0; gains are 1
    layer, read, write, *_ = NAMES[family].split()
    vector = torch.randn(STREAM, generator=torch.Generator().manual_seed(7))
    vector -= vector.mean()

    def plant(weights: dict[str, torch.Tensor]) -> None:
        reading = weights[f"{layer.format(1)}.{read}.weight"]
        writing = weights[f"{layer.format(0)}.{write}.weight"]
        (reading.T if family == "gpt2" else reading)[5] = vector
        (writing if family == "gpt2" else writing.T)[2] = 3 * vector

    store = related(made(family, tmp_path, plant), tmp_path)
    source, target = NeuronRef(layer=0, index=2), NeuronRef(layer=1, index=5)
    down, up = store.of(source).downstream, store.of(target).upstream
    assert down is not None
    assert up is not None
    assert (down[0].neuron, up[0].neuron) == (target, source)
    assert down[0].value == up[0].value == pytest.approx(1, abs=1e-5)
    assert store.of(source).upstream == ()
    assert store.of(NeuronRef(layer=LAYERS - 1, index=0)).downstream == ()


def test_a_planted_twin_and_planted_tokens_are_found(tmp_path: Path) -> None:
    # a neuron that reads a token's embedding and writes another's unembedding, and its twin
    texts = token_texts(tokenizer(bos=True).backend_tokenizer, 310)
    cat, dog = texts.index("c"), texts.index("d")

    def plant(weights: dict[str, torch.Tensor]) -> None:
        table = weights["model.embed_tokens.weight"]
        for layer, index in ((0, 4), (2, 9)):
            weights[f"model.layers.{layer}.mlp.gate_proj.weight"][index] = table[cat]
            weights[f"model.layers.{layer}.mlp.down_proj.weight"][:, index] = table[dog]
        weights["lm_head.weight"].copy_(table)

    store = related(made("llama", tmp_path, plant), tmp_path)
    for one, other in (((0, 4), (2, 9)), ((2, 9), (0, 4))):
        found = store.of(NeuronRef(layer=one[0], index=one[1]))
        assert found.similar_weights is not None
        assert found.tokens_in is not None
        assert found.tokens_out is not None
        assert found.similar_weights[0].neuron == NeuronRef(layer=other[0], index=other[1])
        assert found.similar_weights[0].value == pytest.approx(1, abs=1e-5)
        assert (found.tokens_in[0].token, found.tokens_out[0].token) == ("c", "d")


def test_a_list_is_as_long_as_asked_and_never_longer_than_there_are_others(tmp_path: Path) -> None:
    subject = made("llama", tmp_path)
    assert {len(rows) for rows in lists(related(subject, tmp_path, keep=3), "tokens_in")} == {3}
    store = related(subject, tmp_path, keep=1000)
    assert {len(rows) for rows in lists(store, "similar_weights")} == {LAYERS * WIDTH - 1}
    assert [len(rows) for rows in lists(store, "upstream")[::WIDTH]] == [0, WIDTH, 2 * WIDTH]


class Weightless:
    """A subject whose neurons are functions of a text."""

    identity = SubjectIdentity(
        name="letters",
        source="",
        revision="",
        hook="",
        dtype="float32",
        tokenizer="",
        layers=1,
        width=3,
    )
    device = torch.device("cpu")


def test_a_subject_without_weights_says_so_for_every_relation(tmp_path: Path) -> None:
    store = related(Weightless(), tmp_path)
    found = store.of(NeuronRef(layer=0, index=2))
    assert [getattr(found, relation) for relation in RELATIONS] == [None] * 5
    assert all("no neurons with weights" in found.undefined[relation] for relation in RELATIONS)


def test_relations_replace_what_was_there_and_leave_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"half a file")
    relate(made("llama", tmp_path / "model"), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["model", FILE]
    assert RelatedStore(tmp_path).header.keep == 10


def test_every_family_that_can_be_captured_has_its_weights_named() -> None:
    assert set(FAMILIES) <= set(PATHS)


def test_tokens_are_shown_as_text_with_their_space_and_bytes_by_name() -> None:
    pieces = ["<unk>", "\u2581cat", "ing", "<0xE2>", "<0x0A>", "[unused3]"]
    backend = Tokenizer(models.BPE(vocab=dict(zip(pieces, range(6), strict=True)), merges=[]))
    backend.add_special_tokens(["<unk>"])
    backend.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback()])
    assert token_texts(backend, 7) == (None, " cat", "ing", "<0xE2>", "\n", None, None)
    bytewise = tokenizer(bos=True).backend_tokenizer
    texts = token_texts(bytewise, 300)
    assert texts[bytewise.token_to_id("\u0120")] == " "
    assert texts[bytewise.token_to_id("\u00e2")] == "<0xE2>"
    assert json.dumps(texts[:3]) == "[null, null, null]"


def test_a_real_model_has_related_neurons_for_every_neuron(
    stories260k: TransformersMLP, tmp_path: Path
) -> None:
    store = related(stories260k, tmp_path)
    assert {len(rows) for rows in lists(store, "downstream")[: 4 * 172]} == {10}
    # a token's own embedding is also its unembedding here: what a word switches on writes on it
    assert store.header.undefined == {}
