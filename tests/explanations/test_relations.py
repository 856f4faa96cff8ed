"""Each neuron's nearest by weight are those that a dense computation finds, family by family."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models

from explanations.records import NeuronRef
from explanations.relations.relatives import relate
from explanations.relations.weight_vectors import token_texts
from explanations.stores.reader import SubjectIdentity
from explanations.stores.relations import FILE, RELATIONS, RelatedStore
from explanations.subjects import TransformersMLP, load
from tests.explanations.dense_relations import (
    CONFIGS,
    ENCODERS,
    LAYERS,
    NAMES,
    STREAM,
    WIDTH,
    Dense,
    made,
)
from tests.explanations.tiny_models import ARCHITECTURES as TINY
from tests.explanations.tiny_models import tokenizer


@pytest.fixture(scope="module", params=CONFIGS)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a small random model of one family."""
    return made(request.param, tmp_path_factory.mktemp(request.param))


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
    texts = token_texts(subject.tokenizer.backend, 310)
    shown = [number for number, text in enumerate(texts) if text is not None]
    assert 0 not in shown
    assert max(shown) < subject.tokenizer.backend.get_vocab_size() < 310
    names = [texts[number] for number in shown]
    agrees(lists(store, "tokens_in"), dense.tokens_in(shown), names)
    if dense.family in ENCODERS:
        first = store.of(NeuronRef(layer=0, index=0))
        assert first.tokens_out is None
        assert "no unembedding" in first.undefined["tokens_out"]
    else:
        agrees(lists(store, "tokens_out"), dense.tokens_out(shown), names)
        assert store.header.undefined == {}


@pytest.mark.parametrize("tile", [25, 200])
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
    assert all("no weights" in found.undefined[relation] for relation in RELATIONS)


def test_relations_replace_what_was_there_and_leave_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"half a file")
    relate(made("llama", tmp_path / "model"), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["model", FILE]
    assert RelatedStore(tmp_path).header.keep == 10


@pytest.mark.parametrize("family", sorted(set(TINY) - set(CONFIGS)))
def test_relations_of_further_families_are_defined(family: str, tmp_path: Path) -> None:
    subject: Any = load(TINY[family].save(tmp_path), dtype=torch.float32, device="cpu")
    store = related(subject, tmp_path)
    assert set(store.header.undefined) == (set() if TINY[family].causal else {"tokens_out"})
    for relation in set(RELATIONS) - set(store.header.undefined):
        assert {len(rows) for rows in lists(store, relation)[24:48]} == (
            {0} if relation == "downstream" else {10}
        )


def test_an_embedding_of_another_width_than_the_stream_has_no_tokens_in(tmp_path: Path) -> None:
    tiny = replace(TINY["electra"], settings=TINY["electra"].settings | {"embedding_size": 8})
    store = related(load(tiny.save(tmp_path), dtype=torch.float32, device="cpu"), tmp_path)
    assert set(store.header.undefined) == {"tokens_in", "tokens_out"}
    assert "8 dimensions, not 16" in store.header.undefined["tokens_in"]


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
    small_llama: TransformersMLP, tmp_path: Path
) -> None:
    store = related(small_llama, tmp_path)
    assert {len(rows) for rows in lists(store, "downstream")[: 4 * 172]} == {10}
    # a token's own embedding is also its unembedding here: what a word switches on writes on it
    assert store.header.undefined == {}
