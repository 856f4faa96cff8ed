"""Latents and directions are related through the stream that they read and write."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import normalize

from explanations.records import NeuronRef
from explanations.relations.relatives import relate
from explanations.stores.relations import RELATIONS, RelatedStore
from explanations.subjects import load
from tests.explanations.tiny_models import ARCHITECTURES
from tests.explanations.tiny_saes import INPUTS, LATENTS, saelens, sparsify

LINKS_AND_TOKENS = set(RELATIONS) - {"similar_weights"}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random Llama."""
    return ARCHITECTURES["llama"].save(tmp_path_factory.mktemp("hosts") / "llama")


def related(source: str, folder: Path) -> RelatedStore:
    """Relate a subject's neurons and read them back."""
    relate(load(source, dtype=torch.float32, device="cpu"), folder)
    return RelatedStore(folder)


def values(store: RelatedStore, relation: str, layer: int) -> list[list[float]]:
    """Return the values of a relation for each neuron of a layer."""
    found = []
    for index in range(store.header.width):
        rows = getattr(store.of(NeuronRef(layer=layer, index=index)), relation)
        found.append([row.value for row in rows])
    return found


def best(scores: torch.Tensor) -> Any:
    """Return the ten highest of each row, for comparison."""
    rows = scores.topk(10, 1).values.tolist()
    return [pytest.approx(row, abs=1e-4) for row in rows]


def test_latents_are_linked_by_what_one_decodes_and_another_encodes(
    llama: Path, tmp_path: Path
) -> None:
    first = saelens(tmp_path / "saes" / "a", hook="blocks.0.hook_resid_post")
    second = saelens(tmp_path / "saes" / "b", hook="blocks.1.hook_resid_post", latents=LATENTS)
    store = related(f"sae:{tmp_path / 'saes'}@{llama}", tmp_path)
    scores = normalize(first["W_dec"]) @ normalize(second["W_enc"].T).T
    assert values(store, "downstream", 0) == best(scores)
    assert values(store, "upstream", 1) == best(scores.T)
    assert values(store, "upstream", 0) == [[]] * LATENTS
    assert store.header.undefined == {}


def test_latents_name_tokens_through_the_models_embedding_and_unembedding(
    llama: Path, tmp_path: Path
) -> None:
    arrays = sparsify(tmp_path / "layers.1")
    subject: Any = load(f"sae:{tmp_path / 'layers.1'}@{llama}", dtype=torch.float32, device="cpu")
    relate(subject, tmp_path)
    model = subject.host.model
    with torch.no_grad():
        held = normalize(model.model.embed_tokens.weight[3:]) * INPUTS**0.5
        raised = model.lm_head.weight[3:] * model.model.norm.weight
    store = RelatedStore(tmp_path)
    shown = subject.host.tokenizer.backend.get_vocab_size() - 3
    assert values(store, "tokens_in", 0) == best(arrays["encoder.weight"] @ held[:shown].T)
    assert values(store, "tokens_out", 0) == best(arrays["W_dec"] @ raised[:shown].T)


def test_directions_are_similar_by_their_angle(llama: Path, tmp_path: Path) -> None:
    directions = torch.randn(12, INPUTS)
    save_file({"blocks.1.hook_resid_pre": directions}, tmp_path / "directions.safetensors")
    store = related(f"directions:{tmp_path / 'directions.safetensors'}@{llama}", tmp_path)
    angles = normalize(directions) @ normalize(directions).T
    assert values(store, "similar_weights", 0) == best(angles.fill_diagonal_(-2))
    assert store.header.undefined == {}


def test_latents_outside_the_stream_are_only_similar(llama: Path, tmp_path: Path) -> None:
    saelens(tmp_path / "sae", hook="blocks.0.hook_mlp_out")
    store = related(f"sae:{tmp_path / 'sae'}@{llama}", tmp_path)
    assert set(store.header.undefined) == LINKS_AND_TOKENS
    assert "not in the residual stream" in store.header.undefined["upstream"]
    assert [len(row) for row in values(store, "similar_weights", 0)] == [10] * LATENTS


def test_latents_of_a_model_with_norms_after_sums_are_only_similar(tmp_path: Path) -> None:
    bert = ARCHITECTURES["bert"].save(tmp_path / "bert")
    saelens(tmp_path / "sae", hook="blocks.0.hook_resid_post")
    store = related(f"sae:{tmp_path / 'sae'}@{bert}", tmp_path)
    assert set(store.header.undefined) == LINKS_AND_TOKENS
    assert "norms after each sum" in store.header.undefined["tokens_in"]


def test_layers_out_of_order_have_no_links(llama: Path, tmp_path: Path) -> None:
    for name, hook in (("a", "hook_resid_post"), ("b", "hook_resid_pre")):
        saelens(tmp_path / "saes" / name, hook=f"blocks.0.{hook}")
    store = related(f"sae:{tmp_path / 'saes'}@{llama}", tmp_path)
    assert set(store.header.undefined) == {"upstream", "downstream"}


def test_functions_with_known_truth_have_no_weights(tmp_path: Path) -> None:
    store = related("functions:default", tmp_path)
    assert set(store.header.undefined) == set(RELATIONS)
    assert "no weights" in store.header.undefined["tokens_in"]
