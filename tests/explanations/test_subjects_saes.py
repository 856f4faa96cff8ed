"""SAE latents are what a few lines of plain arithmetic give from the same weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from explanations.subjects import Batch, Subject, load
from tests.explanations.tiny_models import ARCHITECTURES, TEXTS
from tests.explanations.tiny_saes import INPUTS, LATENTS, output, saelens, sparsify, stream

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random model."""
    return ARCHITECTURES[request.param].save(tmp_path_factory.mktemp("hosts") / request.param)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small random Llama."""
    return ARCHITECTURES["llama"].save(tmp_path_factory.mktemp("hosts") / "llama")


def plain(host: Path) -> Any:
    """Load a model without our own code."""
    auto: Any = AutoModelForCausalLM
    return auto.from_pretrained(host).eval()


def sae(path: Path, host: Path) -> Subject:
    """Load SAEs for a model as a user does."""
    return load(f"sae:{path}@{host}", dtype=torch.float32, device="cpu")


def assert_latents(
    subject: Subject, layer: int, vectors: Callable[[torch.Tensor], torch.Tensor], encode: Any
) -> None:
    """Compare a layer on padded texts with `encode` of the vectors of each text alone."""
    (batch,) = subject.encode(TEXTS, budget=10_000)
    found = subject.run_layer(batch, layer)
    assert found.shape == (*batch.ids.shape, subject.width)
    assert found.dtype == torch.float32
    for row, ids in rows(batch):
        expected = encode(vectors(ids))
        torch.testing.assert_close(found[row, : ids.shape[1]], expected, atol=1e-5, rtol=1e-5)
        assert (expected > 0).any()


def rows(batch: Batch) -> list[tuple[int, torch.Tensor]]:
    """Return each text of a batch by itself, without padding."""
    sizes = batch.mask.sum(1).tolist()
    return [(row, batch.ids[row : row + 1, :size]) for row, size in enumerate(sizes)]


def top(before: torch.Tensor, k: int) -> torch.Tensor:
    """Keep the k highest of each row by sorting it."""
    before = before.relu()
    least = before.sort(dim=-1, descending=True).values[..., k - 1 : k]
    return torch.where(before >= least, before, 0.0)


def test_a_standard_sae_of_saelens_on_the_residual_stream(host: Path, tmp_path: Path) -> None:
    w = saelens(tmp_path / "sae", hook="blocks.0.hook_resid_post")
    subject = sae(tmp_path / "sae", host)
    assert (subject.layers, subject.width) == (1, LATENTS)
    model = plain(host)
    assert_latents(
        subject,
        0,
        lambda ids: stream(model, ids, 1),
        lambda x: ((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]).relu(),
    )


def test_the_decoder_bias_stays_where_the_settings_say_so(llama: Path, tmp_path: Path) -> None:
    w = saelens(tmp_path / "sae", hook="blocks.1.hook_resid_pre", apply_b_dec_to_input=False)
    model = plain(llama)
    assert_latents(
        sae(tmp_path / "sae", llama),
        0,
        lambda ids: stream(model, ids, 1),
        lambda x: (x @ w["W_enc"] + w["b_enc"]).relu(),
    )


def test_a_jumprelu_sae_keeps_what_is_above_its_threshold(llama: Path, tmp_path: Path) -> None:
    threshold = torch.rand(LATENTS) * 4
    w = saelens(tmp_path / "sae", extra={"threshold": threshold}, architecture="jumprelu")
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        before = (x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
        return torch.where((before > threshold) & (before > 0), before, 0.0)

    assert_latents(sae(tmp_path / "sae", llama), 0, lambda ids: stream(model, ids, 1), encode)


@pytest.mark.parametrize("name", ["threshold", "topk_threshold"])
def test_batch_topk_is_one_threshold_after_training(name: str, llama: Path, tmp_path: Path) -> None:
    value = torch.full((LATENTS,), 2.5) if name == "threshold" else torch.tensor(2.5)
    w = saelens(tmp_path / "sae", extra={name: value}, architecture="batchtopk")
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        before = (x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
        return before * (before > 2.5)

    assert_latents(sae(tmp_path / "sae", llama), 0, lambda ids: stream(model, ids, 1), encode)


@pytest.mark.parametrize("rescales", [False, True])
def test_a_topk_sae_keeps_k_latents_of_each_token(
    rescales: bool, llama: Path, tmp_path: Path
) -> None:
    w = saelens(tmp_path / "sae", architecture="topk", k=5, rescale_acts_by_decoder_norm=rescales)
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        before = (x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
        return top(before * w["W_dec"].square().sum(-1).sqrt() if rescales else before, 5)

    subject = sae(tmp_path / "sae", llama)
    assert_latents(subject, 0, lambda ids: stream(model, ids, 1), encode)
    (batch,) = subject.encode([TEXTS[0]])
    assert (subject.run_layer(batch, 0) > 0).sum(-1).max() <= 5


def test_a_gated_sae_has_a_gate_and_a_magnitude(llama: Path, tmp_path: Path) -> None:
    extra = {name: torch.randn(LATENTS) * 0.5 for name in ("b_gate", "r_mag", "b_mag")}
    w = saelens(tmp_path / "sae", extra=extra, architecture="gated")
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        x = x - w["b_dec"]
        gate = (x @ w["W_enc"] + w["b_gate"]) > 0
        return gate * (x @ (w["W_enc"] * w["r_mag"].exp()) + w["b_mag"]).relu()

    assert_latents(sae(tmp_path / "sae", llama), 0, lambda ids: stream(model, ids, 1), encode)


@pytest.mark.parametrize("name", ["layer_norm", "constant_norm_rescale"])
def test_vectors_are_normalized_as_the_settings_say(name: str, llama: Path, tmp_path: Path) -> None:
    w = saelens(tmp_path / "sae", normalize_activations=name)
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        if name == "layer_norm":
            x = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)
        else:
            x = x * INPUTS**0.5 / x.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return ((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]).relu()

    assert_latents(sae(tmp_path / "sae", llama), 0, lambda ids: stream(model, ids, 1), encode)


def test_a_model_with_centred_weights_is_reproduced_where_its_norms_centre(
    host: Path, tmp_path: Path
) -> None:
    wanted = {"center_writing_weights": True, "fold_ln": True}
    hook = {"hook_name": "blocks.0.hook_resid_post", "model_from_pretrained_kwargs": wanted}
    w = saelens(tmp_path / "sae", metadata=hook)
    model = plain(host)

    def encode(x: torch.Tensor) -> torch.Tensor:
        if host.name == "gpt2":  # LayerNorm; Llama's RMSNorm sees the mean
            x = x - x.mean(-1, keepdim=True)
        return ((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]).relu()

    assert_latents(sae(tmp_path / "sae", host), 0, lambda ids: stream(model, ids, 1), encode)


def test_settings_from_before_saelens_6_are_read(llama: Path, tmp_path: Path) -> None:
    w = saelens(tmp_path / "sae")
    old = {
        "d_in": INPUTS,
        "d_sae": LATENTS,
        "hook_point": "blocks.0.hook_mlp_out",
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 3},
        "normalize_activations": False,
        "model_name": str(llama),
    }
    (tmp_path / "sae" / "cfg.json").write_text(json.dumps(old))
    subject = load(f"sae:{tmp_path / 'sae'}", dtype=torch.float32, device="cpu")
    model = plain(llama)
    assert_latents(
        subject,
        0,
        lambda ids: output(model, ids, "model.layers.0.mlp"),
        lambda x: top((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"], 3),
    )


def test_saes_of_sparsify_in_one_folder_are_layers_of_one_forward_pass(
    llama: Path, tmp_path: Path
) -> None:
    names = ("layers.0", "layers.1.mlp", "embed_tokens")
    w = {name: sparsify(tmp_path / "saes" / name) for name in names}
    (tmp_path / "saes" / "config.json").write_text(json.dumps({"model": str(llama)}))
    subject = load(f"sae:{tmp_path / 'saes'}", dtype=torch.float32, device="cpu")
    assert subject.identity.hook == "embed_tokens, layers.0, layers.1.mlp"
    model = plain(llama)

    def encode(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
        a = w[name]
        return lambda x: top((x - a["b_dec"]) @ a["encoder.weight"].T + a["encoder.bias"], 4)

    assert_latents(subject, 0, lambda ids: stream(model, ids, 0), encode("embed_tokens"))
    assert_latents(subject, 1, lambda ids: stream(model, ids, 1), encode("layers.0"))
    assert_latents(
        subject, 2, lambda ids: output(model, ids, "model.layers.1.mlp"), encode("layers.1.mlp")
    )
    (batch,) = subject.encode(TEXTS, budget=10_000)
    passes = []
    handle = subject.host.base.register_forward_hook(lambda *_: passes.append(1))
    given: dict[int, torch.Tensor] = {}
    subject.run(batch, given.__setitem__)
    handle.remove()
    assert sorted(given) == [0, 1, 2]
    assert len(passes) == 1
    assert all(torch.equal(given[layer], subject.run_layer(batch, layer)) for layer in given)


def test_groupmax_keeps_the_best_of_each_group(llama: Path, tmp_path: Path) -> None:
    w = sparsify(tmp_path / "layers.0", activation="groupmax", k=8)
    model = plain(llama)

    def encode(x: torch.Tensor) -> torch.Tensor:
        before = ((x - w["b_dec"]) @ w["encoder.weight"].T + w["encoder.bias"]).relu()
        groups = before.reshape(len(x), 8, 5)
        return torch.where(groups == groups.amax(-1, keepdim=True), groups, 0.0).reshape(len(x), -1)

    subject = sae(tmp_path / "layers.0", llama)
    assert_latents(subject, 0, lambda ids: stream(model, ids, 1), encode)


def test_a_transcoder_of_sparsify_reads_what_its_module_reads(llama: Path, tmp_path: Path) -> None:
    w = sparsify(tmp_path / "layers.0.mlp", transcode=True)
    model = plain(llama)
    assert_latents(
        sae(tmp_path / "layers.0.mlp", llama),
        0,
        lambda ids: output(model, ids, "model.layers.0.post_attention_layernorm"),
        lambda x: top(x @ w["encoder.weight"].T + w["encoder.bias"], 4),
    )


def test_an_sae_can_read_the_neurons_themselves(llama: Path, tmp_path: Path) -> None:
    w = saelens(tmp_path / "sae", hook="blocks.1.mlp.hook_post", inputs=24)
    neurons = load(llama, dtype=torch.float32, device="cpu")

    def vectors(ids: torch.Tensor) -> torch.Tensor:
        batch = next(b for b in neurons.encode(TEXTS, budget=1) if b.ids.equal(ids))
        return neurons.run_layer(batch, 1)[0]

    assert_latents(
        sae(tmp_path / "sae", llama),
        0,
        vectors,
        lambda x: ((x - w["b_dec"]) @ w["W_enc"] + w["b_enc"]).relu(),
    )


def test_layers_are_in_the_order_of_their_numbers(llama: Path, tmp_path: Path) -> None:
    for number in (1, 0):
        saelens(tmp_path / f"layer_{number}", hook=f"blocks.{number}.hook_resid_post")
    subject = sae(tmp_path, llama)
    assert subject.identity.hook == "blocks.{0,1}.hook_resid_post"
    assert subject.identity.name == f"{tmp_path.name}@llama"
    assert (subject.identity.dtype, subject.identity.tokenizer) == ("float32", "llama")


def test_latents_do_not_depend_on_how_many_are_computed_at_once(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saelens(tmp_path / "sae", architecture="topk", k=5)
    subject = sae(tmp_path / "sae", llama)
    (batch,) = subject.encode(TEXTS, budget=10_000)
    whole = subject.run_layer(batch, 0)
    monkeypatch.setattr("explanations.subjects.saes.CHUNK", 3 * LATENTS)
    torch.testing.assert_close(subject.run_layer(batch, 0), whole, atol=1e-5, rtol=1e-5)
